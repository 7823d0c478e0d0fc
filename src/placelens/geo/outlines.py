"""Outlines of countries and US states, as their makers draw them.

Countries are Natural Earth's at 1:10m, states the US Census Bureau's, both public domain, see
``data/README.md``. Where borders are disputed Natural Earth draws who is in control.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from placelens.geo.countries import country_table, state_table
from placelens.geo.distance import EARTH_RADIUS_M
from placelens.types import Float64Array

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = ["areas_in", "boxes", "outer_rings", "outline", "outline_codes", "size_m2"]

_UNCODED = {
    "Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Dhekelia": "CY", "Akrotiri": "CY",
    "Cyprus U.N. Buffer Zone": "CY", "Siachen Glacier": "IN", "Baikonur": "KZ",
    "USNB Guantanamo Bay": "CU", "Indian Ocean Ter.": "CX",
}  # fmt: skip
"""Natural Earth's areas without an ISO code that belong, or are close, to one."""

_CARVED_OUT = {
    "GF": ("FR", (-55.0, 2.0, -51.0, 6.5)),
    "GP": ("FR", (-62.0, 15.7, -60.9, 16.7)),
    "MQ": ("FR", (-61.4, 14.2, -60.7, 15.1)),
    "RE": ("FR", (55.0, -21.6, 56.0, -20.7)),
    "YT": ("FR", (44.9, -13.2, 45.4, -12.5)),
    "SJ": ("NO", (5.0, 74.0, 36.0, 81.5)),
    "BQ": ("NL", (-69.0, 11.8, -62.0, 18.0)),
    "TK": ("NZ", (-173.0, -9.6, -171.0, -8.3)),
    "CC": ("CX", (96.0, -13.0, 98.0, -11.0)),
}
"""Territories with a code of their own that Natural Earth draws as part of a country: the parts
of that country within (west, south, east, north)."""


@lru_cache(maxsize=512)
def outline(code: str) -> Geometry:
    """The outline of a country or state, in longitude and latitude, cut at the antimeridian."""
    import shapely

    polygons = [_polygon(rings) for rings in _rings()[code]]
    return areas_in(shapely.union_all(shapely.make_valid(polygons)))


def outer_rings(code: str) -> list[Float64Array]:
    """The outlines without holes, (n, 2) each, longitudes and latitudes; rings may touch."""
    return [_corners(rings[0]) for rings in _rings()[code]]


def areas_in(shape: Geometry) -> Geometry:
    """A shape's polygons: where borders meet exactly, a difference may leave a line over."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


@cache
def boxes() -> dict[str, tuple[float, float, float, float]]:
    """West, south, east, north of every outline, without making its polygons."""
    boxes = {}
    for code, polygons in _rings().items():
        corners = np.concatenate(
            [np.cumsum(np.reshape(rings[0], (-1, 2)), axis=0) for rings in polygons]
        )
        boxes[code] = (*(corners.min(axis=0) * _UNIT_DEG), *(corners.max(axis=0) * _UNIT_DEG))
    return boxes


@cache
def outline_codes() -> frozenset[str]:
    """The codes of all countries and states that have an outline."""
    return frozenset(_rings())


@cache
def _rings() -> dict[str, list[list[list[int]]]]:
    """Packed polygons by code, not yet decoded."""
    rings: dict[str, list[Any]] = {}
    codes = {f"{country['isonumeric']:03d}": code for code, country in country_table().items()}
    for shape in _read("countries.json"):
        code = codes.get(shape["id"]) or _UNCODED.get(shape["name"])
        if code is not None:
            rings.setdefault(code, []).extend(shape["polygons"])
    for code, (country, bounds) in _CARVED_OUT.items():
        inside = [polygon for polygon in rings[country] if _starts_in(polygon, bounds)]
        rings[code] = inside
        rings[country] = [polygon for polygon in rings[country] if polygon not in inside]
    names = {state["name"]: code for code, state in state_table().items()}
    for shape in _read("us_states.json"):
        if shape["name"] in names:
            rings[names[shape["name"]]] = shape["polygons"]
    return rings


def _read(file: str) -> list[dict[str, Any]]:
    text = files("placelens.geo").joinpath("data", file).read_text(encoding="utf-8")
    content = json.loads(text)
    if content["unit_deg"] != _UNIT_DEG:
        raise ValueError(f"{file} is in units of {content['unit_deg']} degrees, not {_UNIT_DEG}")
    areas: list[dict[str, Any]] = content["areas"]
    return areas


_UNIT_DEG = 0.01


def _starts_in(polygon: list[list[int]], bounds: tuple[float, float, float, float]) -> bool:
    lon, lat = polygon[0][0] * _UNIT_DEG, polygon[0][1] * _UNIT_DEG
    return bounds[0] <= lon <= bounds[2] and bounds[1] <= lat <= bounds[3]


def _polygon(rings: list[list[int]]) -> Geometry:
    """A polygon from rings packed as a first corner and steps, in hundredths of a degree."""
    import shapely

    corners = [_corners(ring) for ring in rings]
    return shapely.Polygon(corners[0], corners[1:])


def _corners(ring: list[int]) -> Float64Array:
    corners: Float64Array = np.cumsum(np.reshape(ring, (-1, 2)), axis=0) * _UNIT_DEG
    return corners


def size_m2(shape: Geometry) -> float:
    """The area on the sphere, by Lambert's cylindrical equal-area projection."""
    import shapely

    flat = shapely.transform(
        shape,
        lambda lonlat: np.column_stack(
            [np.radians(lonlat[:, 0]), np.sin(np.radians(lonlat[:, 1]))]
        ),
    )
    return float(flat.area) * EARTH_RADIUS_M**2
