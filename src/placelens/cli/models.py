"""``placelens models``: the models that a user added on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from placelens.cli import completion
from placelens.cli.console import count, notice, print_json, say
from placelens.cli.group import Command, Group

app = typer.Typer(cls=Group, help="List, add and remove models of your own.")
add = typer.Typer(cls=Group, help="Add a model of your own from a file.", no_args_is_help=True)
app.add_typer(add, name="add")

ModelFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="An ONNX or TFLite file.", show_default=False)
]
ModelName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="As the list has it.",
        show_default=False,
        autocompletion=completion.models,
    ),
]
Kind = Annotated[
    str,
    typer.Argument(
        metavar="KIND",
        help="segmenter or detector.",
        show_default=False,
        autocompletion=completion.model_kinds,
    ),
]
Labels = Annotated[
    Path,
    typer.Option(
        metavar="FILE", help="The names of its classes, one a line, in the order of their numbers."
    ),
]
Scale = Annotated[
    Literal["unit", "signed", "imagenet", "bytes"] | None,
    typer.Option(
        help="What it takes for bytes: 0 to 1, -1 to 1, ImageNet's mean and deviation, or 0 to "
        "255; default: signed for (height, width, 3); for (3, height, width) imagenet of a "
        "segmenter, unit of a detector."
    ),
]
Side = Annotated[
    int | None, typer.Option(metavar="N", help="Pixels a side, if it takes any; default: 512.")
]
Called = Annotated[
    str | None, typer.Option(metavar="NAME", help="What to call it; default: after the file.")
]
Format = Annotated[
    Literal["table", "json"], typer.Option("--format", help="A table to read, or JSON.")
]


@app.callback(invoke_without_command=True)
def models(context: typer.Context, format: Format = "table") -> None:
    """List, add and remove models of your own."""
    if context.invoked_subcommand is None:
        list_all(format=format)


@app.command("list", cls=Command)
def list_all(*, format: Format = "table") -> None:
    """The models that were added on this machine."""
    from placelens.encoders.user_models import user_models

    rows = user_models()
    if format == "json":
        print_json(rows)
        return
    for row in rows:
        said = [f"{row['kind']} {row['name']}", _in_words(row), ", ".join(row.get("classes", ()))]
        say("\n  ".join(filter(None, said)))
    if not rows:
        notice(
            "no models; add one with: placelens models add segmenter FILE --labels FILE, or "
            "placelens models add detector FILE --labels FILE"
        )


@add.command("segmenter", cls=Command)
def segmenter(
    *,
    file: ModelFile,
    labels: Labels,
    name: Called = None,
    grid: Annotated[
        int, typer.Option(metavar="N", help="Rows, and columns, of its class maps.")
    ] = 14,
    scale: Scale = None,
    output: Annotated[
        Literal["logits", "probabilities", "numbers"] | None,
        typer.Option(help="What it gives; default: what that looks like."),
    ] = None,
    side: Side = None,
) -> None:
    """Add a network that tells the classes of pixels, to make class maps with."""
    from placelens.encoders.segmenters.registry import add_segmenter, facts_of

    added = add_segmenter(
        file, labels=labels, name=name, grid=grid, scale=scale, output=output, side=side
    )
    notice(f"segmenter {added.name}: {_in_words(facts_of(added.name))}")
    notice(
        "make class maps with it: placelens index COLLECTION --features class_map "
        f"--segmenter {added.name}"
    )


@add.command("detector", cls=Command)
def detector(
    *,
    file: ModelFile,
    labels: Labels,
    name: Called = None,
    scale: Scale = None,
    colours: Annotated[
        Literal["rgb", "bgr"] | None,
        typer.Option(help="Which colour is first; default: bgr of FastestDet's form, else rgb."),
    ] = None,
    corners: Annotated[
        Literal["cxcywh", "xyxy", "yxyx"] | None,
        typer.Option(
            help="The four numbers of a box: middle and size, or edges, x or y first; default: "
            "what its form usually has."
        ),
    ] = None,
    side: Side = None,
) -> None:
    """Add a network that finds objects in images, to explain hits by their boxes."""
    from placelens.encoders.detectors.registry import add_detector, facts_of

    added = add_detector(
        file, labels=labels, name=name, scale=scale, colours=colours, corners=corners, side=side
    )
    notice(f"detector {added.name}: {_in_words(facts_of(added.name))}")
    notice(
        "find objects with it: placelens index COLLECTION --features objects "
        f"--detector {added.name}"
    )


@app.command("remove", cls=Command)
def remove(kind: Kind, name: ModelName) -> None:
    """Forget a model; what it made stays in the collections."""
    from placelens.encoders.user_models import remove_model

    remove_model(kind, name)
    notice(f"removed the {kind} {name}")


def _in_words(row: dict[str, Any]) -> str:
    """What is known of a model, on one line."""
    if "error" in row:
        return f"cannot be used: {row['error']}"
    height, width = row["size"]
    cells = "on {} x {} cells, ".format(*row["grid"]) if "grid" in row else ""
    settings = [
        f"{name}: {row[name]}" for name in ("scale", "output", "colours", "corners") if name in row
    ]
    return (
        f"{count(len(row['classes']), 'class', 'classes')} {cells}from "
        f"{width} x {height} pixels ({'; '.join(settings)}), "
        f"{row['size_bytes'] / 1e6:,.1f} MB, {row['fingerprint']}"
    )
