"""Distance and decay loops. A position is a row of three float64: on the sphere a unit vector,
on the plane (x, y, 0) in metres; NaN marks an item without a place.

All kernels are serial and release the GIL: several Python threads may run them at once, which
numba's default threading layer would not survive.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from placelens.types import Float64Array

SPHERE, PLANE = 0, 1
LINEAR, GAUSS, EXP = 0, 1, 2

# exp(-745.14) is the smallest positive float64.
UNDERFLOW = 746.0

# Mean Earth radius R1 = (2a + b) / 3 of the WGS 84 ellipsoid, in metres (IUGG).
EARTH_RADIUS_M = 6_371_008.8


@njit(cache=True, nogil=True, inline="always")
def _chord(a: Float64Array, x: float, y: float, z: float) -> float:
    dx, dy, dz = a[0] - x, a[1] - y, a[2] - z
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@njit(cache=True, nogil=True, inline="always")
def _distance(space: int, chord: float) -> float:
    """Metres from a straight-line chord; on the sphere along the great circle."""
    if space == SPHERE:
        # Rounding may push half the chord of antipodes above 1.
        return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, 0.5 * chord))
    return chord


@njit(cache=True, nogil=True, inline="always")
def _decay(kind: int, scale: float, offset: float, distance: float) -> float:
    beyond = max(0.0, distance - offset)
    if kind == LINEAR:
        return max(0.0, 1.0 - beyond / scale) if scale > 0.0 else 1.0
    ratio = beyond / scale
    power = 0.5 * ratio * ratio if kind == GAUSS else ratio
    # exp is 0 from here on, and takes most of a microsecond to find that out.
    return math.exp(-power) if power < UNDERFLOW else 0.0


@njit(cache=True, nogil=True)
def _distances(space: int, positions: Float64Array, origin: Float64Array) -> Float64Array:
    out = np.empty(positions.shape[0])
    for i in range(positions.shape[0]):
        row = positions[i]
        chord = _chord(row, origin[0], origin[1], origin[2])
        out[i] = math.nan if math.isnan(chord) else _distance(space, chord)
    return out


@njit(cache=True, nogil=True)
def _proximities(
    space: int,
    positions: Float64Array,
    origin: Float64Array,
    kind: int,
    scale: float,
    offset: float,
) -> Float64Array:
    """Decay of the distance to ``origin``; 0 where there is no place."""
    out = np.empty(positions.shape[0])
    for i in range(positions.shape[0]):
        row = positions[i]
        chord = _chord(row, origin[0], origin[1], origin[2])
        out[i] = 0.0 if math.isnan(chord) else _decay(kind, scale, offset, _distance(space, chord))
    return out


@njit(cache=True, nogil=True)
def _max_distance(space: int, positions: Float64Array, origin: Float64Array) -> float:
    """Distance to the farthest item that has a place; 0 when none has."""
    farthest = 0.0
    for i in range(positions.shape[0]):
        chord = _chord(positions[i], origin[0], origin[1], origin[2])
        if chord > farthest:  # false for NaN
            farthest = chord
    return _distance(space, farthest)


@njit(cache=True, nogil=True)
def _box_proximities(
    space: int,
    low: Float64Array,
    high: Float64Array,
    origin: Float64Array,
    kind: int,
    scale: float,
    offset: float,
) -> Float64Array:
    """Upper bounds of the proximity inside boxes, (n, 3) corners each.

    The straight-line distance to a box never exceeds that to a point in it, the chord is
    monotone in the great-circle distance, and a decay does not increase.
    """
    out = np.empty(low.shape[0])
    for i in range(low.shape[0]):
        total = 0.0
        for j in range(3):
            gap = max(0.0, low[i, j] - origin[j], origin[j] - high[i, j])
            total += gap * gap
        # Shrunk by more than the rounding of these few operations, so that it stays a bound.
        chord = math.sqrt(total) * (1.0 - 1e-15)
        out[i] = _decay(kind, scale, offset, _distance(space, chord))
    return out
