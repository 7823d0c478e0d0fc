"""What people are shown of values that others wrote: cut to a sane length, and nothing a terminal
would obey.

Everything that a message quotes goes through `shown`, everything that is printed through
`visible`.
"""

from __future__ import annotations

import re
import reprlib
import unicodedata
from typing import Any

__all__ = ["LONGEST_LABEL", "LONGEST_MESSAGE", "LONGEST_VALUE", "cut", "shown", "visible"]

LONGEST_VALUE = 60
"""Characters of a value that a message quotes."""

LONGEST_LABEL = 80
"""Characters of what stands beside a number in each hit: of a query's words, of a title."""

LONGEST_MESSAGE = 2_000
"""Characters of a message; what is longer loses its middle."""

# Zero-width joiners shape emoji, Persian and the scripts of India; between Latin letters they only
# make two names look alike.
_JOINERS = "\u200c\u200d"
_CONTROLS = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SUSPECT = re.compile(r"[^\x20-\x7e\u00a1-\u00ac\u00ae-\u05ff]")


class _Short(reprlib.Repr):
    """``repr`` without its surprises: no length, depth or number of digits is too much for it."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxstring = self.maxother = self.maxlong = LONGEST_VALUE

    def repr_int(self, x: int, level: int) -> str:
        """An int, whose digits are counted before they are written: that takes quadratic time."""
        if x.bit_length() > 3 * LONGEST_VALUE:
            return f"a whole number of {x.bit_length()} bits"
        return repr(x)

    def repr_bytes(self, x: bytes, level: int) -> str:
        """Bytes by their start, as text is."""
        return repr(x) if len(x) <= LONGEST_VALUE else f"{x[:20]!r} ({len(x):,} bytes)"

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """A mapping in its own order; sorting it would compare what cannot be compared."""
        if level <= 0 and x:
            return "{...}"
        entries = [
            f"{self.repr1(key, level - 1)}: {self.repr1(x[key], level - 1)}"
            for key, _ in zip(x, range(self.maxdict), strict=False)
        ]
        return "{" + ", ".join(entries) + (", ...}" if len(x) > self.maxdict else "}")


_short = _Short()


def shown(value: object) -> str:
    """A value as a message quotes it: its ``repr``, cut to `LONGEST_VALUE` characters.

    Never fails, and takes no longer for a large value than for a small one.

    Examples
    --------
    >>> shown("Lyon"), shown([1, 2.5, None])
    ("'Lyon'", '[1, 2.5, None]')
    >>> len(shown("x" * 1_000_000)), shown(10**5_000)
    (60, 'a whole number of 16610 bits')
    """
    # NumPy's numbers as plain ones: 91.0, not np.float64(91.0).
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()  # type: ignore[attr-defined]
    return cut(_short.repr(value), LONGEST_VALUE)


def cut(text: str, length: int) -> str:
    """A text without its middle, where it is longer than ``length`` characters.

    Examples
    --------
    >>> cut("abcdefghij", 10), cut("abcdefghijk", 10)
    ('abcdefghij', 'abcde…hijk')
    """
    if len(text) <= length:
        return text
    start = length // 2
    return f"{text[:start]}…{text[len(text) - (length - start - 1) :]}"


def visible(text: str, *, lines: bool = False) -> str:
    r"""A text as a terminal may be given it: what would move, hide or turn letters is written out.

    Escapes stand for control characters (ESC, U+009B, newlines), marks that turn the direction of
    writing, characters without width, and halves of surrogate pairs. Letters of all scripts stay.

    Parameters
    ----------
    text
        Written by anybody.
    lines
        Whether a newline may stay: where what follows cannot be taken for another line's start.

    Examples
    --------
    >>> visible("a\x1b[2Jb"), visible("photo\u202egnp.exe"), visible("naïve 東京 👩‍🚀")
    ('a\\x1b[2Jb', 'photo\\u202egnp.exe', 'naïve 東京 👩\u200d🚀')
    """
    return _SUSPECT.sub(lambda match: _written(text, match.start(), lines), text)


def _written(text: str, at: int, lines: bool) -> str:
    """A character, or its escape."""
    letter = text[at]
    if letter == "\n" and lines:
        return letter
    if letter in _JOINERS and at and not text[at - 1].isascii() and text[at - 1] not in _JOINERS:
        return letter
    if unicodedata.category(letter) not in _CONTROLS:
        return letter
    return letter.encode("unicode_escape").decode("ascii")
