"""How fast the best k are found, what is looked at, and what an index takes.

Each line of a figure is a space and an index over it. Every answer is compared with that of the
exact scan: the trees must give its scores, BLAS those of its own float32 product.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from placelens.geo.distance import unit_vectors
from placelens.index.base import Corpus, VectorColumn
from placelens.index.gmr_tree import GMRTree, RTree
from placelens.index.scan import Scan
from placelens.types import Float32Array, Float64Array
from placelens_bench.engine.methods.base import best, proximities
from placelens_bench.engine.truth import ROUNDING
from placelens_bench.engine.worker import SPIN_S
from placelens_bench.engine.workloads import WORKLOADS, Query, Workload, task_of
from placelens_bench.paper_000.spaces import DENSE

LINEAR, GAUSS = WORKLOADS["mu05_linear"], WORKLOADS["mu05_gauss25km"]
DECAYS = (LINEAR, GAUSS)
MEANING = WORKLOADS["mu0"]
RECALL_TARGET = 0.95
WARM_UP = 5
# How far scores may lie from the exact scan's: those of the last kernel, and of a float32 product.
EXACT, SINGLE = 1e-9, 1e-5


class Found(NamedTuple):
    """Scores of an answer, best first, and how many items were looked at."""

    scores: Float64Array
    n_items: int


class Blas:
    """The line to beat: one float32 product, the decay of all distances, and ``argpartition``."""

    def __init__(self, corpus: Corpus) -> None:
        self._matrix = corpus.vectors["vector"].matrix
        self._positions = corpus.positions

    def call(self, workload: Workload, query: Query, k: int) -> Callable[[], Found]:
        """An answer to be timed."""

        def answer() -> Found:
            scores: Float32Array | Float64Array = self._matrix @ query.vector
            if workload.has_place:
                near = proximities(workload, self._positions @ query.origin)
                near *= workload.mu
                scores *= 1.0 - workload.mu
                near += scores
                scores = near
            return Found(scores[best(scores, k)].astype(np.float64), len(scores))

        return answer


class Searched:
    """An index of placelens, asked for the exact best unless a recall is given."""

    def __init__(self, index: GMRTree, recall_target: float | None = None) -> None:
        self.index = index
        self._recall_target = recall_target

    def call(self, workload: Workload, query: Query, k: int) -> Callable[[], Found]:
        """An answer to be timed; the task is made before."""
        task = replace(task_of(workload, query, k=k), recall_target=self._recall_target)

        def answer() -> Found:
            found = self.index.top_k(task)
            return Found(found.scores, found.certificate.n_items)

        return answer


Searcher = Blas | Searched


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a figure: a space, an index over it, and how exact its scores are."""

    space: str
    build: Callable[[Corpus], Searcher]
    tolerance: float = EXACT


def _gmr_tree(corpus: Corpus) -> Searched:
    return Searched(GMRTree(corpus))


def _r_tree(corpus: Corpus) -> Searched:
    return Searched(RTree(corpus))


LINES: Mapping[str, Line] = {
    "DeCoSReS+GMR-tree": Line("DeCoSReS", _gmr_tree),
    "DeCoSReS+R-tree": Line("DeCoSReS", _r_tree),
    "SM+R-tree": Line("SM", _r_tree),
    "CCA+R-tree": Line("CCA", _r_tree),
    "GMA+R-tree": Line("GMA", _r_tree),
    "DeCoSReS+BLAS": Line("DeCoSReS", Blas, SINGLE),
    "dense+GMR-tree": Line(DENSE, _gmr_tree),
}
# Whose indexes are weighed against each other.
WEIGHED: Mapping[str, Callable[[Corpus], Searched]] = {
    "DeCoSReS+GMR-tree": _gmr_tree,
    "DeCoSReS+R-tree": _r_tree,
    "dense+GMR-tree": _gmr_tree,
}
# A kind of question, and how many answers.
Point = tuple[Workload, int]
Figures = dict[str, float]
Queries = Mapping[str, Sequence[Query]]


@dataclass(frozen=True, slots=True)
class Items:
    """What is searched: ``vectors`` (n, d) by space, ``places`` (n, 2) in degrees."""

    vectors: Mapping[str, Float32Array]
    places: Float64Array

    def __len__(self) -> int:
        return len(self.places)

    def first(self, n: int) -> Items:
        """The first n of them."""
        return Items({name: rows[:n] for name, rows in self.vectors.items()}, self.places[:n])

    def corpus(self, space: str) -> Corpus:
        """What an index of a space takes."""
        rows = np.arange(len(self))
        lat, lon = self.places.T
        column = VectorColumn.of(np.ascontiguousarray(self.vectors[space]), rows, len(rows))
        return Corpus("sphere", rows, unit_vectors(lat, lon), {"vector": column}, (lon, lat))


def queries_at(
    vectors: Mapping[str, Float32Array], places: Float64Array, rng: np.random.Generator
) -> Queries:
    """Questions by space, all at the same places, which are drawn from those given.

    Parameters
    ----------
    vectors
        (q, d) by space.
    places
        (n, 2) of items, in degrees.
    """
    n_queries = len(next(iter(vectors.values())))
    drawn = places[rng.integers(len(places), size=n_queries)]
    origins = unit_vectors(drawn[:, 0], drawn[:, 1])
    at = [(float(lat), float(lon)) for lat, lon in drawn]
    return {
        name: [
            Query(row, *at[i], origins[i], (at[i][0], at[i][1], *at[i]))
            for i, row in enumerate(rows)
        ]
        for name, rows in vectors.items()
    }


