"""``placelens words``: what the pictures show, in words; which show a thing, and where."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import options


def command(
    *,
    collection: options.CollectionArgument,
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEXT]",
            help="Which pictures show what it names, all of it; without it, the words there are.",
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many at most.")] = 20,
    least: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, metavar="W", help="How sure it must be that a picture shows a word."
        ),
    ] = 0.2,
    as_json: options.JsonOption = False,
) -> None:
    """Say what a collection's pictures show, or which of them show a thing, and where."""
    from placelens.cli.console import count, notice, print_facts, print_json, say
    from placelens.collection import Collection
    from placelens.display import visible

    opened = Collection.open(collection)
    if text is None:
        counts = opened.words(least=least)[:k]
        if as_json:
            print_json([count.to_dict() for count in counts])
        elif counts:
            width = len(f"{counts[0].n_items:,}")
            print_facts([(each.word, f"{each.n_items:>{width},}") for each in counts])
        else:
            notice(f"nothing is shown as surely as {least:g}; try a smaller --least")
        return
    found = opened.shows(text, k=k, least=least)
    if as_json:
        print_json(found.to_dict())
        return
    for phrase, word in found.read_as.items():
        if phrase.casefold() != word:
            notice(f"{phrase!r} is taken for {word!r}")
    for item in found.items:
        kept = opened[item.id]
        where = "; ".join(f"{word.word} {_written(word.box)}".rstrip() for word in item.words)
        say(f"{item.weight:.2f}  {visible(kept.image or kept.title)}  {where}")
    notice(f"{count(found.n_items, 'item')} of {len(opened):,} so, {len(found.items):,} listed")


def _written(box: tuple[int, int, int, int] | None) -> str:
    """Left, top, right, bottom."""
    return "" if box is None else ",".join(map(str, box))
