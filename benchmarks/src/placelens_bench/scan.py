"""How fast the exact scan is, beside the bare float32 product that it cannot beat.

``blas`` is what a careful user writes: one matrix-vector product, the decay of all distances
where the query has a place, and ``argpartition``. Both run in turn in one process, so the ratio
holds on a machine whose speed drifts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from placelens.geo.decay import KIND_CODES
from placelens.geo.distance import unit_vectors
from placelens.index.base import Corpus, MeaningTask, PlaceTask, Task, VectorColumn, place_values
from placelens.index.scan import Scan
from placelens.types import BoolArray, Float32Array, Float64Array

K = 10
SEED = 20261122
# Half the way round the Earth: the linear decay over the globe.
GLOBE_M = 20_015_114.0


def run(*, items: int = 100_000, dim: int = 384, queries: int = 50) -> dict[str, Any]:
    """p50 and p99 in milliseconds by workload and method, and the ratio of the medians."""
    rng = np.random.default_rng(SEED)
    corpus = _corpus(rng, items, dim)
    scan = Scan(corpus)
    workloads = {
        "mu0": (0.0, None, None),
        "mu05_linear": (0.5, ("linear", GLOBE_M), None),
        "mu05_gauss25km": (0.5, ("gauss", 25_000.0), None),
        "box1pct_mu0": (0.0, None, rng.random(items) < 0.01),
    }
    scan.top_k(
        _task(rng, corpus, mu=0.5, decay=("gauss", 1.0), allowed=None)
    )  # compiles the kernels
    out: dict[str, Any] = {"items": items, "dim": dim, "k": K, "queries": queries, "workloads": {}}
    for name, (mu, decay, allowed) in workloads.items():
        tasks = [_task(rng, corpus, mu=mu, decay=decay, allowed=allowed) for _ in range(queries)]
        times: dict[str, list[float]] = {"placelens": [], "blas": []}
        for task in tasks:
            ours = _timed(_scan, scan, task, times["placelens"])
            theirs = _timed(_blas, corpus, task, times["blas"])
            if ours.tolist() != theirs.tolist():
                raise RuntimeError(f"{name}: the scan and BLAS disagree: {ours} {theirs}")
        out["workloads"][name] = {
            method: {
                "p50_ms": float(np.percentile(values, 50)),
                "p99_ms": float(np.percentile(values, 99)),
            }
            for method, values in times.items()
        }
        result = out["workloads"][name]
        result["placelens"]["ratio_to_blas"] = (
            result["blas"]["p50_ms"] / result["placelens"]["p50_ms"]
        )
    return out


def _corpus(rng: np.random.Generator, n: int, dim: int) -> Corpus:
    vectors = rng.standard_normal((n, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    lon = rng.uniform(-180, 180, n)
    column = VectorColumn.of(vectors, np.arange(n), n)
    return Corpus("sphere", np.arange(n), unit_vectors(lat, lon), {"vector": column})


def _task(
    rng: np.random.Generator,
    corpus: Corpus,
    *,
    mu: float,
    decay: tuple[str, float] | None,
    allowed: BoolArray | None,
) -> Task:
    direction: Float64Array = rng.standard_normal((1, corpus.vectors["vector"].matrix.shape[1]))
    query = direction / np.linalg.norm(direction)
    zero = np.zeros(1)
    place = None
    if decay is not None:
        kind, scale_m = decay
        origin = corpus.positions[rng.integers(len(corpus))]
        place = PlaceTask(origin, KIND_CODES[kind], scale_m, 0.0)
    meaning = {"vector": MeaningTask(query, np.ones(1), zero, zero)}
    return Task(k=K, mu=mu, place=place, meaning=meaning, allowed=allowed)


def _blas(corpus: Corpus, task: Task) -> Any:
    if task.meaning is None:
        raise ValueError("the BLAS rival needs a vector")
    matrix = corpus.vectors["vector"].matrix
    query = task.meaning["vector"].queries[0].astype(np.float32)
    rows = None if task.allowed is None else np.flatnonzero(task.allowed)
    scores: Float32Array | Float64Array = (matrix if rows is None else matrix[rows]) @ query
    if task.place is not None:
        scores = task.mu * place_values(corpus, task, rows) + (1 - task.mu) * scores
    best = np.argpartition(scores, len(scores) - K)[-K:]
    best = best[np.argsort(-scores[best])]
    return best if rows is None else rows[best]


def _scan(scan: Scan, task: Task) -> Any:
    return scan.top_k(task).rows


def _timed(call: Callable[[Any, Task], Any], over: Any, task: Task, times: list[float]) -> Any:
    start = time.perf_counter()
    result = call(over, task)
    times.append((time.perf_counter() - start) * 1e3)
    return result
