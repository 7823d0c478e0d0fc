"""The figures of the paper's model as tables to be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from placelens_bench.mcqi.model.judge import COUNTS, WAYS
from placelens_bench.paper_000.report import Table


def tables(result: Mapping[str, Any]) -> Iterator[Table]:
    """Of each data set MAP and recalls by method; none where the model was not trained."""
    if "skipped" in result["map30"]:
        return
    for name, methods in result["map30"].items():
        told = result["model"][name]
        title = (
            f"{name}, {told['images']['test']:,} test images, in percent; a random order has a "
            f"MAP@30 of {told['chance_map30']:.1f}"
        )
        head = (
            "MAP@30", "t2i", "i2t", "as printed", "t2i", "i2t",
            "R@1 t2i", "5", "10", "R@1 i2t", "5", "10", "mR", "MAP, mR over lite",
        )  # fmt: skip
        yield Table(title, head, [_row(*each) for each in methods.items()])


def _row(name: str, figures: Mapping[str, Any]) -> Sequence[str]:
    numbers = [figures[count][way] for count in COUNTS for way in ("mean", *WAYS)]
    for way in ("text_to_image", "image_to_text"):
        numbers += figures[way].values()
    gains = figures["gain_over"].get("lite")
    over = "" if gains is None else ", ".join(map(_interval, gains.values()))
    return [name, *(f"{number:.1f}" for number in (*numbers, figures["mR"])), over]


def _interval(ends: Sequence[float]) -> str:
    return f"{ends[0]:+.1f} to {ends[1]:+.1f}"
