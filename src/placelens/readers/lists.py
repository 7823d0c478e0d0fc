"""Lists as tables and old metadata write them: several values in one cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from placelens.readers.values import clean_text

# Columns that are known to hold lists, letter case aside, and what comes between the members in
# one cell; the first of the separators that a cell has is the one. Names of people hold commas.
_SEPARATORS = {
    "keywords": ";,",
    "keyword": ";,",
    "tags": ";,",
    "xpkeywords": ";",
    "subject": ";",
    "subjects": ";",
    "people": ";",
    "persons": ";",
    "personinimage": ";",
    "person_in_image": ";",
    "hierarchicalsubject": ";",
    "hierarchical_subject": ";",
}
_NAMESPACE = re.compile(r"^\w+[:.]")


def split_cell(column: str, text: str) -> list[str] | None:
    """The members of a cell's list; None when the column is not one of lists.

    Examples
    --------
    >>> split_cell("Keywords", "sea; boat, red"), split_cell("tags", "sea, boat")
    (['sea', 'boat, red'], ['sea', 'boat'])
    >>> split_cell("city", "Lyon; Paris") is None
    True
    """
    name = _NAMESPACE.sub("", re.sub(r"[\s-]+", "_", column.strip().casefold()))
    separators = _SEPARATORS.get(name)
    if separators is None:
        return None
    if text.lstrip().startswith("["):
        try:
            return distinct(json.loads(text))
        except (ValueError, TypeError, RecursionError):
            pass  # it only looked like JSON
    separator = next((mark for mark in separators if mark in text), separators[0])
    return distinct(text.split(separator))


def distinct(values: Iterable[object]) -> list[str]:
    """Texts without blank ends, each once, in order; what is empty is left out."""
    texts = (clean_text(value if isinstance(value, str) else str(value)) for value in values)
    return list(dict.fromkeys(text for text in texts if text))
