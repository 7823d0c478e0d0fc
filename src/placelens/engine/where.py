"""Filters as people type them: ``city=Paris``, ``keywords contains sea``, a box's four edges."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from placelens.engine.filters import OPERATORS
from placelens.errors import FilterError

# "=" to its operator, in the form that conditions are written in; longer signs first.
_SIGNS = {operator.written: name for name, operator in OPERATORS.items() if operator.written}
_MARKS = sorted((sign for sign in _SIGNS if not sign.isalpha()), key=len, reverse=True)
_WORDS = [sign for sign in _SIGNS if sign.isalpha()]
_CONDITION = re.compile(
    rf"(?P<name>[^=<>!]+?)(?:\s*(?P<mark>{'|'.join(_MARKS)})\s*"
    rf"|\s+(?P<no>not\s+)?(?P<word>{'|'.join(_WORDS)})(?:\s+|$))(?P<value>.*)",
    re.DOTALL,
)


def parse_where(written: Sequence[str], *, option: str = "where") -> dict[str, Any]:
    """Read conditions: ``city=Paris``, ``rating>=3``, ``keywords not contains sea``.

    Several ``=`` on one attribute mean one of the values, several ``all`` all of them; other
    conditions on it all hold.

    Parameters
    ----------
    written
        A condition each.
    option
        What they were given by, for messages.

    Raises
    ------
    FilterError
        If a condition cannot be read, or two give one operator a value that takes only one.

    Examples
    --------
    >>> parse_where(["country=France", "country=Italy", "rating>=3", "rating<5"])
    {'country': {'in': ['France', 'Italy']}, 'rating': {'gte': 3, 'lt': 5}}
    >>> parse_where(["folder starts 2019/ro", "keywords not contains sea", "rating exists"])
    {'folder': {'starts': '2019/ro'}, 'keywords': {'not': {'contains': 'sea'}}, \
'rating': {'exists': True}}
    """
    where: dict[str, dict[str, Any]] = {}
    for condition in written:
        match = _CONDITION.fullmatch(condition.strip())
        if match is None:
            raise FilterError(
                f"{option} {condition[:60]!r} is not a condition; write NAME=VALUE, or with "
                f"{', '.join([*_MARKS, *_WORDS])} for the =, like rating>=3 or "
                "'keywords contains sea'"
            )
        name = match["name"].strip()
        operator = _SIGNS[match["mark"] or match["word"]]
        tests = where.setdefault(name, {})
        if match["no"]:
            tests = tests.setdefault("not", {})
        _add(tests, operator, match["value"].strip(), f"{option} {condition[:60]!r}")
    return where


def _add(tests: dict[str, Any], operator: str, written: str, said: str) -> None:
    """Enter one more condition on an attribute."""
    if operator == "exists":
        if written:
            raise FilterError(f"{said}: 'exists' takes no value")
        tests[operator] = True
    elif OPERATORS[operator].takes_list:
        tests.setdefault(operator, []).append(written)
    elif operator in tests:
        raise FilterError(f"{said} is the second with {OPERATORS[operator].written}; give one")
    else:
        tests[operator] = number(written) if OPERATORS[operator].by_size else written


def number(written: str) -> int | float | str:
    """What a range compares with: a number when it reads as one, else text (dates, names)."""
    for kind in (int, float):
        try:
            return kind(written)
        except ValueError:
            continue
    return written


def parse_bbox(written: str, *, option: str = "bbox") -> tuple[float, float, float, float]:
    """Read ``west,south,east,north``.

    Raises
    ------
    FilterError
        If it is not four numbers.
    """
    try:
        west, south, east, north = (float(part) for part in written.split(","))
    except ValueError:
        raise FilterError(
            f"{option} {written[:60]!r} is not four numbers; write west,south,east,north, "
            "like 14.2,49.9,14.7,50.2"
        ) from None
    return west, south, east, north
