"""Which captions name something, by the word alone."""

from __future__ import annotations

import re
from collections.abc import Iterable


def naming(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern that is found where a text names one of the words, or its plural in -s or -es.

    Examples
    --------
    >>> bool(naming(["bus", "dog"]).search("Two buses in the rain"))
    True
    >>> bool(naming(["bus", "dog"]).search("a busy street"))
    False
    """
    return re.compile(
        "|".join(rf"\b{re.escape(word)}(?:s|es)?\b" for word in words), flags=re.IGNORECASE
    )
