"""What comes back every year: months, seasons and feasts, as spans of the wall clock.

Seasons are those of meteorology, and turned around south of the equator: the summer of 2019 is
June to August in the north, and January, February and December in the south. The winter of 2019
is January and February of that year and the months from December on, since people write it of
either.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

__all__ = [
    "EASTER", "FIXED_FEASTS", "SEASONS", "Span", "Yearly", "around_easter", "fixed_days",
    "month_of", "month_start", "season", "whole_year",
]  # fmt: skip

Span = tuple[datetime, datetime]
"""A start, and an end that does not belong to it."""
Yearly = Callable[[int, bool], list[Span]]
"""The spans of something in a year, north or (True) south of the equator."""

SEASONS = {
    "spring": (3, 9),
    "summer": (6, 12),
    "autumn": (9, 3),
    "fall": (9, 3),
    "winter": (12, 6),
}
"""First months north and south of the equator."""
FIXED_FEASTS = {
    "christmas": (12, 24, 3), "xmas": (12, 24, 3), "christmas eve": (12, 24, 1),
    "christmas day": (12, 25, 1), "boxing day": (12, 26, 1), "new year's eve": (12, 31, 1),
    "new years eve": (12, 31, 1), "new year": (1, 1, 1), "new year's day": (1, 1, 1),
    "halloween": (10, 31, 1), "valentine's day": (2, 14, 1), "valentines day": (2, 14, 1),
}  # fmt: skip
"""Month, day and length in days; Christmas from Christmas Eve to Boxing Day."""
EASTER = {"easter": (-2, 4), "easter sunday": (0, 1), "good friday": (-2, 1)}
"""Days from Easter Sunday, and length; Easter from Good Friday to Easter Monday."""


def month_start(months: int) -> datetime:
    """The start of a month, counted from the start of the year 0."""
    return datetime(months // 12, months % 12 + 1, 1)


def whole_year(year: int, southern: bool) -> list[Span]:
    """The year itself."""
    return [(datetime(year, 1, 1), datetime(year + 1, 1, 1))]


def month_of(month: int) -> Yearly:
    """A month, 1 to 12."""

    def spans(year: int, southern: bool) -> list[Span]:
        first = year * 12 + month - 1
        return [(month_start(first), month_start(first + 1))]

    return spans


def season(north: int, south: int) -> Yearly:
    """The season that starts with one month in the north and with another in the south."""

    def spans(year: int, southern: bool) -> list[Span]:
        first = year * 12 + (south if southern else north) - 1
        whole = (month_start(first), month_start(first + 3))
        if first % 12 == 11:  # December belongs to the year, and so do January and February
            return [(datetime(year, 1, 1), datetime(year, 3, 1)), whole]
        return [whole]

    return spans


def fixed_days(month: int, day: int, n_days: int) -> Yearly:
    """Some days from a day of the year on."""

    def spans(year: int, southern: bool) -> list[Span]:
        start = datetime(year, month, day)
        return [(start, start + timedelta(days=n_days))]

    return spans


def around_easter(offset: int, n_days: int) -> Yearly:
    """Some days that start so many days after Easter Sunday."""

    def spans(year: int, southern: bool) -> list[Span]:
        start = _easter(year) + timedelta(days=offset)
        return [(start, start + timedelta(days=n_days))]

    return spans


def _easter(year: int) -> datetime:
    """Easter Sunday by the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return datetime(year, month, day + 1)
