"""Everything named that is wider than a town: its names, its middle, and the shape "in" it.

Areas are countries (``FR``), their first-level divisions (``US-TX``, ``CA-10``), groups of
countries ("Africa") and landscapes ("Alps"); the last two go by their name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from placelens.geo import divisions
from placelens.geo.areas import Polygon
from placelens.geo.countries import country_name, country_table, names_of, state_table
from placelens.geo.country_groups import PARTS, country_groups
from placelens.geo.distance import EARTH_RADIUS_M
from placelens.geo.kept_shapes import kept
from placelens.geo.known_regions import known_regions
from placelens.geo.names import fold
from placelens.geo.outlines import areas_in, boxes, outline, outline_codes, size_m2
from placelens.geo.towns import town_table

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = [
    "BORDER_ERROR_DEG",
    "COAST_BUFFER_DEG",
    "NamedArea",
    "area",
    "area_codes",
    "areas_by_name",
    "middle_of",
    "shape_around",
    "shape_of",
]

COAST_BUFFER_DEG = 0.1
"""How far a shape reaches over the sea beyond its outline, in degrees (11 km from south to north).

Outlines are simplified there, and harbours and skerries fall into the sea. What lies in a
neighbour's outline is cut off. ``python -m placelens_bench.outlines`` prints how many towns lie in
their own country's shape, and how many in a foreign one.
"""

BORDER_ERROR_DEG = 0.01
"""How far a shape reaches into a neighbour's outline: what the outlines may be wrong by."""

_ISLAND_DEG = 0.05
"""How far a shape reaches around a town of its own that is on no map: 5 km, an atoll's island."""

_CLAIMED = {
    "UA": ("RU", (32.4, 44.3, 36.7, 46.25)),
    "EH": ("MA", (-17.2, 20.7, -8.6, 27.67)),
    "SY": ("IL", (35.6, 32.65, 35.95, 33.35)),
}
"""Crimea, Western Sahara, the Golan Heights: drawn as the country's that is in control, filed by
GeoNames, as ISO 3166 has it, under another; for a search they lie in both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedArea:
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
    known = _middles()  # at hand sooner than the outlines
    for code in country_table():
        if code in known:
            # The two letters alone are words too often: "in", "at", "be", "me".
            for name in names_of(code) - ({code.casefold()} - {"us"}):
                names.setdefault(name, []).append(code)
    for name, (shown, _) in country_groups().items():
        names.setdefault(name, []).append(shown)
    for code, state in state_table().items():
        names.setdefault(fold(state["name"]), []).append(code)
    for code, written in divisions.division_names().items():
        for name in written:
            if not name.isupper():
                names.setdefault(fold(name), []).append(code)
    for name, known_region in known_regions().items():
        names.setdefault(name, []).append(known_region.names[0])
    return {name: tuple(dict.fromkeys(codes)) for name, codes in names.items()}


def area_codes() -> frozenset[str]:
    """The codes of all areas."""
    groups = (shown for shown, _ in country_groups().values())
    landscapes = (known.names[0] for known in known_regions().values())
    return frozenset({*outline_codes(), *divisions.division_names(), *groups, *landscapes})


@lru_cache(maxsize=512)
def area(code: str) -> NamedArea:
    """The country (``FR``), division (``US-TX``) or region (``Bali``) of a code."""
    kind, name, country = _described(code)
    lon, lat, radius_km = _middles()[code]
    return NamedArea(
        code=code,
        name=name,
        kind=kind,
        country=country_name(country),
        lat=lat,
        lon=lon,
        radius_m=radius_km * 1000.0,
        population=int(country_table()[code]["population"]) if kind == "country" else 0,
    )


@cache
def _middles() -> dict[str, tuple[float, float, float]]:
    """What ``middle_of`` gives of every area, as ``tools/make_middles.py`` has written it."""
    text = files("placelens.geo").joinpath("data", "middles.json").read_text(encoding="utf-8")
    middles: dict[str, tuple[float, float, float]] = json.loads(text)
    return middles


def middle_of(code: str) -> tuple[float, float, float]:
    """Longitude and latitude of the largest part's middle, and the radius of a circle its size.

    In degrees and kilometres.
    """
    import shapely

    shape = outline(code) if code in outline_codes() else shape_of(code).geometry
    parts = shapely.get_parts(shape)
    main = parts[int(np.argmax([size_m2(part) for part in parts]))]
    middle = main.centroid
    if not main.contains(middle):
        middle = main.representative_point()
    radius_km = math.sqrt(size_m2(main) / math.pi) / 1000.0
    return round(middle.x, 3), round(middle.y, 3), round(radius_km, 3)


def _described(code: str) -> tuple[str, str, str]:
    """Kind, name and country code of an area."""
    if code in country_table():
        return "country", country_name(code), code
    if code in state_table():
        return "state", state_table()[code]["name"], "US"
    if code in divisions.division_names():
        return "state", divisions.division_names()[code][0], code.partition("-")[0]
    if fold(code) in country_groups():
        return "region", code, ""
    return "region", code, known_regions()[fold(code)].country


@lru_cache(maxsize=512)
def shape_of(code: str) -> Polygon:
    """The shape of what is "in" an area.

    Of a country or state: its outline, widened by ``COAST_BUFFER_DEG`` over the sea and by
    ``BORDER_ERROR_DEG`` on land, islands that only its towns show, and what it claims. Divisions,
    groups and landscapes are made of countries' shapes. A machine draws each once.
    """
    return Polygon(kept(code, partial(_drawn, code)))


def _drawn(code: str) -> Geometry:
    """What `shape_of` gives, drawn."""
    import shapely

    if code in outline_codes():
        shape = _widened((outline(code),), _others({code}))
        shape = shapely.union_all([shape, *_islets(code, shape), *_claimed(code)])
    elif code in divisions.division_names():
        country, _, admin1 = code.partition("-")
        shape = shapely.intersection(divisions.cells(country)[admin1], shape_of(country).geometry)
    elif fold(code) in country_groups():
        _, members = country_groups()[fold(code)]
        shape = _group(members)
    else:
        known = known_regions()[fold(code)]
        shape = shapely.Polygon(known.ring)
        if known.country:
            shape = shapely.intersection(shape, shape_of(known.country).geometry)
    world = shapely.box(-190, -90, 190, 90)
    return Polygon.from_geojson(areas_in(shapely.intersection(shape, world))).geometry


@lru_cache(maxsize=64)
def shape_around(code: str, radius_m: float) -> Polygon:
    """An area with all that lies within a distance of it.

    Widened on a plane whose degrees of longitude are as long as in the area's middle: right to a
    tenth of the distance, or so, where the area reaches no more than ten degrees to the north.
    """
    import shapely

    shrink = math.cos(math.radians(area(code).lat))
    flat = shapely.transform(shape_of(code).geometry, lambda lonlat: lonlat * (shrink, 1.0))
    reach_deg = min(math.degrees(radius_m / EARTH_RADIUS_M), 10.0 * shrink)
    wide = shapely.transform(flat.buffer(reach_deg), lambda xy: xy / (shrink, 1.0))
    world = shapely.box(-190, -90, 190, 90)
    return Polygon.from_geojson(areas_in(shapely.intersection(wide, world)))


def _group(members: Sequence[str]) -> Geometry:
    """The shapes of countries, states, divisions and parts of countries as one."""
    import shapely

    divided = [shape_of(m).geometry for m in members if m in divisions.division_names()]
    whole = [member for member in members if member in outline_codes()]
    parts = [PARTS[member] for member in members if member in PARTS]
    shapes = [
        *(outline(code) for code in whole),
        *(shapely.intersection(outline(code), shapely.Polygon(ring)) for code, ring in parts),
    ]
    shape = _widened(shapes, _others({*whole, *(code for code, _ in parts)}))
    islets = [islet for code in whole for islet in _islets(code, shape)]
    return shapely.union_all([shape, *divided, *islets])


def _widened(shapes: Sequence[Geometry], others: Sequence[str]) -> Geometry:
    """Shapes as one, with the strip along the sea, and the one on land that outlines err by."""
    import shapely

    widened = [
        _without(wide, others) for wide in shapely.buffer(shapes, COAST_BUFFER_DEG, quad_segs=2)
    ]
    return shapely.union_all([*widened, *shapely.buffer(shapes, BORDER_ERROR_DEG, quad_segs=1)])


def _without(shape: Geometry, others: Iterable[str]) -> Geometry:
    """A shape less the outlines of some countries or states."""
    import shapely

    bounds = shapely.bounds(shape)
    near = [
        part
        for other in others
        if _meet(boxes()[other], bounds)
        for part in shapely.get_parts(outline(other))
        if _meet(shapely.bounds(part), bounds)
    ]
    return areas_in(shapely.difference(shape, shapely.union_all(near))) if near else shape


def _meet(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether two boxes of west, south, east, north have a point in common."""
    return bool(
        first[0] <= second[2]
        and first[2] >= second[0]
        and first[1] <= second[3]
        and first[3] >= second[1]
    )


