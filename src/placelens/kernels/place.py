"""Distance and decay loops. A position is a row of three float64: on the sphere a unit vector,
on the plane (x, y, 0) in metres; NaN marks an item without a place.

All kernels are serial and release the GIL: several Python threads may run them at once, which
numba's default threading layer would not survive.
"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.jit import kernel
from placelens.kernels.layout import EARTH_RADIUS_M, GAUSS, LINEAR, SPHERE, UNDERFLOW
from placelens.types import Float32Array, Float64Array


@kernel()
def _chord(a: Float64Array, x: float, y: float, z: float) -> float:
    dx, dy, dz = a[0] - x, a[1] - y, a[2] - z
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@kernel()
def _distance(space: int, chord: float) -> float:
    """Metres from a straight-line chord; on the sphere along the great circle."""
    if space == SPHERE:
        # Rounding may push half the chord of antipodes above 1.
        return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, 0.5 * chord))
    return chord


@kernel()
def _decay(kind: int, scale: float, offset: float, distance: float) -> float:
    beyond = max(0.0, distance - offset)
    if kind == LINEAR:
        return max(0.0, 1.0 - beyond / scale) if scale > 0.0 else 1.0
    ratio = beyond / scale
    power = 0.5 * ratio * ratio if kind == GAUSS else ratio
    # exp is 0 from here on, and takes most of a microsecond to find that out.
    return math.exp(-power) if power < UNDERFLOW else 0.0


@kernel()
def _proximity(
    space: int,
    position: Float64Array,
    radius: float,
    origin: Float64Array,
    kind: int,
    scale: float,
    offset: float,
) -> float:
    """Decay of the distance to ``origin``, which counts as ``radius`` metres at least; 0 where
    there is no place."""
    chord = _chord(position, origin[0], origin[1], origin[2])
    if math.isnan(chord):
        return 0.0
    distance = _distance(space, chord)
    if radius > distance:  # false for NaN
        distance = radius
    return _decay(kind, scale, offset, distance)


@kernel()
def _radius(radius_m: Float32Array, at: int) -> float:
    """How uncertain a place is; 0 where an array is empty since none is."""
    return np.float64(radius_m[at]) if radius_m.shape[0] > 0 else 0.0


@kernel()
def _distances(space: int, positions: Float64Array, origin: Float64Array) -> Float64Array:
    out = np.empty(positions.shape[0])
    for i in range(positions.shape[0]):
        row = positions[i]
        chord = _chord(row, origin[0], origin[1], origin[2])
        out[i] = math.nan if math.isnan(chord) else _distance(space, chord)
    return out


@kernel()
def _proximities(
    space: int,
    positions: Float64Array,
    radius_m: Float32Array,
    origin: Float64Array,
    kind: int,
    scale: float,
    offset: float,
) -> Float64Array:
    """`_proximity` of every row, (n,); ``radius_m`` is (n,), or empty where all are measured."""
    out = np.empty(positions.shape[0])
    for i in range(positions.shape[0]):
        radius = _radius(radius_m, i)
        out[i] = _proximity(space, positions[i], radius, origin, kind, scale, offset)
    return out


@kernel()
def _max_distance(space: int, positions: Float64Array, origin: Float64Array) -> float:
    """Distance to the farthest item that has a place; 0 when none has."""
    farthest = 0.0
    for i in range(positions.shape[0]):
        chord = _chord(positions[i], origin[0], origin[1], origin[2])
        if chord > farthest:  # false for NaN
            farthest = chord
    return _distance(space, farthest)


@kernel()
def _box_proximity(
    space: int,
    low: Float64Array,
    high: Float64Array,
    origin: Float64Array,
    kind: int,
    scale: float,
    offset: float,
) -> float:
    """An upper bound of the proximity inside a box, (3,) corners; 0 for an empty one (low > high).

    The straight-line distance to a box never exceeds that to a point in it, the chord is
    monotone in the great-circle distance, and a decay does not increase. Rounding: the chord is
    shrunk, and the value raised, by more than the few operations and exp can be off; 0 stays 0.
    """
    if low[0] > high[0]:
        return 0.0
    total = 0.0
    for j in range(3):
        gap = max(0.0, low[j] - origin[j], origin[j] - high[j])
        total += gap * gap
    chord = math.sqrt(total) * (1.0 - 1e-14)
    return min(1.0, _decay(kind, scale, offset, _distance(space, chord)) * (1.0 + 1e-15))


@kernel()
def _rough_proximity(
    space: int,
    position: Float64Array,
    origin: Float64Array,
    kind: int,
    scale: float,
    offset: float,
) -> float:
    """An upper bound of `_proximity`, close and quick for near points: the chord is shorter than
    the arc, by 0.04 % at 600 km."""
    chord = _chord(position, origin[0], origin[1], origin[2])
    if math.isnan(chord):
        return 0.0
    distance = EARTH_RADIUS_M * chord if space == SPHERE else chord
    if space == SPHERE and chord > 0.1:
        distance = _distance(space, chord)
    return min(1.0, _decay(kind, scale, offset, distance * (1.0 - 1e-14)) * (1.0 + 1e-15))


@kernel()
def _squared_reach(space: int, kind: int, scale: float, offset: float, value: float) -> float:
    """A squared chord beyond which the proximity is below ``value``; infinite when there is none.

    Generous by far more than rounding, so that comparing squared chords may stand for the decay.
    """
    if value <= 0.0 or (kind == LINEAR and scale <= 0.0):
        return math.inf
    if kind == LINEAR:
        distance = offset + max(0.0, 1.0 - value) * scale * (1.0 + 1e-12) + scale * 1e-12
    else:
        power = max(0.0, -math.log(value)) + 1e-12
        distance = offset + scale * (math.sqrt(2.0 * power) if kind == GAUSS else power)
    distance += distance * 1e-12 + 1e-6
    if space == SPHERE:
        half = 0.5 * distance / EARTH_RADIUS_M
        # The sine is flat near the antipode.
        chord = 2.0 * math.sin(half) + 1e-12 if half < 1.57 else math.inf
    else:
        chord = distance
    return chord * chord * (1.0 + 1e-12)
