"""Areas that a search can be kept to: a box, a circle, or polygons; each is a closed set.

On the sphere, longitudes 180 and -180 are one meridian, and a pole is one point whatever its
longitude. On the plane the same classes take x and y in metres for longitude and latitude.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from placelens.display import shown
from placelens.errors import FilterError
from placelens.geo.distance import EARTH_RADIUS_M, origin_of, positions_of
from placelens.geo.edges import edges_of, inside
from placelens.geo.geojson import read_area
from placelens.types import BoolArray, Float64Array, Place, Space

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = ["AnyOf", "Area", "Bounds", "Box", "Circle", "Polygon", "parse_bbox"]

Bounds = tuple[float, float, float, float]
"""West, south, east, north; west is greater than east when it crosses the antimeridian."""

WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)

_CIRCLE_VERTICES = 128
_SMALLEST_DRAWN = 1e-9
"""Radians, 6 mm: a circle of radius 0 is drawn this large, since GeoJSON has no empty polygon."""


class Area(Protocol):
    """A closed set of points: what a hard spatial filter is made of."""

    @property
    def space(self) -> Space:
        """Whether it lies on the sphere or the plane."""

    @property
    def bounds(self) -> Bounds:
        """The box around it, in degrees (metres on the plane)."""

    def contains(self, lon: Float64Array, lat: Float64Array) -> BoolArray:
        """Which points lie in it, (n,); a point with NaN lies in no area."""

    def to_geojson(self) -> dict[str, Any]:
        """It as a GeoJSON Polygon or MultiPolygon, cut at the antimeridian."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """All points with ``west <= lon <= east`` and ``south <= lat <= north``.

    With ``west > east`` it crosses the antimeridian. A box that reaches a pole holds the pole
    at every longitude.

    Raises
    ------
    FilterError
        If an edge is not finite or out of range, south lies above north, or, on the plane,
        west lies beyond east.

    Examples
    --------
    >>> fiji = Box(west=177, south=-20, east=-178, north=-15)
    >>> fiji.contains(np.array([179.0, 180.0, 0.0, np.nan]), np.array([-17.0, -17.0, -17.0, 0.0]))
    array([ True,  True, False, False])
    """

    west: float
    south: float
    east: float
    north: float
    space: Space = "sphere"

    def __post_init__(self) -> None:
        limits = {"west": 180.0, "south": 90.0, "east": 180.0, "north": 90.0}
        for name, limit in limits.items():
            value = getattr(self, name)
            if not math.isfinite(value):
                raise FilterError(f"the box's {name} edge {value} is not a finite number")
            if self.space == "sphere" and abs(value) > limit:
                raise FilterError(
                    f"the box's {name} edge {value} is not in [{-limit:.0f}, {limit:.0f}]; "
                    "the order is west, south, east, north"
                )
        if self.south > self.north:
            raise FilterError(
                f"the box's south edge {self.south} lies above its north edge {self.north}; "
                "the order is west, south, east, north"
            )
        if self.space == "plane" and self.west > self.east:
            raise FilterError(
                f"the box's west edge {self.west} lies beyond its east edge {self.east}"
            )

    @property
    def bounds(self) -> Bounds:
        """Its own four edges."""
        return (self.west, self.south, self.east, self.north)

    def contains(self, lon: Float64Array, lat: Float64Array) -> BoolArray:
        """Which points lie in the box, (n,); its edges belong to it."""
        lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        within: BoolArray = (lat >= self.south) & (lat <= self.north)
        if self.west <= self.east:
            columns = (lon >= self.west) & (lon <= self.east)
        else:
            columns = (lon >= self.west) | (lon <= self.east)
        if self.space == "sphere":
            if self.east == 180.0 or self.west == -180.0:
                columns |= np.abs(lon) == 180.0
            columns |= (np.abs(lat) == 90.0) & ~np.isnan(lon)
        result: BoolArray = within & columns
        return result

    def to_geojson(self) -> dict[str, Any]:
        """A Polygon, or a MultiPolygon of two boxes when it crosses the antimeridian."""
        if self.west <= self.east:
            return {"type": "Polygon", "coordinates": [_box_ring(*self.bounds)]}
        halves = (
            (self.west, self.south, 180.0, self.north),
            (-180.0, self.south, self.east, self.north),
        )
        return {"type": "MultiPolygon", "coordinates": [[_box_ring(*half)] for half in halves]}


# Radians, 64 nanometres: more than what ``Circle.contains`` may be off by near 180 degrees.
_ROUNDING = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """All points at most ``radius_m`` metres from ``center``.

    On the sphere the distance is that of the great circle, R = 6,371,008.8 m; it is compared as
    a chord, so neither poles nor the antimeridian are special.

    Raises
    ------
    FilterError
        If the radius is negative or not finite.

    Examples
    --------
    >>> near_pole = Circle(center=Place(lat=90.0, lon=0.0), radius_m=112_000)
    >>> near_pole.contains(np.array([0.0, 90.0, 180.0]), np.array([89.0, 89.0, 88.9]))
    array([ True,  True, False])
    """

    center: Place
    radius_m: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.radius_m) and self.radius_m >= 0):
            raise FilterError(f"radius {self.radius_m} is not a finite number of metres, 0 or more")

    @property
    def space(self) -> Space:
        """The space its centre lies in."""
        return self.center.space

    @property
    def bounds(self) -> Bounds:
        """The box around it, rounding included; all longitudes when it holds a pole."""
        x, y = self.center.lonlat
        if self.space == "plane":
            r = self.radius_m + 4 * math.ulp(max(abs(x), abs(y), self.radius_m))
            return (x - r, y - r, x + r, y + r)
        angle = self.radius_m / EARTH_RADIUS_M + _ROUNDING
        south, north = y - math.degrees(angle), y + math.degrees(angle)
        if south <= -90.0 or north >= 90.0:
            return (-180.0, max(south, -90.0), 180.0, min(north, 90.0))
        # The meridians that touch the circle: sin(d_lon) = sin(angle) / cos(lat).
        ratio = math.sin(angle) / math.cos(math.radians(y))
        spread = math.degrees(math.asin(min(ratio, 1.0)))
        return (_wrap(x - spread), south, _wrap(x + spread), north)

    def contains(self, lon: Float64Array, lat: Float64Array) -> BoolArray:
        """Which points lie in the circle, (n,); its edge belongs to it."""
        lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        first, second = (lat, lon) if self.space == "sphere" else (lon, lat)
        offsets = positions_of(self.space, first, second) - origin_of(self.center, self.space)
        limit = self.radius_m
        if self.space == "sphere":
            angle = min(self.radius_m / EARTH_RADIUS_M, math.pi)
            limit = 2.0 * math.sin(angle / 2.0)
            if angle == math.pi:
                limit = math.inf
        result: BoolArray = np.einsum("ij,ij->i", offsets, offsets) <= limit * limit
        return result

    def to_geojson(self) -> dict[str, Any]:
        """A polygon of 128 corners on the circle's edge, cut at the antimeridian."""
        x, y = self.center.lonlat
        turn = np.linspace(0.0, 2.0 * np.pi, _CIRCLE_VERTICES + 1)
        if self.space == "plane":
            ring = np.column_stack(
                [x + self.radius_m * np.cos(turn), y + self.radius_m * np.sin(turn)]
            )
            ring[-1] = ring[0]
            return {"type": "Polygon", "coordinates": [ring.tolist()]}
        angle = self.radius_m / EARTH_RADIUS_M
        if angle >= math.pi:
            return {"type": "Polygon", "coordinates": [_box_ring(*WORLD)]}
        return Polygon(_cap(x, y, max(angle, _SMALLEST_DRAWN))).to_geojson()


