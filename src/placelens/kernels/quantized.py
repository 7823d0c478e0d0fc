"""Distances of a painted query to quantized class maps: tables of a query, and sums by codes.

See `placelens.encoders.map_quantizer`. All numbers are whole: bytes, their squares, and sums.
"""

from __future__ import annotations

import numpy as np

from placelens.kernels.jit import kernel
from placelens.types import BoolArray, Int32Array, Int64Array, UInt8Array

# Rows whose sums are made at once: their codes and sums stay in the nearest caches while one
# table after the other is read.
_ROWS = 1024


@kernel()
def _quantizer_tables(
    centroids: UInt8Array,
    part_of_cell: Int64Array,
    norms: Int32Array,
    query: UInt8Array,
    counts: BoolArray,
) -> tuple[Int64Array, Int32Array]:
    """What a query's sub-vectors are away from every centroid, of those that count at all.

    ``centroids`` (C, cells, K): the K values of a cell lie side by side, so that a cell which asks
    nothing is never read. ``norms`` (C, parts, K) are the centroids' squared lengths, ``query`` and
    ``counts`` (C, cells). Given are the columns (m,) of codes, C x parts in all, and for each of
    them a row of K squared distances.
    """
    n_classes, n_cells, n_centroids = centroids.shape
    n_parts = norms.shape[1]
    columns = np.empty(n_classes * n_parts, dtype=np.int64)
    tables = np.empty((n_classes * n_parts, n_centroids), dtype=np.int32)
    counted, size = np.empty(n_parts, dtype=np.int64), np.zeros(n_parts, dtype=np.int64)
    row_of_part = np.empty(n_parts, dtype=np.int64)
    for cell in range(n_cells):
        size[part_of_cell[cell]] += 1
    m = 0
    for c in range(n_classes):
        counted[:] = 0
        for cell in range(n_cells):
            counted[part_of_cell[cell]] += counts[c, cell]
        for part in range(n_parts):
            if counted[part] == 0:
                continue
            columns[m] = c * n_parts + part
            row_of_part[part] = m
            # Of what counts whole, |q - a|^2 is |a|^2 and something for each cell that q fills.
            if counted[part] == size[part]:
                tables[m] = norms[c, part]
            else:
                tables[m] = 0
            m += 1
        for cell in range(n_cells):
            part = part_of_cell[cell]
            if not counts[c, cell]:
                continue
            value, row = np.int32(query[c, cell]), row_of_part[part]
            if counted[part] < size[part]:
                for k in range(n_centroids):
                    apart = value - np.int32(centroids[c, cell, k])
                    tables[row, k] += apart * apart
            elif value != 0:
                for k in range(n_centroids):
                    tables[row, k] += value * (value - 2 * np.int32(centroids[c, cell, k]))
    return columns[:m], tables[:m]


@kernel()
def _quantized_distances(
    codes: UInt8Array, columns: Int64Array, tables: Int32Array, out: Int64Array
) -> None:
    """Sums of the tables' entries at the codes (n, C x parts) of each row, into ``out`` (n,)."""
    for first in range(0, codes.shape[0], _ROWS):
        last = min(first + _ROWS, codes.shape[0])
        out[first:last] = 0
        for t in range(columns.shape[0]):
            column = columns[t]
            for row in range(first, last):
                out[row] += tables[t, codes[row, column]]
