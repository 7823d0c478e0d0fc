"""A folder followed: which photos, sidecars, tables and folders changed, in short pauses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from placelens.readers.folders import Listing, Listings
from placelens.readers.formats import IMAGE_SUFFIXES, TABLE_SUFFIXES, is_passed_over, suffix_of

if TYPE_CHECKING:
    from watchfiles import Change

_SUFFIXES = IMAGE_SUFFIXES | TABLE_SUFFIXES | {".xmp"}


def watch(
    paths: Iterable[str | os.PathLike[str]],
    stop_event: Event | None = None,
    *,
    debounce_s: float = 1.6,
) -> Iterator[set[str]]:
    """Follow paths and give what changed, appeared or vanished.

    Parameters
    ----------
    paths : folders (with all below them) or files.
    stop_event : set it to end the iteration, within a second.
    debounce_s : seconds for which changes are gathered, so that a copy of many files is one set.

    Yields
    ------
    set of str
        Absolute paths of images, sidecars and tables; of a folder that came, those below it; a
        folder that went, itself. What is hidden is left out.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    """
    import watchfiles

    roots = [Path(path).expanduser().absolute() for path in paths]
    follower = Follower(roots)
    for changes in watchfiles.watch(
        *roots,
        watch_filter=lambda _, path: follower.is_looked_at(path),
        debounce=max(1, round(debounce_s * 1000)),
        step=min(50, max(1, round(debounce_s * 1000))),
        stop_event=stop_event,
        rust_timeout=500,
        raise_interrupt=True,
    ):
        if changed := follower.changed(changes):
            yield changed


class Follower:
    """What the system reports of some roots, made into what an import wants to know.

    A folder that is moved or renamed is reported as one path, with nothing of what is in it. One
    that has come is therefore looked through; one that has gone is known by having been there.

    Parameters
    ----------
    roots : absolute paths of folders or files.
    """

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = list(roots)
        self._folders: set[str] = set()
        for root in self._roots:
            if root.is_dir():
                self._files_below(str(root))

    def is_looked_at(self, path: str) -> bool:
        """Whether discovery would look at it: by every name below a root, not by its ending."""
        for root in self._roots:
            if Path(path).is_relative_to(root):
                return not any(map(is_passed_over, Path(path).relative_to(root).parts))
        return True

    def changed(self, changes: Iterable[tuple[Change, str]]) -> set[str]:
        """Files and vanished folders of one batch of reports, as ``watch`` gives them."""
        from watchfiles import Change

        found: set[str] = set()
        for change, path in changes:
            if not self.is_looked_at(path):
                continue
            if Path(path).is_dir():
                if change == Change.added or path not in self._folders:
                    found.update(self._files_below(path))
            elif path in self._folders:
                below = path + os.sep
                self._folders -= {f for f in self._folders if f == path or f.startswith(below)}
                found.add(path)
            elif suffix_of(Path(path).name) in _SUFFIXES or Path(path) in self._roots:
                found.add(path)
        return found

    def _files_below(self, folder: str) -> list[str]:
        """The files of a folder that are wanted; remembers it and the folders in it."""
        files = []
        for listing in Listings().walk(folder, recursive=True):
            if isinstance(listing, Listing):
                self._folders.add(listing.folder)
                files += [listing.path(n) for n in listing.files if suffix_of(n) in _SUFFIXES]
        return files
