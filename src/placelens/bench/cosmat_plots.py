"""The figures of ``placelens bench cosmat``: precision by recall, and confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from placelens.bench.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, check

DPI = 130
WAYS = {"i2t": "image to text", "t2i": "text to image"}
STYLES = {
    "SCM": (BLUE, "o"),
    "SM": (GREEN, "^"),
    "CM": (ORANGE, "s"),
    "GMLDA": (PURPLE, "D"),
    "GMMFA": (SKY, "v"),
}


def draw(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what a result holds as PNG files; their paths.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    check()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in (("precision", _precision(result)), ("confusion", _confusion(result))):
        paths.append(folder / f"cosmat_{name}.png")
        figure.savefig(paths[-1], dpi=DPI)
    return paths


def _precision(result: Mapping[str, Any]) -> Any:
    """Precision at each recall, a panel a direction."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    recalls = np.linspace(0, 1, 11)
    highest = max(
        max(result["methods"][name][f"precision_{way}"]) for name in STYLES for way in WAYS
    )
    for axis, (way, words) in zip(axes, WAYS.items(), strict=True):
        for name, (colour, marker) in STYLES.items():
            values = result["methods"][name][f"precision_{way}"]
            label = f"{name}, MAP {result['methods'][name][way]:.1f}"
            axis.plot(recalls, values, color=colour, marker=marker, markersize=4, label=label)
        chance = result["methods"]["random"][way] / 100
        axis.axhline(chance, color=GREY, linestyle=":", label=f"random, MAP {100 * chance:.1f}")
        axis.set(title=words, xlabel="recall", xlim=(-0.02, 1.02))
        axis.set_ylim(0, 1.05 * highest)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=9)
    axes[0].set_ylabel("precision")
    return figure


def _confusion(result: Mapping[str, Any]) -> Any:
    """What CoSMat returns first, category by category."""
    from matplotlib.figure import Figure

    names = result["categories"]
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    ticks = np.arange(len(names))
    both = [np.array(result["methods"]["SCM"][f"confusion_{way}"]) for way in WAYS]
    highest = max(shares.max() for shares in both)
    for axis, shares, words in zip(axes, both, WAYS.values(), strict=True):
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=highest)
        for row, column in np.ndindex(*shares.shape):
            share = shares[row, column]
            colour = "white" if share > 0.6 * highest else "black"
            axis.text(
                column,
                row,
                f"{100 * share:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color=colour,
            )
        axis.set(title=f"SCM (CoSMat), {words}", xlabel="category of the first 20 results, %")
        axis.set_xticks(ticks, names, rotation=45, ha="right")
        axis.set_yticks(ticks, names)
    axes[0].set_ylabel("category of the query")
    return figure
