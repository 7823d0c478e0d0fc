"""Positions and distances on the sphere (R = 6,371,008.8 m) and on the plane.

Points of the sphere are kept as unit vectors in three dimensions: the antimeridian and the poles
stop being special, and the chord between two of them is monotone in their great-circle distance.
"""

from __future__ import annotations

import numpy as np

from placelens import kernels
from placelens.errors import CoordinateError
from placelens.kernels.layout import EARTH_RADIUS_M, PLANE, SPHERE
from placelens.types import Float64Array, Place, Space

__all__ = ["EARTH_RADIUS_M", "SPACES", "distances_m", "origin_of", "positions_of", "unit_vectors"]

SPACES: dict[Space, int] = {"sphere": SPHERE, "plane": PLANE}


def unit_vectors(lat_deg: Float64Array, lon_deg: Float64Array) -> Float64Array:
    """Points of the unit sphere, (n, 3), from latitudes and longitudes in degrees; NaN stays NaN.

    Examples
    --------
    >>> unit_vectors(np.array([0.0, 90.0]), np.array([0.0, 77.0])).round(12) + 0.0
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    cos_lat = np.cos(lat)
    return np.column_stack([cos_lat * np.cos(lon), cos_lat * np.sin(lon), np.sin(lat)])


def positions_of(space: Space, first: Float64Array, second: Float64Array) -> Float64Array:
    """Position rows, (n, 3), of (lat, lon) in degrees or (x, y) in metres."""
    if space == "sphere":
        return unit_vectors(first, second)
    return np.column_stack([first, second, np.where(np.isnan(first), np.nan, 0.0)])


def origin_of(place: Place, space: Space) -> Float64Array:
    """The position row, (3,), of a place.

    Raises
    ------
    CoordinateError
        If the place is given in the coordinates of the other space.
    """
    if place.space != space:
        wanted = "lat= and lon=" if space == "sphere" else "x= and y="
        raise CoordinateError(f"{place} does not lie on the collection's {space}; give {wanted}")
    lon, lat = place.lonlat
    first, second = (lat, lon) if space == "sphere" else (lon, lat)
    return positions_of(space, np.array([first]), np.array([second]))[0]


def distances_m(lat_deg: Float64Array, lon_deg: Float64Array, *, to: Place) -> Float64Array:
    """Great-circle distances in metres, (n,), from points in degrees to a place.

    Rounding is below a micrometre for near points and about 0.2 m for antipodes, where the
    arc sine of the half chord is steepest.

    Examples
    --------
    >>> pole_to_pole = distances_m(np.array([90.0]), np.array([0.0]), to=Place(lat=-90, lon=50))
    >>> bool(np.isclose(pole_to_pole, np.pi * EARTH_RADIUS_M)[0])
    True
    """
    return kernels._distances(SPHERE, unit_vectors(lat_deg, lon_deg), origin_of(to, "sphere"))
