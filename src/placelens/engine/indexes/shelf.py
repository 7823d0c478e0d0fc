"""The parts of a collection's indexes on disk: opened, checked, passed over, removed.

Each is a folder of arrays that names its kind and the files of the table that it covers. What is
damaged is passed over and said. What is of a kind not known here is left alone, for whoever knows
it, as long as a version has files of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from placelens.engine.indexes.kinds import UNNAMED
from placelens.engine.indexes.parts import Files, Part
from placelens.index.kind import IndexKind
from placelens.storage.arrays import (
    NOT_SOUND,
    check_arrays,
    folders_of_arrays,
    open_arrays,
    read_meta,
    remove_arrays,
    remove_unfinished,
    write_arrays,
)
from placelens.storage.version import Version
from placelens.types import FeatureName

# Larger arrays, the vectors of a hundred thousand items or more, are not compared with their
# checksums when a part is opened but by `Shelf.verify`: all else is.
CHECK_AT_OPEN = 2**28

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False, kw_only=True)
class StoredPart(Part):
    """A part on disk, and the version of the table that it was grown from."""

    kind: str
    folder: Path
    version: int


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A part of a kind that is not known."""

    files: frozenset[Files]
    version: int


class Shelf:
    """The folder of a collection's index parts; may be used from several threads."""

    def __init__(
        self,
        folder: Path,
        kinds: Mapping[str, IndexKind[Any]],
        features: tuple[FeatureName, ...],
        dim: int,
    ) -> None:
        self._folder, self._kinds = folder, kinds
        self._features, self._dim = features, dim
        self.lock = threading.RLock()
        """Held by whoever looks at the parts and goes by what he has seen."""
        self.stored: dict[str, StoredPart] = {}
        """Those in use, by the names of their folders."""
        self._foreign: dict[str, _Foreign] = {}
        self._passed_over: set[str] = set()
        self.generation = 0
        """Grows when there are other parts than before."""
        self.n_written = 0
        """How many parts were written here."""

    def of(self, kind: str) -> dict[str, StoredPart]:
        """The parts of one kind."""
        with self.lock:
            return {name: part for name, part in self.stored.items() if part.kind == kind}

    def refresh(self) -> None:
        """See what is on disk now."""
        with self.lock:
            names = {path.name: path for path in folders_of_arrays(self._folder)}
            known = set(self.stored) | set(self._foreign)
            gone, new = known - set(names), set(names) - known - self._passed_over
            self._passed_over &= set(names)
            for name in sorted(new):
                self._open(names[name])
            for name in gone:
                self.stored.pop(name, None)
                self._foreign.pop(name, None)
            if gone or new:
                self.generation += 1

    def _open(self, folder: Path) -> None:
        noun = self._kinds[UNNAMED].noun
        try:
            meta = read_meta(folder)
            name = meta.get("kind", UNNAMED)
            if name not in self._kinds:
                files = frozenset(tuple(files) for files in meta["files"])
                self._foreign[folder.name] = _Foreign(files, meta["version"])
                return
            noun = self._kinds[name].noun
            self.stored[folder.name] = self._opened(folder, self._kinds[name])
        except NOT_SOUND as error:
            if folder.exists():  # and was not removed this moment by another process
                self._pass_over(folder, noun, error)

    def _opened(self, folder: Path, kind: IndexKind[Any]) -> StoredPart:
        """A part from disk; raises what `open_arrays` does, and for what no kernel may be given."""
        arrays, meta = open_arrays(folder, check_up_to=CHECK_AT_OPEN)
        if meta["format"] != kind.format:
            raise ValueError(f"format {meta['format']}, not {kind.format}")
        grown = kind.open(
            arrays,
            meta.get("parameters", {}),
            dims=dict.fromkeys(kind.needs(self._features), self._dim),
            others=[part.grown for part in self.of(kind.name).values()],
        )
        files = frozenset(tuple(files) for files in meta["files"])
        return StoredPart(
            files,
            grown,
            meta["n_items"],
            kind=kind.name,
            folder=folder,
            version=meta.get("version", 0),
        )

    def _pass_over(self, folder: Path, noun: str, what: object) -> None:
        self._passed_over.add(folder.name)
        log.warning(
            "the %s in %s is damaged or of an older placelens (%s): searches go on without it; "
            "the next import, or placelens compact, builds it anew",
            noun,
            folder,
            what,
        )

    def verify(self) -> bool:
        """Compare with its checksum what was left for later when parts were opened.

        False when there is a damaged one: it is not used any more.
        """
        with self.lock:
            stored = dict(self.stored)
        wrong = {name: check_arrays(part.folder) for name, part in stored.items()}
        with self.lock:
            for name, what in wrong.items():
                part = stored[name]
                if what is not None and part.folder.exists() and name in self.stored:
                    del self.stored[name]
                    self._pass_over(part.folder, self._kinds[part.kind].noun, what)
                    self.generation += 1
            return not self._passed_over

    def write(
        self,
        kind: IndexKind[Any],
        grown: Any,
        *,
        files: Iterable[Files],
        n_items: int,
        version: int,
    ) -> None:
        """Write what was grown over the items of some files; `refresh` opens it."""
        arrays, parameters = kind.write(grown)
        meta = {
            "kind": kind.name,
            "format": kind.format,
            "parameters": parameters,
            "files": [list(names) for names in files],
            "n_items": n_items,
            "version": version,
        }
        write_arrays(self._folder, arrays, meta)
        self.n_written += 1

    def remove_needless(self, version: Version, needed: set[str]) -> None:
        """Remove parts that no file of the version needs, but not those of a later one."""
        files = {fragment.files for fragment in version.fragments}
        with self.lock:
            for name, part in self.stored.items():
                if name not in needed and part.version <= version.number:
                    remove_arrays(part.folder)
            for name, foreign in self._foreign.items():
                if not files & foreign.files and foreign.version <= version.number:
                    remove_arrays(self._folder / name)
            for name in self._passed_over:
                remove_arrays(self._folder / name)
            self.refresh()

    def remove_all(self) -> None:
        """Remove every part but those passed over, also of kinds that are not known."""
        with self.lock:
            for name in (*self.stored, *self._foreign):
                remove_arrays(self._folder / name)
            self.refresh()

    def tidy(self) -> None:
        """Remove what a crash left behind; call when nothing is being written."""
        remove_unfinished(self._folder)
