"""The GMR-tree: exact top k by place and meaning, over a tree that bounds both.

Paper 000's tree, with three changes (docs/engine.md says why). Nodes are packed by place in three
dimensions. The signature of an item is a code that bounds its similarity to any query: one bit a
dimension, then four. The signature of a node is the set of its items' clusters, superimposed up
the tree; a cluster bounds the similarity by its cone. The paper's own test, whether signatures
match, drops valid answers.

A tree has limbs: one for each feature, one for place alone, and for a corpus that has grown one
more of each for each part that was added since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from placelens.geo.areas import Box, Polygon
from placelens.index.base import (
    Corpus,
    MeaningTask,
    PlaceTask,
    Task,
    TopK,
    VectorColumn,
)
from placelens.index.best_of import best_of_features, merged
from placelens.index.limb import LEAF, Limb, cpus, pool
from placelens.index.signature import FAILURE, no_terms, plain_probe
from placelens.kernels.layout import MeaningQuery
from placelens.types import FeatureName, Float32Array, Float64Array, Int64Array, Space

Limbs = Mapping[FeatureName | None, Sequence[Limb]]
"""By feature; under None those that hold all items, for queries by place alone."""


@dataclass(frozen=True, slots=True)
class TreeShape:
    """Items in trees, the trees they are in, and items that are searched beside them."""

    n_items: int
    n_trees: int
    n_loose: int


class GMRTree:
    """Exact top k over a corpus; see the module.

    ``signatures=False`` builds the paper's baseline, a plain R-tree on the same nodes: place is
    bounded, similarity only by the best that a unit vector could have. ``leaf`` is a multiple of
    32. ``seed`` fixes clusters and rotation; without one they are drawn anew, which the bound on
    failure relies on. Searches may run in several threads at once; one search uses ``threads``.
    """

    name = "gmrtree"

    def __init__(
        self,
        corpus: Corpus,
        *,
        signatures: bool = True,
        leaf: int = LEAF,
        seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        rng = np.random.default_rng(seed) if signatures else None
        limbs: dict[FeatureName | None, Sequence[Limb]] = {
            feature: [Limb.grow(corpus, feature, leaf=leaf, signatures=rng)]
            for feature in corpus.vectors
        }
        limbs[None] = _whole(corpus, limbs) or [Limb.grow(corpus, None, leaf=leaf, signatures=None)]
        self._set(corpus.space, corpus.iids, limbs, threads)

    @classmethod
    def of_limbs(
        cls, space: Space, iids: Int64Array, limbs: Limbs, *, threads: int | None = None
    ) -> GMRTree:
        """A tree of limbs that are there already; each item is in one limb of a feature.

        ``iids`` (n,) are those of the rows.
        """
        tree = cls.__new__(cls)
        tree._set(space, iids, limbs, threads)
        return tree

    def _set(self, space: Space, iids: Int64Array, limbs: Limbs, threads: int | None) -> None:
        self.space, self.limbs, self._iids = space, limbs, iids
        self._threads = threads or cpus()
        sizes = [(limb.is_loose, limb.n_items) for limb in limbs[None]]
        in_tree = [size for is_loose, size in sizes if not is_loose]
        n_loose = sum(size for is_loose, size in sizes if is_loose)
        self._shape = TreeShape(sum(in_tree), len(in_tree), n_loose)
        self._slots_of_rows: dict[int, Int64Array] = {}
        self._measured_only: bool | None = None  # not known yet

    def top_k(self, task: Task, *, filter_first: bool = False) -> TopK:
        """The best k of the allowed items, opening nodes by falling bound.

        With ``filter_first`` the allowed items are looked at one by one: faster when few are.
        """
        return self._top_k(task, 0 if filter_first else self._threads)

    def top_k_batch(self, tasks: Sequence[Task]) -> list[TopK]:
        """`top_k` of many tasks, each in one thread."""
        if self._threads == 1 or len(tasks) <= 1:
            return [self._top_k(task, 1) for task in tasks]
        # A few at a time: handing work over costs as much as a quick search.
        groups = [tasks[i : i + 16] for i in range(0, len(tasks), 16)]
        run = pool(self._threads).map(lambda group: [self._top_k(t, 1) for t in group], groups)
        return [answer for answers in run for answer in answers]

    def shape(self) -> TreeShape:
        """How many items there are in trees, how many trees, and how many items in none."""
        return self._shape

    def farthest_m(self, origin: Float64Array) -> float:
        """The distance in metres to the farthest item whose place was measured; 0 when none has
        one. Where no place was measured all of them count."""
        limbs = self.limbs[None]
        if self._measured_only is None:
            is_any_uncertain = any(len(limb.slots.radius_m) for limb in limbs)
            self._measured_only = is_any_uncertain and any(limb.has_measured for limb in limbs)
        return max(
            (
                limb.farthest_m(self.space, origin, measured_only=self._measured_only)
                for limb in limbs
            ),
            default=0.0,
        )

    def index_bytes(self) -> int:
        """Bytes of the tree in memory, without the vectors."""
        limbs = {id(limb): limb for parts in self.limbs.values() for limb in parts}
        arrays = [array for limb in limbs.values() for array in limb.to_arrays().values()]
        rows = sum(limb.slots.row.nbytes + limb.codes.at.nbytes for limb in limbs.values())
        return rows + sum({id(array): array.nbytes for array in arrays}.values())

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The tree without its vectors, as named arrays; `from_arrays` takes them back."""
        arrays: dict[str, np.ndarray] = {}
        for feature, limbs in self.limbs.items():
            if feature is None and any(limbs is self.limbs[m] for m in self.limbs if m):
                continue  # written once already
            if len(limbs) > 1:
                raise ValueError("a tree that has grown is several; build it anew to write it")
            name = feature or "place"
            arrays |= {f"{name}/{key}": value for key, value in limbs[0].to_arrays().items()}
        return arrays

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], corpus: Corpus, *, threads: int | None = None
    ) -> GMRTree:
        """The tree of a corpus, as `to_arrays` gave it.

        Items are found by their internal ids; what the corpus does not have any more is left out.
        What it still has must be as it was: places and vectors are not compared.
        """
        limbs: dict[FeatureName | None, Sequence[Limb]] = {}
        for feature, column in corpus.vectors.items():
            own = _under(arrays, feature)
            rows = rows_of(corpus.iids, own["slots.iid"])
            at = np.full(len(rows), -1)
            at[rows >= 0] = column.position[rows[rows >= 0]]
            rows[at < 0] = -1
            limbs[feature] = [Limb.from_arrays(own, rows, column.matrix, np.maximum(at, 0))]
        own = _under(arrays, "place")
        if own:
            rows = rows_of(corpus.iids, own["slots.iid"])
            limbs[None] = [Limb.from_arrays(own, rows, np.zeros((0, 1), np.float32), rows)]
        else:
            limbs[None] = _whole(corpus, limbs)
        return cls.of_limbs(corpus.space, corpus.iids, limbs, threads=threads)

    def _top_k(self, task: Task, threads: int) -> TopK:
        if task.meaning is None:
            return self._of_feature(task, None, threads, task.threshold)
        return best_of_features(
            task,
            self._iids,
            lambda task, feature, threshold: self._of_feature(task, feature, threads, threshold),
        )

    def _of_feature(
        self, task: Task, feature: FeatureName | None, threads: int, threshold: float
    ) -> TopK:
        """The best k over the limbs of a feature, of those that reach the threshold."""
        probes: dict[int, MeaningQuery] = {}
        answers: list[TopK] = []
        limbs = self.limbs[feature]
        for limb in limbs:
            task.deadline.check()
            meaning = None
            if feature is not None and task.meaning is not None:
                terms, key = task.meaning[feature], id(limb.codebook)
                if key not in probes:
                    probes[key] = self._probe(terms, limbs, limb, task.recall_target)
                meaning = probes[key]
            elif task.dense is not None:
                meaning = no_terms(len(limb.radius_cos))
            picked = self._picked(limb, task) if threads == 0 else None
            answers.append(
                limb.search(self.space, task, meaning, threshold, threads=threads, picked=picked)
            )
            if len(answers[-1].rows) == task.k:
                threshold = max(threshold, float(answers[-1].scores[-1]))
        return answers[0] if len(answers) == 1 else merged(task, self._iids, answers)

    def _picked(self, limb: Limb, task: Task) -> Int64Array:
        """The slots of the allowed items of a limb."""
        if id(limb) not in self._slots_of_rows:
            self._slots_of_rows[id(limb)] = limb.slots_of_rows(len(self._iids))
        slots = self._slots_of_rows[id(limb)]
        slots = slots if task.allowed is None else slots[np.flatnonzero(task.allowed)]
        return slots[slots >= 0]

    @staticmethod
    def _probe(
        terms: MeaningTask, limbs: Sequence[Limb], limb: Limb, recall_target: float | None
    ) -> MeaningQuery:
        """A query's side of the bounds of all limbs that share a codebook."""
        if limb.codebook is None:
            return plain_probe(terms, _joined_range([o for o in limbs if o.codebook is None]))
        alike = [other for other in limbs if other.codebook is limb.codebook]
        # The three codes of every item are tested, for each term.
        n_tests = 3 * len(terms.weights)
        if recall_target is None:
            n_tests *= sum(len(other.slots.iid) for other in limbs)
        tail = (FAILURE if recall_target is None else 1.0 - recall_target) / n_tests
        radius_cos = limb.radius_cos
        if len(alike) > 1:
            radius_cos = np.minimum.reduce([other.radius_cos for other in alike])
        return limb.codebook.probe(terms, radius_cos, _joined_range(alike), tail=tail)


