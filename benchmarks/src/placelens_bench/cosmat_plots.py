"""The figures of ``placelens bench cosmat``: precision by recall, and confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from placelens.evaluation.reliability_plot import require_matplotlib
from placelens_bench.cosmat_data import WIKIPEDIA
from placelens_bench.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, save

DPI = 130
WAYS = {"i2t": "image to text", "t2i": "text to image"}
STYLES = {
    "SCM": (BLUE, "o"),
    "SM": (GREEN, "^"),
    "CM": (ORANGE, "s"),
    "GMLDA": (PURPLE, "D"),
    "GMMFA": (SKY, "v"),
    "encoder": ("black", "x"),
}
# Classes up to which every cell of a confusion matrix has its number.
FEW = 12


def draw(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what a result holds as PNG files; their paths.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    # As the first data set's, whose names came first; those of others tell which.
    parts = [] if result["data"] == WIKIPEDIA else [result["data"].removesuffix("_photos")]
    parts += ["paper"] if result["features"] == "paper" else []
    stem = "_".join(["cosmat", *parts])
    figures = {f"{stem}_precision": _precision(result), f"{stem}_confusion": _confusion(result)}
    return save(figures, folder, dpi=DPI, bbox_inches="tight")


def _precision(result: Mapping[str, Any]) -> Any:
    """Precision at each recall, a panel a direction."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    recalls = np.linspace(0, 1, 11)
    drawn = {name: style for name, style in STYLES.items() if name in result["methods"]}
    highest = max(
        max(result["methods"][name][f"precision_{way}"]) for name in drawn for way in WAYS
    )
    for axis, (way, words) in zip(axes, WAYS.items(), strict=True):
        for name, (colour, marker) in drawn.items():
            values = result["methods"][name][f"precision_{way}"]
            label = f"{name}, MAP {result['methods'][name][way]:.1f}"
            axis.plot(recalls, values, color=colour, marker=marker, markersize=4, label=label)
        chance = result["methods"]["random"][way] / 100
        axis.axhline(chance, color=GREY, linestyle=":", label=f"random, MAP {100 * chance:.1f}")
        axis.set(title=words, xlabel="recall", xlim=(-0.02, 1.02))
        axis.set_ylim(0, min(1.05, 1.2 * highest))
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    axes[0].set_ylabel("precision")
    return figure


def _confusion(result: Mapping[str, Any]) -> Any:
    """What CoSMat returns first, category by category."""
    from matplotlib.figure import Figure

    names = result["categories"]
    few = len(names) <= FEW
    figure = Figure(figsize=(11, 5.2) if few else (18, 10.4), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    ticks = np.arange(len(names))
    both = [np.array(result["methods"]["SCM"][f"confusion_{way}"]) for way in WAYS]
    highest = max(shares.max() for shares in both)
    for axis, shares, words in zip(axes, both, WAYS.values(), strict=True):
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=highest)
        # Among many classes, only what would round to 1 % or more, so that the rest stays quiet.
        for row, column in np.argwhere(shares >= (0 if few else 0.005)):
            share = shares[row, column]
            axis.text(
                column,
                row,
                f"{100 * share:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if share > 0.6 * highest else "black",
            )
        axis.set(
            title=f"SCM (CoSMat), {words}",
            xlabel=f"category of the first {result['n_first']} results, %",
        )
        rotation = {"rotation": 45, "ha": "right"} if few else {"rotation": 90}
        axis.set_xticks(ticks, names, **rotation)
        axis.set_yticks(ticks, names)
    axes[0].set_ylabel("category of the query")
    return figure
