"""The figures of ``placelens bench sketch``: the paper's Fig. 5, 7 and 8, redrawn."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from placelens.evaluation.reliability_plot import require_matplotlib
from placelens_bench.figures import BLUE, GREEN, GREY, ORANGE, save
from placelens_bench.sketch import CENTROIDS

DPI = 130
# What the paper says of its Fig. 5's last point: all classes painted, on a laptop of 2016.
PAPER_MS = 260.0
WAYS = {
    "true_maps": "true maps",
    "painted": "painted",
    "painted_mask": "painted cells only",
    "pq256_parts": "PQ, 2 x 2 parts",
    "pq256": "PQ",
    "areas_only": "areas only",
    "global": "the photo's vector",
    "words": "words",
    "random": "random",
}


def draw(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what a result holds as PNG files; their paths.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    figures = {
        "sketch-time": _time(result),
        "sketch-centroids": _centroids(result),
        "sketch-rivals": _rivals(result),
    }
    return save(figures, folder, dpi=DPI, bbox_inches="tight")


def _by_data(result: Mapping[str, Any]) -> dict[str, Mapping[str, float | None]]:
    """nDCG by data set."""
    others = {
        key.removeprefix("ndcg10_"): values
        for key, values in result.items()
        if key.startswith("ndcg10_") and key != "ndcg10_by_steps"
    }
    return {"labelmefacade": result["ndcg10"], **others}


def _time(result: Mapping[str, Any]) -> Any:
    """Fig. 5: milliseconds by the number of classes that are painted."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axis = figure.subplots()
    size = result["papers_size"]
    lines = {"ms": (GREY, "placelens, by the clock"), "cpu_ms": (BLUE, "placelens, of one core")}
    for clock, (colour, label) in lines.items():
        times = result["fig5_by_n_painted"][clock]
        axis.plot(list(times), list(times.values()), color=colour, marker="o", label=label)
    axis.plot(size["n_classes"], PAPER_MS, "s", color=ORANGE, label="the paper's")
    axis.set(xlabel="classes painted", ylabel="ms, with the order of all", yscale="log")
    axis.set_title(f"{size['n']:,} maps of {size['side']} x {size['side']} cells", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    return figure


def _centroids(result: Mapping[str, Any]) -> Any:
    """Fig. 7: nDCG by the number of centroids, beside that of whole maps."""
    from matplotlib.figure import Figure

    found = _by_data(result)
    figure = Figure(figsize=(4.6 * len(found), 3.6), layout="constrained")
    axes = figure.subplots(1, len(found), squeeze=False)[0]
    for axis, (name, values) in zip(axes, found.items(), strict=True):
        numbers = [n for n in CENTROIDS if f"pq{n}" in values]
        axis.plot(
            np.arange(len(numbers)),
            [values[f"pq{n}"] for n in numbers],
            color=BLUE,
            marker="o",
            label="a code a class",
        )
        if "pq256_parts" in values:
            at = len(numbers) - 1
            axis.plot(at, values["pq256_parts"], "^", color=GREEN, label="in 2 x 2 parts")
        axis.axhline(values["painted"], color=GREY, linestyle=":", label="without PQ")
        axis.set_xticks(np.arange(len(numbers)), [str(n) for n in numbers])
        axis.set(title=name, xlabel="centroids", ylabel="nDCG@10")
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    return figure


def _rivals(result: Mapping[str, Any]) -> Any:
    """Fig. 8: nDCG of each way to look for what was painted."""
    from matplotlib.figure import Figure

    found = _by_data(result)
    figure = Figure(figsize=(4.6 * len(found), 3.4), layout="constrained")
    axes = figure.subplots(1, len(found), squeeze=False)[0]
    for axis, (name, values) in zip(axes, found.items(), strict=True):
        ways = [way for way in WAYS if values.get(way) is not None]
        numbers = [values[way] for way in ways]
        bars = axis.barh(np.arange(len(ways)), numbers, color=BLUE)
        axis.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
        axis.set_yticks(np.arange(len(ways)), [WAYS[way] for way in ways])
        axis.invert_yaxis()
        axis.set(title=name, xlabel="nDCG@10", xlim=(0, 1.08))
        axis.spines[["top", "right"]].set_visible(False)
    return figure
