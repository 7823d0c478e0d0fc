"""Snapshots' names: Lance keeps each as a tag, in a small file of its own."""

from __future__ import annotations

import re
from pathlib import Path

import lance

from placelens.errors import CollectionError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_LONGEST = 100


def check_name(name: str) -> None:
    """Raise CollectionError for a name that Lance would not list again, and then none at all."""
    is_short = len(name) <= _LONGEST
    if not is_short or not _NAME.fullmatch(name) or name.endswith(".lock"):
        raise CollectionError(
            f"snapshot name {name[:_LONGEST]!r} may hold letters, digits, '-', '_' and '.' only, "
            "without accents, at most 100, from a letter or digit on, and not end in .lock"
        )


def file_of(table: Path, name: str) -> Path:
    """The file that names a snapshot's version."""
    return table / "_refs" / "tags" / f"{name}.json"


def list_tags(dataset: lance.LanceDataset) -> dict[str, int]:
    """Versions by the names they are kept under."""
    return {name: int(tag["version"]) for name, tag in dataset.tags.list().items()}


def create(dataset: lance.LanceDataset, name: str, version: int) -> None:
    """Name a version, and read the name back.

    Raises
    ------
    OSError
        If it could not be written.
    """
    dataset.tags.create(name, version)
    if list_tags(dataset).get(name) != version:
        raise OSError("the name of the snapshot could not be written")