@dataclass(frozen=True, slots=True)
class Polygon:
    """Polygons with holes, straight edges in longitude and latitude, edges included.

    Examples
    --------
    >>> area = Polygon.from_geojson(
    ...     {"type": "Polygon", "coordinates": [[[170, 0], [190, 0], [190, 10], [170, 10]]]}
    ... )
    >>> area.contains(np.array([-175.0, 175.0, 180.0, 0.0]), np.array([5.0, 5.0, 10.0, 5.0]))
    array([ True,  True,  True, False])
    """

    geometry: Geometry = field(repr=False)
    space: Space = "sphere"
    _edges: Float64Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        import shapely

        rings = shapely.get_rings(shapely.get_parts(self.geometry))
        edges = edges_of([shapely.get_coordinates(ring) for ring in rings])
        object.__setattr__(self, "_edges", edges)

    @classmethod
    def from_geojson(cls, geojson: Any, *, space: Space = "sphere") -> Polygon:
        """Read a GeoJSON area (or a shapely geometry): Polygon, MultiPolygon, Feature, ...

        Raises
        ------
        FilterError
            If it is not an area, or its coordinates are not usable.
        """
        return cls(read_area(geojson, space=space), space)

    @property
    def bounds(self) -> Bounds:
        """The smallest box around it, over the antimeridian where that is narrower."""
        import shapely

        west, south, east, north = (float(edge) for edge in self.geometry.bounds)
        if self.space == "sphere":
            if south == -90.0 or north == 90.0:
                return (-180.0, south, 180.0, north)
            west, east = _narrowest(shapely.bounds(shapely.get_parts(self.geometry))[:, [0, 2]])
        return (west, south, east, north)

    def contains(self, lon: Float64Array, lat: Float64Array) -> BoolArray:
        """Which points lie in the polygons, (n,); edges belong to them."""
        lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        west, south, east, north = self.geometry.bounds
        found = np.zeros(lon.shape, bool)
        candidates = np.flatnonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north))
        found[candidates] = inside(lon[candidates], lat[candidates], self._edges)
        if self.space == "sphere":
            self._add_seams(found, lon, lat)
        return found

    def _add_seams(self, found: BoolArray, lon: Float64Array, lat: Float64Array) -> None:
        """Count points of the antimeridian from both sides, and poles at any longitude."""
        west, south, east, north = self.geometry.bounds
        if west == -180.0 or east == 180.0:
            seam = np.flatnonzero((np.abs(lon) == 180.0) & ~np.isnan(lat))
            found[seam] |= inside(-lon[seam], lat[seam], self._edges)
        for edge, pole in ((south, -90.0), (north, 90.0)):
            if edge == pole:
                found |= (lat == pole) & ~np.isnan(lon)

    def to_geojson(self) -> dict[str, Any]:
        """The geometry as a GeoJSON mapping with lists."""
        import shapely

        parts = []
        for part in shapely.get_parts(shapely.orient_polygons(self.geometry)):
            rings = [part.exterior, *part.interiors]
            parts.append([shapely.get_coordinates(ring).tolist() for ring in rings])
        if len(parts) == 1:
            return {"type": "Polygon", "coordinates": parts[0]}
        return {"type": "MultiPolygon", "coordinates": parts}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The union of areas of one space: "in France and Italy"."""

    areas: tuple[Area, ...]

    def __post_init__(self) -> None:
        if len({area.space for area in self.areas}) != 1:
            raise FilterError("a union needs at least one area, all of the same space")

    @property
    def space(self) -> Space:
        """The space of its areas."""
        return self.areas[0].space

    @property
    def bounds(self) -> Bounds:
        """The smallest box around all of them, over the antimeridian where that is narrower."""
        bounds = np.array([area.bounds for area in self.areas])
        south, north = float(bounds[:, 1].min()), float(bounds[:, 3].max())
        if self.space == "plane":
            return (float(bounds[:, 0].min()), south, float(bounds[:, 2].max()), north)
        west, east = _narrowest(_cut(bounds[:, [0, 2]]))
        return (west, south, east, north)

    def contains(self, lon: Float64Array, lat: Float64Array) -> BoolArray:
        """Which points lie in any of them, (n,)."""
        result: BoolArray = np.logical_or.reduce([r.contains(lon, lat) for r in self.areas])
        return result

    def to_geojson(self) -> dict[str, Any]:
        """A MultiPolygon of all their polygons."""
        polygons: list[Any] = []
        for area in self.areas:
            geojson = area.to_geojson()
            coordinates = geojson["coordinates"]
            polygons += [coordinates] if geojson["type"] == "Polygon" else coordinates
        return {"type": "MultiPolygon", "coordinates": polygons}


def parse_bbox(text: str, *, space: Space = "sphere") -> Box:
    """Read ``west,south,east,north``.

    Raises
    ------
    FilterError
        If these are not four numbers, or no box.

    Examples
    --------
    >>> parse_bbox("14.2, 49.9, 14.7, 50.2").bounds
    (14.2, 49.9, 14.7, 50.2)
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise FilterError(
            f"box {shown(text)} is not four numbers west,south,east,north, like 14.2,49.9,14.7,50.2"
        ) from None
    return Box(west=west, south=south, east=east, north=north, space=space)


