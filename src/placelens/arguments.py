"""What a caller gives, as the type that is meant; anything else is named in an InputError."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from placelens.display import shown
from placelens.errors import InputError

__all__ = ["as_path", "as_text", "as_texts"]


def as_text(value: Any, name: str) -> str:
    """A text of whole characters: half a surrogate pair cannot be written anywhere.

    Examples
    --------
    >>> as_text(5, "the id")
    Traceback (most recent call last):
        ...
    placelens.errors.InputError: the id 5 is not a text
    """
    if not isinstance(value, str):
        raise InputError(f"{name} {shown(value)} is not a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InputError(f"{name} {shown(value)} holds half a character") from None
    return value


def as_texts(values: Any, name: str) -> list[str]:
    """One text, or several, as a list."""
    if isinstance(values, str):
        return [as_text(values, name)]
    wrong = f"{name} {shown(values)} is neither a text nor a list of texts"
    if isinstance(values, bytes) or not isinstance(values, Iterable):
        raise InputError(wrong)
    try:
        found = list(values)
    except TypeError:  # an array without axes says that it is iterable
        raise InputError(wrong) from None
    return [as_text(value, name) for value in found]


def as_path(value: Any, name: str) -> Path:
    """A path that this system can look for; ``~`` is the user's home.

    Examples
    --------
    >>> as_path(None, "the file")
    Traceback (most recent call last):
        ...
    placelens.errors.InputError: the file None is not a path
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{name} {shown(value)} is not a path")
    try:
        path = Path(value).expanduser()
        os.lstat(path)  # NUL within, or a name that is too long, is an error of its own kind
    except FileNotFoundError:
        pass
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise InputError(f"{name} {shown(str(value))} cannot be used: {_reason(error)}") from None
    return path


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
