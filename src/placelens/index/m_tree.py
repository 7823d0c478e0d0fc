"""The M-tree: exact top k by meaning, over balls of vectors in the angular metric.

Paper 001 (MCQI, section 4.7) takes the angle between vectors for the distance, its Eq. 6 but for a
factor, and an M-tree for the index (Ciaccia, Patella and Zezula, VLDB 1997). A node knows one of
its items, the routing object, and its covering radius: the angle to the farthest item below. The
triangle inequality then bounds how near to a query an item below can be.

It bounds meaning only. Whatever the place, an item may be there; so with a place in the score fewer
balls are ruled out, and where place is all of it every item is looked at. The balls of vectors of
many dimensions reach nearly as far as their items lie from any query, and rule out next to nothing:
docs/mcqi.md has the figures. So a search is never planned with it.

Bulk loading follows Ciaccia and Patella (ADC 1998) in that items go to the nearest of a few seeds
drawn among them, and again within each. Other than theirs, seeds move to the middle of what they
drew (Lloyd), or a cluster that has no seed would be scattered over all; and those that drew few
items keep them, for nothing here wants leaves that are equally deep.

There are no splits. A search may still go through a version that a split would change, and arrays
on a disk are mapped, not rewritten; so a tree grows by parts, as the GMR-tree does, which are
searched as one and joined in time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from placelens import kernels
from placelens.index.base import (
    Certificate,
    Corpus,
    MeaningTask,
    Task,
    TopK,
    VectorColumn,
    best_k,
    known_hubness,
    score_rows,
)
from placelens.index.best_of import best_of_features, merged
from placelens.index.kernel_calls import (
    ALL,
    NO_FILTER,
    NO_FLOATS,
    frozen,
    in_slots,
    nothing_found,
    place_query,
)
from placelens.index.signature import plain_probe
from placelens.kernels.layout import EXACT, ITEMS, NODES, PRUNED, ROUTED, BallQuery, Balls, Slots
from placelens.types import BoolArray, FeatureName, Float32Array, Float64Array, Int64Array, Space

# Items of a leaf, and children of a node, at most.
LEAF, FANOUT = 32, 16
# Where one seed drew more than this share of the items, seeds tell nothing apart.
MOST_TO_ONE = 0.9
# Rounds in which seeds move, and items for each of them that are looked at for it.
ROUNDS, SAMPLE = 5, 64
# Any will do: no answer depends on which seeds are drawn.
SEED = 1997


class Seen(NamedTuple):
    """What a search went through: nodes that it opened, items of the leaves among them, items and
    routing objects whose angle to the query was computed."""

    n_nodes: int
    n_in_leaves: int
    n_items: int
    n_routing: int


@dataclass(frozen=True, slots=True, eq=False)
class VectorTree:
    """An M-tree over the vectors of one feature; ``at`` (S,) are the rows it was grown over."""

    balls: Balls
    slots: Slots
    at: Int64Array

    @classmethod
    def grow(
        cls, corpus: Corpus, feature: FeatureName, *, leaf: int = LEAF, fanout: int = FANOUT
    ) -> VectorTree:
        """Bulk load the vectors of a feature.

        Parameters
        ----------
        leaf
            Items of a leaf, at most.
        fanout
            Children of a node, at most; two or more.
        """
        column = corpus.vectors[feature]
        balls, order = grow_balls(column, corpus.iids[column.rows], leaf=leaf, fanout=fanout)
        at = column.rows[order]
        return cls(balls, slots_of(corpus, at, at), at)

    @property
    def n_leaves(self) -> int:
        """Leaves of the tree."""
        return int(np.count_nonzero(self.balls.is_leaf))

    def with_rows(self, rows: Int64Array) -> VectorTree:
        """The same tree over another version: rows of the slots, -1 for none."""
        return replace(self, slots=self.slots._replace(row=rows))

    def search(
        self, space: Space, task: Task, terms: MeaningTask, threshold: float
    ) -> tuple[TopK, Seen]:
        """The best k of the allowed items that reach the threshold, and what was gone through.

        Of the task's ``areas`` nothing is known here; they are to be part of ``allowed``.
        """
        if not len(self.at):
            return _NOTHING, Seen(0, 0, 0, 0)
        meaning = plain_probe(terms, self.balls.hub_range[:, :1])
        found = nothing_found(min(task.k, len(self.at)), threshold)
        found = found._replace(counts=np.zeros(len(found.counts) + 1, dtype=np.int64))
        allowed = ALL if task.allowed is None else task.allowed
        filters = NO_FILTER._replace(allowed=allowed)
        if task.after is not None:
            score, iid = task.after
            filters = filters._replace(paged=1, after_score=score, after_iid=iid)
        place, query = place_query(space, task), _ball_query(meaning.vectors, task)
        kernels._search_balls(self.balls, self.slots, place, meaning, query, filters, found)
        n = int(found.counts[0])
        bound = float(found.unopened[0])
        if found.counts[PRUNED]:
            # What an angle ruled out lies below the threshold of the moment.
            bound = max(bound, float(found.threshold[0]))
        seen = _seen(found.counts)
        certificate = Certificate(
            "proven", None if bound == -math.inf else bound, seen.n_nodes, seen.n_items
        )
        return TopK(self.slots.row[found.slot[:n]], found.score[:n], certificate), seen

    def within(self, query: Float64Array, angle: float) -> tuple[Int64Array, Seen]:
        """The range query: rows of the items within an angle of a query, and what it went through.

        Parameters
        ----------
        query
            (dim,), a unit vector.
        angle
            In radians; an item is within it whose inner product with the query is its cosine at
            least.
        """
        if not len(self.at):
            return np.empty(0, dtype=np.int64), Seen(0, 0, 0, 0)
        counts = np.zeros(ROUTED + 1, dtype=np.int64)
        query = np.ascontiguousarray(query[None], dtype=np.float64)
        slack = angle_slack(query.shape[1])
        slots = kernels._slots_in_range(self.balls, query, float(angle), slack, counts)
        rows = self.slots.row[slots]
        return rows[rows >= 0], _seen(counts)

    def closest(self, query: Float64Array, k: int) -> tuple[Int64Array, Seen]:
        """Rows that are near to a query, k or more where there are so many: those of the leaf whose
        ball is nearest, or of the first node above it that has enough.

        In each node that child is taken in which the query, a unit vector (dim,), lies deepest, or,
        outside of all, to which it is nearest.
        """
        balls, path, n_routing = self.balls, [0], 0
        if not len(self.at):
            return np.empty(0, dtype=np.int64), Seen(0, 0, 0, 0)
        while not balls.is_leaf[path[-1]]:
            children = np.arange(balls.first[path[-1]], balls.last[path[-1]])
            centers = balls.vectors[balls.center[children]].astype(np.float64)
            cosines = np.clip(centers @ query / balls.length[children], -1.0, 1.0)
            nearest = np.argmin(np.arccos(cosines) - balls.radius[children])
            path.append(int(children[nearest]))
            n_routing += len(children)
        below = [self._rows_below(node) for node in reversed(path)]
        rows = next((rows for rows in below if len(rows) >= k), below[-1])
        return rows, Seen(len(path), len(rows), 0, n_routing)

    def _rows_below(self, node: int) -> Int64Array:
        """Rows of the items below a node, whose leaves stand side by side."""
        balls, first, last = self.balls, node, node
        while not balls.is_leaf[first]:
            first = int(balls.first[first])
        while not balls.is_leaf[last]:
            last = int(balls.last[last]) - 1
        rows = self.slots.row[balls.first[first] : balls.last[last]]
        return rows[rows >= 0]


@dataclass(frozen=True, slots=True, eq=False)
class MTreePart:
    """Items and a tree for each of their features, bound to a version of a collection.

    ``items`` are without vectors, which the trees have; ``row`` (n,) is where each item is in the
    version, -1 for nowhere.
    """

    items: Corpus
    row: Int64Array
    trees: Mapping[FeatureName, VectorTree]

    @classmethod
    def grow(cls, corpus: Corpus, *, leaf: int = LEAF, fanout: int = FANOUT) -> MTreePart:
        """Bulk load all features of a corpus, whose rows are the part's."""
        trees = {
            feature: VectorTree.grow(corpus, feature, leaf=leaf, fanout=fanout)
            for feature in corpus.vectors
        }
        return cls(replace(corpus, vectors={}), np.arange(len(corpus)), trees)

    @property
    def iids(self) -> Int64Array:
        """Internal ids of the items in the version it is bound to."""
        return self.items.iids[self.row >= 0]

    def bound(self, rows: Int64Array, iids: Int64Array) -> MTreePart:
        """The same over another version."""
        row = kernels._rows_of_slots(rows, iids, self.items.iids)
        trees = {name: tree.with_rows(row[tree.at]) for name, tree in self.trees.items()}
        return MTreePart(self.items, row, trees)


