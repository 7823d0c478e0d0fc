"""Which items may be found at all: place, time, attributes, feature."""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from placelens.deadline import NEVER, Deadline
from placelens.display import shown
from placelens.engine.attributes import Folder, as_wanted, attribute, members
from placelens.engine.periods import Periods
from placelens.errors import FilterError
from placelens.geo.areas import Area
from placelens.geo.uncertain import Uncertain, lies_in
from placelens.limits import MAX_NAME, MAX_TEXT, MAX_VALUES, within
from placelens.storage.version import Version
from placelens.types import BoolArray, FeatureName

Condition = Callable[[Any], bool]
Build = Callable[[str, Any], Condition]

# So many texts are looked for in a folder's path one by one sooner than all its parts are made.
FEW = 8

LARGEST = 10**308
"""About where float64 ends; whole numbers beyond take long to write, and no attribute has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Hard limits; an item must pass all of them.

    ``time_us`` is [start, end) of the wall clock. ``where`` holds attribute conditions (see
    `conditions`). ``outside`` are areas in which an item must not be known to lie: one without a
    place passes. ``periods`` are times that the words named. ``only`` keeps
    items that have a vector of one of the features. ``without`` names items to leave out.
    ``located`` keeps those with a place, or those without. ``uncertain`` says what of a place that
    is known to within a radius must lie in the areas; see `placelens.geo.uncertain`.
    """

    areas: tuple[Area, ...] = ()
    outside: tuple[Area, ...] = ()
    periods: tuple[Periods, ...] = ()
    time_us: tuple[int, int] | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    only: tuple[FeatureName, ...] = ()
    without: tuple[str, ...] = ()
    located: bool | None = None
    uncertain: Uncertain = "centre"

    @property
    def outside_how(self) -> Uncertain:
        """How a place lies in what it must not lie in: surely outside is not maybe inside."""
        return {"centre": "centre", "surely": "maybe", "maybe": "surely"}[self.uncertain]  # type: ignore[return-value]

    def mask(self, version: Version, deadline: Deadline = NEVER) -> BoolArray | None:
        """Which rows pass, (n,); None when nothing is asked."""
        radius_m = version.radius_m if self.uncertain != "centre" else None
        masks: list[BoolArray] = [
            lies_in(area, *version.lonlat, radius_m, self.uncertain) for area in self.areas
        ]
        masks += [
            ~lies_in(area, *version.lonlat, radius_m, self.outside_how) for area in self.outside
        ]
        masks += [p.mask(version.times_us, version.lonlat[1]) for p in self.periods]
        if self.located is not None:
            masks.append(np.isnan(version.lonlat[0]) != self.located)
        if self.time_us is not None:
            times = version.times_us
            start, end = self.time_us
            # Items without a time hold the smallest int64, which an open start must not admit.
            masks.append((times >= start) & (times < end) & (times != np.iinfo(np.int64).min))
        if self.only:
            masks.append(np.logical_or.reduce([version.present(m) for m in self.only]))
        if self.where:
            masks.append(_where_mask(version, self.where, deadline))
        if self.without:
            left_out = np.zeros(version.n_items, dtype=np.bool_)
            rows = [version.row_of(item_id) for item_id in self.without]
            left_out[[row for row in rows if row is not None]] = True
            masks.append(~left_out)
        return np.logical_and.reduce(masks) if masks else None


def _where_mask(version: Version, where: Mapping[str, Any], deadline: Deadline) -> BoolArray:
    mask = np.ones(version.n_items, dtype=np.bool_)
    for name, wanted in where.items():
        deadline.check()
        check = conditions(name, wanted)
        values, of_rows = attribute(version, name)
        # Each different value is tested once.
        mask &= np.array([check(value) for value in values], dtype=np.bool_)[of_rows]
    return mask


def conditions(name: str, wanted: Any) -> Condition:
    """The test that an attribute's value must pass.

    ``wanted`` is a value (equal to it), a sequence (one of them), or a mapping of `OPERATORS`.
    Text is compared without regard to case. Of a list it is enough that one member passes; for
    ``ne`` and ``not`` none may. An item without the attribute passes only ``ne``, ``not`` and
    ``exists: False``.

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
    >>> conditions("keywords", {"all": ["sea", "boat"]})(["boat", "harbour", "Sea"])
    True
    """
    within(name, MAX_NAME, "the name of an attribute", error=FilterError)
    if not isinstance(wanted, Mapping):
        wanted = {"in": wanted} if _is_many(wanted) else {"eq": wanted}
    unknown = [op for op in wanted if op not in OPERATORS]
    if unknown or not wanted:
        raise _wrong(
            name,
            f"operator {shown(unknown[0] if unknown else '(none)')} is not known; "
            f"use {', '.join(OPERATORS)}",
        )
    tests = [OPERATORS[op].build(name, value) for op, value in wanted.items()]
    return lambda value: all(test(value) for test in tests)


def fold(value: Any) -> Any:
    """A text as texts are compared: without case, and however its accents are composed."""
    if not isinstance(value, str):
        return value
    folded = value.casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


def _keys(value: Any) -> tuple[Hashable, Hashable]:
    """What two equal values share one of.

    "3" in a table and 3 in a query mean the same; True and 1, equal in Python, do not.
    """
    return (isinstance(value, bool), fold(value)), ("text", fold(str(value)))


def _is_many(value: Any) -> bool:
    return isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes)


