"""Files that last: written whole or not at all, and on the disk before anybody is told so.

A rename is atomic for other processes, but after a loss of power only what was synced is there:
the bytes of a file, and, apart from them, its name in its folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def sync_files(paths: Iterable[Path]) -> None:
    """Wait until files are on the disk, with their names.

    Raises
    ------
    OSError
        If the disk could not take one.
    """
    folders = set()
    for path in paths:
        _sync(path)
        folders.add(path.parent)
    for folder in folders:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where folders can be synced."""
    if os.name == "posix":  # Windows keeps names with its own journal, and opens no folders
        _sync(folder)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file in one step: a crash leaves the old one or the new one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):  # the error that led here says more
            beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
