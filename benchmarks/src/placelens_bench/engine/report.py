"""From rows and times to the figures that are printed.

``ratio_to_blas`` is how many times faster than BLAS a method's median query is; of a batch, how
many times its throughput. Since the speed of a machine drifts, the paired methods
(`placelens_bench.engine.methods.base.Method`) divide the median of the product timed in turn
with them in their own process; ``ratio_to_blas_run`` and the ratio of the others divide that of
the process that BLAS has to itself.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

from placelens.index.base import Corpus
from placelens.types import Float64Array
from placelens_bench.engine import registry, truth
from placelens_bench.engine.data import BATCH, Data
from placelens_bench.engine.workloads import WORKLOADS, K

Left = tuple[Mapping[str, Any], Mapping[str, Any]]


def result_of(data: Data, left: Mapping[str, Left]) -> dict[str, Any]:
    """The result, from what the processes of the methods left."""
    corpus = data.corpus(data.vectors)
    workloads: dict[str, dict[str, Any]] = {}
    methods: dict[str, Any] = {}
    for name, (facts, arrays) in left.items():
        entries = facts.get("entries", [])
        for place, entry in enumerate(entries):
            figures = _figures(corpus, data, entry, arrays, place)
            workloads.setdefault(entry["workload"], {})[entry["method"]] = figures
        methods[name] = _facts_of_method(data, facts)
    for figures_by_method in workloads.values():
        _add_ratios(figures_by_method)
    ours = methods.get("placelens", {})
    return {
        "items": data.items,
        "dim": data.dim,
        "k": K,
        "cpus": os.cpu_count(),
        "versions": versions(),
        "build_s": ours.get("build_s"),
        "index_overhead": ours.get("index_overhead"),
        "workloads": workloads,
        "methods": methods,
    }


def versions() -> dict[str, str]:
    """Versions of what was measured and of what it runs on."""
    found = {"python": platform.python_version()}
    rivals = sorted({listed.distribution for listed in registry.METHODS.values()} - {""})
    for name in ("placelens", "numpy", "numba", *rivals):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _figures(
    corpus: Corpus, data: Data, entry: Mapping[str, Any], arrays: Mapping[str, Any], place: int
) -> dict[str, Any]:
    workload = WORKLOADS[entry["workload"]]
    rows, seconds = arrays[f"rows_{place}"], arrays[f"seconds_{place}"]
    figures: dict[str, Any] = {
        # Of a batch the queries have no times of their own.
        "p50_ms": None if workload.batch else _percentile(seconds, 50),
        "p99_ms": None if workload.batch else _percentile(seconds, 99),
        "qps": len(rows) / float(seconds.sum()),
        "recall": truth.recalls(corpus, data, workload, list(rows)),
        "n_queries": len(rows),
        "setting": entry["setting"],
        "tuning": entry["tuning"],
    }
    blas = arrays[f"blas_{place}"]
    if len(blas):
        figures["paired_blas_ms"] = _percentile(blas, 50) / (BATCH if workload.batch else 1)
    return figures


def _facts_of_method(data: Data, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Build time and memory; the overhead is the bytes beyond one copy of the vectors, by it."""
    out = {key: value for key, value in facts.items() if key not in {"entries", "holds_vectors"}}
    size = facts.get("index_bytes")
    if size is not None:
        vectors = data.items * data.dim * 4
        out["index_overhead"] = (size - vectors * facts["holds_vectors"]) / vectors
    return out


def _add_ratios(methods: Mapping[str, dict[str, Any]]) -> None:
    """How many times faster than BLAS; see the module's docstring."""
    blas = _ms(methods["blas"])
    for figures in methods.values():
        own = figures.get("paired_blas_ms", blas)
        figures["ratio_to_blas"] = own / _ms(figures)
        if "paired_blas_ms" in figures:
            figures["ratio_to_blas_run"] = blas / _ms(figures)


def _ms(figures: Mapping[str, Any]) -> float:
    """Milliseconds a query: the median, or of a batch the mean."""
    median = figures["p50_ms"]
    return 1e3 / float(figures["qps"]) if median is None else float(median)


def _percentile(seconds: Float64Array, percent: float) -> float:
    return float(np.percentile(seconds, percent)) * 1e3