class MTree:
    """Exact top k over parts, each item in one of them; see the module.

    ``iids`` (n,) are the internal ids of the rows.
    """

    name = "mtree"

    def __init__(self, space: Space, iids: Int64Array, parts: Sequence[MTreePart]) -> None:
        self.space, self._iids = space, iids
        self._parts = [part for part in parts if (part.row >= 0).any()]

    @classmethod
    def over(cls, corpus: Corpus, *, leaf: int = LEAF, fanout: int = FANOUT) -> MTree:
        """A tree of one part, over a corpus that does not grow."""
        part = MTreePart.grow(corpus, leaf=leaf, fanout=fanout)
        return cls(corpus.space, corpus.iids, [part])

    def top_k(self, task: Task) -> TopK:
        """The best k of the allowed items; where nothing but the place is asked for, and for terms
        that are dense alone, by looking at each of them."""
        task = self._with_areas_as_mask(task)
        if not self._parts:
            return _NOTHING
        if task.meaning is None:
            return self._look_at_all(task)
        return best_of_features(task, self._iids, self._of_feature)

    def _of_feature(self, task: Task, feature: FeatureName, threshold: float) -> TopK:
        terms = (task.meaning or {})[feature]
        answers: list[TopK] = []
        for part in self._parts:
            task.deadline.check()
            answer, _ = part.trees[feature].search(self.space, task, terms, threshold)
            answers.append(answer)
            if len(answer.rows) == task.k:
                threshold = max(threshold, float(answer.scores[-1]))
        return answers[0] if len(answers) == 1 else merged(task, self._iids, answers)

    def _look_at_all(self, task: Task) -> TopK:
        rows, scores = [], []
        for part in self._parts:
            task.deadline.check()
            items = np.flatnonzero(part.row >= 0)
            if task.allowed is not None:
                items = items[task.allowed[part.row[items]]]
            dense = None if task.dense is None else task.dense[part.row]
            rows.append(part.row[items])
            scores.append(score_rows(part.items, replace(task, dense=dense), items))
        found = best_k(task, self._iids, np.concatenate(rows), np.concatenate(scores))
        return replace(found, certificate=Certificate("proven", None, 0, sum(map(len, rows))))

    def _with_areas_as_mask(self, task: Task) -> Task:
        """The same task with its areas turned into ``allowed``."""
        if not task.areas:
            return task
        allowed: BoolArray = np.zeros(len(self._iids), dtype=np.bool_)
        for part in self._parts:
            task.deadline.check()
            if part.items.lonlat is None:
                raise ValueError("a task with areas needs a corpus with lonlat")
            there = part.row >= 0
            inside = [area.contains(*part.items.lonlat)[there] for area in task.areas]
            allowed[part.row[there]] = np.logical_and.reduce(inside)
        if task.allowed is not None:
            allowed &= task.allowed
        return replace(task, areas=(), allowed=allowed)


