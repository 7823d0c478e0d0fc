"""Folders listed once each: names and stats, and nothing opened but for a JSON's title."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from placelens.readers.base import Skipped
from placelens.readers.formats import is_passed_over
from placelens.readers.sidecars import sidecars_in
from placelens.readers.takeout import read_title


@dataclass(frozen=True)
class Listing:
    """One folder: its files by name in order, and its subfolders' names in order."""

    folder: str
    files: dict[str, os.DirEntry[str]]
    subfolders: tuple[str, ...]

    @cached_property
    def sidecars(self) -> dict[str, tuple[str, ...]]:
        """The sidecars of each image that has any, by name."""
        return sidecars_in(self.files, lambda name: read_title(self.path(name)))

    def path(self, name: str) -> str:
        """The absolute path of a file of the folder."""
        return os.path.join(self.folder, name)  # noqa: PTH118 - ten times as fast as Path


class Listings:
    """Lists folders on demand and remembers them, so that no folder is read twice."""

    def __init__(self) -> None:
        self._listings: dict[str, Listing] = {}

    def of(self, folder: str) -> Listing:
        """List one folder.

        Raises
        ------
        OSError
            If it cannot be listed.
        """
        if folder not in self._listings:
            self._listings[folder] = _list(folder)
        return self._listings[folder]

    def walk(
        self, root: str, *, recursive: bool, but: Callable[[str], bool] | None = None
    ) -> Iterator[Listing | Skipped]:
        """List a folder and, if asked, all below it but what ``but`` says of a path, in order.

        Links to folders are followed; a folder reached twice, as through a loop of links, is
        listed once. A folder that cannot be listed gives a Skipped.
        """
        seen: set[tuple[int, int]] = set()
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            try:
                info = os.stat(folder)  # noqa: PTH116
                if (info.st_dev, info.st_ino) in seen:
                    continue
                seen.add((info.st_dev, info.st_ino))
                listing = self.of(folder)
            except OSError as error:
                yield Skipped(
                    key=printable(folder),
                    reason=f"the folder cannot be listed: {error.strerror or error}",
                )
                continue
            yield listing
            if recursive:
                below = (listing.path(name) for name in reversed(listing.subfolders))
                waiting.extend(path for path in below if but is None or not but(path))


def _list(folder: str) -> Listing:
    files: dict[str, os.DirEntry[str]] = {}
    subfolders: list[str] = []
    # Apple Photos keeps renditions beside the originals; only these are the user's photos.
    library = folder.lower().endswith(".photoslibrary")
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if is_passed_over(entry.name):
                continue
            if _is_dir(entry):
                if not library or entry.name.lower() in ("originals", "masters"):
                    subfolders.append(entry.name)
            elif entry.is_symlink() or entry.is_file():
                files[entry.name] = entry
    return Listing(folder, files, tuple(subfolders))


def _is_dir(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder; a link that leads back to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def printable(path: str) -> str:
    """A path as text that can be stored and shown, whatever bytes its name holds."""
    return os.fsencode(path).decode("utf-8", "replace")


def is_printable(path: str) -> bool:
    """Whether a path's name is valid UTF-8, and so can be stored."""
    return path.isascii() or printable(path) == path
