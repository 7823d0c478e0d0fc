"""Which items may be found at all: place, time, attributes, modality."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from placelens.deadline import NEVER, Deadline
from placelens.display import shown
from placelens.engine.periods import Periods
from placelens.errors import FilterError
from placelens.geo.regions import Region
from placelens.limits import MAX_NAME, MAX_TEXT, MAX_VALUES, within
from placelens.storage.snapshot import Snapshot
from placelens.types import BoolArray, Modality

Condition = Callable[[Any], bool]

LARGEST = 10**308
"""About where float64 ends; whole numbers beyond take long to write, and no attribute has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Hard limits; an item must pass all of them.

    ``time_us`` is [start, end) of the wall clock. ``where`` holds attribute conditions (see
    `conditions`). ``outside`` are regions in which an item must not be known to lie: one without a
    place passes. ``periods`` are times that the words named. ``only`` keeps
    items that have a vector of one of the modalities. ``without`` names items to leave out.
    """

    regions: tuple[Region, ...] = ()
    outside: tuple[Region, ...] = ()
    periods: tuple[Periods, ...] = ()
    time_us: tuple[int, int] | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    only: tuple[Modality, ...] = ()
    without: tuple[str, ...] = ()
    located_only: bool = False

    def mask(self, snapshot: Snapshot, deadline: Deadline = NEVER) -> BoolArray | None:
        """Which rows pass, (n,); None when nothing is asked."""
        masks: list[BoolArray] = [region.contains(*snapshot.lonlat) for region in self.regions]
        masks += [~region.contains(*snapshot.lonlat) for region in self.outside]
        masks += [p.mask(snapshot.times_us, snapshot.lonlat[1]) for p in self.periods]
        if self.located_only:
            masks.append(~np.isnan(snapshot.lonlat[0]))
        if self.time_us is not None:
            times = snapshot.times_us
            start, end = self.time_us
            # Items without a time hold the smallest int64, which an open start must not admit.
            masks.append((times >= start) & (times < end) & (times != np.iinfo(np.int64).min))
        if self.only:
            masks.append(np.logical_or.reduce([snapshot.present(m) for m in self.only]))
        if self.where:
            masks.append(_where_mask(snapshot, self.where, deadline))
        if self.without:
            left_out = np.zeros(snapshot.n_items, dtype=np.bool_)
            rows = [snapshot.row_of(item_id) for item_id in self.without]
            left_out[[row for row in rows if row is not None]] = True
            masks.append(~left_out)
        return np.logical_and.reduce(masks) if masks else None


def _where_mask(snapshot: Snapshot, where: Mapping[str, Any], deadline: Deadline) -> BoolArray:
    mask = np.ones(snapshot.n_items, dtype=np.bool_)
    for name, wanted in where.items():
        deadline.check()
        check = conditions(name, wanted)
        values, of_rows = snapshot.attribute(name)
        # Each different value is tested once.
        mask &= np.array([check(value) for value in values], dtype=np.bool_)[of_rows]
    return mask


def conditions(name: str, wanted: Any) -> Condition:
    """The test that an attribute's value must pass.

    ``wanted`` is a value (equal to it), a sequence (one of them), or a mapping of operators:
    eq, ne, in, gt, gte, lt, lte, exists. Strings are compared without regard to case. An item
    without the attribute passes only ``ne`` and ``exists: False``.

    Raises
    ------
    FilterError
        If an operator is unknown or its value does not fit it.

    Examples
    --------
    >>> conditions("rating", {"gte": 3, "lt": 5})(4)
    True
    >>> conditions("city", ["Paris", "Lyon"])("lyon")
    True
    """
    within(name, MAX_NAME, "the name of an attribute", error=FilterError)
    if not isinstance(wanted, Mapping):
        wanted = {"in": wanted} if isinstance(wanted, list | tuple | set) else {"eq": wanted}
    unknown = [op for op in wanted if op not in OPERATORS]
    if unknown or not wanted:
        raise FilterError(
            f"filter on {shown(name)}: operator {shown(unknown[0] if unknown else '(none)')} "
            "is not known; "
            f"use {', '.join(OPERATORS)}"
        )
    tests = [OPERATORS[op](name, value) for op, value in wanted.items()]
    return lambda value: all(test(value) for test in tests)


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _keys(value: Any) -> tuple[tuple[bool, Any], str]:
    """What two values have in common that mean the same: either of the two will do.

    "3" in a table and 3 in a query mean the same; True and 1, equal in Python, do not.
    """
    return (isinstance(value, bool), _fold(value)), _fold(str(value))


def _checked(name: str, wanted: Any) -> Any:
    """A value that an attribute can be compared with."""
    if isinstance(wanted, np.generic):
        wanted = wanted.item()
    if not isinstance(wanted, str | int | float | date):
        hint = "; {'exists': False} finds items without it" if wanted is None else ""
        raise FilterError(
            f"filter on {shown(name)}: {shown(wanted)} is not a text, a number, true or false{hint}"
        )
    if isinstance(wanted, int) and abs(wanted) > LARGEST:
        raise FilterError(f"filter on {shown(name)}: {shown(wanted)} is larger than any number")
    if isinstance(wanted, str):
        within(wanted, MAX_TEXT, f"the value for {shown(name)}", error=FilterError)
    return wanted


def _equal(name: str, wanted: Any) -> Condition:
    return _one_of(name, (wanted,))


def _not_equal(name: str, wanted: Any) -> Condition:
    equal = _equal(name, wanted)
    return lambda value: not equal(value)


def _one_of(name: str, wanted: Any) -> Condition:
    if isinstance(wanted, str) or not isinstance(wanted, Sequence | set):
        raise FilterError(f"filter on {shown(name)}: 'in' needs a list, got {shown(wanted)}")
    within(wanted, MAX_VALUES, f"the list for {shown(name)}", error=FilterError)
    # Looked up, not compared one by one: there may be as many values as items.
    keys = {key for value in wanted for key in _keys(_checked(name, value))}
    return lambda value: value is not None and not keys.isdisjoint(_keys(value))


def _compare(compare: Callable[[Any, Any], bool]) -> Callable[[str, Any], Condition]:
    def build(name: str, wanted: Any) -> Condition:
        wanted = _checked(name, wanted)
        if isinstance(wanted, bool) or not isinstance(wanted, int | float | str):
            raise FilterError(
                f"filter on {shown(name)}: a range needs a number or a text, got {shown(wanted)}"
            )
        is_text = isinstance(wanted, str)
        folded = _fold(wanted)

        def test(value: Any) -> bool:
            if value is None or isinstance(value, bool) or isinstance(value, str) != is_text:
                return False
            return compare(_fold(value), folded)

        return test

    return build


def _exists(name: str, wanted: Any) -> Condition:
    if not isinstance(wanted, bool):
        raise FilterError(
            f"filter on {shown(name)}: 'exists' needs true or false, got {shown(wanted)}"
        )
    return lambda value: (value is not None) == wanted


OPERATORS: Mapping[str, Callable[[str, Any], Condition]] = {
    "eq": _equal,
    "ne": _not_equal,
    "in": _one_of,
    "gt": _compare(operator.gt),
    "gte": _compare(operator.ge),
    "lt": _compare(operator.lt),
    "lte": _compare(operator.le),
    "exists": _exists,
}
