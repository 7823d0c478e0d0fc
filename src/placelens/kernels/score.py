"""The final score: one float64 kernel that every index ends in.

Sums run in a fixed order without fused operations, so that scan and tree give the same bits, and
"equal to the scan" can be tested with ``==``.
"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.jit import kernel
from placelens.kernels.loops import _cosine
from placelens.types import Float32Array, Float64Array, Int64Array


@kernel(fastmath={"reassoc", "contract", "nsz"})
def _rough_cosine(vector: Float32Array, query: Float32Array) -> float:
    """The inner product in float32, summed in any order: fast, and off by its rounding."""
    total = np.float32(0.0)
    for j in range(vector.shape[0]):
        total += vector[j] * query[j]
    return float(total)


@kernel()
def _cosines(vectors: Float32Array, rows: Int64Array, queries: Float64Array) -> Float64Array:
    """Inner products, (len(rows), T), of vector rows with T unit queries; NaN for row -1."""
    out = np.empty((rows.shape[0], queries.shape[0]))
    for i in range(rows.shape[0]):
        row = rows[i]
        for t in range(queries.shape[0]):
            if row < 0:
                out[i, t] = math.nan
                continue
            out[i, t] = _cosine(vectors, row, queries, t)
    return out


@kernel()
def _calibrate(cosine: float, slope: float, intercept: float) -> float:
    """The logistic map, or the cosine itself where slope is 0 (no calibration)."""
    if slope == 0.0:
        return cosine
    return 1.0 / (1.0 + math.exp(-(slope * cosine + intercept)))


@kernel()
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
