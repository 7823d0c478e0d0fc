"""``placelens stats``: what a collection holds."""

from __future__ import annotations

from typing import Any

from placelens.cli import options
from placelens.cli.console import print_facts, print_json

_EDGES = ("west", "south", "east", "north")


def command(collection: options.CollectionArgument, as_json: options.JsonOption = False) -> None:
    """Show counts, extent, times and attributes of a collection."""
    from placelens.collection import Collection

    stats = Collection.open(collection).stats().to_dict()
    if as_json:
        print_json(stats)
    else:
        print_facts(
            [(name.removeprefix("n_"), _in_words(name, value)) for name, value in stats.items()]
        )


def _in_words(name: str, value: Any) -> str | None:
    """A value of the statistics on one line."""
    if name == "bounds" and value:
        return ", ".join(f"{edge} {number:g}" for edge, number in zip(_EDGES, value, strict=True))
    if name == "time_range" and value:
        return " .. ".join(map(str, value))
    if isinstance(value, dict):
        counts = ((each, "differs" if n is None else f"{n:,}") for each, n in value.items())
        return ", ".join(f"{each} ({count})" for each, count in counts) or None
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    return f"{value:,}" if isinstance(value, int) else value
