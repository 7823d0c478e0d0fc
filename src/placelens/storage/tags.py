"""Snapshots' names: Lance keeps each as a tag, in a small file of its own."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import lance

from placelens.errors import CollectionError, CollectionExistsError, ReadError
from placelens.files import read_regular
from placelens.storage.durable import sync_folder
from placelens.storage.ledger import Ledger
from placelens.storage.troubles import damaged, writing_to

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_LONGEST = 100
_MOST_BYTES = 2**20


class Tags:
    """The names that versions of a table are kept under; changes need the write lock.

    Names are read here and not by Lance, which lists none at all where it cannot read one.
    """

    def __init__(self, table: Path, ledger: Ledger) -> None:
        self._table, self._ledger = table, ledger

    def file_of(self, name: str) -> Path:
        """The file that names a version."""
        return self._table / "_refs" / "tags" / f"{name}.json"

    def all(self) -> dict[str, int | None]:
        """Versions by name; None for one whose file cannot be read."""
        files = sorted(self.file_of("any").parent.glob("*.json"))
        found = {path.stem: _version_in(path) for path in files}
        return {
            name: version
            for name, version in found.items()
            if version is not None or not self._is_unfinished(name)
        }

    def sound(self) -> dict[str, int]:
        """Versions by name, without those whose file is damaged."""
        broken = self.damage()
        return {name: v for name, v in self.all().items() if v is not None and name not in broken}

    def damage(self) -> dict[str, str]:
        """Names whose file is not what was written, and what is wrong with it."""
        wrong = {}
        for name, version in self.all().items():
            what = self._ledger.damage_of(self.file_of(name), again=True)
            if what is None and version is None:
                what = f"{self._ledger.name_of(self.file_of(name))} cannot be read"
            if what is not None and self.file_of(name).exists():  # and was not dropped just now
                wrong[name] = what
        return wrong | self._missing()

    def _missing(self) -> dict[str, str]:
        """Names that the ledger knows and whose file is gone: one that is dropped is forgotten."""
        if not self._gone():
            return {}
        self._ledger.refresh()  # another process may have dropped it
        return {file.stem: f"{self._ledger.name_of(file)} is missing" for file in self._gone()}

    def _gone(self) -> list[Path]:
        folder = self._ledger.name_of(self.file_of("any").parent)
        known = [Path(name).name for name in self._ledger if name.startswith(f"{folder}/")]
        files = [self.file_of("any").with_name(name) for name in known]
        return [file for file in files if not file.exists()]

    def check(self) -> None:
        """Raise CollectionDamagedError when the file of a name is damaged."""
        broken = self.damage()
        if broken:
            raise damaged(self._table.parent, tuple(broken.values()))

    def version_of(self, name: str) -> int:
        """The version that is kept under a name.

        Raises
        ------
        CollectionError
            If there is none of the name; the message lists those there are.
        CollectionDamagedError
            If the file that names its version is not what was written.
        """
        broken, kept = self.damage(), self.sound()
        if name in broken:
            raise damaged(f"snapshot {name!r} of {self._table.parent}", (broken[name],))
        if name not in kept:
            known = ", ".join(sorted(kept)) or "none"
            raise CollectionError(f"there is no snapshot {name[:_LONGEST]!r}; there are: {known}")
        return kept[name]

    def create(self, dataset: lance.LanceDataset, name: str) -> None:
        """Keep a version under a name; ``dataset`` is a handle of its own, which Lance changes."""
        _check_name(name)
        kept = self.sound()
        if name in kept:
            raise CollectionExistsError(f"snapshot {name!r} exists already (version {kept[name]})")
        version, file = int(dataset.version), self.file_of(name)
        with writing_to(self._table.parent):
            try:
                dataset.tags.create(name, version)
                if self.all().get(name) != version:
                    raise OSError("the name of the snapshot could not be written")
                self._ledger.record([file])
            except BaseException:
                file.unlink(missing_ok=True)
                raise

    def drop(self, name: str) -> None:
        """Forget a name; when that fails, it is kept."""
        self.version_of(name)
        file, aside = self.file_of(name), self._table.parent / f"{name}.json.tmp"
        with writing_to(self._table.parent):
            # First, or it would be missing for a moment.
            self._ledger.forget(file)
            try:
                file.rename(aside)
                try:
                    sync_folder(file.parent)
                except OSError:
                    aside.rename(file)
                    raise
            except OSError:
                with suppress(OSError):
                    self._ledger.record([file])
                raise
        with suppress(OSError):  # it is dropped already, and compaction removes what is left
            aside.unlink()

    def remove_unfinished(self) -> None:
        """Remove names that a crash left half-written: Lance would stumble over them."""
        for file in self.file_of("any").parent.glob("*.json"):
            if _version_in(file) is None and self._is_unfinished(file.stem):
                file.unlink()

    def _is_unfinished(self, name: str) -> bool:
        """Whether a name that cannot be read was never acknowledged."""
        is_known = self._ledger.name_of(self.file_of(name)) in self._ledger
        return bool(self._ledger) and not is_known


def _check_name(name: str) -> None:
    """Raise CollectionError for a name that Lance would not list again, and then none at all."""
    is_short = len(name) <= _LONGEST
    if not is_short or not _NAME.fullmatch(name) or name.endswith(".lock"):
        raise CollectionError(
            f"snapshot name {name[:_LONGEST]!r} may hold letters, digits, '-', '_' and '.' only, "
            "without accents, at most 100, from a letter or digit on, and not end in .lock"
        )


def _version_in(path: Path) -> int | None:
    try:
        version = json.loads(read_regular(path, _MOST_BYTES))["version"]
    except (ReadError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return version if isinstance(version, int) and not isinstance(version, bool) else None
