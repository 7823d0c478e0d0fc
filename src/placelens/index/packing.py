"""Bulk loading: items into leaves by place, leaves into nodes.

Items are split along the widest side of their box, so that each left part fills a power of two of
leaves and consecutive leaves lie together; a level up, ``FANOUT`` consecutive nodes make one. On
the sphere positions are unit vectors: boxes in three dimensions know no antimeridian and no poles.
"""

from __future__ import annotations

import numpy as np

from placelens.kernels.layout import FANOUT, Nodes
from placelens.types import Float64Array, Int64Array


def pack(positions: Float64Array, leaf: int) -> Int64Array:
    """Slots of leaves of ``leaf`` items each: rows of ``positions`` (n, 3), -1 for padding.

    Items without a place come last, in leaves of their own. There is at least one leaf.
    """
    is_located = ~np.isnan(positions[:, 0])
    parts = [
        _kd_order(positions, np.flatnonzero(is_located), leaf),
        np.flatnonzero(~is_located),
    ]
    padded = [np.append(part, np.full(-len(part) % leaf, -1)) for part in parts]
    slots = np.concatenate(padded).astype(np.int64)
    return slots if len(slots) else np.full(leaf, -1)


def _kd_order(positions: Float64Array, rows: Int64Array, leaf: int) -> Int64Array:
    """Rows so ordered that every run of ``leaf`` lies close together."""
    order = rows.copy()
    todo = [(0, len(order))]
    while todo:
        start, stop = todo.pop()
        n_leaves = -(-(stop - start) // leaf)
        if n_leaves <= 1:
            continue
        middle = leaf * (1 << ((n_leaves - 1).bit_length() - 1))
        points = positions[order[start:stop]]
        axis = int(np.argmax(np.ptp(points, axis=0)))
        order[start:stop] = order[start:stop][np.argpartition(points[:, axis], middle - 1)]
        todo += [(start, start + middle), (start + middle, stop)]
    return order


def build_nodes(
    positions: Float64Array, iids: Int64Array, clusters: Int64Array | None, leaf: int
) -> Nodes:
    """Nodes over slots: boxes, smallest internal ids, and the sets of clusters.

    ``positions`` (S, 3) is NaN and ``iids`` (S,) the largest int64 where a slot holds nothing;
    ``clusters`` (S,) is -1 there. Without clusters all items are in one.
    """
    n_leaves = len(iids) // leaf
    # An empty slot widens no box: the fold of nothing is an empty box.
    low = np.where(np.isnan(positions), np.inf, positions).reshape(n_leaves, -1, 3).min(axis=1)
    high = np.where(np.isnan(positions), -np.inf, positions).reshape(n_leaves, -1, 3).max(axis=1)
    levels = [(low, high, iids.reshape(n_leaves, -1).min(axis=1), _sets(clusters, n_leaves))]
    starts = [0, n_leaves]
    while len(levels[-1][0]) > 1:
        groups = np.arange(0, len(levels[-1][0]), FANOUT)
        low, high, min_iid, sets = levels[-1]
        levels.append(
            (
                np.minimum.reduceat(low, groups),
                np.maximum.reduceat(high, groups),
                np.minimum.reduceat(min_iid, groups),
                np.bitwise_or.reduceat(sets, groups),
            )
        )
        starts.append(starts[-1] + len(groups))
    columns = [np.ascontiguousarray(np.concatenate(column)) for column in zip(*levels, strict=True)]
    return Nodes(np.array(starts, dtype=np.int64), *columns)


def _sets(clusters: Int64Array | None, n_leaves: int) -> np.ndarray:
    """Bit sets of the clusters in each leaf, (leaves, words) of uint64."""
    if clusters is None:
        return np.ones((n_leaves, 1), dtype=np.uint64)
    n_words = (int(clusters.max(initial=0)) + 64) // 64
    present = np.zeros((n_leaves, 64 * n_words), dtype=np.bool_)
    leaves = np.repeat(np.arange(n_leaves), len(clusters) // n_leaves)
    known = clusters >= 0
    present[leaves[known], clusters[known]] = True
    return np.packbits(present, axis=1, bitorder="little").view("<u8").astype(np.uint64)
