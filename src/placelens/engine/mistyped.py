"""What a filter names that no item has, with what may have been meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from placelens.display import shown
from placelens.engine.attributes import Folder, attribute, members, names
from placelens.engine.filters import conditions, fold
from placelens.errors import FilterError
from placelens.storage.version import Version

# More different values are not gone through: that would take longer than the search.
_MOST_VALUES = 5_000
_MOST_NAMED = 10
_EQUALITIES = ("eq", "ne", "in", "all")


def mistyped(version: Version, where: Mapping[str, Any]) -> list[str]:
    """A note for each attribute that no item has, and for each value that no item has for it.

    Raises
    ------
    FilterError
        If ``where`` is not what a search takes.
    """
    if not isinstance(where, Mapping):
        raise FilterError(f"where is a {type(where).__name__}; give a mapping: {{'city': 'Paris'}}")
    notes = []
    for name, wanted in where.items():
        conditions(name, wanted)  # what cannot be asked has no nearest name either
        values, _ = attribute(version, name)
        if len(values) == 1:
            notes.append(_unknown_name(name, names(version)))
        elif len(values) <= _MOST_VALUES:
            notes += _unknown_values(name, wanted, values)
    return notes


def _unknown_name(name: str, known: list[str]) -> str:
    there = ", ".join(known[:_MOST_NAMED]) + (", ..." if len(known) > _MOST_NAMED else "")
    return f"no item has an attribute {shown(name)}" + (
        nearest(name, known) or f"; there are: {there}"
    )


def _unknown_values(name: str, wanted: Any, values: list[Any]) -> list[str]:
    """Texts that an attribute is to be equal to, and never is."""
    notes = []
    for text in _equal_to(wanted):
        if isinstance(text, str) and not any(map(conditions(name, text), values)):
            there = (part for value in values for part in _names_of(value))
            notes.append(f"no item has {name} {shown(text)}{nearest(text, there)}")
    return notes


def _names_of(value: Any) -> list[str]:
    """What a value could have been meant by: its members; of a folder, the names on its path."""
    return value.split("/") if isinstance(value, Folder) else [str(m) for m in members(value)]


def _equal_to(wanted: Any) -> list[Any]:
    stated = [wanted]
    if isinstance(wanted, Mapping):
        stated = [wanted[op] for op in _EQUALITIES if op in wanted]
    return [
        each
        for value in stated
        for each in (value if isinstance(value, list | tuple | set | frozenset) else [value])
    ]


def nearest(written: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a message; "" when nothing is like it.

    Examples
    --------
    >>> nearest("contry", ["country", "camera"])
    "; did you mean 'country'?"
    """
    by_fold = {fold(name): name for name in known}
    close = get_close_matches(fold(written), by_fold, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(by_fold[each]) for each in close)}?" if close else ""
