"""The M-tree beside the scan and the GMR-tree, by meaning alone: nodes visited, and time.

Each has one thread, BLAS too, and they take turns query by query, so that ratios are of one run.
Every answer is compared with the scan's, to the bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from placelens.index.base import Corpus, MeaningTask, Task, TopK, VectorColumn
from placelens.index.gmr_tree import GMRTree
from placelens.index.m_tree import Seen, VectorTree
from placelens.index.scan import Scan
from placelens.types import Float32Array
from placelens_bench.mcqi.data import Asked

K, KS = 10, (1, 10, 30)
WARM_UP = 3
SEED = 7


def corpus_of(vectors: Float32Array) -> Corpus:
    """Items of unit vectors, (n, dim), which are nowhere."""
    n = len(vectors)
    column = VectorColumn.of(np.ascontiguousarray(vectors), np.arange(n), n)
    return Corpus("sphere", np.arange(n), np.full((n, 3), np.nan), {"vector": column})


def task_of(query: Float32Array, k: int) -> Task:
    """A task by meaning alone: the cosine with a unit vector, (dim,)."""
    one, zero = np.ones(1), np.zeros(1)
    return Task(k, 0.0, None, {"vector": MeaningTask(query[None].astype(float), one, zero, zero)})


def compare(asked: Asked, *, ks: Sequence[int] = KS) -> dict[str, Any]:
    """Shares visited and medians of time, of `K` answers and by their number.

    Returns
    -------
    dict
        Of the M-tree ``visited_share``, items of the leaves that were opened over all items;
        ``compared_share``, items whose angle to the query was computed, over all; ``ms``; and
        ``ratio_to_scan``, the median over the queries of its time over the scan's. The same under
        ``gmrtree``, which compares codes before vectors, and ``ms`` of ``scan``. ``by_k`` has all
        by the number of answers.

    Raises
    ------
    RuntimeError
        If an index does not answer as the scan does.
    """
    corpus = corpus_of(asked.items)
    n = len(asked.items)
    start = time.perf_counter()
    tree = VectorTree.grow(corpus, "vector")
    build_s = time.perf_counter() - start
    gmr_tree, scan = GMRTree(corpus, threads=1, seed=SEED), Scan(corpus)
    by_k = {}
    with threadpool_limits(1, user_api="blas"):
        for k in ks:
            tasks = [task_of(query, k) for query in asked.queries]
            by_k[str(k)] = _measured(tasks, tree, gmr_tree, scan, n)
    return {
        **by_k[str(K)],
        "k": K,
        "n_items": n,
        "dim": asked.items.shape[1],
        "n_queries": len(asked.queries),
        "n_leaves": tree.n_leaves,
        "n_nodes": len(tree.balls.radius),
        "build_s": build_s,
        "leaf_radius_deg": float(np.degrees(np.median(tree.balls.radius[tree.balls.is_leaf]))),
        "by_k": by_k,
    }


def _measured(
    tasks: Sequence[Task], tree: VectorTree, gmr_tree: GMRTree, scan: Scan, n: int
) -> dict[str, Any]:
    seen: list[Seen] = []
    opened: list[int] = []

    def by_tree(task: Task) -> TopK:
        found, what = tree.search("sphere", task, (task.meaning or {})["vector"], task.threshold)
        seen.append(what)
        return found

    def by_gmr_tree(task: Task) -> TopK:
        found = gmr_tree.top_k(task)
        opened.append(min(found.certificate.n_items, n))
        return found

    ms = _timed(tasks, {"scan": scan.top_k, "mtree": by_tree, "gmrtree": by_gmr_tree})
    means = np.mean(seen[-len(tasks) :], axis=0) / n
    medians = {name: float(np.median(each)) for name, each in ms.items()}
    ratios = {name: float(np.median(each / ms["scan"])) for name, each in ms.items()}
    return {
        "visited_share": float(means[1]),
        "compared_share": float(means[2]),
        "nodes_share": float(means[0] * n / len(tree.balls.radius)),
        "ms": medians["mtree"],
        "ratio_to_scan": ratios["mtree"],
        "scan": {"visited_share": 1.0, "ms": medians["scan"]},
        "gmrtree": {
            "visited_share": float(np.mean(opened[-len(tasks) :]) / n),
            "ms": medians["gmrtree"],
            "ratio_to_scan": ratios["gmrtree"],
        },
    }


def _timed(
    tasks: Sequence[Task], indexes: dict[str, Callable[[Task], TopK]]
) -> dict[str, np.ndarray]:
    """Milliseconds of each index and task; all take turns."""
    for task in tasks[:WARM_UP]:
        for search in indexes.values():
            search(task)
    ms: dict[str, list[float]] = {name: [] for name in indexes}
    for at, task in enumerate(tasks):
        answers = {}
        for name, search in indexes.items():
            start = time.perf_counter()
            answers[name] = search(task)
            ms[name].append(1e3 * (time.perf_counter() - start))
        for name, answer in answers.items():
            same = np.array_equal(answer.rows, answers["scan"].rows)
            if not same or not np.array_equal(answer.scores, answers["scan"].scores):
                raise RuntimeError(f"{name} does not answer query {at}, k = {task.k}, as the scan")
    return {name: np.array(each) for name, each in ms.items()}
