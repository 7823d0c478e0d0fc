"""Single values of a request, checked: an error names the argument and what was given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from placelens.display import shown
from placelens.errors import QueryError
from placelens.limits import MAX_DEPTH
from placelens.types import Place


def number(value: Any, name: str) -> float:
    """A number.

    Raises
    ------
    QueryError
        If it is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise QueryError(f"{name} {shown(value)} is not a number") from None


def whole(value: Any, name: str) -> int:
    """A whole number; raises as `number` does."""
    found = number(value, name)
    if not found.is_integer():
        raise QueryError(f"{name} {shown(value)} is not a whole number")
    return int(found)


def flag(value: Any, name: str) -> bool:
    """True or False; raises as `number` does."""
    if not isinstance(value, bool | np.bool_):
        raise QueryError(f"{name} {shown(value)} is neither True nor False")
    return bool(value)


def text_or_none(value: Any, name: str) -> str | None:
    """A text, or nothing; raises as `number` does."""
    if value is not None and not isinstance(value, str):
        raise QueryError(f"{name} {shown(value)} is a {type(value).__name__}; give a string")
    return value


def whole_text(value: Any, name: str) -> str:
    """A text without surrogates, halves of characters that nothing can encode."""
    if not isinstance(value, str):
        raise QueryError(f"{name} {shown(value)} is a {type(value).__name__}; give a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise QueryError(f"{name} {shown(value)} holds half a character; give whole ones") from None
    return value


def plain(value: Any, levels: int = 2 * MAX_DEPTH) -> Any:
    """A value as JSON types; what has no such form is named by its type, what is deep is cut."""
    if isinstance(value, Place):
        lon, lat = value.lonlat
        return {"lat": lat, "lon": lon} if value.space == "sphere" else {"x": lon, "y": lat}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if levels == 0:
        return shown(value)
    # Shapely's geometries, and tuples that name what they hold.
    value = getattr(value, "__geo_interface__", value)
    value = value._asdict() if hasattr(value, "_asdict") else value
    if isinstance(value, Mapping):
        return {str(name): plain(entry, levels - 1) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, list | tuple | set):
        return [plain(entry, levels - 1) for entry in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return type(value).__name__
