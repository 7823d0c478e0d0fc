"""One method in a process of its own: ``python -m placelens_bench.engine.worker JOB.json``.

It opens the method, chooses its settings by the tuning queries, asks the reported ones one by
one, and leaves ``<method>.json`` and ``<method>.npz`` beside the job. What it writes to stdout is
progress.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from placelens.index.base import Corpus
from placelens.types import Int64Array
from placelens_bench.engine import registry, truth
from placelens_bench.engine.data import Data
from placelens_bench.engine.memory import peak_bytes, resident_bytes
from placelens_bench.engine.methods.base import Method, Setting
from placelens_bench.engine.methods.exact import ScanMethod
from placelens_bench.engine.methods.numeric import Product
from placelens_bench.engine.workloads import WORKLOADS, K, Query, Workload

# The threads of OpenBLAS go on spinning for about a tenth of a second after a product, on cores
# that another method would use.
SPIN_S = 0.4
WARM_UP = 5
LEAST = 5
# Queries between two products of BLAS that are timed in turn with the method.
PAIR_EVERY = 20
GOOD_RECALL = 0.99
# The share of the budget that trying one setting may take.
TUNING_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Job:
    """What a process has to do; ``budget`` is seconds of measured queries per workload."""

    method: str
    data: str
    workloads: list[str]
    budget: float


@dataclass(slots=True)
class Asked:
    """Answers and times, in seconds; of BLAS beside them, where the method is paired."""

    rows: list[Int64Array] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    blas_seconds: list[float] = field(default_factory=list)


def main(path: Path) -> None:
    """Do the job in a file."""
    job = Job(**json.loads(path.read_text(encoding="utf-8")))
    facts, arrays = measure(job)
    np.savez(path.with_name(f"{job.method}.npz"), **arrays)
    path.with_name(f"{job.method}.json").write_text(json.dumps(facts), encoding="utf-8")


def measure(job: Job) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts as plain JSON types, and arrays of rows and times by the place in ``entries``."""
    data = Data(Path(job.data))
    method = registry.load(job.method)(data, data.folder / "indexes")
    before = resident_bytes()
    opened = method.open()
    _say(f"{job.method}: open, built in {opened.build_s:.1f} s")
    entries: list[dict[str, Any]] = []
    arrays: dict[str, Any] = {}
    for workload in (WORKLOADS[name] for name in job.workloads):
        if workload.name not in method.workloads:
            continue
        if isinstance(method, ScanMethod):
            _say(f"{job.method}: the true answers of {workload.name}")
            truth.find(data, workload, method.index.top_k)
        for entry, ladder in method.entries(job.method, workload).items():
            asked, facts = _run(method, workload, ladder, job.budget)
            arrays |= _arrays(asked, len(entries))
            entries.append({"method": entry, "workload": workload.name, **facts})
            _say(f"{entry}: {workload.name}, {len(asked.rows)} queries, {sum(asked.seconds):.1f} s")
    gc.collect()
    after = resident_bytes()
    growth = None if before is None or after is None else after - before
    facts = asdict(opened) | {"peak_rss_bytes": peak_bytes(), "resident_growth_bytes": growth}
    return {**facts, "holds_vectors": method.holds_vectors, "entries": entries}, arrays


def _run(
    method: Method, workload: Workload, ladder: Sequence[Setting], budget: float
) -> tuple[Asked, dict[str, Any]]:
    """Choose a setting, warm up, and ask."""
    corpus = method.data.corpus(method.data.vectors)
    setting, tried = choose(method, workload, ladder, corpus, budget * TUNING_SHARE)
    for query in method.data.tuning[:WARM_UP]:
        method.prepared(workload, query, setting)()
    product = Product(method.data, method.matrix) if method.paired else None
    time.sleep(SPIN_S)
    ask = ask_at_once if workload.batch else ask_each
    return ask(method, workload, setting, budget, product), {
        "setting": dict(setting),
        "tuning": tried,
    }


def choose(
    method: Method, workload: Workload, ladder: Sequence[Setting], corpus: Corpus, budget: float
) -> tuple[Setting, list[dict[str, Any]]]:
    """The fastest setting of good recall, else the one of best recall; and what was tried."""
    if len(ladder) == 1:
        return ladder[0], []
    tried: list[dict[str, Any]] = []
    for setting in ladder:
        method.prepared(workload, method.data.tuning[0], setting)()
        asked = _timed(method, workload, method.data.tuning, setting, budget=budget)
        found = truth.recalls(corpus, method.data, workload, asked.rows, tuning=True)
        median = float(np.median(asked.seconds)) * 1e3
        tried.append({"setting": dict(setting), "recall": found, "p50_ms": median})
    good = [i for i, entry in enumerate(tried) if entry["recall"] >= GOOD_RECALL]
    if good:
        chosen = min(good, key=lambda i: tried[i]["p50_ms"])
    else:
        chosen = max(range(len(tried)), key=lambda i: (tried[i]["recall"], -tried[i]["p50_ms"]))
    return ladder[chosen], tried


def ask_each(
    method: Method, workload: Workload, setting: Setting, budget: float, product: Product | None
) -> Asked:
    """The reported queries one by one until the budget is spent, BLAS now and then between."""
    between = None
    if product is not None:

        def between(query: Query) -> float:
            # Each after a run that is not timed, which brings its own data into the caches, and
            # when BLAS's threads are at rest.
            product.answer(workload, query)
            seconds = _seconds(lambda: product.answer(workload, query))
            time.sleep(SPIN_S)
            method.prepared(workload, query, setting)()
            return seconds

    return _timed(method, workload, method.data.queries, setting, budget=budget, between=between)


def ask_at_once(
    method: Method, workload: Workload, setting: Setting, budget: float, product: Product | None
) -> Asked:
    """The batch, in the parts that the method takes at once, until the budget is spent."""
    asked = Asked()
    batch = method.data.batch
    for start in range(0, len(batch), method.batch_size):
        call = method.prepared_batch(workload, batch[start : start + method.batch_size], setting)
        began = time.perf_counter()
        asked.rows += call()
        asked.seconds.append(time.perf_counter() - began)
        if sum(asked.seconds) > budget and len(asked.rows) >= LEAST:
            break
    if product is not None:
        asked.blas_seconds.append(_seconds(lambda: product.answer_batch(workload, batch)))
    return asked


def _timed(
    method: Method,
    workload: Workload,
    queries: Sequence[Query],
    setting: Setting,
    *,
    budget: float,
    between: Callable[[Query], float] | None = None,
) -> Asked:
    asked = Asked()
    for i, query in enumerate(queries):
        call = method.prepared(workload, query, setting)
        began = time.perf_counter()
        rows = call()
        asked.seconds.append(time.perf_counter() - began)
        asked.rows.append(rows)
        if between is not None and i % PAIR_EVERY == 0:
            asked.blas_seconds.append(between(query))
        if sum(asked.seconds) > budget and len(asked.rows) >= LEAST:
            break
    return asked


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _arrays(asked: Asked, place: int) -> dict[str, Any]:
    """Rows padded with -1 to ten, and the times."""
    rows = np.full((len(asked.rows), K), -1, dtype=np.int64)
    for i, found in enumerate(asked.rows):
        rows[i, : len(found)] = found[:K]
    return {
        f"rows_{place}": rows,
        f"seconds_{place}": np.array(asked.seconds),
        f"blas_{place}": np.array(asked.blas_seconds),
    }


def _say(message: str) -> None:
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
