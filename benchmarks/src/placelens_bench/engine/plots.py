"""The figures: methods beside each other, latency curves, and the paper's experiment.

Lines differ in their markers as well as in their colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from placelens_bench.engine.worker import GOOD_RECALL
from placelens_bench.engine.workloads import WORKLOADS
from placelens_bench.figures import BLUE, GREEN, GREY, ORANGE, save

DPI = 150
STYLES = {
    "placelens": ("GMR-tree (placelens)", BLUE, "o"),
    "rtree": ("plain R-tree", ORANGE, "s"),
    "scan": ("exact scan", GREEN, "^"),
}
DECAYS = {"linear": ("linear decay", "-"), "gauss": ("Gaussian decay, 25 km where fixed", "--")}
TITLES = {
    "mu05_linear": "place and meaning, linear decay",
    "mu05_gauss25km": "place and meaning, Gaussian 25 km",
    "mu0": "meaning only",
    "mu1": "place only",
    "box1pct_mu0": "meaning within a box (1 % of items)",
    "batch1000": "1,000 queries at once, Gaussian 25 km",
}
LATENCY = "latency of a query, median (ms)"


def draw(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw what a result holds as PNG files; their paths."""
    figures = {"engine_methods": _methods(result)}
    curves = result.get("curves", {})
    if "n" in curves:
        sizes = f"{result['dim']} dimensions, {result['cpus']} processors"
        fixed = f"{result['items']:,} items, k = 10, mu = 0.5 where fixed"
        figures["engine_curves"] = _curves(curves, f"{fixed}; {sizes}")
        figures["engine_paper"] = _paper(curves, f"mu 0.5, linear decay, {sizes}")
    return save(figures, folder, dpi=DPI)


def _methods(result: Mapping[str, Any]) -> Any:
    """Queries a second of every method, a panel per workload."""
    figure, panels = _panels(2, 3, (13.0, 8.0))
    shown = [name for name in WORKLOADS if name in result["workloads"]]
    for panel in panels[len(shown) :]:
        panel.set_visible(False)
    for panel, name in zip(panels, shown, strict=False):
        _rates(panel, result["workloads"][name])
        panel.set_title(TITLES[name], fontsize=10)
    figure.suptitle(
        f"Best 10 of {result['items']:,} items, {result['dim']} dimensions, "
        f"{result['cpus']} processors; the number is the recall where it is below 1, "
        f"hollow below {GOOD_RECALL}",
        fontsize=11,
    )
    return figure


def _rates(panel: Any, methods: Mapping[str, Mapping[str, Any]]) -> None:
    """A dot for each method, the fastest on top."""
    names = sorted(methods, key=lambda name: methods[name]["qps"])
    rates = [methods[name]["qps"] for name in names]
    for height, name in enumerate(names):
        recall, rate = methods[name]["recall"], methods[name]["qps"]
        colour = BLUE if name.startswith("placelens") else GREY
        face = colour if recall >= GOOD_RECALL else "white"
        panel.plot(rate, height, "o", markersize=8, color=colour, markerfacecolor=face)
        if recall < 0.9995:
            shift = {"xytext": (8, 0), "textcoords": "offset points", "va": "center"}
            panel.annotate(f"{recall:.3f}", (rate, height), fontsize=8, **shift)
    panel.set_yticks(range(len(names)), names, fontsize=9)
    panel.set_xscale("log")
    # Room at the right for the recall.
    panel.set_xlim(min(rates) / 2.0, max(rates) * 5.0)
    panel.set_ylim(-0.6, len(names) - 0.4)
    panel.set_xlabel("queries per second")
    panel.grid(alpha=0.3)


def _curves(curves: Mapping[str, Any], title: str) -> Any:
    """Latency by N, k, mu and scale."""
    figure, panels = _panels(2, 2, (11.0, 8.5))
    axes = (
        ("n", "items"),
        ("k", "k, number of answers"),
        ("mu", "mu, weight of place"),
        ("scale_km", "scale of the Gaussian decay (km)"),
    )
    for panel, (name, label) in zip(panels, axes, strict=True):
        for decay, curve in curves[name].items():
            _lines(panel, curve["x"], curve["ms"], DECAYS[decay][1])
            if name != "mu":
                panel.set_xscale("log")
            panel.set_xticks(curve["x"], [_short(x) for x in curve["x"]])
        panel.set_yscale("log")
        _plain_logs(panel.yaxis)
        panel.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
        _label(panel, label, LATENCY)
    figure.suptitle(title, fontsize=11)
    _legend(figure, tuple(STYLES), DECAYS)
    return figure


def _paper(curves: Mapping[str, Any], title: str) -> Any:
    """R-tree against GMR-tree: time and items looked at, by N and by k."""
    figure, panels = _panels(2, 2, (11.0, 8.0))
    most = curves["paper_n"]["linear"]["x"][-1]
    columns = (("paper_n", "items (k = 10)"), ("paper_k", f"k, of {most:,} items"))
    rows = (("ms", LATENCY), ("items", "items looked at, median"))
    for i, (what, label_y) in enumerate(rows):
        for j, (name, label_x) in enumerate(columns):
            curve, panel = curves[name]["linear"], panels[2 * i + j]
            _lines(panel, curve["x"], curve[what], "-")
            panel.set_xticks(curve["x"], [_short(x) for x in curve["x"]])
            panel.set_ylim(0.0, 1.08 * max(max(values) for values in curve[what].values()))
            panel.yaxis.set_major_formatter(lambda value, _: _short(value))
            _label(panel, label_x, label_y)
    figure.suptitle(title, fontsize=11)
    _legend(figure, ("placelens", "rtree"), {})
    return figure


def _lines(
    panel: Any, across: Sequence[float], curves: Mapping[str, Sequence[float]], dashes: str
) -> None:
    for method, values in curves.items():
        _, colour, marker = STYLES[method]
        panel.plot(across, values, dashes, color=colour, marker=marker, markersize=5)


def _label(panel: Any, label_x: str, label_y: str) -> None:
    panel.set_xlabel(label_x)
    panel.set_ylabel(label_y)
    panel.grid(alpha=0.3)


def _plain_logs(axis: Any) -> None:
    """Ticks at 1, 2 and 5 of each decade, written as numbers."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda value, _: f"{value:g}")


def _short(value: float) -> str:
    """``200k`` for 200,000."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= 10 * size or (value >= size and value % (size / 10) == 0):
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def _legend(figure: Any, methods: Sequence[str], decays: Mapping[str, tuple[str, str]]) -> None:
    """One legend below all panels."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=marker, label=label)
        for label, colour, marker in (STYLES[method] for method in methods)
    ]
    handles += [
        Line2D([], [], color="black", linestyle=dashes, label=label)
        for label, dashes in decays.values()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def _panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Sequence[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(rows, columns).flat)
