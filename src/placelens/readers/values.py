"""Values as strangers write them, made fit to be stored: texts, attributes, times."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from placelens.types import Attribute

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DATE_TIME = re.compile(
    r"^(\d{4})[:/.-](\d{1,2})[:/.-](\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$"
)
_DAY_FIRST = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")
_YEAR_MONTH = re.compile(r"^(\d{4})(?:-(\d{2}))?$")
_INTEGER = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?", re.ASCII)
# What programs and people write where a value is missing: pandas's list, and what else is common.
_MISSING = frozenset(
    ["", "?", ".", "#n/a", "#n/a n/a", "#na", "#ref!", "#value!", "#div/0!", "-nan", "<na>",
     "\\n", "missing", "n.a.", "n/a", "na", "nan", "nat", "nil", "none", "not available", "null",
     "undefined", "unknown", "(null)"]
)  # fmt: skip
_DASHES = "-‐‑‒–—―−_ \t"
_INT64 = range(-(2**63), 2**63)
# Seconds since 1970 of 1973-03-03 and 5138-11-16; between them and a thousand times more are
# milliseconds. Smaller numbers are rather years or dates written without dashes.
_EPOCH_SECONDS = (1e8, 1e11)


def is_missing(value: object) -> bool:
    """Whether a cell says that there is no value: ``N/A``, ``-``, ``null``, NaN, nothing, ...

    >>> [is_missing(value) for value in ("n/a", "--", float("nan"), None, 0, "0", "-1")]
    [True, True, True, True, False, False, False]
    """
    if isinstance(value, str):
        text = value.strip()
        # Digits begin most cells, and no marker.
        return not text[:1].isdigit() and (text.casefold() in _MISSING or not text.strip(_DASHES))
    return value is None or (isinstance(value, float | Decimal) and math.isnan(value))


def clean_text(value: object) -> str | None:
    """A text without control characters, lone surrogates and blank ends; None when nothing is left.

    Bytes are taken for UTF-8, else Latin-1.
    """
    if isinstance(value, bytes):
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
    elif isinstance(value, str):
        text = value
    else:
        return None
    text = _CONTROL.sub(" ", text.rstrip("\0"))
    if not text.isascii():
        # Lone surrogates, as JSON can spell them, cannot be stored as UTF-8.
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text.strip() or None


def join_texts(texts: Iterable[str | None]) -> str | None:
    """Distinct texts, a line each, in order; None when there is none.

    >>> join_texts(["Lyon", None, "A town", "lyon "])
    'Lyon\\nA town'
    """
    kept: dict[str, str] = {}
    for text in texts:
        cleaned = clean_text(text)
        if cleaned:
            kept.setdefault(cleaned.casefold(), cleaned)
    return "\n".join(kept.values()) or None


def to_attribute(value: Any) -> Attribute:
    """A value as an attribute: None for what is empty, nested or not a number.

    Of a list the members that are plain values are kept.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value in _INT64 else str(value)
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if _is_many(value):
        parts: list[Any] = [to_attribute(part) for part in value if not _is_many(part)]
        return [part for part in parts if part is not None] or None
    return None


def _is_many(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(
        value, str | bytes | bytearray | memoryview
    )


def converter_of(texts: Iterable[object]) -> Callable[[str], Attribute]:
    """How a column of texts is best read: as whole numbers, numbers, true or false, or texts.

    One way for the whole column, so that its values compare; numbers with leading zeros, as in
    post codes, remain texts. What stands for a missing value does not make numbers texts, and is
    None among them; among texts it is one, since NA may be Namibia.
    """
    ways = [_to_int, _to_float, _to_bool]
    seen = False
    for text in texts:
        if isinstance(text, str) and ways and not is_missing(text):
            seen = True
            ways = [way for way in ways if way(text) is not None]
    return ways[0] if seen and ways else clean_text


def has_gaps(values: Sequence[object]) -> bool:
    """Whether a column is one of numbers whose only texts stand for missing values."""
    numbers = any(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return numbers and all(is_missing(v) for v in values if isinstance(v, str))


def number_text(value: object) -> object:
    """A number as people write it, for a column of texts or ids; anything else as it is.

    >>> number_text(2001.0), number_text(12.5), number_text("a")
    ('2001', '12.5', 'a')
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(to_attribute(value) if isinstance(value, int) else value)


def _to_int(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _to_float(text: str) -> float | None:
    return float(text) if _DECIMAL.fullmatch(text) else None


def _to_bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def parse_time(value: Any) -> datetime:
    """A date or time as people and programs write it.

    Takes ISO 8601 (also a year, or a year and month: their first moment), EXIF's
    ``2008:10:22 16:28:39``, ``22.10.2008``, and seconds or milliseconds since 1970 (UTC).
    Orders that differ between countries, such as ``10/11/2008``, are refused.

    Raises
    ------
    ValueError
        With the value and what would be understood.

    Examples
    --------
    >>> parse_time("2008:10:22 16:28:39")
    datetime.datetime(2008, 10, 22, 16, 28, 39)
    >>> parse_time(1224692919)
    datetime.datetime(2008, 10, 22, 16, 28, 39, tzinfo=datetime.timezone.utc)
    >>> parse_time("10/11/2008")
    Traceback (most recent call last):
        ...
    ValueError: '10/11/2008' is not a time that is understood; write it like 2008-10-22T16:28:39
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = str(value).strip()
    try:
        return _parse_text(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text[:40]!r} is not a time that is understood; write it like 2008-10-22T16:28:39"
        ) from error


def _parse_text(text: str) -> datetime:
    match = _DATE_TIME.match(text)
    if match:
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        naive = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
        ) + timedelta(microseconds=micro)
        return with_offset(naive, zone) if zone else naive
    match = _YEAR_MONTH.match(text)
    if match:
        return datetime(int(match[1]), int(match[2] or 1), 1)
    match = _DAY_FIRST.match(text)
    if match:
        return datetime(int(match[3]), int(match[2]), int(match[1]))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        seconds = float(text)
    least, most = _EPOCH_SECONDS
    if most <= seconds < most * 1000:
        seconds /= 1000
    if not least <= seconds < most:
        raise ValueError(text)
    return datetime.fromtimestamp(seconds, UTC)


def with_offset(time: datetime, zone: str) -> datetime:
    """Set the zone of a time: ``Z``, ``+02:00`` or ``+0200``.

    Raises
    ------
    ValueError
        If the zone is none of these, or is a day or more.
    """
    return datetime.fromisoformat(time.isoformat() + zone)