def _box_ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """The closed ring of a box, counterclockwise as RFC 7946 asks.

    A side of more than half a turn gets a corner in its middle, or it would also be read as the
    short way over the antimeridian.
    """
    middle = [(west + east) / 2.0] if east - west > 180.0 else []
    eastward = [west, *middle, east]
    ring = [[lon, south] for lon in eastward] + [[lon, north] for lon in reversed(eastward)]
    return [*ring, ring[0]]


def _wrap(lon: float) -> float:
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0


def _cut(intervals: Float64Array) -> Float64Array:
    """Ranges of longitudes, (n, 2), cut in two where they cross the antimeridian."""
    west, east = intervals[:, 0], intervals[:, 1]
    crossing = west > east
    first = np.column_stack([west, np.where(crossing, 180.0, east)])
    second = np.column_stack([np.full_like(east, -180.0), east])[crossing]
    return np.concatenate([first, second])


def _narrowest(intervals: Float64Array) -> tuple[float, float]:
    """West and east of the narrowest range of longitudes that holds all intervals, (n, 2)."""
    merged: list[list[float]] = []
    for west, east in intervals[np.argsort(intervals[:, 0])].tolist():
        if merged and west <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], east)
        else:
            merged.append([west, east])
    # The gap after each interval; the last one's goes round the antimeridian to the first.
    gaps = [after[0] - before[1] for before, after in itertools.pairwise(merged)]
    gaps.append(merged[0][0] + 360.0 - merged[-1][1])
    widest = int(np.argmax(gaps))
    if widest == len(merged) - 1:
        return merged[0][0], merged[-1][1]
    return merged[widest + 1][0], merged[widest][1]


