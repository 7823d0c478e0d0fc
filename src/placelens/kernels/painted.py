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
    Int32Array,
    Int64Array,
    UInt8Array,
)

# Maps that are taken together: in summaries, and in sums over blocks.
FEW, MANY = 64, 2048
# Cells whose squares add up to less than 2^31.
CELLS = 16_384


@kernel()
def _summarize_maps(
    maps: UInt8Array, block_of: Int64Array, sizes: Int64Array
) -> tuple[UInt8Array, Float32Array, Int64Array]:
    """Of each class and map: the mean of every block, what the means leave, and the energy.

    Parameters
    ----------
    maps : (n, cells, c).
    block_of : (cells,) the block of each cell.
    sizes : (b,) cells of each block.

    Returns
    -------
    (c * b, n) means to the nearest whole number; (c, n) root of the squared differences of the
    cells from the exact means of their blocks, or a little more; (c, n) sums of squares.
    """
    n, n_cells, n_classes = maps.shape
    n_blocks = sizes.shape[0]
    means = np.empty((n_classes * n_blocks, n), dtype=np.uint8)
    rest = np.empty((n_classes, n), dtype=np.float32)
    energy = np.empty((n_classes, n), dtype=np.int64)
    # In 32 bits, which are sooner added, as far as a class's energy fits in them.
    sums = np.empty((n_blocks, n_classes), dtype=np.int32)
    squares = np.empty(n_classes, dtype=np.int32)
    # So many maps at once that what is written, a line of each class and block, stays in the cache.
    few = np.empty((n_classes * n_blocks, FEW), dtype=np.uint8)
    for start in range(0, n, FEW):
        stop = min(start + FEW, n)
        for i in range(start, stop):
            sums[:] = 0
            energy[:, i] = 0
            for begin in range(0, n_cells, CELLS):
                squares[:] = 0
                for j in range(begin, min(begin + CELLS, n_cells)):
                    own = sums[block_of[j]]
                    for c in range(n_classes):
                        value = np.int32(maps[i, j, c])
                        own[c] += value
                        squares[c] += value * value
                for c in range(n_classes):
                    energy[c, i] += squares[c]
            for c in range(n_classes):
                explained = 0.0
                for b in range(n_blocks):
                    few[c * n_blocks + b, i - start] = (2 * sums[b, c] + sizes[b]) // (2 * sizes[b])
                    explained += float(sums[b, c]) * float(sums[b, c]) / float(sizes[b])
                left = max(0.0, float(energy[c, i]) - explained)
                # Upwards: the nearest float32, and the rounding of the sum, may be below.
                rest[c, i] = np.float32(math.sqrt(left) * (1.0 + 1e-6) + 1e-3)
        means[:, start:stop] = few[:, : stop - start]
    return means, rest, energy


@kernel()
def _bound_distances(
    means: UInt8Array,
    rest: Float32Array,
    energy: Int64Array,
    which: Int64Array,
    sums: Int32Array,
    stops: Int64Array,
    classes: Int64Array,
    uneven: Float32Array,
    rounding: float,
) -> tuple[Float64Array, Float64Array]:
    """Least and largest ``sum p^2 - 2 q p`` of each map, the distance less ``sum q^2``, (n,).

    With the means m of blocks, ``q p = sum_b (sum of q) m_b + (q - mean of q) (p - mean of p)``: a
    mean is off by a half at most, and the last sum is no larger than the product of two lengths.

    Block by block over many maps, and not map by map: blocks where nothing was asked for are never
    read, and sums of neighbours are made together.

    Parameters
    ----------
    means, rest, energy : as `_summarize_maps` gives them.
    which : (k,) rows of ``means`` where something was asked for; ``sums`` (k,) that of the query.
    stops : (g,) ends of groups of these whose products with bytes add up to less than 2^31.
    classes : those that count; ``uneven`` (len(classes),) twice the length of what the query
        differs from its means over blocks.
    rounding : the sum of the query.
    """
    n = means.shape[1]
    low, high = np.empty(n), np.empty(n)
    part, dot = np.empty(MANY, dtype=np.int32), np.empty(MANY, dtype=np.int64)
    loose = np.empty(MANY, dtype=np.float32)
    for start in range(0, n, MANY):
        m = min(MANY, n - start)
        dot[:] = 0
        begin = 0
        for stop in stops:
            part[:] = 0
            for k in range(begin, stop):
                row, times = means[which[k], start : start + m], sums[k]
                for i in range(m):
                    part[i] += times * np.int32(row[i])
            for i in range(m):
                dot[i] -= 2 * np.int64(part[i])
            begin = stop
        loose[:] = np.float32(0.0)
        for at in range(classes.shape[0]):
            own = energy[classes[at], start : start + m]
            for i in range(m):
                dot[i] += own[i]
            if uneven[at] > 0.0:
                left, length = rest[classes[at], start : start + m], uneven[at]
                for i in range(m):
                    loose[i] += length * left[i]
        for i in range(m):
            # Upwards: sums in float32 are off by a few parts in ten million.
            most = float(loose[i]) * (1.0 + 1e-5) + rounding
            # Distances are whole numbers.
            low[start + i] = math.ceil(float(dot[i]) - most)
            high[start + i] = math.floor(float(dot[i]) + most)
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
    for i in range(rows.shape[0]):
        row, total = rows[i], np.int64(0)
        for start in range(0, query.shape[0], CELLS):
            part = np.int32(0)
            for at in range(start, min(start + CELLS, query.shape[0])):
                apart = np.int32(query[at]) - np.int32(maps[row, at])
                part += apart * apart * counts[at]
            total += np.int64(part)
        out[i] = total
    return out
