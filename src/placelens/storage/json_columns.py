"""Columns that are JSON: attributes, and the copies of a file. They may come from anybody."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from placelens.errors import InputError
from placelens.types import Attribute, Scalar


def attributes_to_json(attributes: Mapping[str, Attribute]) -> str | None:
    """Attributes as a JSON object; NumPy's values become plain ones, NaN becomes null.

    Raises
    ------
    InputError
        If a value is not a string, number, boolean or None, or a list of these.
    """
    if not attributes:
        return None
    return json.dumps(
        {str(name): _plain(name, value) for name, value in attributes.items()},
        ensure_ascii=False,
    )


def attributes_from_json(text: str | None) -> dict[str, Attribute]:
    """What `attributes_to_json` was given.

    A collection may come from anybody: what it would not have written is left out.
    """
    return {
        name: value
        for name, value in _object(text).items()
        if _is_attribute(value) or (isinstance(value, list) and all(map(_is_attribute, value)))
    }


def copies_from_json(text: str | None) -> dict[str, str]:
    """What `copies_to_json` was given; what it would not have written is left out."""
    return {name: stamp for name, stamp in _object(text).items() if isinstance(stamp, str)}


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
        if text and "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # no lone surrogate, which is no text
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_attribute(value: object) -> bool:
    """Whether a value is one of `Scalar`, that is a finite number if it is one."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)


def copies_to_json(copies: Mapping[str, str]) -> str | None:
    """Identical files, by source with their stamps; None when there are none."""
    return json.dumps(dict(copies), ensure_ascii=False) if copies else None


def _plain(name: str, value: Any) -> Attribute:
    """A value as JSON has it; of a list, the members that are not missing."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        members = [_plain_scalar(name, member) for member in value]
        return [member for member in members if member is not None]
    return _plain_scalar(name, value)


def _plain_scalar(name: str, value: Any) -> Scalar:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InputError(
        f"attribute {name!r} holds a {type(value).__name__}; "
        "give a string, number, boolean or None, or a list of these"
    )
