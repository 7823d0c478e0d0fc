"""Which fragments of a table may hold an id, so that a small write need not read all of it.

A scan costs some hundred microseconds a fragment, and every small commit adds a fragment. Files
never change: what is known of one is kept for as long as a version has it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import lance
import numpy as np

from placelens.storage.manifest import edition_of
from placelens.types import Int64Array

# Fragments up to this size are read at once; a larger one is, when it has been scanned so often.
SMALL = 8_192
SCANS = 8


@dataclass(slots=True)
class _Known:
    """Sorted hashes of all ids in a file, deleted ones too: a restore may bring those back."""

    lowest: int
    top: int
    hashes: Int64Array | None
    n_scans: int = 0


class FileNames:
    """The files of fragments; asking Lance costs some ten microseconds for each, every time."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, tuple[str, ...]]] = {}

    def of(self, fragment: lance.LanceFragment) -> tuple[str, ...]:
        """Paths inside the table: no number is given twice in one edition, even restored."""
        number, n_rows = fragment.fragment_id, fragment.physical_rows
        known = self._known.get(number)
        if known is None or known[0] != n_rows:
            known = (n_rows, tuple(file.path for file in fragment.metadata.files))
            self._known[number] = known
        return known[1]

    def copy_for(self, fragments: Iterable[lance.LanceFragment]) -> FileNames:
        """Another one that knows of these fragments only, as far as this one does."""
        names = FileNames()
        for fragment in fragments:
            number = fragment.fragment_id
            if number in self._known:
                names._known[number] = self._known[number]
        return names


class Ids:
    """What is known of the ids in a table's files; may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], _Known] = {}
        self._version = self._edition = -1
        self._names = FileNames()
        self._fragments: list[tuple[tuple[str, ...], lance.LanceFragment]] = []

    def fragments_with(
        self, dataset: lance.LanceDataset, ids: Sequence[str]
    ) -> list[lance.LanceFragment]:
        """The fragments that may hold one of the ids; the others do not."""
        wanted = np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids))
        with self._lock:
            self._follow(dataset)
            return [
                fragment
                for files, fragment in self._fragments
                if self._may_hold(dataset, files, fragment, wanted)
            ]

    def fragments_of(
        self, dataset: lance.LanceDataset, iids: Sequence[int] | Int64Array
    ) -> list[tuple[lance.LanceFragment, Int64Array]]:
        """The fragments that may hold one of the internal ids, and which; the others do not."""
        wanted = np.sort(np.asarray(iids, dtype=np.int64))
        with self._lock:
            self._follow(dataset)
            found = []
            for files, fragment in self._fragments:
                known = self._known[files]
                first, last = np.searchsorted(wanted, (known.lowest, known.top + 1))
                if first < last:
                    found.append((fragment, wanted[first:last]))
            return found

    def top(self, dataset: lance.LanceDataset) -> int:
        """The largest internal id, -1 without any; ids deleted since may count as well."""
        with self._lock:
            self._follow(dataset)
            return max((self._known[files].top for files, _ in self._fragments), default=-1)

    def _follow(self, dataset: lance.LanceDataset) -> None:
        if self._version == dataset.version:
            return
        edition = edition_of(dataset.schema.metadata)
        if edition != self._edition:
            self._names, self._edition = FileNames(), edition
        fragments = []
        for fragment in dataset.get_fragments():
            files = self._names.of(fragment)
            fragments.append((files, fragment))
            if files not in self._known:
                is_small = fragment.physical_rows <= SMALL
                self._known[files] = _read(dataset, fragment, with_ids=is_small)
        self._known = {files: self._known[files] for files, _ in fragments}
        self._names = self._names.copy_for(fragment for _, fragment in fragments)
        self._fragments, self._version = fragments, int(dataset.version)

    def _may_hold(
        self,
        dataset: lance.LanceDataset,
        files: tuple[str, ...],
        fragment: lance.LanceFragment,
        wanted: Int64Array,
    ) -> bool:
        known = self._known[files]
        if known.hashes is None:
            known.n_scans += 1
            if known.n_scans < SCANS:
                return True
            known = self._known[files] = _read(dataset, fragment, with_ids=True)
        hashes = known.hashes
        if hashes is None or not len(hashes):
            return False
        at = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
        return bool((hashes[at] == wanted).any())


def _read(dataset: lance.LanceDataset, fragment: lance.LanceFragment, *, with_ids: bool) -> _Known:
    table = dataset.scanner(
        fragments=[fragment],
        columns=["iid", "id"] if with_ids else ["iid"],
        with_row_id=True,  # needed to be given what was deleted
        include_deleted_rows=True,
    ).to_table()
    iids = table["iid"].to_numpy()
    lowest, top = int(iids.min(initial=np.iinfo(np.int64).max)), int(iids.max(initial=-1))
    if not with_ids:
        return _Known(lowest, top, None)
    hashes = np.fromiter(map(hash, table["id"].to_pylist()), np.int64, count=table.num_rows)
    return _Known(lowest, top, np.sort(hashes))
