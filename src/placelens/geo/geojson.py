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
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from placelens.display import shown
from placelens.errors import FilterError
from placelens.geo.edges import check_meetings, edges_of, edges_of_lines, inside
from placelens.limits import MAX_DEPTH, MAX_METRES, MAX_POSITIONS
from placelens.types import BoolArray, Space

if TYPE_CHECKING:
    from shapely import Geometry

Rings = list[list[tuple[float, float]]]

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
    from shapely.errors import GEOSException

    geojson = getattr(geojson, "__geo_interface__", geojson)
    polygons = [_checked_rings(rings, space) for rings in _polygons(geojson, MAX_DEPTH)]
    if not polygons:
        raise FilterError("the area holds no polygon; give a Polygon or MultiPolygon")
    n_corners = sum(len(ring) for rings in polygons for ring in rings)
    if n_corners > MAX_POSITIONS:
        raise FilterError(
            f"the area has {n_corners:,} corners, and {MAX_POSITIONS:,} is the most; simplify it"
        )
    try:
        area = _area(polygons, space)
    except GEOSException as error:
        raise FilterError(f"the area cannot be used: {shown(str(error))}; simplify it") from error
    if area.is_empty or area.area == 0.0:
        raise FilterError("the area is empty: its polygons enclose nothing")
    return area


def _area(polygons: Sequence[Rings], space: Space) -> Geometry:
    """One valid area of polygons that may cross themselves and each other."""
    import shapely

    drawn = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons]
    if len(drawn) > 1 or not drawn[0].is_valid:
        check_meetings(edges_of([ring for rings in polygons for ring in rings]))
    parts: list[Geometry] = []
    for polygon, rings in zip(drawn, polygons, strict=True):
        mended = polygon if polygon.is_valid else _even_odd(rings)
        parts.extend(_wrapped(mended) if space == "sphere" else [mended])
    return parts[0] if len(parts) == 1 else _joined(parts)


def _even_odd(rings: Rings) -> Geometry:
    """What rings enclose that cross themselves or each other, by the even-odd rule.

    Where that leaves nothing, since all is drawn twice, each edge counts once. GEOS's own
    ``make_valid`` takes time cubic in the number of crossings.
    """
    import shapely

    def belong(faces: Any, cuts: Any) -> BoolArray:
        within = shapely.get_coordinates(shapely.point_on_surface(faces))
        is_in = inside(within[:, 0], within[:, 1], edges_of(rings))
        if is_in.any():
            return is_in
        once = shapely.get_coordinates(cuts, return_index=True)
        return inside(within[:, 0], within[:, 1], edges_of_lines(*once))

    return _of_faces([shapely.LinearRing(ring) for ring in rings], belong)


def _of_faces(lines: Any, belong: Callable[[Any, Any], BoolArray]) -> Geometry:
    """The area of those of the smallest areas between closed lines that belong to it.

    ``belong`` is given these areas, and the lines cut where they meet.

    Corners are moved to a grid of 2**-42 of the largest coordinate, a hundredth of a millimetre on
    the Earth. Without, GEOS passes over some cuts of lines that nearly coincide: in one of a
    thousand areas of crossing rings what lies outside belonged to it, or the other way round, and
    there is no telling from what comes of it.
    """
    import shapely

    largest = np.abs(shapely.get_coordinates(lines)).max()
    grid = 2.0 ** max(math.frexp(largest)[1] - 42, -100)  # which GEOS divides by
    with np.errstate(divide="ignore", invalid="ignore"):  # GEOS tries what may not work
        cuts = shapely.get_parts(shapely.union_all(lines, grid_size=grid))
    faces = shapely.get_parts(shapely.polygonize(cuts))
    chosen = faces[belong(faces, cuts)] if len(faces) else faces
    joined = shapely.coverage_union_all(chosen)
    return joined if joined.is_valid else shapely.union_all(chosen, grid_size=grid)


