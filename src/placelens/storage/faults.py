"""Whatever the disk and the table's library raise, as errors that name the collection.

`placelens.storage.troubles` does it where files are read and written; this is the last door.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import pyarrow as pa

from placelens.errors import CollectionError, CollectionNotFoundError, PlacelensError
from placelens.storage.troubles import reason_of

__all__ = ["named", "naming_faults", "on_newest"]

# A place in the sources of the table's library.
_SOURCE = re.compile(r"\.rs:\d+")


class _HasPath(Protocol):
    @property
    def path(self) -> Path: ...


class _Refreshes(Protocol):
    def refresh(self) -> bool: ...


_C = TypeVar("_C", bound=type[Any])
_M = TypeVar("_M", bound=Callable[..., Any])


@contextmanager
def named(folder: Path) -> Iterator[None]:
    """Turn what the disk and the table's library raise into errors that name the collection.

    Raises
    ------
    CollectionNotFoundError
        If the folder is gone.
    CollectionError
        With the reason, else.
    """
    try:
        yield
    except PlacelensError as error:
        if isinstance(error, CollectionError) and not folder.exists():
            raise CollectionNotFoundError(f"{folder} is not there: {error}") from error
        raise
    except BaseException as error:  # a panic of Lance's is no Exception
        if not _is_fault(error):
            raise
        if not folder.exists():
            raise CollectionNotFoundError(f"{folder} is not there any more") from error
        raise CollectionError(f"{folder} cannot be used: {reason_of(error)}") from error


def naming_faults(cls: _C) -> _C:
    """Have all public methods of a class with a ``path`` raise `named` errors only."""
    for name, method in list(vars(cls).items()):
        if inspect.isfunction(method) and (not name.startswith("_") or name == "__len__"):
            setattr(cls, name, _guarded(method))
    return cls


def on_newest(method: _M) -> _M:
    """Have a method that reads a version read the newest one where files of its own are gone.

    Another process may have removed them while this one held the version: ``compact(keep=0)``.
    """

    @functools.wraps(method)
    def read(self: _Refreshes, *args: Any, **options: Any) -> Any:
        try:
            return method(self, *args, **options)
        except BaseException as error:
            # Exactly this class is what `troubles.reading` says of files; others say more.
            is_of_files = type(error) is CollectionError or _is_fault(error)
            if not (is_of_files and self.refresh()):
                raise
        return method(self, *args, **options)

    return cast(_M, read)


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(method):

        @functools.wraps(method)
        def iterate(self: _HasPath, *args: Any, **options: Any) -> Iterator[Any]:
            with named(self.path):
                yield from method(self, *args, **options)

        return iterate

    @functools.wraps(method)
    def call(self: _HasPath, *args: Any, **options: Any) -> Any:
        with named(self.path):
            return method(self, *args, **options)

    return call


def _is_fault(error: BaseException) -> bool:
    """Whether the disk or the table's library is to blame, and not a caller or ourselves."""
    if type(error).__name__ == "PanicException" or isinstance(error, OSError | pa.ArrowException):
        return True
    written = str(error) if isinstance(error, ValueError | RuntimeError) else ""
    return "LanceError" in written or bool(_SOURCE.search(written))
