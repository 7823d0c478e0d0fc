"""Which items may be found at all: place, time, attributes, modality."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from placelens.engine.periods import Periods
from placelens.errors import FilterError
from placelens.geo.regions import Region
from placelens.storage.snapshot import Snapshot
from placelens.types import BoolArray, Modality

Condition = Callable[[Any], bool]


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

    def mask(self, snapshot: Snapshot) -> BoolArray | None:
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
            masks.append(_where_mask(snapshot, self.where))
        if self.without:
            left_out = np.zeros(snapshot.n_items, dtype=np.bool_)
            rows = [snapshot.row_of(item_id) for item_id in self.without]
            left_out[[row for row in rows if row is not None]] = True
            masks.append(~left_out)
        return np.logical_and.reduce(masks) if masks else None


def _where_mask(snapshot: Snapshot, where: Mapping[str, Any]) -> BoolArray:
    mask = np.ones(snapshot.n_items, dtype=np.bool_)
    for name, wanted in where.items():
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
    if not isinstance(wanted, Mapping):
        wanted = {"in": wanted} if isinstance(wanted, list | tuple | set) else {"eq": wanted}
    unknown = [op for op in wanted if op not in OPERATORS]
    if unknown or not wanted:
        raise FilterError(
            f"filter on {name!r}: operator {unknown[0] if unknown else '(none)'!r} is not known; "
            f"use {', '.join(OPERATORS)}"
        )
    tests = [OPERATORS[op](name, value) for op, value in wanted.items()]
    return lambda value: all(test(value) for test in tests)


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _equal(_name: str, wanted: Any) -> Condition:
    folded, text = _fold(wanted), _fold(str(wanted))
    is_bool = isinstance(wanted, bool)

    def test(value: Any) -> bool:
        if value is None:
            return False
        # "3" in a table and 3 in a query mean the same; True and 1, equal in Python, do not.
        alike = isinstance(value, bool) == is_bool and _fold(value) == folded
        return alike or _fold(str(value)) == text

    return test


def _not_equal(name: str, wanted: Any) -> Condition:
    equal = _equal(name, wanted)
    return lambda value: not equal(value)


def _one_of(name: str, wanted: Any) -> Condition:
    if isinstance(wanted, str) or not isinstance(wanted, Sequence | set):
        raise FilterError(f"filter on {name!r}: 'in' needs a list, got {wanted!r}")
    tests = [_equal(name, value) for value in wanted]
    return lambda value: any(test(value) for test in tests)


def _compare(compare: Callable[[Any, Any], bool]) -> Callable[[str, Any], Condition]:
    def build(name: str, wanted: Any) -> Condition:
        if isinstance(wanted, bool) or not isinstance(wanted, int | float | str):
            raise FilterError(
                f"filter on {name!r}: a range needs a number or a text, got {wanted!r}"
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
        raise FilterError(f"filter on {name!r}: 'exists' needs true or false, got {wanted!r}")
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
