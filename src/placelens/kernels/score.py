"""The final score: one float64 kernel that every index ends in.

Sums run in index order without fused or reordered operations, so that scan, tree and a plain
Python loop give the same bits, and "equal to the scan" can be tested with ``==``.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from placelens.types import Float32Array, Float64Array, Int64Array


@njit(cache=True, nogil=True)
def _cosines(vectors: Float32Array, rows: Int64Array, queries: Float64Array) -> Float64Array:
    """Inner products, (len(rows), T), of vector rows with T unit queries; NaN for row -1."""
    out = np.empty((rows.shape[0], queries.shape[0]))
    for i in range(rows.shape[0]):
        row = rows[i]
        for t in range(queries.shape[0]):
            if row < 0:
                out[i, t] = math.nan
                continue
            total = 0.0
            for j in range(vectors.shape[1]):
                total += np.float64(vectors[row, j]) * queries[t, j]
            out[i, t] = total
    return out


@njit(cache=True, nogil=True)
def _calibrate(cosine: float, slope: float, intercept: float) -> float:
    """The logistic map, or the cosine itself where slope is 0 (no calibration)."""
    if slope == 0.0:
        return cosine
    return 1.0 / (1.0 + math.exp(-(slope * cosine + intercept)))


@njit(cache=True, nogil=True)
def _meanings(
    cosines: Float64Array, weights: Float64Array, slopes: Float64Array, intercepts: Float64Array
) -> Float64Array:
    """Weighted sums over the terms, (n,); NaN where the item has no such vector.

    ``weights`` are divided by the sum of their absolute values already.
    """
    out = np.empty(cosines.shape[0])
    for i in range(cosines.shape[0]):
        total = 0.0
        for t in range(cosines.shape[1]):
            total += weights[t] * _calibrate(cosines[i, t], slopes[t], intercepts[t])
        out[i] = total
    return out
