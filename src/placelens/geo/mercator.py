"""Web Mercator as a grid of cells, and the order of cells in which a square is one run.

At level L the world is a square of 2**L columns by 2**L rows, counted from its north-west corner:
the tiles of zoom L of a web map (EPSG:3857). The Morton code of a cell interleaves the bits of its
column and row, so that the cells of each larger square follow one another [1]_.

References
----------
.. [1] G. M. Morton, A computer oriented geodetic data base and a new technique in file sequencing,
   IBM 1966.
"""

from __future__ import annotations

import numpy as np

from placelens.types import Float64Array, Int64Array

__all__ = [
    "FINEST",
    "MAX_LATITUDE",
    "cells_of",
    "columns_of",
    "lats_of",
    "lons_of",
    "morton",
    "rows_of",
]

FINEST = 25
"""The finest level that codes are made for; a cell is 1.2 m wide at the equator."""

MAX_LATITUDE = 85.051_128_779_806_59
"""Degrees, where the square ends: atan(sinh(pi)). What lies beyond is in the outermost row."""


def columns_of(lon: Float64Array, level: int) -> Int64Array:
    """The columns of longitudes in degrees, (n,), not wrapped: -180 is 0 and 180 the first beyond.

    Examples
    --------
    >>> columns_of(np.array([-180.0, 0.0, 179.9, 190.0]), 2)
    array([0, 2, 3, 4])
    """
    return np.floor((np.asarray(lon, np.float64) + 180.0) / 360.0 * (1 << level)).astype(np.int64)


def rows_of(lat: Float64Array, level: int) -> Int64Array:
    """The rows of latitudes in degrees, (n,), from 0 in the north.

    Examples
    --------
    >>> rows_of(np.array([90.0, 1.0, -1.0, -90.0]), 2)
    array([0, 1, 2, 3])
    """
    lat = np.clip(np.asarray(lat, np.float64), -MAX_LATITUDE, MAX_LATITUDE)
    from_north = 0.5 - np.arctanh(np.sin(np.radians(lat))) / (2.0 * np.pi)
    n = 1 << level
    return np.clip(np.floor(from_north * n).astype(np.int64), 0, n - 1)


def lons_of(columns: Float64Array, level: int) -> Float64Array:
    """The longitudes in degrees of the west edges of columns, (n,); a fraction is a part of one.

    Examples
    --------
    >>> lons_of(np.array([0, 2, 2.5]), 2)
    array([-180.,    0.,   45.])
    """
    return np.asarray(columns, np.float64) * (360.0 / (1 << level)) - 180.0


def lats_of(rows: Float64Array, level: int) -> Float64Array:
    """The latitudes in degrees of the north edges of rows, (n,); a fraction is a part of one.

    Examples
    --------
    >>> lats_of(np.array([0, 1, 2, 4]), 2).round(2)
    array([ 85.05,  66.51,   0.  , -85.05])
    """
    from_north = np.asarray(rows, np.float64) / (1 << level)
    lats: Float64Array = np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * from_north))))
    return lats


def cells_of(lon: Float64Array, lat: Float64Array, level: int) -> tuple[Int64Array, Int64Array]:
    """Columns and rows of points in degrees, (n,) each; 180 and -180 are one meridian.

    Examples
    --------
    >>> cells_of(np.array([180.0, 2.35]), np.array([0.0, 48.85]), 2)
    (array([0, 2]), array([2, 1]))
    """
    return columns_of(lon, level) % (1 << level), rows_of(lat, level)


def morton(columns: Int64Array, rows: Int64Array) -> Int64Array:
    """The codes of cells, (n,); the cell around it s levels up has the code without 2 s bits.

    Examples
    --------
    >>> morton(np.array([0, 1, 0, 1, 2]), np.array([0, 0, 1, 1, 0]))
    array([0, 1, 2, 3, 4])
    """
    return _spread(columns) | (_spread(rows) << 1)


_STEPS = (
    (16, 0x0000_FFFF_0000_FFFF),
    (8, 0x00FF_00FF_00FF_00FF),
    (4, 0x0F0F_0F0F_0F0F_0F0F),
    (2, 0x3333_3333_3333_3333),
    (1, 0x5555_5555_5555_5555),
)


def _spread(numbers: Int64Array) -> Int64Array:
    """Numbers below 2**31 with a zero bit before each of their own."""
    spread = np.asarray(numbers, np.int64)
    for shift, mask in _STEPS:
        spread = (spread | (spread << shift)) & mask
    return spread
