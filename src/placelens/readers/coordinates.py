"""Angles as files write them, to a place, or to the reason why there is none."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal

from placelens.errors import CoordinateError
from placelens.types import Place

_SIGNS = {"N": 1.0, "E": 1.0, "S": -1.0, "W": -1.0}
_AXIS_LETTERS = {"latitude": ("N", "S"), "longitude": ("E", "W")}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_MARKS = re.compile(r"[\s°º'′’\"″”:,]+")


def angle(parts: Sequence[float], hemisphere: str | None, axis: str) -> float:
    """Degrees, minutes and seconds (one to three parts) to signed degrees.

    The hemisphere's letter gives the sign; without one, the sign of the degrees does.

    Raises
    ------
    CoordinateError
        If a part is not finite or negative where it may not be, minutes or seconds exceed 60,
        or the letter is not one of the axis ("latitude" or "longitude").
    """
    if not 1 <= len(parts) <= 3:
        raise CoordinateError(f"{axis} has {len(parts)} parts, not degrees, minutes and seconds")
    if not all(math.isfinite(part) for part in parts):
        raise CoordinateError(f"{axis} {_show(parts)} is not a finite number of degrees")
    # 60 itself is let through: 59.9999 seconds are often rounded to it.
    if any(not 0 <= part <= 60 for part in parts[1:]):
        raise CoordinateError(f"{axis} {_show(parts)} has minutes or seconds outside 0 to 60")
    degrees = abs(parts[0]) + sum(
        part / unit for part, unit in zip(parts[1:], (60.0, 3600.0), strict=False)
    )
    if hemisphere is None:
        return math.copysign(degrees, parts[0])
    letter = hemisphere.upper()
    letters = _AXIS_LETTERS[axis]
    if letter not in letters:
        raise CoordinateError(
            f"{axis} has the hemisphere {hemisphere!r}, not {' or '.join(letters)}"
        )
    return degrees * _SIGNS[letter]


def parse_angle(value: object, axis: str) -> float:
    """Signed degrees from a number or a text.

    Takes ``50.087``, ``-50,087``, ``50.087 N``, XMP's ``50,5.22N`` and ``50,5,13.2N``,
    ``50°5'13.2"N``, and ``50 deg 5' 13.2" N``.

    Raises
    ------
    CoordinateError
        Naming the axis ("latitude" or "longitude") and the value.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise CoordinateError(f"{axis} {value!r} is not a number of degrees")
    if not isinstance(value, str):
        try:
            return float(value)
        except OverflowError as error:
            raise CoordinateError(f"{axis} is a number of {len(str(value))} digits") from error
    text = value.strip()
    if text.lower() in ("nan", "inf", "-inf", "+inf", "infinity", "-infinity"):
        return float(text)
    letter = text[-1:].upper() if text[-1:].upper() in _SIGNS else None
    body = (text[:-1] if letter else text).replace("deg", "°").strip()
    if _DECIMAL_COMMA.match(body) and letter is None:
        return float(body.replace(",", "."))
    words = [word for word in _MARKS.split(body) if word]
    if not 1 <= len(words) <= 3 or not all(_NUMBER.fullmatch(word) for word in words):
        raise CoordinateError(f"{axis} {text[:40]!r} is not a number of degrees")
    if len(words) > 1 and letter is None and not re.search(r"[°º]", body):
        raise CoordinateError(f"{axis} {text[:40]!r} is not one number of degrees")
    return angle([float(word) for word in words], letter, axis)


def measured_place(lat: float, lon: float) -> Place | None:
    """A place from a device: None for 0, 0, which devices write when they know no position.

    Raises
    ------
    CoordinateError
        If a value is not finite or out of range.
    """
    if lat == 0 and lon == 0:
        return None
    return Place(lat=lat, lon=lon)


def _show(parts: Sequence[float]) -> str:
    return " ".join(f"{part:g}" for part in parts)
