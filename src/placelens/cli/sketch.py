"""``placelens sketch``: what is to be seen, and where in the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from placelens.cli import options
from placelens.cli import search_options as opt
from placelens.cli.answering import Printing, print_answer, takes_printing
from placelens.cli.limits import Limits, takes_limits
from placelens.errors import InputError

_PAINTED = "What is painted"

Painting = Annotated[
    Path | None,
    typer.Argument(
        metavar="PAINTING",
        help="A picture painted in the colours of --palette: PNG, or any image.",
        show_default=False,
    ),
]
Over = Annotated[
    str | None,
    typer.Option(
        metavar="PHOTO",
        help="What it was painted over: an image file, or the id of an item. Alone, its layout is "
        "looked for.",
        rich_help_panel=_PAINTED,
    ),
]
FormOption = Annotated[
    Literal["paper", "mask"],
    typer.Option(
        help="paper: a class is not to be where it was not painted; mask: painted places only.",
        rich_help_panel=_PAINTED,
    ),
]
Weight = Annotated[
    float,
    typer.Option(metavar="W", help="What it counts for beside --text.", rich_help_panel=_PAINTED),
]
WordsFirst = Annotated[
    str | None,
    typer.Option(
        metavar="WORDS",
        help="Texts with more of these words come first, whatever is painted.",
        rich_help_panel=_PAINTED,
    ),
]
Codes = Annotated[
    bool,
    typer.Option(
        "--codes",
        help="Compare the codes of placelens quantize: less memory, and approximate.",
        rich_help_panel=_PAINTED,
    ),
]
ShowPalette = Annotated[
    bool,
    typer.Option(
        "--palette",
        help="Print the classes that may be painted, with their colours, and nothing else.",
        rich_help_panel=_PAINTED,
    ),
]


@takes_limits
@takes_printing
def command(
    *,
    collection: options.CollectionArgument,
    painting: Painting = None,
    over: Over = None,
    form: FormOption = "paper",
    weight: Weight = 1.0,
    words_first: WordsFirst = None,
    codes: Codes = False,
    palette: ShowPalette = False,
    text: opt.Text = None,
    similarity: opt.Similarity = None,
    near: opt.Near = None,
    decay: opt.Decay = None,
    mu: opt.Mu = 0.5,
    limits: Limits,
    k: opt.K = 10,
    cursor: opt.Cursor = None,
    printing: Printing,
    engine: opt.Engine = None,
) -> None:
    """Find images by a painted map of what is where: sky above, a road below."""
    from placelens.cli.console import waiting
    from placelens.collection import Collection

    opened = Collection.open(collection)
    if palette:
        _print_palette(opened, as_json=printing.format == "json")
        return
    if painting is None and over is None:
        raise InputError(
            "there is nothing to look for; give a painted picture, --over PHOTO, or both. "
            f"The colours to paint with are told by: placelens sketch {collection} --palette"
        )
    chosen = printing.chosen()
    with waiting("searching; a machine's first search, and one in an area, may take some seconds"):
        hits = opened.sketch(
            painting,
            over=over,
            form=form,
            words_first=words_first,
            codes=codes or None,
            weight=weight,
            query=[options.weighted(phrase) for phrase in text or ()],
            similarity=similarity,
            decay=options.with_unit(decay, "--decay"),
            mu=mu,
            k=k,
            cursor=cursor,
            engine=engine,
            **limits,
        )
    print_answer(
        hits,
        opened,
        printing,
        format=chosen,
        near=near,
        decay=decay,
        mu=mu,
        more=f"--cursor {hits.cursor}",
    )


def _print_palette(opened: Any, *, as_json: bool) -> None:
    from placelens.cli.console import print_facts, print_json

    told = opened.palette.to_dict()
    if as_json:
        print_json(told)
        return
    facts = [(each["name"], each["colour"]) for each in told["classes"]]
    print_facts([*facts, ("anything", "transparent, white or black")])