def _scalar(name: str, wanted: Any, what: str) -> Any:
    wanted = wanted.item() if isinstance(wanted, np.generic) else wanted
    if isinstance(wanted, int) and abs(wanted) > LARGEST:
        raise _wrong(name, f"{shown(wanted)} is larger than any number")
    if isinstance(wanted, str | int | float | date):
        if isinstance(wanted, str):
            within(wanted, MAX_TEXT, f"the value for {shown(name)}", error=FilterError)
        return as_wanted(name, wanted)
    hint = "; {'exists': False} finds items without it" if wanted is None else ""
    raise _wrong(name, f"{what} needs one value, got {shown(wanted)}{hint}")


def _several(name: str, wanted: Any, what: str) -> list[Any]:
    if not _is_many(wanted):
        raise _wrong(name, f"{what} needs a list, got {shown(wanted)}")
    within(wanted, MAX_VALUES, f"the list for {shown(name)}", error=FilterError)
    return [_scalar(name, value, what) for value in wanted]


def _wrong(name: str, what: str) -> FilterError:
    return FilterError(f"filter on {shown(name)}: {what}")


def _has_run(folder: Folder, part: str, before: str = "/", after: str = "/") -> bool:
    """Whether a folder has a run of parts that is, begins or ends as a folded text."""
    return f"{before}{part}{after}" in f"{before}{fold(folder)}{after}"


def _runs(path: str) -> Iterator[str]:
    """Every run of a path's parts: ``/a/b`` is "/a", "/a/b", "a", "a/b" and "b"."""
    parts = path.split("/")
    for start in range(len(parts)):
        for stop in range(start + 1, len(parts) + 1):
            yield "/".join(parts[start:stop])


def _one_of(values: Collection[Any]) -> Condition:
    # Looked up, not compared one by one: there may be as many values as items.
    keys = {key for value in values for key in _keys(value)}
    texts = {fold(str(value)) for value in values}

    def test(value: Any) -> bool:
        if isinstance(value, Folder):
            if len(texts) <= FEW:
                return any(_has_run(value, text) for text in texts)
            return not texts.isdisjoint(_runs(fold(value)))
        return any(not keys.isdisjoint(_keys(member)) for member in members(value))

    return test


def _equal(name: str, wanted: Any) -> Condition:
    return _one_of([_scalar(name, wanted, "'eq'")])


def _in(name: str, wanted: Any) -> Condition:
    return _one_of(_several(name, wanted, "'in'"))


def _equal_or_in(name: str, wanted: Any) -> Condition:
    return _in(name, wanted) if _is_many(wanted) else _equal(name, wanted)


def _all(name: str, wanted: Any) -> Condition:
    tests = [_one_of([value]) for value in _several(name, wanted, "'all'")]
    return lambda value: _is_there(value) and all(test(value) for test in tests)


def _inverted(build: Build) -> Build:
    def inverted(name: str, wanted: Any) -> Condition:
        test = build(name, wanted)
        return lambda value: not test(value)

    return inverted


def _not(name: str, wanted: Any) -> Condition:
    if not isinstance(wanted, Mapping) or "not" in wanted:
        raise _wrong(
            name, f"'not' needs other operators, like {{'contains': 'sea'}}, got {shown(wanted)}"
        )
    return _inverted(conditions)(name, wanted)


def _compare(compare: Callable[[Any, Any], bool]) -> Build:
    def build(name: str, wanted: Any) -> Condition:
        wanted = _scalar(name, wanted, "a range")
        if isinstance(wanted, bool | date):
            raise _wrong(name, f"a range needs a number or a text, got {shown(wanted)}")
        is_text = isinstance(wanted, str)
        folded = fold(wanted)

        def test(value: Any) -> bool:
            return any(
                compare(fold(member), folded)
                for member in members(value)
                if not isinstance(member, bool) and isinstance(member, str) == is_text
            )

        return test

    return build


def _text(matches: Callable[[str, str], bool], before: str = "", after: str = "") -> Build:
    """A part of a text; of a folder one with a slash where that of a text is at its end."""

    def build(name: str, wanted: Any) -> Condition:
        part = fold(str(_scalar(name, wanted, "a part of a text")))
        if not part:
            raise _wrong(name, f"a part of a text needs a text, got {shown(wanted)}")

        def test(value: Any) -> bool:
            if isinstance(value, Folder):
                return _has_run(value, part, before, after)
            return any(matches(fold(str(member)), part) for member in members(value))

        return test

    return build


def _is_there(value: Any) -> bool:
    return next(members(value), None) is not None


def _exists(name: str, wanted: Any) -> Condition:
    if not isinstance(wanted, bool):
        raise _wrong(name, f"'exists' needs true or false, got {shown(wanted)}")
    return lambda value: _is_there(value) == wanted


@dataclass(frozen=True, slots=True)
class Operator:
    """How a condition is made of what is wanted, and how ``--where`` writes it, if it can.

    ``takes_list`` says that it may be written for several values of one attribute, ``by_size``
    that it compares numbers as such.
    """

    build: Build
    written: str | None = None
    takes_list: bool = False
    by_size: bool = False


OPERATORS: Mapping[str, Operator] = {
    "eq": Operator(_equal),
    "ne": Operator(_inverted(_equal_or_in), "!=", takes_list=True),
    "in": Operator(_in, "=", takes_list=True),
    "all": Operator(_all, "all", takes_list=True),
    "contains": Operator(_text(operator.contains), "contains"),
    "starts": Operator(_text(str.startswith, before="/"), "starts"),
    "ends": Operator(_text(str.endswith, after="/"), "ends"),
    "gt": Operator(_compare(operator.gt), ">", by_size=True),
    "gte": Operator(_compare(operator.ge), ">=", by_size=True),
    "lt": Operator(_compare(operator.lt), "<", by_size=True),
    "lte": Operator(_compare(operator.le), "<=", by_size=True),
    "exists": Operator(_exists, "exists"),
    "not": Operator(_not),
}
