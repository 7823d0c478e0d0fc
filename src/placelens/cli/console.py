"""Where output goes: results to stdout, everything said about them to stderr.

Names and texts come from anybody's files: all that is printed goes through
`placelens.display.visible`, so that no terminal obeys them.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from placelens.display import visible

if TYPE_CHECKING:
    from rich.console import Console


_NOT_ASCII = re.compile(r"[^\x20-\x7e\n]")


def write_anything() -> None:
    """Let any character be written in any encoding: what it lacks is written as an escape.

    Pipes, ``LANG=C`` and old Windows consoles take few characters, and half of a result is worse
    than one that is spelled oddly.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not what a test or a notebook puts there
            stream.reconfigure(errors="backslashreplace")


def stdout() -> Console:
    """For results; colour and tables fitted to the width only on a terminal."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False, emoji=False, markup=False)


def stderr() -> Console:
    """For progress and notices."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False, markup=False)


def notice(message: str) -> None:
    """Say something about the results, on stderr, on one line."""
    stderr().print(visible(message), soft_wrap=True)


def complain(message: str) -> None:
    """Say what went wrong, on stderr, in one piece that ``grep`` finds."""
    stderr().print(visible(message), style="bold red", soft_wrap=True)


def say(text: str) -> None:
    """Lines of a result on stdout; none of them is somebody else's text alone."""
    sys.stdout.write(visible(text, lines=True) + "\n")


class Warnings(logging.Handler):
    """What the library logs, on stderr; it names files and what is in them."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record, with its traceback if it has one."""
        stderr().print(visible(self.format(record), lines=True), soft_wrap=True)


def print_json(value: Any) -> None:
    """Indented JSON on stdout; what `visible` writes out or the encoding lacks is escaped."""
    is_wide = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    written = json.dumps(value, ensure_ascii=not is_wide, indent=2)
    sys.stdout.write(_NOT_ASCII.sub(_escaped, written) + "\n")


def _escaped(match: re.Match[str]) -> str:
    letter = match[0]
    return letter if visible(letter) == letter else json.dumps(letter)[1:-1]


def print_line(text: str) -> None:
    """One result, a line of its own on stdout."""
    sys.stdout.write(f"{visible(text)}\n")


def print_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Names and values in two columns; those without a value are left out."""
    known = [
        (visible(name.replace("_", " ")), value)
        for name, value in facts
        if value is not None and value != ""
    ]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        indented = visible(_in_words(value), lines=True).replace("\n", "\n" + " " * (width + 2))
        sys.stdout.write(f"{name:<{width}}  {indented}\n")


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@contextmanager
def waiting(what: str, *, after_s: float = 1.5) -> Iterator[None]:
    """Say on stderr what is waited for, once that has taken a while."""
    timer = threading.Timer(after_s, notice, [f"{what} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def count(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "item"), count(1200, "item"), count(2, "copy", "copies")
    ('1 item', '1,200 items', '2 copies')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