def _cap(lon: float, lat: float, angle: float) -> Geometry:
    """The polygon of a spherical cap of ``angle`` radians, in longitude and latitude."""
    import shapely

    if abs(lat) == 90.0:
        edge = math.copysign(90.0 - math.degrees(angle), lat)
        return shapely.box(-180.0, min(lat, edge), 180.0, max(lat, edge))
    if angle > math.pi / 2.0:  # what it leaves out is the smaller cap around the antipode
        rest = _cap(_wrap(lon + 180.0), -lat, math.pi - angle)
        return shapely.difference(shapely.box(*WORLD), rest)
    bearing = np.linspace(0.0, 2.0 * np.pi, _CIRCLE_VERTICES, endpoint=False)
    phi = math.radians(lat)
    sin_lat = math.sin(phi) * math.cos(angle) + math.cos(phi) * math.sin(angle) * np.cos(bearing)
    d_lon = np.degrees(
        np.arctan2(
            np.sin(bearing) * math.sin(angle) * math.cos(phi),
            math.cos(angle) - math.sin(phi) * sin_lat,
        )
    )
    ring = np.column_stack([lon + d_lon, np.degrees(np.arcsin(np.clip(sin_lat, -1.0, 1.0)))])
    pole = math.copysign(90.0, lat)
    if abs(lat) + math.degrees(angle) >= 90.0:  # it winds around the pole: close it there
        ring = ring[np.argsort(ring[:, 0])]
        west, start = ring[0]
        ring = np.vstack([ring, [west + 360.0, start], [west + 360.0, pole], [west, pole]])
    return read_area({"type": "Polygon", "coordinates": [ring.tolist()]})
