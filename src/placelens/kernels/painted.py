"""Distances of a painted query to class maps: summaries of maps, bounds by them, and exact ones.

All of it is in whole numbers but square roots, which are rounded to the safe side.
"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.jit import kernel
from placelens.types import (
    Float32Array,
    Float64Array,
    Int16Array,
    Int32Array,
    Int64Array,
    UInt8Array,
)


@kernel()
def _summarize_maps(
    maps: UInt8Array, block_of: Int64Array, sizes: Int64Array
) -> tuple[UInt8Array, Float32Array, Int64Array]:
    """Of each map and class: the mean of every block, what the means leave, and the energy.

    Parameters
    ----------
    maps : (n, cells, c).
    block_of : (cells,) the block of each cell.
    sizes : (b,) cells of each block.

    Returns
    -------
    (n, c, b) means to the nearest whole number; (n, c) root of the squared differences of the
    cells from the exact means of their blocks, or a little more; (n, c) sums of squares.
    """
    n, n_cells, n_classes = maps.shape
    n_blocks = sizes.shape[0]
    means = np.empty((n, n_classes, n_blocks), dtype=np.uint8)
    rest = np.empty((n, n_classes), dtype=np.float32)
    energy = np.zeros((n, n_classes), dtype=np.int64)
    sums = np.empty((n_classes, n_blocks), dtype=np.int64)
    for i in range(n):
        sums[:] = 0
        for j in range(n_cells):
            block = block_of[j]
            for c in range(n_classes):
                value = np.int64(maps[i, j, c])
                sums[c, block] += value
                energy[i, c] += value * value
        for c in range(n_classes):
            explained = 0.0
            for b in range(n_blocks):
                means[i, c, b] = (2 * sums[c, b] + sizes[b]) // (2 * sizes[b])
                explained += float(sums[c, b]) * float(sums[c, b]) / float(sizes[b])
            left = max(0.0, float(energy[i, c]) - explained)
            # Upwards: the nearest float32, and the rounding of the sum, may be below.
            rest[i, c] = np.float32(math.sqrt(left) * (1.0 + 1e-6) + 1e-3)
    return means, rest, energy


@kernel()
def _bound_distances(
    means: UInt8Array,
    rest: Float32Array,
    energy: Int64Array,
    classes: Int64Array,
    runs: Int64Array,
    sums: Int16Array,
    rounding: float,
    uneven: Float64Array,
) -> tuple[Float64Array, Float64Array]:
    """Least and largest ``sum p^2 - 2 q p`` of each map, the distance less ``sum q^2``, (n,).

    With the means m of blocks, ``q p = sum_b (sum of q) m_b + (q - mean of q) (p - mean of p)``: a
    mean is off by a half at most, and the last sum is no larger than the product of two lengths.

    Parameters
    ----------
    means : (n, c * b); rest, energy : (n, c), as `_summarize_maps` gives them.
    classes : (k,) those that count.
    runs : (r, 2) where means of these start and stop; classes beside each other are one run, which
        is what makes this fast.
    sums : (c * b,) sums of the query over blocks.
    rounding : the sum of the query.
    uneven : (k,) twice the length of what the query differs from its means over blocks.
    """
    n = means.shape[0]
    low, high = np.empty(n), np.empty(n)
    for i in range(n):
        row = means[i]
        dot = np.int64(0)
        for at in range(runs.shape[0]):
            part = np.int32(0)
            for b in range(runs[at, 0], runs[at, 1]):
                part += np.int32(sums[b]) * np.int32(row[b])
            dot += np.int64(part)
        fixed, loose = -2 * dot, rounding
        for at in range(classes.shape[0]):
            fixed += energy[i, classes[at]]
            loose += uneven[at] * rest[i, classes[at]]
        # Distances are whole numbers.
        low[i] = math.ceil(fixed - loose)
        high[i] = math.floor(fixed + loose)
    return low, high


@kernel()
def _map_distances(
    maps: UInt8Array, rows: Int64Array, query: UInt8Array, counts: Int32Array
) -> Int64Array:
    """``sum (q - p)^2`` over what counts of some maps, (len(rows),).

    Parameters
    ----------
    maps : (n, m) bytes of all cells and classes.
    rows : which of them.
    query : (m,) bytes.
    counts : (m,) 1 where it counts, else 0.
    """
    out = np.empty(rows.shape[0], dtype=np.int64)
    step = 16_384  # a sum of so many squares of bytes fits in 31 bits
    for i in range(rows.shape[0]):
        row, total = rows[i], np.int64(0)
        for start in range(0, query.shape[0], step):
            part = np.int32(0)
            for at in range(start, min(start + step, query.shape[0])):
                apart = np.int32(query[at]) - np.int32(maps[row, at])
                part += apart * apart * counts[at]
            total += np.int64(part)
        out[i] = total
    return out
