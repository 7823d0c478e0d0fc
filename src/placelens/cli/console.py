"""Where output goes: results to stdout, everything said about them to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def stdout() -> Console:
    """For results; colour and tables fitted to the width only on a terminal."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False, emoji=False, markup=False)


def stderr() -> Console:
    """For progress and notices."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def notice(message: str) -> None:
    """Say something about the results, on stderr."""
    stderr().print(message, soft_wrap=True)


def complain(message: str) -> None:
    """Say what went wrong, on stderr, in one piece that ``grep`` finds."""
    stderr().print(message, style="bold red", soft_wrap=True)


def print_json(value: Any) -> None:
    """Indented JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Names and values in two columns; those without a value are left out."""
    known = [
        (name.replace("_", " "), value)
        for name, value in facts
        if value is not None and value != ""
    ]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        indented = str(value).replace("\n", "\n" + " " * (width + 2))
        sys.stdout.write(f"{name:<{width}}  {indented}\n")


def count(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "item"), count(1200, "item"), count(2, "copy", "copies")
    ('1 item', '1,200 items', '2 copies')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
