"""Attributes as filters see them: lists member by member, and those that no item states.

``folder`` and ``file`` follow from where an item's image lies; an attribute of that name that an
item states itself comes before them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

from placelens.storage.version import Version
from placelens.types import Int64Array, Scalar


class Folder(str):
    """The path of a folder, with ``/`` between its parts.

    It is found by its name, by its path from any of its parents, and by the name or path of a
    folder that holds it: a condition is held against every run of its parts.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Derived:
    """An attribute that follows from a column of texts, and how what is wanted of it is read."""

    column: str
    of: Callable[[str], str | None]
    wanted: Callable[[str], str]


def _slashed(path: str) -> str:
    return path.replace("\\", "/")


DERIVED: Mapping[str, Derived] = {
    "folder": Derived(
        "image",
        lambda path: Folder(_slashed(path).rpartition("/")[0]) or None,
        lambda written: _slashed(written).removeprefix("./").rstrip("/") or written,
    ),
    "file": Derived("image", lambda path: _slashed(path).rpartition("/")[2], str),
}


def attribute(version: Version, name: str) -> tuple[list[Any], Int64Array]:
    """The different values of an attribute, None first, and each row's place among them."""
    derived = DERIVED.get(name)
    return version.attribute(name, (derived.column, derived.of) if derived else None)


def as_wanted(name: str, wanted: Any) -> Any:
    """What a condition compares with, in the form that the attribute's values have."""
    if name in DERIVED and isinstance(wanted, str):
        return DERIVED[name].wanted(wanted)
    return wanted


def members(value: Any) -> Iterator[Scalar]:
    """What a condition is held against: the members of a list, or the one value; of None nothing.

    Examples
    --------
    >>> list(members(["sea", "boat"])), list(members("sea")), list(members(None))
    (['sea', 'boat'], ['sea'], [])
    """
    if isinstance(value, list | tuple):
        yield from value
    elif value is not None:
        yield value


def value_counts(version: Version, name: str) -> dict[Scalar, int]:
    """How many items have each value, the most frequent first; of lists each member counts.

    Folders are named from the one that all of them lie in.
    """
    values, of_rows = attribute(version, name)
    counts: Counter[tuple[type, Scalar]] = Counter()
    shown = _below_their_common_folder(values) if name == "folder" else values
    for value, count in zip(
        shown, np.bincount(of_rows, minlength=len(values)).tolist(), strict=True
    ):
        # The type goes along, since 1 and True are equal in Python.
        for member in dict.fromkeys((type(member), member) for member in members(value)):
            counts[member] += count
    return {value: count for (_, value), count in counts.most_common()}


def _below_their_common_folder(values: Sequence[Any]) -> list[Any]:
    """Folders as people write them: the last part of what all have in common, and what follows."""
    split = [value.split("/") for value in values if isinstance(value, Folder)]
    in_common = takewhile(lambda parts: len(set(parts)) == 1, zip(*split, strict=False))
    n_left_out = max(0, len(list(in_common)) - 1)
    return [
        "/".join(value.split("/")[n_left_out:]) if isinstance(value, Folder) else value
        for value in values
    ]


def names(version: Version) -> list[str]:
    """Every attribute that an item states, the most frequent first, then those derived."""
    stated = Counter(name for attributes in version.attributes for name in attributes)
    return list(dict.fromkeys([*(name for name, _ in stated.most_common()), *DERIVED]))
