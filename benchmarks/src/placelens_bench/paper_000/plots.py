"""The figures as the paper draws them: time by N and k, and confusion matrices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placelens.evaluation.reliability_plot import require_matplotlib
from placelens_bench.figures import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, save
from placelens_bench.paper_000.report import DECAYS

DPI = 130
STYLES = {
    "DeCoSReS+GMR-tree": (BLUE, "o", "-"),
    "DeCoSReS+R-tree": (ORANGE, "s", "-"),
    "SM+R-tree": (GREEN, "^", "-"),
    "CCA+R-tree": (PURPLE, "D", "-"),
    "GMA+R-tree": (SKY, "v", "-"),
    "DeCoSReS+BLAS": ("black", "x", ":"),
    "dense+GMR-tree": (GREY, "P", "--"),
}
CONFUSED = ("DeCoSReS", "SM", "CCA", "GMA")
TIME = "response time, median (ms)"


def draw(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what a result holds as PNG files; their paths.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    figures = {
        "paper_000_texts": _texts(result),
        "paper_000_images": _images(result),
        "paper_000_confusion_i2t": _confusion(result, "i2t"),
        "paper_000_confusion_t2i": _confusion(result, "t2i"),
    }
    return save(figures, folder, dpi=DPI)


def _texts(result: Mapping[str, Any]) -> Any:
    """Fig. 8: by N and by k, a row for each decay."""
    figure, panels = _panels(len(DECAYS), 2, (11.0, 8.6))
    fixed = result["settings"]["items_by_k"]
    for row, (kind, words) in zip(panels, DECAYS.items(), strict=True):
        _lines(row[0], result["by_n"][kind], f"{words}, k = 10", "items N")
        _lines(row[1], result["by_k"][kind], f"{words}, N = {_short(fixed)}", "answers k")
        row[0].set_ylabel(TIME)
    figure.suptitle("Images ask for texts at places, mu = 0.5", fontsize=11)
    _legend(figure, panels[0][0])
    return figure


def _images(result: Mapping[str, Any]) -> Any:
    """Fig. 9: by k, a panel for each decay."""
    figure, ((left, right),) = _panels(1, 2, (11.0, 4.9))
    for panel, (kind, words) in zip((left, right), DECAYS.items(), strict=True):
        _lines(panel, result["images_by_k"][kind], words, "answers k")
    left.set_ylabel(TIME)
    count = result["settings"]["n_images"]
    figure.suptitle(f"Captions ask for {count:,} images at places, mu = 0.5", fontsize=11)
    _legend(figure, left)
    return figure


def _confusion(result: Mapping[str, Any], way: str) -> Any:
    """Fig. 10 and 11: classes of the best ten, a panel for each space."""
    figure, panels = _panels(2, 2, (13.0, 12.6))
    names = [_label(name) for name in result["precision"]["classes"]]
    ticks = np.arange(len(names))
    found = result["precision"][way]["mu05"]
    shown = None
    for panel, name in zip((panel for row in panels for panel in row), CONFUSED, strict=True):
        shares = 100.0 * np.array(found[name]["confusion"])
        shown = panel.imshow(shares, cmap="Blues", vmin=0.0, vmax=100.0)
        panel.set_title(f"{name}, precision at 10: {found[name]['precision']:.1f} %", fontsize=11)
        panel.set_xticks(ticks, names, rotation=90, fontsize=8)
        panel.set_yticks(ticks, names, fontsize=8)
        for at in ticks:
            colour = "white" if shares[at, at] > 60.0 else "black"
            value = f"{shares[at, at]:.0f}"
            panel.text(at, at, value, ha="center", va="center", fontsize=6, color=colour)
    figure.colorbar(shown, ax=[panel for row in panels for panel in row], shrink=0.5, aspect=40)
    words = {"i2t": "Images ask for captions", "t2i": "Captions ask for images"}[way]
    figure.suptitle(
        f"{words}, mu = 0.5, linear decay: a row is the class asked, a column the share of its "
        "best ten in percent",
        fontsize=12,
    )
    return figure


def _lines(panel: Any, curve: Mapping[str, Any], title: str, label: str) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    for name, (colour, marker, dashes) in STYLES.items():
        panel.plot(
            range(len(curve["x"])),
            curve["ms"][name],
            dashes,
            color=colour,
            marker=marker,
            markersize=5,
            label=name,
        )
    panel.set_xticks(range(len(curve["x"])), [_short(x) for x in curve["x"]])
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.set_title(title, fontsize=10)
    panel.set_xlabel(label)
    panel.grid(alpha=0.3)
    panel.spines[["top", "right"]].set_visible(False)


def _legend(figure: Any, panel: Any) -> None:
    """One legend below all panels."""
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)


def _panels(
    rows: int, columns: int, size: tuple[float, float]
) -> tuple[Any, Sequence[Sequence[Any]]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def _label(name: str) -> str:
    """``Dense Resid.`` for DenseResidential."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name).replace("Residential", "Resid.")


def _short(value: float) -> str:
    """``200k`` for 200,000."""
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
