"""How far a place may be off, in metres, as devices and tables say it."""

from __future__ import annotations

from typing import Any

# What says more is nonsense: a thousand kilometres is no position.
MAX_RADIUS_M = 1_000_000.0


def radius_m(value: Any) -> float | None:
    """Metres; None for what is no number, negative, or more than any position is off.

    Examples
    --------
    >>> radius_m("4,5"), radius_m(-1), radius_m(float("nan")), radius_m("2 km")
    (4.5, None, None, None)
    """
    if isinstance(value, str):
        value = value.strip().removesuffix("m").strip().replace(",", ".")
    try:
        metres = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return metres if 0 <= metres <= MAX_RADIUS_M else None
