"""``placelens quantize``: class maps in a few bytes each."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from placelens.cli import options
from placelens.errors import InputError

_PARTS = re.compile(r"([1-9]\d*)x([1-9]\d*)")


def command(
    collection: options.CollectionArgument,
    centroids: Annotated[
        int, typer.Option(metavar="K", help="How many maps of a class are told apart, 2 to 256.")
    ] = 256,
    parts: Annotated[
        str,
        typer.Option(
            metavar="RxC",
            help="Parts that the map of each class is cut into: 2x2 takes four bytes a class, 1x1, "
            "the paper's, one, and is farther from the maps.",
        ),
    ] = "2x2",
    as_json: options.JsonOption = False,
) -> None:
    """Learn codes of a collection's class maps, for sketch --codes: less memory, approximate."""
    from placelens.cli.console import print_facts, print_json, waiting
    from placelens.collection import Collection

    match = _PARTS.fullmatch(parts)
    if match is None:
        raise InputError(f"--parts {parts!r} is not rows x columns; write 2x2")
    opened = Collection.open(collection)
    with waiting("learning, and encoding all items; some minutes for 100,000"):
        report = opened.quantize(n_centroids=centroids, parts=(int(match[1]), int(match[2])))
    if as_json:
        print_json(report.to_dict())
        return
    print_facts(
        [
            ("items with codes", f"{report.n_items:,}"),
            ("learnt from", f"{report.n_taught:,} maps"),
            ("bytes an image", f"{report.bytes_per_image:,}, for {report.bytes_before:,}"),
            ("kept of what maps differ in", f"{report.explained:.0%}"),
            ("seconds", f"{report.seconds:.1f}"),
        ]
    )
