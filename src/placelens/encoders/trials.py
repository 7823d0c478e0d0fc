"""Files of models that a user adds: read whole, named, and tried in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from placelens.errors import EncoderError, InputError, ReadError
from placelens.files import read_regular
from placelens.limits import MAX_MODEL_BYTES
from placelens.processes import EndedError, Limits, Worker

# What trying a model may take: the largest ones take seconds of an image on one core.
_TRIAL = Limits(longest_s=120, memory_bytes=4 * 2**30)

_T = TypeVar("_T")


def name_after(file: Path, kind: str) -> str:
    """A name for a model of a file; that of its kind, where the file's has no letters.

    Examples
    --------
    >>> name_after(Path("DeepLab v3+ (city).onnx"), "segmenter")
    'deeplab-v3-city'
    >>> name_after(Path("街.onnx"), "segmenter")
    'segmenter'
    """
    plain = re.sub(r"[^a-z0-9_]+", "-", file.stem.lower()).strip("-_")[:64].strip("-_")
    return plain or kind


def read_model(file: Path) -> bytes:
    """The bytes of a model's file.

    Raises
    ------
    InputError
        If it cannot be read, is empty, or larger than a model may be.
    """
    try:
        content = read_regular(file, MAX_MODEL_BYTES, advice="export a smaller one")
    except ReadError as error:
        raise InputError(f"the model {file}: {error}") from None
    if not content:
        raise InputError(f"the model {file}: the file is empty")
    return content


def tried(find_form: Callable[..., _T], *given: Any, name: str, kind: str) -> _T:
    """The form of a network, found out in a process of its own, which it may end.

    Parameters
    ----------
    find_form, given
        A function of a module, and what it is called with.
    name, kind
        What messages call the file, and what it is to be.

    Raises
    ------
    EncoderError
        If it is none of the kind, takes too much, or ended the process.
    """
    try:
        found: _T = _worker().call(find_form, *given)
    except EndedError as error:
        raise EncoderError(
            f"{name} was tried in a process of its own, which failed: {error}; it may be damaged, "
            f"or need more than {(_TRIAL.memory_bytes or 0) // 2**30} GiB of memory: export it for "
            "smaller images, or get the file anew"
        ) from error
    except MemoryError as error:
        raise EncoderError(
            f"{name} needs more memory than a {kind} may take; export it for smaller images"
        ) from error
    except EncoderError as error:
        raise EncoderError(f"{name}: {error}") from error
    return found


@cache
def _worker() -> Worker:
    """The process in which models are tried, which ends when nothing was tried for a minute."""
    return Worker(_TRIAL)
