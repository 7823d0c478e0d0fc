"""Fig. 2 and 3 of the paper again, and what the M-tree visits beside what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from placelens.evaluation.reliability_plot import require_matplotlib
from placelens_bench.figures import BLUE, GREEN, GREY, ORANGE, save

DPI = 130
# The shares that the paper promises, by limit.
PROMISED = {"0.05": 0.9, "0.1": 0.98}
LINES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))
SETS = {
    "concepts": "concepts\nof images",
    "concepts_of_texts": "concepts\nof captions",
    "vectors": "vectors,\nasked by captions",
    "vectors_by_photos": "vectors,\nasked by photos",
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
        "mcqi-observation1": _observation(result["observation1"]),
        "mcqi-mtree": _visited(result["mtree"]),
    }
    return save(figures, folder, dpi=DPI)


def _observation(found: Mapping[str, Any]) -> Any:
    """A panel for each limit: Fig. 2 and Fig. 3."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.0), layout="constrained")
    limits = list(next(iter(found["accuracy"].values())))
    for panel, limit in zip(figure.subplots(1, len(limits), sharey=True), limits, strict=True):
        for (name, by_limit), (colour, marker) in zip(
            found["accuracy"].items(), LINES, strict=True
        ):
            shares = 100.0 * np.array(by_limit[limit])
            panel.plot(found["sizes"], shares, color=colour, marker=marker, label=f"delta {name}")
        panel.axhline(100.0 * PROMISED[limit], color=GREY, linestyle=":", label="promised")
        panel.set_xscale("log")
        panel.set_title(f"DIF < {limit}", fontsize=10)
        panel.set_xlabel("pairs in the sample")
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylim(top=100.5)
    figure.axes[0].set_ylabel("share of the pairs, %")
    figure.axes[0].legend(frameon=False)
    return figure


def _visited(found: Mapping[str, Any]) -> Any:
    """Items in the leaves that the M-tree opens, by the number of answers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    panel = figure.subplots()
    ks = list(found["concepts"]["by_k"])
    for at, (k, colour) in enumerate(zip(ks, (BLUE, ORANGE, GREY), strict=True)):
        shares = [100.0 * found[name]["by_k"][k]["visited_share"] for name in SETS]
        bars = panel.bar(np.arange(len(SETS)) + 0.27 * (at - 1), shares, 0.25, color=colour)
        panel.bar_label(bars, fmt="%.0f", fontsize=8)
        bars.set_label(f"k = {k}")
    panel.set_xticks(np.arange(len(SETS)), list(SETS.values()))
    panel.set_ylabel("items in opened leaves, %")
    panel.legend(frameon=False)
    panel.spines[["top", "right"]].set_visible(False)
    return figure
