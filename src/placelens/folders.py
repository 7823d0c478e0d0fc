"""Where placelens keeps what belongs to a user and to no collection."""

from __future__ import annotations

import logging
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """What can be made anew: ``PLACELENS_CACHE``, or the system's place for such.

    Where that cannot be written (a service's user without a home, a container whose root is
    read-only), a folder among the temporary files takes its place, and a warning says so, once a
    process. Only where there is no such folder either does the one returned refuse to be written.
    """
    return _writable(_configured_cache())


def lasting_cache_folder() -> Path | None:
    """`cache_folder`, or None where only temporary files can be written: for what is large."""
    configured = _configured_cache()
    return configured if _writable(configured) == configured else None


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file under another name first, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as temporary:
        try:
            yield temporary
        except BaseException:
            Path(temporary.name).unlink()
            raise
    Path(temporary.name).replace(path)


def data_folder() -> Path:
    """What somebody made: ``PLACELENS_HOME``, or the system's place for such."""
    if "PLACELENS_HOME" in os.environ:
        return Path(os.environ["PLACELENS_HOME"])
    if sys.platform == "win32":
        return _local_app_data() / "placelens" / "data"
    if sys.platform == "darwin":
        return _home() / "Library/Application Support/placelens"
    return Path(os.environ.get("XDG_DATA_HOME") or _home() / ".local/share") / "placelens"


def _configured_cache() -> Path:
    if "PLACELENS_CACHE" in os.environ:
        return Path(os.environ["PLACELENS_CACHE"])
    if sys.platform == "win32":
        return _local_app_data() / "placelens"
    if sys.platform == "darwin":
        return _home() / "Library/Caches/placelens"
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / "placelens"


def _local_app_data() -> Path:
    return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData/Local")


def _home() -> Path:
    """The home folder; one that is not there for a user whom the system does not know."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


@cache
def _writable(folder: Path) -> Path:
    """The folder, or what takes its place where it cannot be written."""
    reason = _why_not(folder)
    if reason is None:
        return folder
    instead = _temporary()
    log.warning(
        "%s cannot be written (%s), so what is made once and kept there goes to %s; "
        "set PLACELENS_CACHE to a folder that lasts",
        folder,
        reason,
        instead,
    )
    return instead


def _why_not(folder: Path) -> str | None:
    """Why nothing can be written into a folder, which is made; None when something can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Permissions do not tell of a file system that is read-only or full.
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _temporary() -> Path:
    """A folder of this user's own among the temporary files, the same in every process.

    Compiled code is kept there: a folder that another user has put at its place, or may write
    to, would be a way to run theirs.
    """
    try:
        if not hasattr(os, "getuid"):  # Windows, where each user has temporary files of their own
            return Path(tempfile.gettempdir()) / "placelens"
        folder = Path(tempfile.gettempdir()) / f"placelens-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder if _is_own(folder) else Path(tempfile.mkdtemp(prefix="placelens-"))
    except OSError:  # there is no place for temporary files either
        return Path(os.devnull)


def _is_own(folder: Path) -> bool:
    """Whether a folder is one, belongs to this user, and is closed to all others."""
    found = folder.lstat()
    is_closed = found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) == 0
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and is_closed