def _polygons(geojson: Any, levels: int) -> Iterator[Any]:
    """Coordinates of each polygon, whatever they are wrapped in."""
    if not isinstance(geojson, Mapping):
        raise FilterError(
            f"an area must be a GeoJSON mapping or a shapely geometry, got "
            f"{type(geojson).__name__}: {shown(geojson)}"
        )
    if levels == 0:
        raise FilterError(f"the area has more than {MAX_DEPTH} levels of collections; flatten it")
    kind = geojson.get("type")
    if kind == "Polygon":
        yield _list(geojson.get("coordinates"), "the coordinates of a Polygon")
    elif kind == "MultiPolygon":
        yield from _list(geojson.get("coordinates"), "the coordinates of a MultiPolygon")
    elif kind == "Feature":
        yield from _polygons(geojson.get("geometry"), levels - 1)
    elif kind == "FeatureCollection":
        for feature in _list(geojson.get("features"), "the features of a FeatureCollection"):
            yield from _polygons(feature, levels - 1)
    elif kind == "GeometryCollection":
        for geometry in _list(geojson.get("geometries"), "the geometries of a collection"):
            yield from _polygons(geometry, levels - 1)
    else:
        raise FilterError(
            f"a GeoJSON of type {shown(kind)} is not an area; give one of {', '.join(AREA_TYPES)}"
        )


def _checked_rings(rings: Any, space: Space) -> Rings:
    """The rings of a polygon, checked: the shell first, then the holes."""
    checked = [
        [_position(position, space) for position in _list(ring, "a ring of a polygon")]
        for ring in _list(rings, "a polygon")
    ]
    if not checked:
        raise FilterError("a polygon has no ring; its first ring is its outline")
    for ring in checked:
        if len(set(ring)) < 3:
            raise FilterError(f"a ring needs at least three different positions, got {shown(ring)}")
    return _over_antimeridian(checked) if space == "sphere" else checked


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
    except (TypeError, ValueError, OverflowError, IndexError, KeyError):
        raise FilterError(f"position {shown(position)} is not a pair of numbers") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise FilterError(f"position [{x}, {y}] is not finite")
    if space == "sphere" and (abs(y) > 90.0 or abs(x) > 540.0):
        raise FilterError(
            f"position [{x}, {y}] is not a longitude and latitude in degrees; "
            "GeoJSON gives longitude first"
        )
    if max(abs(x), abs(y)) > MAX_METRES:
        raise FilterError(f"position [{x}, {y}] lies more than {MAX_METRES:g} m away")
    return x, y


def _wrapped(polygon: Geometry) -> list[Geometry]:
    """The polygon itself within [-180, 180]; else its parts, each moved by whole turns."""
    import shapely
    from shapely.affinity import translate

    if polygon.is_empty:
        return []
    west, _, east, _ = polygon.bounds
    if west >= -180.0 and east <= 180.0:
        return [polygon]
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
    """The union of the parts' areas; lines and points that cutting leaves over are dropped.

    Of areas that overlap, GEOS's own union may hold what lies in none of them, as told at
    `_of_faces`.
    """
    import shapely

    pieces = shapely.get_parts(shapely.get_parts(list(parts)))
    areas = pieces[shapely.get_dimensions(pieces) == 2]
    tree = shapely.STRtree(areas)
    n_meet, n_touch = (tree.query(areas, what).shape[1] for what in ("intersects", "touches"))
    if n_meet == len(areas) + n_touch:  # each meets itself
        return shapely.union_all(areas)

    def belong(faces: Any, _cuts: Any) -> BoolArray:
        is_in = np.zeros(len(faces), dtype=np.bool_)
        is_in[tree.query(shapely.point_on_surface(faces), predicate="within")[0]] = True
        return is_in

    return _of_faces(shapely.boundary(areas), belong)


def _list(value: Any, what: str) -> Sequence[Any]:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    raise FilterError(f"{what} must be a list, got {shown(value)}")