def measure(
    items: Items, queries: Queries, points: Sequence[Point], *, rest_s: float = SPIN_S
) -> list[dict[str, Figures]]:
    """At each point, each line's median and 95th percentile in ms, and items looked at (median).

    ``rest_s`` are seconds before a line is asked, in which threads of BLAS come to rest.

    Raises
    ------
    RuntimeError
        If an answer is not that of the exact scan.
    """
    found: list[dict[str, Figures]] = [{} for _ in points]
    for space in dict.fromkeys(line.space for line in LINES.values()):
        corpus = items.corpus(space)
        truths = [_truth(corpus, queries[space], point) for point in points]
        for name, line in LINES.items():
            if line.space != space:
                continue
            searcher = line.build(corpus)
            time.sleep(rest_s)
            for at, point, truth in zip(found, points, truths, strict=True):
                at[name], answers = _timed(searcher, queries[space], point)
                where = f"{name}, {len(items)} items, {point[0].name}, k = {point[1]}"
                _check(answers, truth, line.tolerance, where)
    return found


def curve(across: Iterable[float], found: Sequence[Mapping[str, Figures]]) -> dict[str, Any]:
    """Points as lines: ``{"x": [...], "ms": {line: [...]}, "p95_ms": ..., "items": ...}``."""
    curves: dict[str, Any] = {"x": list(across)}
    for what in ("ms", "p95_ms", "items"):
        curves[what] = {name: [at[name][what] for at in found] for name in found[0]}
    return curves


def weigh(items: Items, queries: Queries, k: int, *, rest_s: float = SPIN_S) -> dict[str, Any]:
    """Bytes of vectors and indexes, and what a target for recall brings, by line."""
    sizes: dict[str, Any] = {}
    recalls: dict[str, Any] = {each.name: {} for each in (*DECAYS, MEANING)}
    for name, build in WEIGHED.items():
        space = LINES[name].space
        corpus = items.corpus(space)
        start = time.perf_counter()
        searched = build(corpus)
        build_s = time.perf_counter() - start
        sizes[name] = {
            "dim": items.vectors[space].shape[1],
            "vector_bytes": items.vectors[space].nbytes,
            "index_bytes": searched.index.index_bytes(),
            "build_s": build_s,
        }
        points = [(workload, k) for workload in (*DECAYS, MEANING)]
        truths = [_truth(corpus, queries[space], point) for point in points]
        time.sleep(rest_s)
        for point, truth in zip(points, truths, strict=True):
            recalls[point[0].name][name] = _relaxed(searched, queries[space], point, truth)
    return {"items": len(items), "recall_target": RECALL_TARGET, "sizes": sizes, "recall": recalls}


def _relaxed(
    exact: Searched, queries: Sequence[Query], point: Point, truth: Sequence[Float64Array]
) -> Figures:
    """What an index finds, and how fast, when it may miss some; beside its exact answers."""
    before, _ = _timed(exact, queries, point)
    after, answers = _timed(Searched(exact.index, RECALL_TARGET), queries, point)
    return {
        "recall": _recall(answers, truth),
        "ms": after["ms"],
        "items": after["items"],
        "exact_ms": before["ms"],
        "exact_items": before["items"],
    }


def _truth(corpus: Corpus, queries: Sequence[Query], point: Point) -> list[Float64Array]:
    """Scores of the exact scan."""
    workload, k = point
    scan = Scan(corpus)
    return [scan.top_k(task_of(workload, query, k=k)).scores for query in queries]


def _timed(
    searcher: Searcher, queries: Sequence[Query], point: Point
) -> tuple[Figures, list[Found]]:
    calls = [searcher.call(point[0], query, point[1]) for query in queries]
    for call in calls[:WARM_UP]:
        call()
    seconds, answers = [], []
    for call in calls:
        start = time.perf_counter()
        answers.append(call())
        seconds.append(time.perf_counter() - start)
    figures = {
        "ms": float(np.median(seconds)) * 1e3,
        "p95_ms": float(np.percentile(seconds, 95)) * 1e3,
        "items": float(np.median([answer.n_items for answer in answers])),
    }
    return figures, answers


def _check(
    answers: Sequence[Found], truth: Sequence[Float64Array], tolerance: float, where: str
) -> None:
    for i, (answer, scores) in enumerate(zip(answers, truth, strict=True)):
        gap = (
            float(np.max(np.abs(answer.scores - scores), initial=0.0))
            if len(answer.scores) == len(scores)
            else np.inf
        )
        if gap > tolerance:
            raise RuntimeError(
                f"{where}: scores of query {i} lie {gap:.3g} from the exact scan's, and "
                f"{tolerance:g} is allowed"
            )


def _recall(answers: Sequence[Found], truth: Sequence[Float64Array]) -> float:
    """The mean share of the exact best that were found; equal scores are as good."""
    shares = [
        min(float(np.sum(answer.scores >= scores[-1] - ROUNDING)) / len(scores), 1.0)
        for answer, scores in zip(answers, truth, strict=True)
    ]
    return float(np.mean(shares))
