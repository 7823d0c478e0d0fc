"""``placelens encoders``: which encoders there are, and how to get the others."""

from __future__ import annotations

from typing import Any

from placelens.cli import options
from placelens.cli.console import print_json, say


def command(as_json: options.JsonOption = False) -> None:
    """List the encoders that turn images and texts into vectors."""
    from placelens.encoders.registry import list_encoders

    rows = list_encoders()
    if as_json:
        print_json(rows)
        return
    for row in rows:
        name, summary = row.pop("name"), row.pop("summary")
        state = "installed" if row.pop("installed") else f"not installed: {row.pop('install')}"
        say(f"{name}\n  {summary}\n  {state}")
        for fact, value in row.items():
            say(f"  {fact.replace('_', ' ')}: {_in_words(value)}")


def _in_words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