def _others(codes: set[str]) -> list[str]:
    """The countries, and among states the states, that are not of these."""
    states = any("-" in code for code in codes)
    left_out = codes | ({"US"} if states else set())
    return [c for c in sorted(boxes()) if c not in left_out and (states or "-" not in c)]


def _islets(code: str, shape: Geometry) -> list[Geometry]:
    """Discs around a country's towns that lie outside its shape: at sea, or just over a border."""
    import shapely

    towns = town_table()
    rows = np.flatnonzero(_countries_of_towns() == code)
    points = shapely.points(towns.lon[rows], towns.lat[rows])
    shapely.prepare(shape)
    points = points[~shapely.intersects(shape, points)]
    return [
        shapely.buffer(point, _ISLAND_DEG if at_sea else 2 * BORDER_ERROR_DEG)
        for point in points
        if (at_sea := not _is_on_land(point)) or shapely.dwithin(point, shape, _ISLAND_DEG)
    ]


@cache
def _countries_of_towns() -> npt.NDArray[np.str_]:
    return np.array(town_table().countries)


def _is_on_land(point: Geometry) -> bool:
    """Whether a point lies in the outline of any country."""
    here = (point.x, point.y, point.x, point.y)
    return any(
        _meet(box, here) and outline(code).intersects(point)
        for code, box in boxes().items()
        if "-" not in code
    )


def _claimed(code: str) -> list[Geometry]:
    """What GeoNames files under a country and Natural Earth draws as another's."""
    import shapely

    if code not in _CLAIMED:
        return []
    holder, box = _CLAIMED[code]
    return [shapely.intersection(shape_of(holder).geometry, shapely.box(*box))]
