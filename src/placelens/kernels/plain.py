"""Some kernels once more, in NumPy, to the bit: for a process that has not loaded numba.

Loading numba takes a third of a second of CPU, once a process, even when every kernel was compiled
long ago. A command that searches a small collection is done sooner without. Each function here
hands over to its kernel as soon as more numbers have gone through this module than are worth that.

Bits are the same because the order of all additions is, and because the transcendental functions
are those of the C library, which compiled kernels call too: NumPy's own may differ in the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from placelens import kernels
from placelens.kernels.layout import (
    EARTH_RADIUS_M,
    GAUSS,
    LANES,
    LINEAR,
    SPHERE,
    SUMS,
    UNDERFLOW,
)
from placelens.types import (
    Float32Array,
    Float64Array,
    Int16Array,
    Int32Array,
    Int64Array,
    UInt8Array,
)

# Numbers that NumPy takes through these functions in the time in which numba is loaded, or fewer.
WORTH_LOADING = 4_000_000


# Maps that are taken together, so that the numbers in between stay in the cache.
_AT_ONCE = 128


class _Budget:
    """How many numbers may still be taken through this module."""

    def __init__(self, numbers: int) -> None:
        self.left = numbers

    def covers(self, numbers: int) -> bool:
        """Take so many from it; False when there are not."""
        if numbers > self.left:
            self.left = 0  # numba is loaded now, so there is nothing more to save
            return False
        self.left -= numbers
        return True


_budget = _Budget(WORTH_LOADING)


def _distances(space: int, positions: Float64Array, origin: Float64Array) -> Float64Array:
    if not _budget.covers(positions.size):
        return kernels.load("_distances")(space, positions, origin)
    return _lengths(space, _chords(positions, origin))


def _max_distance(space: int, positions: Float64Array, origin: Float64Array) -> float:
    if not _budget.covers(positions.size):
        return float(kernels.load("_max_distance")(space, positions, origin))
    farthest = np.fmax.reduce(_chords(positions, origin), initial=0.0, keepdims=True)
    return float(_lengths(space, farthest)[0])


def _proximities(
    space: int,
    positions: Float64Array,
    radius_m: Float32Array,
    origin: Float64Array,
    kind: int,
    scale: float,
    offset: float,
) -> Float64Array:
    if not _budget.covers(2 * positions.size):
        load = kernels.load("_proximities")
        return load(space, positions, radius_m, origin, kind, scale, offset)
    distances = _lengths(space, _chords(positions, origin))
    nowhere = np.isnan(distances)
    if len(radius_m):
        distances = np.fmax(distances, radius_m.astype(np.float64))
    beyond = np.maximum(0.0, distances - offset)
    if kind == LINEAR:
        near = np.maximum(0.0, 1.0 - beyond / scale) if scale > 0.0 else np.ones(len(beyond))
    else:
        ratio = beyond / scale
        power = 0.5 * ratio * ratio if kind == GAUSS else ratio
        near = np.where(power < UNDERFLOW, _each(math.exp, -np.fmin(power, UNDERFLOW)), 0.0)
    near[nowhere] = 0.0
    return near


def _cosines(vectors: Float32Array, rows: Int64Array, queries: Float64Array) -> Float64Array:
    if not _budget.covers(len(rows) * queries.size):
        return kernels.load("_cosines")(vectors, rows, queries)
    out = np.full((len(rows), len(queries)), np.nan)
    there = rows >= 0
    chosen = vectors[rows[there]].astype(np.float64)
    for t, query in enumerate(queries):
        out[there, t] = _sums(chosen * query)
    return out


def _meanings(
    cosines: Float64Array, weights: Float64Array, slopes: Float64Array, intercepts: Float64Array
) -> Float64Array:
    if not _budget.covers(4 * cosines.size):
        return kernels.load("_meanings")(cosines, weights, slopes, intercepts)
    total = np.zeros(len(cosines))
    for t, (weight, slope, intercept) in enumerate(zip(weights, slopes, intercepts, strict=True)):
        values = cosines[:, t]
        if slope != 0.0:
            values = 1.0 / (1.0 + _each(_exp, -(slope * values + intercept)))
        total += weight * values
    return total


def _map_distances(
    maps: UInt8Array, rows: Int64Array, query: UInt8Array, counts: Int32Array
) -> Int64Array:
    which = np.flatnonzero(counts)
    if not _budget.covers(len(rows) * len(which) // 4):  # bytes
        far: Int64Array = kernels.load("_map_distances")(maps, rows, query, counts)
        return far
    asked = query[which].astype(np.int64)
    out = np.empty(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _AT_ONCE):
        apart = maps[rows[start : start + _AT_ONCE]][:, which] - asked
        out[start : start + _AT_ONCE] = (apart * apart).sum(axis=1)
    return out


def _best_regions(
    codes: UInt8Array,
    shrink: Float32Array,
    at: Int64Array,
    queries: Int16Array,
    steps: Float64Array,
    offsets: Float64Array,
    best: Float64Array,
    where: Int64Array,
) -> None:
    n_regions, k = codes.shape[1:]
    if not _budget.covers(len(at) * n_regions * k * len(queries) // 4):  # bytes
        kernels.load("_best_regions")(codes, shrink, at, queries, steps, offsets, best, where)
        return
    for start in range(0, len(at), _AT_ONCE):
        rows = at[start : start + _AT_ONCE]
        # Whole numbers below 2^31, which float64 adds without rounding, in whatever order.
        totals = codes[rows].astype(np.float64) @ queries.T.astype(np.float64)
        cosines = (totals * steps + offsets) * shrink[rows][:, :, None].astype(np.float64)
        found = cosines.argmax(axis=1)
        where[start : start + _AT_ONCE] = found
        best[start : start + _AT_ONCE] = np.take_along_axis(cosines, found[:, None], 1)[:, 0]


def _calibrate(cosine: float, slope: float, intercept: float) -> float:
    if slope == 0.0:
        return cosine
    return 1.0 / (1.0 + _exp(-(slope * cosine + intercept)))


def _chords(positions: Float64Array, origin: Float64Array) -> Float64Array:
    """Straight lines from each position, (n, 3), to the origin, (n,)."""
    x, y, z = (positions - origin).T
    return np.sqrt(x * x + y * y + z * z)


def _lengths(space: int, chords: Float64Array) -> Float64Array:
    """Metres from chords, (n,); on the sphere along great circles."""
    if space != SPHERE:
        return chords
    return 2.0 * EARTH_RADIUS_M * _each(math.asin, np.minimum(1.0, 0.5 * chords))


def _sums(products: Float64Array) -> Float64Array:
    """Sums of rows, (n,), in the order of `placelens.kernels.score._cosine`."""
    n, dim = products.shape
    width = LANES * SUMS
    whole = dim - dim % width
    parts = np.zeros((n, SUMS, LANES))
    for start in range(0, whole, width):
        parts += products[:, start : start + width].reshape(n, SUMS, LANES)
    a, b, c, d = parts.transpose(1, 2, 0)
    e, f, g, h = (a + b) + (c + d)
    total = (e + f) + (g + h)
    for j in range(whole, dim):
        total += products[:, j]
    return np.asarray(total)


def _each(function: Callable[[float], float], values: Float64Array) -> Float64Array:
    """The C library's function of each value; NumPy's differs in the last bit."""
    numbers: Iterable[float] = values.tolist()
    return np.fromiter(map(function, numbers), np.float64, len(values))


def _exp(value: float) -> float:
    """``exp``; infinity where it is too large, as in C, and no error."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
