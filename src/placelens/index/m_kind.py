"""The M-tree as a kind of index that collections may keep."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from placelens.display import shown
from placelens.geo.distance import SPACES
from placelens.index.base import Corpus, MeaningTask, PlaceTask, Task, VectorColumn
from placelens.index.kernel_calls import frozen
from placelens.index.kind import Arrays, Thresholds, Written, checked_array, under
from placelens.index.m_tree import LEAF, MTree, MTreePart, VectorTree, slots_of
from placelens.kernels.layout import Balls
from placelens.types import FeatureName, Int64Array, Space

# A collection grows none by itself: nothing is planned with it, and it would be kept for nothing.
NEVER = Thresholds(grow_from=sys.maxsize)


@dataclass(frozen=True, slots=True)
class MTreeKind:
    """See `placelens.index.kind.IndexKind`.

    With its own ``thresholds`` no collection keeps one; whoever asks for ``engine="mtree"`` has it
    grown in memory.
    """

    thresholds: Thresholds = field(default=NEVER)
    name: str = MTree.name
    noun: str = "M-tree"
    format: int = 1

    def needs(self, features: Sequence[FeatureName]) -> Sequence[FeatureName]:
        """All of them."""
        return features

    def grow(self, corpus: Corpus, like: MTreePart | None) -> MTreePart:
        """Bulk load; there is nothing to share with other parts."""
        return MTreePart.grow(corpus)

    def loose(self, corpus: Corpus) -> MTreePart:
        """One leaf: it is quick to make, and what its angles rule out is still left out."""
        return MTreePart.grow(corpus, leaf=max(LEAF, len(corpus)))

    def write(self, grown: MTreePart) -> Written:
        """The items, and each feature's tree with its vectors in the order of the leaves."""
        items = grown.items
        arrays: dict[str, np.ndarray] = {"iids": items.iids, "positions": items.positions}
        arrays["lonlat"] = np.array(items.lonlat)
        if items.radius_m is not None:
            arrays["radius_m"] = items.radius_m
        for feature, tree in grown.trees.items():
            arrays[f"{feature}/at"] = tree.at
            arrays |= {f"{feature}/{name}": each for name, each in tree.balls._asdict().items()}
        return arrays, {"space": items.space}

    def open(
        self,
        arrays: Arrays,
        parameters: Mapping[str, Any],
        *,
        dims: Mapping[FeatureName, int],
        others: Sequence[MTreePart],
    ) -> MTreePart:
        """What `write` gave, with nodes and slots that are there."""
        n = len(checked_array(arrays, "iids", np.int64, (None,)))
        checked_array(arrays, "positions", np.float64, (n, 3))
        lon, lat = checked_array(arrays, "lonlat", np.float64, (2, n))
        radius_m = None
        if "radius_m" in arrays:
            radius_m = checked_array(arrays, "radius_m", np.float32, (n,))
        space = parameters["space"]
        if space not in SPACES:
            raise ValueError(f"space {shown(space)} is not known")
        items = Corpus(space, arrays["iids"], arrays["positions"], {}, (lon, lat), radius_m)
        trees = {name: _opened(under(arrays, name), dim, items) for name, dim in dims.items()}
        return MTreePart(items, np.full(n, -1), trees)

    def join(self, space: Space, iids: Int64Array, parts: Sequence[MTreePart]) -> MTree:
        """One index that searches all parts."""
        return MTree(space, iids, parts)

    def warm(self) -> None:
        """Compile the kernels, by a search of a tree of one item."""
        vector = np.ones((1, 8), dtype=np.float32) / np.sqrt(np.float32(8.0))
        one, zero, first = np.ones(1), np.zeros(1), np.zeros(1, dtype=np.int64)
        position = np.array([[1.0, 0.0, 0.0]])
        column = VectorColumn.of(vector, first, 1)
        corpus = Corpus("sphere", first, position, {"vector": column}, (one, zero))
        terms = MeaningTask(vector.astype(np.float64), one, zero, zero)
        task = Task(1, 0.5, PlaceTask(position[0], 0, 1.0, 0.0), {"vector": terms})
        MTree.over(corpus).top_k(task)


def _opened(arrays: Arrays, dim: int, items: Corpus) -> VectorTree:
    """A feature's tree, bound to nothing yet."""
    at = checked_array(arrays, "at", np.int64, (None,))
    _check_within("at", at, len(items))
    check_balls(arrays, n_slots=len(at), dim=dim)
    balls = Balls(**{name: arrays[name] for name in Balls._fields})
    balls = balls._replace(vectors=frozen(balls.vectors))
    return VectorTree(balls, slots_of(items, at, np.full(len(at), -1)), at)


def check_balls(arrays: Arrays, *, n_slots: int, dim: int) -> None:
    """Raise ValueError unless kernels, which check no bounds, may be given these nodes.

    Children come after their parents, each of one: a search ends. What is left can give a wrong
    answer, but read nothing that is not there.
    """
    n = len(checked_array(arrays, "radius", np.float64, (None,)))
    for name in ("length", "to_parent"):
        checked_array(arrays, name, np.float64, (n,))
    for name in ("center", "first", "last", "min_iid"):
        checked_array(arrays, name, np.int64, (n,))
    checked_array(arrays, "is_leaf", np.bool_, (n,))
    checked_array(arrays, "hub_range", np.float32, (2, n))
    checked_array(arrays, "to_center", np.float64, (n_slots,))
    checked_array(arrays, "vectors", np.float32, (n_slots, dim))
    if len(checked_array(arrays, "hubness", np.float32, (None,))) not in {0, n_slots}:
        raise ValueError(f"hubness has {len(arrays['hubness'])} numbers for {n_slots} slots")
    if (n == 0) != (n_slots == 0):
        raise ValueError(f"{n} nodes do not hold {n_slots} slots")
    _check_within("center", arrays["center"], n_slots)
    is_leaf, first, last = arrays["is_leaf"], arrays["first"], arrays["last"]
    inner = np.flatnonzero(~is_leaf)
    _check_cover("nodes", first[inner], last[inner], start=min(n, 1), stop=n)
    if (first[inner] <= inner).any():
        raise ValueError("a node comes before its parent")
    order = np.argsort(first[is_leaf], kind="stable")
    _check_cover("slots", first[is_leaf][order], last[is_leaf][order], start=0, stop=n_slots)


def _check_within(name: str, places: Int64Array, n: int) -> None:
    if len(places) and not 0 <= places.min() <= places.max() < n:
        raise ValueError(f"{name} has places from {places.min()} to {places.max()} of {n}")


def _check_cover(what: str, first: Int64Array, last: Int64Array, *, start: int, stop: int) -> None:
    """That ranges, none of them empty, follow each other from the start to the stop."""
    expected = np.append(start, last)
    if (last <= first).any() or (first != expected[:-1]).any() or expected[-1] != stop:
        raise ValueError(f"the {what} of an M-tree are not each below one node")
