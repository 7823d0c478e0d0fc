"""Areas, and places known to within a radius: surely inside, maybe, or by the centre.

The distance to an area's edge is taken along the great circle to the nearest point of each of its
straight pieces (RFC 7946: straight in longitude and latitude), found in coordinates that are scaled
at the place. That is off by less than 0.1 % for distances up to 100 km.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np

from placelens.geo.areas import AnyOf, Area, Box, Circle
from placelens.geo.distance import EARTH_RADIUS_M, distances_m
from placelens.types import BoolArray, Float32Array, Float64Array, Place, Space

Uncertain = Literal["centre", "surely", "maybe"]
UNCERTAIN: tuple[Uncertain, ...] = ("centre", "surely", "maybe")

# Degrees (on the sphere) that a piece of an edge spans, at most: longer ones are not straight in
# coordinates that are scaled at one latitude.
_PIECE_DEG = 1.0
_BLOCK = 256


def lies_in(
    area: Area,
    lon: Float64Array,
    lat: Float64Array,
    radius_m: Float32Array | Float64Array | None,
    how: Uncertain,
) -> BoolArray:
    """Which places lie in an area, (n,).

    Parameters
    ----------
    area
        The area.
    lon, lat
        Degrees, or x and y in metres, (n,); NaN without a place, which lies nowhere.
    radius_m
        How uncertain each place is, (n,); 0 for those that are measured; None for all measured.
    how
        "centre" looks at the place alone, "surely" wants all of its circle inside, "maybe" any of
        it.

    Examples
    --------
    >>> from placelens.types import Place
    >>> town = Circle(center=Place(lat=50.0, lon=14.0), radius_m=10_000.0)
    >>> lon, lat = np.array([14.0, 14.0, 14.2]), np.array([50.0, 50.05, 50.0])
    >>> radius = np.array([2_000.0, 6_000.0, 6_000.0])
    >>> [lies_in(town, lon, lat, radius, how).tolist() for how in UNCERTAIN]
    [[True, True, False], [True, False, False], [True, True, True]]
    """
    inside = area.contains(lon, lat)
    if how == "centre" or radius_m is None:
        return inside
    rows = np.flatnonzero((radius_m > 0.0) & ~np.isnan(lon))
    if not len(rows):
        return inside
    inside = inside.copy()
    if isinstance(area, AnyOf):
        here = (lon[rows], lat[rows], radius_m[rows])
        parts = [lies_in(part, *here, how) for part in area.areas]
        inside[rows] = np.logical_or.reduce(parts)
        return inside
    edge_m = edge_distances_m(area, lon[rows], lat[rows])
    if how == "surely":
        inside[rows] &= edge_m >= radius_m[rows]
    else:
        inside[rows] |= edge_m <= radius_m[rows]
    return inside


def edge_distances_m(area: Area, lon: Float64Array, lat: Float64Array) -> Float64Array:
    """Metres from each place to the nearest point of an area's edge, (n,)."""
    if isinstance(area, Circle):
        x, y = area.center.lonlat
        return np.abs(area.radius_m - _distances(area.space, lon, lat, x, y))
    pieces = np.array(list(_pieces(area)))
    if not len(pieces):
        return np.full(len(lon), np.inf)
    found = np.empty(len(lon))
    for start in range(0, len(lon), _BLOCK):
        some = slice(start, start + _BLOCK)
        found[some] = _to_pieces(area.space, lon[some], lat[some], pieces)
    return found


def _distances(
    space: Space, lon: Float64Array, lat: Float64Array, x: float, y: float
) -> Float64Array:
    if space == "plane":
        return np.hypot(lon - x, lat - y)
    return distances_m(lat, lon, to=Place(lat=y, lon=x))


def _pieces(area: Area) -> Iterator[tuple[float, float, float, float]]:
    """The edge of an area as short straight pieces: first and second longitude and latitude."""
    for x1, y1, x2, y2 in _edges(area):
        n = 1
        if area.space == "sphere":
            n = max(1, math.ceil(max(abs(x2 - x1), abs(y2 - y1)) / _PIECE_DEG))
        for i in range(n):
            a, b = i / n, (i + 1) / n
            yield x1 + a * (x2 - x1), y1 + a * (y2 - y1), x1 + b * (x2 - x1), y1 + b * (y2 - y1)


def _edges(area: Area) -> Iterator[tuple[float, float, float, float]]:
    """Without those that no point lies beyond: poles, and where shapes are cut at a meridian."""
    if isinstance(area, Box):
        west, south, east, north = area.bounds
        east = east + 360.0 if west > east else east
        on_sphere = area.space == "sphere"
        if not (on_sphere and east - west >= 360.0):
            yield west, south, west, north
            yield east, south, east, north
        for y in (south, north):
            if not (on_sphere and abs(y) == 90.0):
                yield west, y, east, y
        return
    drawn = area.to_geojson()
    many = drawn["coordinates"] if drawn["type"] == "MultiPolygon" else [drawn["coordinates"]]
    for ring in (ring for polygon in many for ring in polygon):
        for (x1, y1), (x2, y2) in pairwise(ring):
            is_cut = area.space == "sphere" and abs(x1) == abs(x2) == 180.0
            if not is_cut:
                yield x1, y1, x2, y2


def _to_pieces(
    space: Space, lon: Float64Array, lat: Float64Array, pieces: Float64Array
) -> Float64Array:
    """Distance of each place to the nearest of the pieces, (n,)."""
    x1, y1, x2, y2 = pieces.T
    scale = np.cos(np.radians(lat))[:, None] if space == "sphere" else 1.0
    dx1 = _turned(space, x1[None, :] - lon[:, None])
    dx2 = dx1 + (x2 - x1)[None, :]
    dy1, dy2 = y1[None, :] - lat[:, None], y2[None, :] - lat[:, None]
    ux, uy = (dx2 - dx1) * scale, dy2 - dy1
    squared = ux * ux + uy * uy
    along = -(dx1 * scale * ux + dy1 * uy) / np.where(squared > 0.0, squared, 1.0)
    t = np.clip(along, 0.0, 1.0)
    dx, dy = dx1 + t * (dx2 - dx1), dy1 + t * (dy2 - dy1)
    if space == "plane":
        nearest: Float64Array = np.hypot(dx, dy).min(axis=1)
        return nearest
    # Haversine, from the differences themselves: exact for places that are close.
    phi = np.radians(lat)[:, None]
    half_y, half_x = np.radians(dy) / 2.0, np.radians(dx) / 2.0
    h = np.sin(half_y) ** 2 + np.cos(phi) * np.cos(phi + 2.0 * half_y) * np.sin(half_x) ** 2
    metres = 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    least: Float64Array = metres.min(axis=1)
    return least


def _turned(space: Space, degrees: Float64Array) -> Float64Array:
    """Differences of longitudes the short way round."""
    if space == "plane":
        return degrees
    turned: Float64Array = (degrees + 180.0) % 360.0 - 180.0
    return turned
