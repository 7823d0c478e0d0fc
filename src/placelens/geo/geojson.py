"""From GeoJSON, or anything with ``__geo_interface__``, to one shapely area.

RFC 7946: edges are straight in longitude and latitude, and an area over the antimeridian is
given as a MultiPolygon that is cut there. Areas whose longitudes run on past 180 are common all
the same; they are cut and wrapped here.
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
    return shapely.Polygon(checked[0], checked[1:])


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
