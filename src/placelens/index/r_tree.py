"""The plain R-tree: nodes bound place only; the similarity below a node is bounded by its best
possible value. It is paper 000's baseline, and exact for every task.

Items are packed by sort-tile-recursive (Leutenegger et al. 1997) over their positions, which on
the sphere are unit vectors: boxes in three dimensions know no antimeridian and no poles. The tree
has one level of leaves: computing the bounds of all of them at once costs less than descending
through Python.
"""

from __future__ import annotations

import math

import numpy as np

from placelens.geo.distance import SPACES
from placelens.index.base import Certificate, Corpus, Task, TopK, best_k, score_rows
from placelens.kernels.place import _box_proximities
from placelens.types import Float64Array, Int64Array

LEAF_SIZE = 256
# A leaf is opened unless its bound, itself rounded, is clearly below the k-th score.
BOUND_SLACK = 1e-12


class RTree:
    """Exact top k by best-first search over leaves that bound the place.

    The bound of a leaf is ``mu * decay(distance to its box) + (1 - mu) * M``, where M bounds the
    similarity of any item: the sum of the positive weights, plus, without calibration, of the
    negative ones, since a cosine can be -1.
    """

    name = "rtree"

    def __init__(self, corpus: Corpus, *, leaf_size: int = LEAF_SIZE) -> None:
        self._corpus = corpus
        self._leaf_size = leaf_size
        located = np.flatnonzero(~np.isnan(corpus.positions[:, 0]))
        # Items without a place have proximity 0; they form leaves of their own, without a box.
        self._nowhere = np.flatnonzero(np.isnan(corpus.positions[:, 0]))
        self._order = located[_str_order(corpus.positions[located], leaf_size)]
        self._starts = np.arange(0, len(located), leaf_size)
        ordered = corpus.positions[self._order]
        shape = (0, 3)
        self._low = np.minimum.reduceat(ordered, self._starts) if len(ordered) else np.empty(shape)
        self._high = np.maximum.reduceat(ordered, self._starts) if len(ordered) else np.empty(shape)

    def top_k(self, task: Task) -> TopK:
        """The best k of the allowed items, opening leaves by falling bound."""
        bounds = self._bounds(task)
        order = np.argsort(-bounds, kind="stable")
        found = _nothing()
        n_items, opened = 0, 0
        batch = 1
        while opened < len(order):
            threshold = found.scores[-1] if len(found.rows) == task.k else -np.inf
            if bounds[order[opened]] < threshold - BOUND_SLACK:
                break
            leaves = order[opened : opened + batch]
            leaves = leaves[bounds[leaves] >= threshold - BOUND_SLACK]
            rows = self._rows(leaves, task)
            n_items += len(rows)
            opened += len(leaves)
            rows = np.concatenate([found.rows, rows])
            found = best_k(task, self._corpus.iids, rows, score_rows(self._corpus, task, rows))
            batch = min(batch * 2, 64)
        bound = float(bounds[order[opened]]) if opened < len(order) else None
        return TopK(found.rows, found.scores, Certificate("proven", bound, opened, n_items))

    def _bounds(self, task: Task) -> Float64Array:
        """Upper bounds of the leaves' scores; the last is that of the items without a place."""
        weight = task.weight_of_place
        proximity = np.zeros(len(self._starts) + 1)
        if task.place is not None:
            place = task.place
            proximity[:-1] = _box_proximities(
                SPACES[self._corpus.space],
                self._low,
                self._high,
                place.origin,
                place.kind,
                place.scale_m,
                place.offset_m,
            )
        return weight * proximity + (1.0 - weight) * _best_meaning(task)

    def _rows(self, leaves: Int64Array, task: Task) -> Int64Array:
        """Allowed rows of the leaves."""
        parts = [
            self._nowhere
            if leaf == len(self._starts)
            else self._order[self._starts[leaf] : self._starts[leaf] + self._leaf_size]
            for leaf in leaves
        ]
        rows = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
        return rows if task.allowed is None else rows[task.allowed[rows]]


def _nothing() -> TopK:
    empty = np.empty(0, dtype=np.int64)
    return TopK(empty, np.empty(0), Certificate("proven", None, 0, 0))


def _best_meaning(task: Task) -> float:
    """The largest similarity that any item could have."""
    best = [
        float(np.sum(np.where(terms.slopes == 0.0, np.abs(terms.weights), terms.weights.clip(0))))
        for terms in (task.meaning or {}).values()
    ]
    # Unit vectors in float32 may be a little longer than 1.
    return max(best, default=0.0) * (1.0 + 1e-6)


def _str_order(positions: Float64Array, leaf_size: int) -> Int64Array:
    """Sort-tile-recursive order of positions, (n, 3): slabs by x, runs by y, then z."""
    n = len(positions)
    slabs = max(1, math.ceil((n / leaf_size) ** (1 / 3)))
    x_rank = np.argsort(np.argsort(positions[:, 0], kind="stable"), kind="stable")
    slab = x_rank * slabs // max(n, 1)
    by_y = np.lexsort((positions[:, 1], slab))
    # Runs of equal size within each slab: position in the slab, tiled into `slabs` parts.
    starts = np.searchsorted(slab[by_y], np.arange(slabs + 1))
    sizes = np.diff(starts)
    in_slab = np.arange(n) - np.repeat(starts[:-1], sizes)
    run = in_slab * slabs // np.maximum(np.repeat(sizes, sizes), 1)
    order: Int64Array = by_y[np.lexsort((positions[by_y, 2], run, slab[by_y]))]
    return order
