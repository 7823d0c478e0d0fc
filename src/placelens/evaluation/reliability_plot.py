"""The reliability diagram of ``placelens eval --plot``."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from placelens.errors import InputError, MissingExtraError

DPI = 110


def draw(report: Mapping[str, Any], path: Path, *, title: str) -> None:
    """Draw what a report says of probabilities as a PNG or SVG file.

    Parameters
    ----------
    report
        Of ``placelens.evaluation.evaluate_pairs``.
    path
        The file; its suffix says what kind.
    title
        Above the figure.

    Raises
    ------
    InputError
        If the encoder gives no probabilities.
    MissingExtraError
        If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    forecast = report["match"]
    if forecast is None or forecast["reliability"] is None:
        raise InputError(
            "the encoder gives raw cosines and no probabilities, so there is nothing to draw; "
            "fit it first: placelens calibrate"
        )
    bins = forecast["reliability"]
    told, observed = [row["forecast"] for row in bins], [row["observed"] for row in bins]
    figure = Figure(figsize=(4.4, 4.6), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color="0.6", linewidth=1, zorder=1)
    axis.plot(told, observed, color="#2a6f97", linewidth=1, zorder=2)
    sizes = [20 + 600 * row["n"] / forecast["n"] for row in bins]
    axis.scatter(told, observed, s=sizes, color="#2a6f97", zorder=3)
    axis.set(
        xlabel="probability that image and text go together",
        ylabel="how often they did",
        xlim=(-0.05, 1.05),
        ylim=(-0.05, 1.05),
        aspect="equal",
    )
    axis.set_title(title, fontsize=10)
    words = (
        f"AUROC {forecast['auroc']:.3f}\n"
        f"calibration error {forecast['calibration_error']:.3f}\n{forecast['n']:,} pairs"
    )
    axis.text(0.97, 0.05, words, ha="right", va="bottom", fontsize=9, transform=axis.transAxes)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=DPI)


def require_matplotlib() -> None:
    """Ask for what draws figures, before the work whose result they show.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError("drawing figures", "plots")
