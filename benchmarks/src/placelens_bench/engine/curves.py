"""How latency grows: by the number of items, k, mu and the decay's scale; and paper 000's
experiment, the plain R-tree against the GMR-tree.

Run as ``python -m placelens_bench.engine.curves JOB``, in a process of its own. Subsets are the
first items of the data set. A curve is ``{"x": [...], "ms": {...}, "items": {...}}``: by method,
median milliseconds and the median number of items looked at.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from placelens.index.base import Corpus, Index, Task
from placelens.index.gmr_tree import GMRTree
from placelens.index.scan import Scan
from placelens_bench.engine.data import SEED, Data
from placelens_bench.engine.workloads import WORKLOADS, K, Query, Workload, task_of

QUERIES = 20
WARM_UP = 3
BUDGET_S = 5.0
SIZES = (40_000, 100_000, 200_000, 1_000_000)
PAPER_SIZES = (40_000, 80_000, 120_000, 160_000, 200_000)
KS = (5, 10, 20, 50, 100)
MUS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
SCALES_KM = (1, 5, 25, 100, 500, 1000, 5000)
LINEAR, GAUSS = WORKLOADS["mu05_linear"], WORKLOADS["mu05_gauss25km"]

BUILDS: Mapping[str, Callable[[Corpus], Index]] = {
    "placelens": GMRTree,
    "rtree": lambda corpus: GMRTree(corpus, signatures=False),
    "scan": Scan,
}
# One point of a curve: its x, and the tasks that are asked there.
Point = tuple[float, Sequence[Task]]


def main(path: Path) -> None:
    """Measure what the job names, and leave the curves beside it."""
    job = json.loads(path.read_text(encoding="utf-8"))
    curves = measure(Data(Path(job["data"])))
    path.with_suffix(".json").write_text(json.dumps(curves), encoding="utf-8")


def measure(data: Data) -> dict[str, Any]:
    """All curves, by what grows and by the decay."""
    sizes, paper_sizes = sizes_for(data.items)
    matrix = data.read_vectors()
    queries = data.queries[:QUERIES]
    curves: dict[str, Any] = {}
    for n in sorted({*sizes, *paper_sizes}):
        corpus = Data(data.folder, n).corpus(matrix[:n])
        indexes = {name: build(corpus) for name, build in BUILDS.items()}
        if n in sizes:
            for workload in (LINEAR, GAUSS):
                _add(curves, "n", workload.kind, indexes, [(n, _tasks(workload, queries))])
        if n == sizes[-1]:
            _by_task(curves, indexes, queries)
        trees = {name: indexes[name] for name in ("placelens", "rtree")}
        if n in paper_sizes:
            moved = _at_items(corpus, queries)
            _add(curves, "paper_n", LINEAR.kind, trees, [(n, _tasks(LINEAR, moved))])
        if n == paper_sizes[-1]:
            points = [(k, _tasks(LINEAR, moved, k=k)) for k in KS]
            _add(curves, "paper_k", LINEAR.kind, trees, points)
        _say(f"curves: {n:,} items")
    return curves


def sizes_for(items: int) -> tuple[list[int], list[int]]:
    """Sizes for the curve by N and for the paper's experiment, as far as there are items."""
    sizes = [size for size in SIZES if size < items] + [items]
    if len(sizes) == 1:
        sizes = [items // 4, items // 2, items]
    steps = len(PAPER_SIZES)
    last = min(items, PAPER_SIZES[-1])
    return sizes, [last * step // steps for step in range(1, steps + 1)]


def _by_task(curves: dict[str, Any], indexes: Mapping[str, Index], queries: list[Query]) -> None:
    """By k, mu and scale, over all items."""
    for workload in (LINEAR, GAUSS):
        by_k = [(k, _tasks(workload, queries, k=k)) for k in KS]
        by_mu = [(mu, _tasks(replace(workload, mu=mu), queries)) for mu in MUS]
        _add(curves, "k", workload.kind, indexes, by_k)
        _add(curves, "mu", workload.kind, indexes, by_mu)
    by_scale = [(km, _tasks(replace(GAUSS, scale_m=km * 1e3), queries)) for km in SCALES_KM]
    _add(curves, "scale_km", GAUSS.kind, indexes, by_scale)


def _tasks(workload: Workload, queries: Iterable[Query], *, k: int = K) -> list[Task]:
    return [task_of(workload, query, k=k) for query in queries]


def _at_items(corpus: Corpus, queries: list[Query]) -> list[Query]:
    """The queries at the places of items, as the paper has them."""
    rng = np.random.default_rng([SEED, len(corpus)])
    rows = rng.integers(len(corpus), size=len(queries))
    return [
        query._replace(origin=corpus.positions[row])
        for query, row in zip(queries, rows, strict=True)
    ]


def _add(
    curves: dict[str, Any],
    name: str,
    decay: str,
    indexes: Mapping[str, Index],
    points: Sequence[Point],
) -> None:
    """Measure points and put them at the end of a curve."""
    curve = curves.setdefault(name, {}).setdefault(decay, {"x": [], "ms": {}, "items": {}})
    for x, tasks in points:
        curve["x"].append(x)
        for method, index in indexes.items():
            median, items = _median(index, tasks)
            curve["ms"].setdefault(method, []).append(median)
            curve["items"].setdefault(method, []).append(items)


def _median(index: Index, tasks: Sequence[Task]) -> tuple[float, float]:
    """Median milliseconds until the budget is spent, and the median number of items looked at."""
    for task in tasks[:WARM_UP]:
        index.top_k(task)
    seconds: list[float] = []
    items: list[int] = []
    for task in tasks:
        start = time.perf_counter()
        found = index.top_k(task)
        seconds.append(time.perf_counter() - start)
        items.append(found.certificate.n_items)
        if sum(seconds) > BUDGET_S and len(seconds) >= WARM_UP:
            break
    return float(np.median(seconds)) * 1e3, float(np.median(items))


def _say(message: str) -> None:
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
