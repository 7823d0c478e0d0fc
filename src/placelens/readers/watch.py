"""A folder followed: which photos, sidecars and tables changed, gathered in short pauses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

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
    """Follow paths and give the files that changed, appeared or vanished.

    Parameters
    ----------
    paths : folders (with all below them) or files.
    stop_event : set it to end the iteration, within a second.
    debounce_s : seconds for which changes are gathered, so that a copy of many files is one set.

    Yields
    ------
    set of str
        Absolute paths of images, sidecars and tables. Hidden files are left out.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    """
    import watchfiles

    roots = [Path(path).expanduser().absolute() for path in paths]

    def wanted(change: Change, path: str) -> bool:
        return _is_wanted(path, roots)

    for changes in watchfiles.watch(
        *roots,
        watch_filter=wanted,
        debounce=max(1, round(debounce_s * 1000)),
        step=min(50, max(1, round(debounce_s * 1000))),
        stop_event=stop_event,
        rust_timeout=500,
        raise_interrupt=True,
    ):
        yield {path for _, path in changes}


def _is_wanted(path: str, roots: Iterable[Path]) -> bool:
    """Whether discovery would look at the file: by its ending, and by every folder below a root."""
    if suffix_of(Path(path).name) not in _SUFFIXES:
        return False
    for root in roots:
        if Path(path) == root:
            return True
        if Path(path).is_relative_to(root):
            return not any(map(is_passed_over, Path(path).relative_to(root).parts))
    return True
