"""Times and periods as people type them: ``2019``, ``2019-06``, ``2019-06-30T12:00``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from placelens.display import shown
from placelens.errors import FilterError
from placelens.limits import MAX_NAME, within

EPOCH = datetime(1970, 1, 1)
TimeLike = str | date | datetime | None

_FORMS = (
    (re.compile(r"\d{4}", re.ASCII), "year"),
    (re.compile(r"\d{4}-\d{2}", re.ASCII), "month"),
    (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), "day"),
)


def parse_period(value: str | date | datetime) -> tuple[datetime, datetime]:
    """Read a time as the period it names: start, and end that is not in it any more.

    A zone is dropped: filters compare the wall clock of the place where a photo was taken.

    Raises
    ------
    FilterError
        If the value is not a year, month, day or ISO 8601 time.

    Examples
    --------
    >>> parse_period("2019-12")
    (datetime.datetime(2019, 12, 1, 0, 0), datetime.datetime(2020, 1, 1, 0, 0))
    """
    if isinstance(value, datetime):
        start = value.replace(tzinfo=None)
        return start, _end(start, "instant")
    if not isinstance(value, str | date):
        raise FilterError(f"time {shown(value)} is a {type(value).__name__}; write it like 2019-06")
    text = value.isoformat() if isinstance(value, date) else value
    text = within(text, MAX_NAME, "time", error=FilterError).strip()
    unit = next((unit for form, unit in _FORMS if form.fullmatch(text)), "instant")
    try:
        start = datetime.fromisoformat(text + {"year": "-01-01", "month": "-01"}.get(unit, ""))
    except ValueError:
        raise FilterError(
            f"time {shown(value)} cannot be read; "
            "write 2019, 2019-06, 2019-06-30 or 2019-06-30T12:00"
        ) from None
    start = start.replace(tzinfo=None)
    return start, _end(start, unit)


def _end(start: datetime, unit: str) -> datetime:
    try:
        if unit == "year":
            return start.replace(year=start.year + 1)
        if unit == "month":
            return (start + timedelta(days=31)).replace(day=1)
        if unit == "day":
            return start + timedelta(days=1)
        return start + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return datetime.max


def parse_time_range(value: TimeLike | Sequence[TimeLike]) -> tuple[int, int] | None:
    """Read a period, or (from, to) with None for an open end, as [start, end) in µs since 1970.

    ``to`` belongs to the range as a whole: to "2019-06" ends with June.

    Raises
    ------
    FilterError
        If a time cannot be read, or the range ends before it starts.
    """
    if value is None:
        return None
    if not isinstance(value, str | date | Sequence):
        raise FilterError(f"time {shown(value)} is no text like '2019-06', date, or pair of these")
    if isinstance(value, str | date):
        start, end = parse_period(value)
    else:
        if len(value) != 2:
            raise FilterError(
                f"time {shown(value)} needs two ends, (from, to); None leaves one open"
            )
        start = parse_period(value[0])[0] if value[0] is not None else datetime.min
        end = parse_period(value[1])[1] if value[1] is not None else datetime.max
    if end <= start:
        raise FilterError(f"time {shown(value)} ends before it starts")
    return _microseconds(start), _microseconds(end)


def split_range(written: str) -> str | tuple[str | None, str | None]:
    """A range as people type it: ``2019``, ``2019-06-01..2019-08-31``, or with one end open.

    Examples
    --------
    >>> split_range("2019-06"), split_range("2019..2021"), split_range("2019..")
    ('2019-06', ('2019', '2021'), ('2019', None))
    """
    if ".." not in written:
        return written
    start, _, end = written.partition("..")
    return start.strip() or None, end.strip() or None


def _microseconds(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)
