"""Files that a library, a table or a collection names, opened only when they are regular files.

A name may lead to a pipe that nobody writes to, to a device without an end, or to a file of
/proc that claims to have no bytes; whoever puts a photo into a library may put a link to one
there too.
"""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from placelens.errors import ReadError

# Where they are missing (Windows) a file can be neither a pipe nor a terminal.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file to read its bytes; links are followed.

    Raises
    ------
    ReadError
        If it is not there, is no regular file, or cannot be opened.

    Examples
    --------
    >>> open_regular("/dev/null")
    Traceback (most recent call last):
        ...
    placelens.errors.ReadError: it is a device, not a file
    """
    try:
        # Looked at before it is opened, since opening a device can have effects, and again when
        # it is open, since it may have been exchanged in between.
        _check_regular(os.stat(path).st_mode)  # noqa: PTH116 - a path of any kind
        descriptor = os.open(path, _FLAGS)
        try:
            _check_regular(os.fstat(descriptor).st_mode)
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise
    except FileNotFoundError:
        raise ReadError("there is no such file") from None
    except OSError as error:
        raise ReadError(f"it cannot be opened: {error.strerror or error}") from error
    except ValueError as error:  # a NUL or a lone surrogate
        raise ReadError(f"its name cannot be that of a file: {error}") from None


def read_regular(path: str | os.PathLike[str], max_bytes: int, *, advice: str = "") -> bytes:
    """All bytes of a regular file.

    No more is read than the file claims to hold when it is opened, so that one without an end,
    or one that is still being written, is not followed.

    Parameters
    ----------
    path : of the file.
    max_bytes : the most that it may hold.
    advice : what to do with a larger one, for the error.

    Raises
    ------
    ReadError
        If it cannot be opened or read, is no regular file, or is larger.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise ReadError(
                f"the file has {size / 2**20:,.0f} MiB; the limit is {max_bytes // 2**20:,} MiB"
                + (f"; {advice}" if advice else "")
            )
        return read_some(file, size)


def read_some(file: BinaryIO, n_bytes: int) -> bytes:
    """At most so many bytes of an open file.

    Raises
    ------
    ReadError
        If it cannot be read.
    """
    try:
        # None where a file of the system has nothing to say at the moment.
        return file.read(n_bytes) or b""
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ReadError(f"it cannot be read: {reason}") from error


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        raise ReadError(f"it is {kind}, not a file")
