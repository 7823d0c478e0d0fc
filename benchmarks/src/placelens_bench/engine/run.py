"""The benchmark as a whole: the data, one process after another, one result."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.errors import InputError
from placelens_bench.engine import registry, synthetic, wikipedia
from placelens_bench.engine.data import Data
from placelens_bench.engine.report import result_of
from placelens_bench.engine.workloads import WORKLOADS, K

Say = Callable[[str], None]
# Sizes to try it out with.
QUICK: Mapping[str, Any] = {"items": 20_000, "dim": 64, "queries": 30, "budget": 5.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What to measure.

    Attributes
    ----------
    items, dim, queries : sizes of the made data; real data has a dimension of its own.
    methods, workloads : names, or empty for all; the scan and BLAS always run.
    budget : seconds of measured queries per method and workload.
    work : folder for data and indexes, kept; a temporary one when None.
    data : folder of the real data, or None for made data.
    curves : also measure by N, k, mu and scale, and repeat the paper's experiment.
    plots : folder for the figures, or None.

    Raises
    ------
    InputError
        If a name is not known or a size is too small.
    """

    items: int = 1_000_000
    dim: int = 512
    queries: int = 200
    methods: Sequence[str] = ()
    workloads: Sequence[str] = ()
    budget: float = 60.0
    work: Path | None = None
    data: Path | None = None
    curves: bool = False
    plots: Path | None = None

    def __post_init__(self) -> None:
        _check("method", self.methods, registry.METHODS)
        _check("workload", self.workloads, WORKLOADS)
        for name, least in (("items", K + 1), ("dim", 1), ("queries", 1)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be {least} or more, got {getattr(self, name)}")


def run(settings: Settings, say: Say = lambda _: None) -> dict[str, Any]:
    """Measure; plain JSON types. ``say`` is told of each step.

    Raises
    ------
    MissingExtraError
        If the towns that the made data are drawn from, or what draws figures, are not installed.
    ReadError
        If the real data cannot be read.
    """
    draw = _drawing() if settings.plots is not None else None
    holder = (
        tempfile.TemporaryDirectory(prefix="placelens-bench-")
        if settings.work is None
        else nullcontext(str(settings.work))
    )
    with holder as name:
        work = Path(name)
        work.mkdir(parents=True, exist_ok=True)
        data = _data(work, settings)
        say(f"data: {data.items:,} items x {data.dim}")
        result = result_of(data, _ask_all(data, work, settings, say))
        if settings.curves:
            result["curves"] = _child("curves", {"data": str(data.folder)}, work, say)[0]
    if draw is not None and settings.plots is not None:
        result["plots"] = [str(path) for path in draw(result, settings.plots)]
    return result


def _drawing() -> Callable[[Mapping[str, Any], Path], Sequence[Path]]:
    """What draws the figures; asked for before hours are spent on what it would draw."""
    from placelens.evaluation.reliability_plot import require_matplotlib
    from placelens_bench.engine.plots import draw

    require_matplotlib()
    return draw


def _check(kind: str, given: Sequence[str], known: Mapping[str, object]) -> None:
    for name in given:
        if name not in known:
            raise InputError(f"{kind} {name!r} is not known; there are: {', '.join(known)}")


def _data(work: Path, settings: Settings) -> Data:
    items, queries = settings.items, settings.queries
    if settings.data is not None:
        return wikipedia.make(work, settings.data, items=items, queries=queries)
    return synthetic.make(work, items=items, dim=settings.dim, queries=queries)


def _ask_all(
    data: Data, work: Path, settings: Settings, say: Say
) -> dict[str, tuple[dict[str, Any], Mapping[str, Any]]]:
    """What each method's process left: facts and arrays by method."""
    chosen = {*registry.ALWAYS, *(settings.methods or registry.METHODS)}
    found: dict[str, tuple[dict[str, Any], Mapping[str, Any]]] = {}
    for method in (name for name in registry.METHODS if name in chosen):
        reason = registry.missing(method)
        if reason is not None:
            say(f"{method}: {reason}")
            found[method] = {"skipped": reason}, {}
            continue
        job = {
            "method": method,
            "data": str(data.folder),
            "workloads": list(settings.workloads or WORKLOADS),
            "budget": settings.budget,
        }
        found[method] = _child("worker", job, work, say)
        if method in registry.ALWAYS and "failed" in found[method][0]:
            raise RuntimeError(f"{method} {found[method][0]['failed']}; see above")
    return found


def _child(
    module: str, job: Mapping[str, Any], work: Path, say: Say
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Run a module of this package on a job; its facts and arrays, or how it failed.

    Its errors go to this process's stderr.
    """
    folder = work / "runs"
    folder.mkdir(exist_ok=True)
    name = str(job.get("method", module))
    path = folder / f"{name}.job"
    path.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-m", f"placelens_bench.engine.{module}", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            say(line.rstrip())
    if process.returncode != 0:
        say(f"{name}: failed, code {process.returncode}")
        return {"failed": f"its process ended with code {process.returncode}"}, {}
    facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    arrays = path.with_suffix(".npz")
    if not arrays.exists():
        return facts, {}
    with np.load(arrays) as stored:
        return facts, dict(stored)
