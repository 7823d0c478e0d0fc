"""Snapshots' names: Lance keeps each as a tag, in a small file of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import lance

from placelens.errors import CollectionError
from placelens.storage.durable import sync_folder

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


def list_tags(table: Path) -> dict[str, int | None]:
    """Versions by the names they are kept under; None for one whose file cannot be read.

    Lance lists none at all where it cannot read one.
    """
    return {
        path.stem: _version_in(path) for path in sorted(file_of(table, "*").parent.glob("*.json"))
    }


def _version_in(path: Path) -> int | None:
    try:
        version = json.loads(path.read_text("utf-8"))["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return version if isinstance(version, int) and not isinstance(version, bool) else None


def create(dataset: lance.LanceDataset, name: str, version: int) -> None:
    """Name a version, and read the name back.

    Raises
    ------
    OSError
        If it could not be written.
    """
    dataset.tags.create(name, version)
    if list_tags(Path(dataset.uri)).get(name) != version:
        raise OSError("the name of the snapshot could not be written")


def drop(table: Path, name: str) -> None:
    """Forget a name.

    Raises
    ------
    OSError
        If it could not be forgotten for good; it is kept then.
    """
    file, aside = file_of(table, name), table.parent / f"{name}.json.tmp"
    file.rename(aside)
    try:
        sync_folder(file.parent)
    except OSError:
        aside.rename(file)
        raise
    aside.unlink()
