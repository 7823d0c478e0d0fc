"""From GeoJSON, or anything with ``__geo_interface__``, to one shapely area.

RFC 7946: edges are straight in longitude and latitude, and an area over the antimeridian is
given as a MultiPolygon that is cut there. Two other ways to write such an area are common: its
longitudes run on past 180, or they jump from 179 to -179. Both are cut and wrapped here.

A jump of more than half a turn is also how a very wide area looks. Of the two readings, the one
round the antimeridian is taken if its box is nearer to a square: 177 to -178 in the latitudes of
Fiji is 5 degrees wide, not 355, whereas -170 to 170 between 60 S and 60 N is 340 degrees wide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from placelens.errors import FilterError
from placelens.types import Space

if TYPE_CHECKING:
    from shapely import Geometry
    from shapely import Polygon as ShapelyPolygon

AREA_TYPES = ("Polygon", "MultiPolygon", "Feature", "FeatureCollection", "GeometryCollection")


def read_area(geojson: Any, *, space: Space = "sphere") -> Geometry:
    """One valid shapely Polygon or MultiPolygon from a GeoJSON mapping or a shapely geometry.

    Rings that cross themselves are read by the even-odd rule; polygons that overlap are joined;
    a third coordinate is dropped; a ring that is left open is closed.

    Raises
    ------
    FilterError
        If it is not a mapping of an area, a position is not a pair of finite numbers, a latitude
        is out of range, or the area is empty.
    """
    import shapely

    geojson = getattr(geojson, "__geo_interface__", geojson)
    parts: list[Geometry] = []
    for rings in _polygons(geojson):
        polygon = _polygon(rings, space)
        parts.extend(_wrapped(polygon) if space == "sphere" else [polygon])
    if not parts:
        raise FilterError("the area holds no polygon; give a Polygon or MultiPolygon")
    area = parts[0] if len(parts) == 1 and parts[0].is_valid else _joined(parts)
    if area.is_empty or area.area == 0.0:
        raise FilterError("the area is empty: its polygons enclose nothing")
    shapely.prepare(area)
    return area


def _polygons(geojson: Any) -> Iterator[Any]:
    """Coordinates of each polygon, whatever they are wrapped in."""
    if not isinstance(geojson, Mapping):
        raise FilterError(
            f"an area must be a GeoJSON mapping or a shapely geometry, got "
            f"{type(geojson).__name__}: {_short(geojson)}"
        )
    kind = geojson.get("type")
    if kind == "Polygon":
        yield _list(geojson.get("coordinates"), "the coordinates of a Polygon")
    elif kind == "MultiPolygon":
        yield from _list(geojson.get("coordinates"), "the coordinates of a MultiPolygon")
    elif kind == "Feature":
        yield from _polygons(geojson.get("geometry"))
    elif kind == "FeatureCollection":
        for feature in _list(geojson.get("features"), "the features of a FeatureCollection"):
            yield from _polygons(feature)
    elif kind == "GeometryCollection":
        for geometry in _list(geojson.get("geometries"), "the geometries of a collection"):
            yield from _polygons(geometry)
    else:
        raise FilterError(
            f"a GeoJSON of type {kind!r} is not an area; give one of {', '.join(AREA_TYPES)}"
        )


def _polygon(rings: Any, space: Space) -> ShapelyPolygon:
    """A polygon from its rings, checked: the shell first, then the holes."""
    import shapely

    checked = [
        [_position(position, space) for position in _list(ring, "a ring of a polygon")]
        for ring in _list(rings, "a polygon")
    ]
    if not checked:
        raise FilterError("a polygon has no ring; its first ring is its outline")
    for ring in checked:
        if len(set(ring)) < 3:
            raise FilterError(
                f"a ring needs at least three different positions, got {_short(ring)}"
            )
    if space == "sphere":
        checked = _over_antimeridian(checked)
    return shapely.Polygon(checked[0], checked[1:])


Ring = list[tuple[float, float]]


def _over_antimeridian(rings: list[Ring]) -> list[Ring]:
    """The rings with longitudes that run on past 180, if the shell jumps over the antimeridian."""
    shell = _run_on(rings[0])
    if shell is None or not _squarer(shell, rings[0]):
        return rings
    west = min(x for x, _ in shell)
    # A hole lies within the shell, perhaps a turn further east than it is written.
    holes = [_run_on(ring) or ring for ring in rings[1:]]
    return [
        shell,
        *([(x + 360.0 if min(hole)[0] < west else x, y) for x, y in hole] for hole in holes),
    ]


def _run_on(ring: Ring) -> Ring | None:
    """The ring with each jump of more than half a turn gone the short way.

    None if it has no such jump, runs on already, or does not come back to where it began: it then
    goes round a pole.
    """
    jumps = any(abs(b[0] - a[0]) > 180.0 for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
    if not jumps or max(abs(x) for x, _ in ring) > 180.0:
        return None
    turn = 0.0
    run: Ring = [ring[0]]
    for (before, _), (x, y) in zip(ring, ring[1:] + ring[:1], strict=True):
        turn += 360.0 * ((x - before < -180.0) - (x - before > 180.0))
        run.append((x + turn, y))
    if turn != 0.0:
        return None
    east = min(x for x, _ in run) < -180.0
    return [(x + 360.0 if east else x, y) for x, y in run[:-1]]


def _squarer(first: Ring, second: Ring) -> bool:
    """Whether the first ring's box is nearer to a square than the second's."""

    def length_to_width(ring: Ring) -> float:
        (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*ring, strict=True))
        sides = (east - west, north - south)
        return max(sides) / max(min(sides), 1e-9)

    return length_to_width(first) < length_to_width(second)


def _position(position: Any, space: Space) -> tuple[float, float]:
    """A pair of finite numbers; a latitude within [-90, 90]."""
    try:
        x, y = float(position[0]), float(position[1])
    except (TypeError, ValueError, IndexError, KeyError):
        raise FilterError(f"position {_short(position)} is not a pair of numbers") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise FilterError(f"position [{x}, {y}] is not finite")
    if space == "sphere" and (abs(y) > 90.0 or abs(x) > 540.0):
        raise FilterError(
            f"position [{x}, {y}] is not a longitude and latitude in degrees; "
            "GeoJSON gives longitude first"
        )
    return x, y


def _wrapped(polygon: ShapelyPolygon) -> list[Geometry]:
    """The polygon itself within [-180, 180]; else its parts, each moved by whole turns."""
    import shapely
    from shapely.affinity import translate

    west, _, east, _ = polygon.bounds
    if west >= -180.0 and east <= 180.0:
        return [polygon]
    polygon = shapely.make_valid(polygon)
    first, last = math.floor((west + 180.0) / 360.0), math.ceil((east - 180.0) / 360.0)
    return [
        translate(
            shapely.intersection(
                polygon, shapely.box(360.0 * turn - 180.0, -90.0, 360.0 * turn + 180.0, 90.0)
            ),
            xoff=-360.0 * turn,
        )
        for turn in range(first, last + 1)
    ]


def _joined(parts: Sequence[Geometry]) -> Geometry:
    """The union of the parts' areas; lines and points that mending leaves over are dropped."""
    import shapely

    mended = shapely.make_valid(list(parts))
    pieces = shapely.get_parts(shapely.get_parts(mended))
    areas = pieces[shapely.get_dimensions(pieces) == 2]
    return shapely.union_all(areas)


def _list(value: Any, what: str) -> Sequence[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    raise FilterError(f"{what} must be a list, got {_short(value)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