def grow_balls(
    column: VectorColumn, iids: Int64Array, *, leaf: int, fanout: int
) -> tuple[Balls, Int64Array]:
    """Bulk load vectors; the balls, and the row of the matrix that each slot has.

    Parameters
    ----------
    column
        Vectors (S, dim); that they are not of length 1 to the last bit is accounted for.
    iids
        Internal ids of the matrix's rows, (S,).

    Examples
    --------
    >>> angles = np.radians([0.0, 90.0, 10.0])
    >>> matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    >>> column = VectorColumn.of(matrix, np.arange(3), 3)
    >>> balls, order = grow_balls(column, np.arange(3), leaf=2, fanout=2)
    >>> np.degrees(balls.radius).round(2).tolist()  # the root's is around 10 degrees
    [80.0, 0.0, 10.0]
    >>> sorted(order[balls.first[2] : balls.last[2]].tolist())
    [0, 2]
    """
    growing = _Growing(column, iids)
    rng = np.random.default_rng(SEED)
    node = 0
    while node < len(growing.spans):
        start, stop = growing.spans[node]
        if stop - start <= leaf:
            growing.close(node)
        else:
            n_seeds = min(fanout, -(-(stop - start) // leaf))
            growing.divide(node, n_seeds, rng)
        node += 1
    return growing.balls(), growing.order


class _Node(NamedTuple):
    """A node as `Balls` has it, but for its routing object."""

    radius: float
    to_parent: float
    first: int
    last: int
    is_leaf: bool


class _Growing:
    """A tree that is being made: nodes breadth first, each a span of an order that is refined."""

    def __init__(self, column: VectorColumn, iids: Int64Array) -> None:
        self._matrix, self._iids = column.matrix, iids
        n = len(column.matrix)
        self._lengths = np.sqrt(
            np.einsum("ij,ij->i", column.matrix, column.matrix, dtype=np.float64)
        )
        self._hubness = (
            None if column.hubness is None else known_hubness(column.hubness).astype(np.float32)
        )
        self.order = np.arange(n)
        self.spans = [(0, n)] if n else []
        self._parents = [0]
        self._centers: list[int] = []  # rows of the matrix
        self._nodes: list[_Node] = []
        self._to_center = np.empty(n)

    def close(self, node: int) -> None:
        """Make a node a leaf."""
        start, stop = self.spans[node]
        angles = self._measure(node)
        self._to_center[start:stop] = angles
        self._note(node, angles, start, stop, is_leaf=True)

    def divide(self, node: int, n_seeds: int, rng: np.random.Generator) -> None:
        """Give a node children: the items that are nearest to each of some seeds."""
        start, stop = self.spans[node]
        own = self.order[start:stop]
        angles = self._measure(node)
        seeds = self._seeds(rng.permutation(own)[: SAMPLE * n_seeds], n_seeds)
        nearest = (self._matrix[own] @ seeds.T).argmax(axis=1)
        sizes = np.bincount(nearest, minlength=n_seeds)
        if sizes.max() > MOST_TO_ONE * len(own):
            # Seeds that are equal tell nothing apart; then rings around the routing object do.
            nearest[np.argsort(angles, kind="stable")] = np.arange(len(own)) * n_seeds // len(own)
            sizes = np.bincount(nearest, minlength=n_seeds)
        self.order[start:stop] = own[np.argsort(nearest, kind="stable")]
        first = len(self.spans)
        ends = start + np.cumsum(sizes)
        spans = zip((ends - sizes).tolist(), ends.tolist(), strict=True)
        self.spans += [span for span in spans if span[0] < span[1]]
        self._parents += [node] * (len(self.spans) - first)
        self._note(node, angles, first, len(self.spans), is_leaf=False)

    def balls(self) -> Balls:
        """What has been made."""
        slot_of = np.empty_like(self.order)
        slot_of[self.order] = np.arange(len(self.order))
        center = np.array(self._centers, dtype=np.int64)
        nodes = self._nodes
        return Balls(
            center=slot_of[center],
            length=self._lengths[center],
            radius=np.array([node.radius for node in nodes], dtype=np.float64),
            to_parent=np.array([node.to_parent for node in nodes], dtype=np.float64),
            first=np.array([node.first for node in nodes], dtype=np.int64),
            last=np.array([node.last for node in nodes], dtype=np.int64),
            is_leaf=np.array([node.is_leaf for node in nodes], dtype=np.bool_),
            min_iid=self._min_iids(),
            hub_range=self._hub_range(),
            to_center=self._to_center,
            vectors=frozen(np.ascontiguousarray(self._matrix[self.order])),
            hubness=NO_FLOATS if self._hubness is None else self._hubness[self.order],
        )

    def _seeds(self, sample: Int64Array, n_seeds: int) -> Float32Array:
        """Directions to which the items of a random sample are near, (n_seeds, dim): spherical
        k-means from its first ones. A seed that draws nothing stays where it is."""
        vectors = self._matrix[sample]
        seeds = vectors[:n_seeds].copy()
        for _ in range(ROUNDS):
            drew = np.eye(n_seeds, dtype=np.float32)[(vectors @ seeds.T).argmax(axis=1)]
            sums = drew.T @ vectors
            lengths = np.linalg.norm(sums, axis=1, keepdims=True)
            seeds = np.where(lengths > 1e-6, sums / np.maximum(lengths, 1e-6), seeds)
        return seeds

    def _measure(self, node: int) -> Float64Array:
        """Choose the routing object of a node: the item nearest to the mean; the angles to it."""
        start, stop = self.spans[node]
        own = self.order[start:stop]
        vectors = self._matrix[own]
        self._centers.append(int(own[np.argmax(vectors @ vectors.mean(axis=0))]))
        return self._angles(own, self._centers[node])

    def _angles(self, rows: Int64Array, center: int) -> Float64Array:
        """Angles between rows of the matrix and one of them, in radians."""
        direction = self._matrix[center][None].astype(np.float64) / self._lengths[center]
        cosines = kernels._cosines(frozen(self._matrix), rows, direction)[:, 0]
        return np.arccos(np.clip(cosines / self._lengths[rows], -1.0, 1.0))

    def _note(
        self, node: int, angles: Float64Array, first: int, last: int, *, is_leaf: bool
    ) -> None:
        center, above = self._centers[node], self._centers[self._parents[node]]
        to_parent = 0.0 if node == 0 else float(self._angles(np.array([center]), above)[0])
        self._nodes.append(_Node(float(angles.max()), to_parent, first, last, is_leaf))

    def _min_iids(self) -> Int64Array:
        own = self._iids[self.order]
        return np.array([own[start:stop].min() for start, stop in self.spans], dtype=np.int64)

    def _hub_range(self) -> Float32Array:
        """Of each node's items; zeros where hubness is not known."""
        out = np.zeros((2, len(self.spans)), dtype=np.float32)
        if self._hubness is not None:
            own = self._hubness[self.order]
            for node, (start, stop) in enumerate(self.spans):
                out[:, node] = own[start:stop].min(), own[start:stop].max()
        return out


def slots_of(items: Corpus, at: Int64Array, rows: Int64Array) -> Slots:
    """Slots for the items at ``at`` (S,), which are at ``rows`` (S,) of a version."""
    return Slots(
        iid=items.iids[at],
        row=rows,
        position=items.positions[at],
        radius_m=in_slots(items.radius_m, at),
        leaf=0,  # of different sizes, see `Balls`
    )


def angle_slack(dim: int) -> float:
    """More than rounding makes of three angles between vectors, in radians.

    A cosine of ``dim`` terms in float64 errs by at most 2.1 (dim + 4) u with u = 2⁻⁵³, from the
    product and both lengths (Higham, Accuracy and Stability, section 3.1); its angle errs most next
    to 0, by the root of twice that.

    >>> round(angle_slack(384), 8)
    1.39e-06
    """
    return 3.0 * math.sqrt(5.0 * (dim + 4) * 2.0**-53)


def _ball_query(bounding: Float32Array, task: Task) -> BallQuery:
    """What bounds a query's terms, (B, dim), as directions and lengths, and what is dense."""
    vectors = bounding.astype(np.float64)
    lengths = np.sqrt(np.sum(vectors * vectors, axis=1))
    dense = np.zeros(0) if task.dense is None else np.require(task.dense, np.float64, ["C", "W"])
    return BallQuery(
        directions=vectors / np.where(lengths > 0.0, lengths, 1.0)[:, None],
        lengths=lengths,
        dense=dense,
        added=float(dense.max()) if len(dense) else 0.0,
        slack=angle_slack(vectors.shape[1]),
    )


def _seen(counts: Int64Array) -> Seen:
    return Seen(*(int(counts[at]) for at in (NODES, ITEMS, EXACT, ROUTED)))


_NOTHING = TopK(np.empty(0, dtype=np.int64), np.empty(0), Certificate("proven", None, 0, 0))