class RTree(GMRTree):
    """Paper 000's baseline: the same nodes without signatures; see `GMRTree`."""

    name = "rtree"

    def __init__(self, corpus: Corpus, *, leaf: int = LEAF, threads: int | None = None) -> None:
        super().__init__(corpus, signatures=False, leaf=leaf, threads=threads)


class FilterFirst:
    """The few items that a filter lets through, by the codes and vectors of a tree."""

    name = "filter"

    def __init__(self, tree: GMRTree) -> None:
        self._tree = tree

    @classmethod
    def build(cls, corpus: Corpus) -> FilterFirst:
        """Over a tree made for it."""
        return cls(GMRTree(corpus))

    def top_k(self, task: Task) -> TopK:
        """The best k of the allowed items; each of them is looked at."""
        return self._tree.top_k(task, filter_first=True)


def compile_kernels() -> None:
    """Search a tree of one item, so that the first search of a real one need not wait.

    numba compiles for half a minute, once on a machine, and then loads what it has kept.
    """
    vector = np.ones((1, 8), dtype=np.float32) / np.sqrt(np.float32(8.0))
    column = VectorColumn.of(vector, np.zeros(1, dtype=np.int64), 1)
    position = np.array([[1.0, 0.0, 0.0]])
    one, zero = np.ones(1), np.zeros(1)
    iid = np.zeros(1, dtype=np.int64)
    corpus = Corpus("sphere", iid, position, {"vector": column}, (zero, zero))
    meaning: Mapping[FeatureName, MeaningTask] = {
        "vector": MeaningTask(vector.astype(np.float64), one, zero, zero)
    }
    place = PlaceTask(position[0], 0, 1.0, 0.0)
    tree = GMRTree(corpus, leaf=32, threads=1)
    elsewhere = Box(west=10.0, south=10.0, east=11.0, north=11.0)
    for task in (Task(1, 0.5, place, meaning), Task(1, 1.0, place, None)):
        tree.top_k(task)
        tree.top_k(task, filter_first=True)
        tree.top_k(replace(task, areas=(elsewhere,)))
        tree.top_k(replace(task, dense=zero))
    tree.farthest_m(position[0])
    bow_tie = {"type": "Polygon", "coordinates": [[(0, 0), (1, 1), (1, 0), (0, 1)]]}
    Polygon.from_geojson(bow_tie).contains(zero, zero)


def rows_of(iids: Int64Array, wanted: Int64Array) -> Int64Array:
    """Rows of internal ids, -1 for those that are not there; ``iids`` (n,) are of the rows."""
    order = np.argsort(iids, kind="stable")
    at = np.searchsorted(iids, wanted, sorter=order)
    rows = order[np.minimum(at, max(len(order) - 1, 0))] if len(order) else np.full(len(wanted), -1)
    is_there = (at < len(order)) & (iids[rows] == wanted) if len(order) else rows >= 0
    return np.where(is_there, rows, -1)


def _whole(corpus: Corpus, limbs: Limbs) -> Sequence[Limb]:
    """The limbs of a feature that every item has: they answer for place alone as well."""
    for feature, column in corpus.vectors.items():
        if len(column.rows) == len(corpus):
            return limbs[feature]
    return ()


def _joined_range(limbs: Sequence[Limb]) -> Float32Array:
    """The smallest and the largest hubness of clusters that limbs share."""
    if len(limbs) == 1:
        return limbs[0].hub_range
    low = np.minimum.reduce([limb.hub_range[0] for limb in limbs])
    return np.array([low, np.maximum.reduce([limb.hub_range[1] for limb in limbs])])


def _under(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    prefix = f"{name}/"
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}
