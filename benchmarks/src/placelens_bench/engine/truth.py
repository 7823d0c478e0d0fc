"""What the right answers are, and how much of them an answer holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from placelens.index.base import Corpus, Task, TopK, score_rows
from placelens.types import Float64Array, Int64Array
from placelens_bench.engine.data import Data, in_box
from placelens_bench.engine.workloads import WORKLOADS, K, Query, Workload, task_of

# Scores are at most 1. Truths are kept for later runs, and another order of additions in the final
# kernel must not make its own answers wrong.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Truth:
    """For the tuning and the reported queries: the last true score, and how many there are."""

    bars: Float64Array
    counts: Int64Array

    @classmethod
    def read(cls, data: Data, workload: Workload) -> Truth:
        """What `find` wrote."""
        with np.load(_path(data, workload)) as stored:
            return cls(stored["bars"], stored["counts"])


def find(data: Data, workload: Workload, scan: Callable[[Task], TopK]) -> None:
    """Ask the exact scan, and keep its answers beside the data for later runs."""
    path = _path(data, workload)
    if path.exists():
        return
    asked = WORKLOADS[workload.truth] if workload.truth else workload
    bars, counts = [], []
    for query in (*data.tuning, *data.queries):
        scores = scan(task_of(asked, query)).scores
        bars.append(scores[-1])
        counts.append(len(scores))
    np.savez(path, bars=np.array(bars), counts=np.array(counts))


def recall(
    corpus: Corpus,
    data: Data,
    workload: Workload,
    query: Query,
    rows: Int64Array,
    *,
    bar: float,
    count: int,
) -> float:
    """The share of the true answers that the rows hold.

    Any row that scores as high as the last true answer counts: of equals, an index may give
    which it likes. Rows given twice, or beyond the box, count for nothing.
    """
    rows = np.unique(np.asarray(rows, dtype=np.int64)[:K])
    rows = rows[(rows >= 0) & (rows < data.items)]
    if workload.boxed:
        rows = rows[in_box(data.lat[rows], data.lon[rows], query.box)]
    scores = score_rows(corpus, task_of(workload, query), rows)
    return min(int(np.count_nonzero(scores >= bar - ROUNDING)), count) / count


def recalls(
    corpus: Corpus,
    data: Data,
    workload: Workload,
    answers: Sequence[Int64Array],
    *,
    tuning: bool = False,
) -> float:
    """The mean recall of the first queries' answers, of those that the truth is known of."""
    truth = Truth.read(data, workload)
    queries, offset = (data.tuning, 0) if tuning else (data.queries, len(data.tuning))
    found = [
        recall(
            corpus,
            data,
            workload,
            query,
            rows,
            bar=float(truth.bars[offset + i]),
            count=int(truth.counts[offset + i]),
        )
        for i, (query, rows) in enumerate(zip(queries, answers, strict=False))
    ]
    return float(np.mean(found))


def _path(data: Data, workload: Workload) -> Path:
    return data.folder / f"truth-{workload.truth or workload.name}.npz"
