"""Distances as people type them: ``5km``, ``3 mi``, ``200m``."""

from __future__ import annotations

import math
import re

from placelens.display import shown
from placelens.errors import QueryError
from placelens.limits import MAX_NAME, within

# Metres per unit. The international mile, foot and nautical mile are exact by definition.
METRES: dict[str, float] = {
    "m": 1.0,
    "km": 1_000.0,
    "mi": 1_609.344,
    "nmi": 1_852.0,
    "ft": 0.3048,
    "yd": 0.9144,
}
# Each digit can be read in one way only, or a long row of them would take quadratic time.
_DISTANCE = re.compile(r"([-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)\s*([a-zA-Z]*)", re.ASCII)


def parse_distance_m(value: str | float, *, name: str = "distance") -> float:
    """Read a distance in metres; a bare number is metres.

    Raises
    ------
    QueryError
        If the value is not a number with a known unit, is negative, or is not finite.

    Examples
    --------
    >>> parse_distance_m("5km")
    5000.0
    >>> parse_distance_m("3 mi")
    4828.032
    >>> parse_distance_m(250)
    250.0
    >>> parse_distance_m("5 au")
    Traceback (most recent call last):
        ...
    placelens.errors.QueryError: distance '5 au': unknown unit 'au'; use m, km, mi, nmi, ft or yd
    """
    if isinstance(value, str):
        match = _DISTANCE.fullmatch(within(value, MAX_NAME, name).strip())
        if match is None:
            raise QueryError(
                f"{name} {shown(value)} is not a distance; write it like 5km, 300m or 3mi"
            )
        number, unit = float(match[1]), match[2].lower() or "m"
        if unit not in METRES:
            *most, last = METRES
            raise QueryError(
                f"{name} {shown(value)}: unknown unit {shown(match[2])}; "
                f"use {', '.join(most)} or {last}"
            )
        metres = number * METRES[unit]
    else:
        try:
            metres = float(value)
        except (TypeError, ValueError, OverflowError):
            raise QueryError(
                f"{name} {shown(value)} is not a distance; write it like 5km, 300m or 3mi"
            ) from None
    if not math.isfinite(metres) or metres < 0:
        raise QueryError(f"{name} {shown(value)} must be finite and not negative")
    return metres


def format_distance(metres: float) -> str:
    """Write a distance for people, with the digits that matter.

    Examples
    --------
    >>> format_distance(87.3), format_distance(4321.0), format_distance(1234567.0)
    ('87 m', '4.3 km', '1,235 km')
    """
    if metres < 1_000:
        return f"{metres:.0f} m"
    if metres < 100_000:
        return f"{metres / 1_000:.1f} km"
    return f"{metres / 1_000:,.0f} km"
