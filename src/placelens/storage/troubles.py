"""What goes wrong with files, in placelens's own errors."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from placelens.errors import CollectionDamagedError, CollectionError

_NOT_OURS = (CollectionError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)
_PLACE_IN_SOURCES = re.compile(r",?\s*[^\s,]*\.rs:\d+:\d+.*$")
_REASONS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG, errno.EACCES)


@contextmanager
def reading(table: Path) -> Iterator[None]:
    """Turn whatever Lance says of files that it cannot read into a CollectionError."""
    with _in_words(
        lambda error: (
            f"the table of {table.parent} cannot be read ({_first_line(error)}); "
            f"see what is wrong with: placelens check {table.parent}"
        )
    ):
        yield


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Say of a write that failed that nothing was changed."""
    with _in_words(
        lambda error: f"{folder} could not be written to ({reason_of(error)}); nothing was changed"
    ):
        yield


@contextmanager
def _in_words(message: Callable[[BaseException], str]) -> Iterator[None]:
    """Turn an error of files into a CollectionError with a message."""
    try:
        yield
    except _NOT_OURS:
        raise
    except BaseException as error:  # a panic of Lance's is no Exception
        if not _is_of_files(error):
            raise
        raise CollectionError(message(error)) from error


def _is_of_files(error: BaseException) -> bool:
    """Whether an error comes from reading or writing files, and not from a mistake of ours."""
    is_panic = type(error).__name__ == "PanicException"
    return is_panic or isinstance(error, OSError | ValueError | RuntimeError)


def _first_line(error: BaseException) -> str:
    """What an error says, without the place in Lance's sources that it ends with."""
    text = str(error).strip().splitlines()
    return _PLACE_IN_SOURCES.sub("", text[0])[:300] if text else type(error).__name__


def damaged(what: object, damage: Sequence[str]) -> CollectionDamagedError:
    """The error that names what is wrong, and what to do about it."""
    more = f" and {len(damage) - 1} more" if len(damage) > 1 else ""
    return CollectionDamagedError(
        f"{what} is damaged: {damage[0]}{more}; see all with placelens check, go back to a "
        "snapshot with placelens restore, or bring back what can be with placelens repair"
    )


def reason_of(error: BaseException) -> str:
    """Why a write failed: the system's own words where they are known."""
    text = _first_line(error)
    for code in _REASONS:
        if f"os error {code})" in text or getattr(error, "errno", None) == code:
            return os.strerror(code)
    return text
