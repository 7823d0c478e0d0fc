"""``placelens eval``: how well an encoder ties images to texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.cli import options
from placelens.cli.console import print_json, say, stderr

FORECASTS = {
    "match": "tells a match from a random pair",
    "answerable": "tells questions with an answer from those without",
}


def command(
    *,
    pairs: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS.jsonl", help='Lines of {"image": path, "captions": \\[text, ...]}.'
        ),
    ],
    encoder: Annotated[str, typer.Option(help="See placelens encoders.")] = "lite",
    as_json: options.JsonOption = False,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep to a committed split of this data.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="P", help="Of the split: train, validation or test.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the reliability diagram.")
    ] = None,
) -> None:
    """Measure text to image and image to text retrieval: R@1, R@5, R@10 and mR, in percent."""
    from placelens.encoders.registry import load_encoder
    from placelens.errors import InputError
    from placelens.evaluation import evaluate_pairs, read_pairs, select_pairs

    if plot is not None:
        from placelens.evaluation import reliability_plot

        reliability_plot.require_matplotlib()  # before minutes of work
    if part is not None and split is None:
        raise InputError("--part needs --split, which says whose part is meant")
    chosen = read_pairs(pairs)
    if split is not None:
        chosen = select_pairs(chosen, split=split, part=part or "test")
    with encoding_progress() as progress:
        report = evaluate_pairs(chosen, load_encoder(encoder), progress=progress)
    if plot is not None:
        name = f"{encoder}, {split or pairs.parent.name}, {report['n_images']:,} images"
        reliability_plot.draw(report, plot, title=name)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


@contextmanager
def encoding_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, where that is a terminal; call what it gives with done and total."""
    from rich.progress import MofNCompleteColumn, Progress

    console = stderr()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("encoding images", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_report(report: Mapping[str, Any]) -> None:
    lines = _figures(report)
    lines.append(f"mR {report['mR']:.2f} (a perfect ranker: {report['mR_ceiling']:.2f})")
    corrected = report["hub_corrected"]
    if corrected is not None:
        low, high = corrected["mR_gain"]
        gain = f"{corrected['mR'] - report['mR']:+.2f}, 95% interval {low:+.2f} to {high:+.2f}"
        lines += ["corrected for hubs:", *_figures(corrected)]
        lines.append(f"mR {corrected['mR']:.2f} ({gain})")
    lines.append(f"{report['n_images']:,} images, {report['n_texts']:,} texts")
    say("\n".join(lines))


def _figures(figures: Mapping[str, Any]) -> list[str]:
    """Recalls and forecasts as lines of text."""
    lines = [f"{'':14}{'R@1':>7}{'R@5':>7}{'R@10':>7}"]
    for direction in ("text_to_image", "image_to_text"):
        recalls = "".join(f"{figures[direction][name]:7.2f}" for name in ("R@1", "R@5", "R@10"))
        lines.append(f"{direction.replace('_', ' '):14}{recalls}")
    for name, meaning in FORECASTS.items():
        forecast = figures[name]
        if forecast is not None:
            error = forecast["calibration_error"]
            kept = "" if error is None else f", calibration error {error:.3f}"
            lines.append(f"{meaning}: AUROC {forecast['auroc']:.3f}{kept}")
    return lines
