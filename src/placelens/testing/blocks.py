"""A small exact kind of index, to start a new one from: blocks of vectors with bounds.

Items that are alike stand in one block, which keeps the middle ``c`` of its vectors and their
largest distance ``r`` to it. For a vector ``v`` of the block and a unit query ``q``,
``q·v = q·c + q·(v - c)`` lies within ``r`` of ``q·c`` (Cauchy-Schwarz), which bounds its score.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from placelens import kernels
from placelens.display import shown
from placelens.geo.distance import SPACES
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
    with_areas_as_mask,
)
from placelens.index.kind import Arrays, Thresholds, Written, checked_array
from placelens.types import BoolArray, FeatureName, Float32Array, Float64Array, Int64Array, Space

BLOCK = 32
# More than float64 rounding makes of a bound or a score.
SLACK = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Blocked:
    """Items in blocks, and their rows in the version this is bound to: (n,), -1 for none.

    ``middles`` (blocks, dim) and ``reach`` (blocks,) are by feature; a block without a vector of it
    reaches -1.
    """

    corpus: Corpus
    row: Int64Array
    middles: Mapping[FeatureName, Float64Array]
    reach: Mapping[FeatureName, Float64Array]

    @property
    def iids(self) -> Int64Array:
        """Internal ids of the items in that version."""
        return self.corpus.iids[self.row >= 0]

    def bound(self, rows: Int64Array, iids: Int64Array) -> Blocked:
        """The same over another version."""
        return replace(self, row=kernels._rows_of_slots(rows, iids, self.corpus.iids))

    def bounds(self, task: Task) -> Float64Array:
        """What no item of each block scores more than, (blocks,); the task is the part's."""
        place, n_blocks = task.weight_of_place, -(-len(self.corpus) // BLOCK)
        if task.meaning is None and task.dense is None:
            return np.full(n_blocks, place)
        best = np.full(n_blocks, 0.0 if task.meaning is None else -np.inf)
        for feature, terms in (task.meaning or {}).items():
            reach = self.reach[feature]
            # Of a term with a negative weight the smallest cosine counts.
            sides = np.sign(terms.weights) * np.linalg.norm(terms.queries, axis=1)
            edge = self.middles[feature] @ terms.queries.T + reach[:, None] * sides
            edge -= _least_loss(self.corpus.vectors[feature], terms, n_blocks)
            maps = 1.0 / (1.0 + np.exp(-(terms.slopes * edge + terms.intercepts)))
            values = np.where(terms.slopes == 0.0, edge, maps) @ terms.weights
            best = np.maximum(best, np.where(reach < 0.0, -np.inf, values))
        if task.dense is not None:
            added = np.full(n_blocks, -np.inf)
            np.maximum.at(added, np.arange(len(self.corpus)) // BLOCK, task.dense)
            best += added
        found = best > -np.inf
        best[found] = place + (1.0 - place) * best[found] + SLACK
        return best


class _Open(NamedTuple):
    """A block that may be opened: its bound, its part, the part's task, and its items."""

    bound: float
    part: Blocked
    task: Task
    items: Int64Array


class Blocks:
    """Exact top k over parts in blocks, opened by falling bound."""

    name = "blocks"

    def __init__(self, iids: Int64Array, parts: Sequence[Blocked]) -> None:
        self._iids, self._parts = iids, parts

    def top_k(self, task: Task) -> TopK:
        """The best k of the allowed items."""
        blocks = sorted(self._blocks(task), key=lambda block: -block.bound)
        rows, scores = np.empty(0, dtype=np.int64), np.empty(0)
        best, n_open = best_k(task, self._iids, rows, scores), 0
        for block in blocks:
            task.deadline.check()
            # What equals the k-th score may come before it, by its id.
            if len(best.rows) == task.k and block.bound < best.scores[-1]:
                break
            rows = np.append(rows, block.part.row[block.items])
            scores = np.append(scores, score_rows(block.part.corpus, block.task, block.items))
            best = best_k(task, self._iids, rows, scores)
            n_open += 1
        bound = blocks[n_open].bound if n_open < len(blocks) else None
        return replace(best, certificate=Certificate("proven", bound, n_open, len(rows)))

    def _blocks(self, task: Task) -> Iterator[_Open]:
        for part in self._parts if len(self._iids) else ():
            allowed: BoolArray = part.row >= 0
            if task.allowed is not None:
                allowed[allowed] = task.allowed[part.row[allowed]]
            dense = None if task.dense is None else task.dense[part.row]
            own = with_areas_as_mask(part.corpus, replace(task, allowed=allowed, dense=dense))
            items = np.flatnonzero(allowed if own.allowed is None else own.allowed)
            for at, bound in enumerate(part.bounds(own).tolist()):
                inside = items[items // BLOCK == at]
                if len(inside) and bound > -math.inf:
                    yield _Open(bound, part, own, inside)


@dataclass(frozen=True, slots=True)
class BlocksKind:
    """See `placelens.index.kind.IndexKind`."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    name: str = Blocks.name
    noun: str = "blocks"
    format: int = 1

    def needs(self, features: Sequence[FeatureName]) -> Sequence[FeatureName]:
        """All of them."""
        return features

    def grow(self, corpus: Corpus, like: Blocked | None) -> Blocked:
        """Blocks; there is nothing to share with other parts."""
        return _blocked(corpus)

    def loose(self, corpus: Corpus) -> Blocked:
        """The same: blocks are quick to make."""
        return _blocked(corpus)

    def write(self, grown: Blocked) -> Written:
        """The items in the order of their blocks, and what bounds these."""
        corpus = grown.corpus
        arrays: dict[str, np.ndarray] = {"iids": corpus.iids, "positions": corpus.positions}
        arrays["lonlat"] = np.array(corpus.lonlat)
        if corpus.radius_m is not None:
            arrays["radius_m"] = corpus.radius_m
        for name, column in corpus.vectors.items():
            if column.hubness is not None:
                arrays[f"{name}/hubness"] = column.hubness
            arrays |= {f"{name}/rows": column.rows, f"{name}/vectors": column.matrix}
            arrays |= {f"{name}/middles": grown.middles[name], f"{name}/reach": grown.reach[name]}
        return arrays, {"space": corpus.space}

    def open(
        self,
        arrays: Arrays,
        parameters: Mapping[str, Any],
        *,
        dims: Mapping[FeatureName, int],
        others: Sequence[Blocked],
    ) -> Blocked:
        """What `write` gave, with rows that are there."""
        n = len(checked_array(arrays, "iids", np.int64, (None,)))
        n_blocks = -(-n // BLOCK)
        checked_array(arrays, "positions", np.float64, (n, 3))
        lon, lat = checked_array(arrays, "lonlat", np.float64, (2, n))
        columns: dict[FeatureName, VectorColumn] = {}
        for name, dim in dims.items():
            rows = checked_array(arrays, f"{name}/rows", np.int64, (None,))
            if len(rows) and (rows[0] < 0 or rows[-1] >= n or (np.diff(rows) <= 0).any()):
                raise ValueError(f"{name}/rows are not increasing rows of {n}")
            matrix = checked_array(arrays, f"{name}/vectors", np.float32, (len(rows), dim))
            hubness = _perhaps(arrays, f"{name}/hubness", len(rows))
            columns[name] = VectorColumn.of(matrix, rows, n, hubness)
            checked_array(arrays, f"{name}/middles", np.float64, (n_blocks, dim))
            checked_array(arrays, f"{name}/reach", np.float64, (n_blocks,))
        space = parameters["space"]
        if space not in SPACES:
            raise ValueError(f"space {shown(space)} is not known")
        radius_m = _perhaps(arrays, "radius_m", n)
        corpus = Corpus(space, arrays["iids"], arrays["positions"], columns, (lon, lat), radius_m)
        middles = {name: arrays[f"{name}/middles"] for name in dims}
        reach = {name: arrays[f"{name}/reach"] for name in dims}
        return Blocked(corpus, np.full(n, -1), middles, reach)

    def join(self, space: Space, iids: Int64Array, parts: Sequence[Blocked]) -> Blocks:
        """One index that opens the blocks of all parts."""
        return Blocks(iids, parts)

    def warm(self) -> None:
        """Nothing is compiled but the kernels that all indexes share."""


def _blocked(corpus: Corpus) -> Blocked:
    """Blocks along the component in which the vectors of the first feature differ most."""
    order = np.arange(len(corpus))
    for column in list(corpus.vectors.values())[:1]:
        along = np.full(len(corpus), np.inf)
        if len(column.rows):
            along[column.rows] = column.matrix[:, column.matrix.var(axis=0).argmax()]
        order = np.argsort(along, kind="stable")
    own = corpus.take(order)
    bounds = {name: _bounds(column, len(own)) for name, column in own.vectors.items()}
    middles = {name: each[0] for name, each in bounds.items()}
    return Blocked(own, order, middles, {name: each[1] for name, each in bounds.items()})


def _perhaps(arrays: Arrays, name: str, n: int) -> Float32Array | None:
    """An array that may be missing."""
    return checked_array(arrays, name, np.float32, (n,)) if name in arrays else None


def _least_loss(column: VectorColumn, terms: MeaningTask, n_blocks: int) -> Float64Array:
    """What each term's cosine loses for hubness where that bounds the score, (blocks, T)."""
    out = np.zeros((n_blocks, len(terms.weights)))
    if terms.hub_weights is None or column.hubness is None:
        return out
    least = np.where(terms.weights < 0.0, -1.0, 1.0)
    losses = known_hubness(column.hubness)[:, None] * terms.hub_weights * least
    out[:] = np.inf
    np.minimum.at(out, column.rows // BLOCK, losses)
    return np.where(np.isinf(out), 0.0, out) * least


def _bounds(column: VectorColumn, n_items: int) -> tuple[Float64Array, Float64Array]:
    """The middle of each block's vectors, (blocks, dim), and how far they reach, (blocks,)."""
    n_blocks = -(-n_items // BLOCK)
    middles, reach = np.zeros((n_blocks, column.matrix.shape[1])), np.full(n_blocks, -1.0)
    for at in np.unique(column.rows // BLOCK):
        vectors = column.matrix[column.rows // BLOCK == at].astype(np.float64)
        middles[at] = vectors.mean(axis=0)
        reach[at] = np.linalg.norm(vectors - middles[at], axis=1).max()
    return middles, reach
