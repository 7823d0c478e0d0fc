"""A query as tokens: words, numbers and marks, with where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Token", "tokens_of"]

_LETTER = r"(?:[^\W_]|[\u0300-\u036f])"
_TOKEN = re.compile(
    rf"""(?P<word>['’‘]?{_LETTER}+(?:[-'’‘.‐–/]{_LETTER}+)*\.?)
    |(?P<quoted>"[^"]*"|“[^”]*”)
    |(?P<mark>[^\w\s])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a mark, or a stretch in quotes; ``low`` is in small letters, without a last dot."""

    text: str
    low: str
    start: int
    end: int
    kind: str

    @property
    def is_word(self) -> bool:
        """Whether it is a word or a number."""
        return self.kind == "word"

    @property
    def is_capital(self) -> bool:
        """Whether it starts with a capital, or belongs to a script without them."""
        first = self.text.lstrip("'’‘")[:1]
        return self.is_word and not first.islower() and not first.isdigit()


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text, in order, in time linear in its length.

    Examples
    --------
    >>> [token.low for token in tokens_of('Church near St. Gallen, "in Bloom"')]
    ['church', 'near', 'st', 'gallen', ',', '"in bloom"']
    """
    return tuple(
        Token(
            match[0],
            match[0].casefold().rstrip(".") if match.lastgroup == "word" else match[0].casefold(),
            match.start(),
            match.end(),
            str(match.lastgroup),
        )
        for match in _TOKEN.finditer(text)
    )
