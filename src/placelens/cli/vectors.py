"""``--vector``: one vector as numbers, a file of NumPy, or what a pipe sends."""

from __future__ import annotations

import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from placelens.cli.options import weighted, weighted_path
from placelens.display import shown
from placelens.errors import InputError

_NPY = b"\x93NUMPY"
_APART = re.compile(r"[\s,;\[\]()]+")


def weighted_vector(written: str) -> tuple[Any, float]:
    """A vector and its weight: ``0.1,0.7``, ``FILE.npy^-0.5``, ``-`` for what stdin sends.

    Raises
    ------
    InputError
        If it is neither numbers, nor a file of NumPy's that holds some.

    Examples
    --------
    >>> weighted_vector("0.6,-0.8"), weighted_vector("[1 0]^-0.5")
    (([0.6, -0.8], 1.0), ([1.0, 0.0], -0.5))
    """
    given, weight = weighted(written)
    if given == "-":
        return _vector(sys.stdin.buffer.read(), "--vector -"), weight
    numbers = _numbers(given)
    if numbers is not None:
        return numbers, weight
    given, weight = weighted_path(written)
    if not Path(given).is_file():
        raise InputError(
            f"--vector {shown(given)} is neither numbers like 0.1,0.7 nor a file; "
            "give a FILE.npy, or - for what stdin sends"
        )
    return _vector(Path(given).read_bytes(), f"--vector {given}"), weight


def _vector(content: bytes, said: str) -> Any:
    """What a file holds: NumPy's format, or numbers as text."""
    if content.startswith(_NPY):
        return _array(content, said)
    numbers = _numbers(content.decode("utf-8", "replace"))
    if numbers is None:
        raise InputError(f"{said} holds neither numbers nor an array that numpy.save wrote")
    return numbers


def _array(content: bytes, said: str) -> Any:
    import numpy as np

    try:
        return np.load(BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, MemoryError) as error:
        raise InputError(f"{said} is not an array that can be read: {shown(str(error))}") from None


def _numbers(text: str) -> list[float] | None:
    """Numbers between commas or spaces; None when anything else stands there."""
    try:
        return [float(part) for part in _APART.split(text) if part] or None
    except ValueError:
        return None
