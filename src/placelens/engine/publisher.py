"""Versions of a table, made ready to be searched, and how writers make the next one.

A searcher holds one version, with the columns and indexes that it needs. Whoever writes publishes
the next before he is done, so that readers in other threads go from one to the other and wait for
nothing; indexes follow in a thread of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from placelens.engine.indexes.life import SMALL_FILE, Indexes
from placelens.engine.searcher import Searcher
from placelens.index.limb import cpus
from placelens.storage.manifest import Manifest
from placelens.storage.table import ItemTable
from placelens.storage.version import Version
from placelens.types import FeatureName


class Publisher:
    """The searcher of a table's newest version; may be used from several threads."""

    def __init__(self, table: ItemTable) -> None:
        self._table = table
        self._searcher: Searcher | None = None
        self._indexed = _indexed(table.manifest)
        self.indexes = self._indexes_on_disk()
        self._generation = self.indexes.generation
        self._lock = threading.RLock()
        self._n_writing = 0

    def _indexes_on_disk(self) -> Indexes:
        _, features, dim = self._indexed
        indexes = Indexes(
            self._table.folder,
            features,
            dim,
            merge=self._merge_files,
            changed=self.publish,
        )
        indexes.refresh()
        return indexes

    @property
    def searcher(self) -> Searcher:
        """The searcher of the version at hand.

        While a thread writes it is the one before: the writer makes the new one, and is not done
        before it has.

        Raises
        ------
        CollectionDamagedError
            If the version is not what was written.
        """
        self._table.check_sound()
        current = self._searcher
        if current is None:
            return self.publish()
        if self._n_writing or current.version.number == self._table.version:
            return current
        return self.publish()

    @property
    def version(self) -> Version:
        """The columns of the version at hand."""
        return self.searcher.version

    def publish(self) -> Searcher:
        """Make the searcher of the newest version; columns that did not change are kept."""
        with self._lock:
            before, table = self._searcher, self._table
            dataset = table.dataset  # once: a thread that writes may move the table on
            manifest = table.manifest_of(dataset)
            if _indexed(manifest) != self._indexed:  # a feature was added, or all made anew
                self._indexed = _indexed(manifest)
                self.indexes, self._generation = self._indexes_on_disk(), -1
            indexes = self.indexes
            is_new = before is None or before.version.number != int(dataset.version)
            if is_new or before is None:
                previous = before.version if before is not None else None
                version = Version(dataset, manifest, previous, table.deleted)
            else:
                version = before.version
            if is_new or self._generation != indexes.generation:
                self._generation = indexes.generation
                bound = indexes.bind(version) if version.n_items else {}
                self._searcher = Searcher(version, manifest, bound)
            return self._searcher  # type: ignore[return-value]

    def refresh(self) -> bool:
        """Move to what other processes have committed; True when there was something new."""
        is_new = self._table.refresh()
        self.indexes.refresh()
        if self._searcher is not None:
            self.publish()
        return is_new

    def settle(self) -> None:
        """Publish what was written, and give it the indexes that it wants."""
        self.indexes.settle(self.publish().version)

    def start_anew(self) -> None:
        """`settle` after all vectors were made anew: the indexes that there were are of no use."""
        self.publish()
        self.indexes.forget()
        self.settle()

    def verify(self) -> None:
        """Compare with its checksum what was left for later; a damaged index is built anew."""
        self._table.verify()
        is_sound = self.indexes.verify() or bool(self._table.damage)
        if not is_sound and self._table.manifest.is_written:
            self.indexes.settle_soon(self.publish().version)

    def close(self) -> None:
        """Wait for what is built, and free the memory; the next use opens it again."""
        self.indexes.wait()
        with self._lock:
            self._searcher = None

    @contextmanager
    def writing(self, *, give_way: Callable[[], bool] | None = None) -> Iterator[None]:
        """Write: what is new is searchable when it is over, and the indexes follow in a thread."""
        with self._table.writing(give_way=give_way):
            self._n_writing += 1
            try:
                yield
            finally:
                try:  # also after an error: the commit may have been made
                    version = self.publish().version
                finally:
                    self._n_writing -= 1
            self.indexes.settle_soon(version)

    def compact(self, keep: timedelta) -> int:
        """Merge files, drop versions older than ``keep``, build indexes; return the bytes freed."""
        # Not on all processors: searches go on meanwhile.
        with self._merging():
            self._table.merge(n_threads=max(1, cpus() // 2))
        # Only now that searches here have moved on to the merged files.
        with self._table.writing():
            freed = self._table.clean_up(keep=keep)
            self.indexes.tidy()
        # Others may write while indexes are built.
        self.indexes.settle(self.version)
        return freed

    def restore(self, name: str) -> None:
        """Make a snapshot the newest version; checked before anything is changed."""
        with self._table.writing(damaged=True):
            self._table.check_snapshot(name)
            self.indexes.forget()  # first: they lack what was deleted when they were built
            self._table.restore(name, next_id=self._table.next_iid())
            version = self.publish().version
        self.indexes.settle_soon(version)

    @contextmanager
    def _merging(self, *, give_way: Callable[[], bool] | None = None) -> Iterator[None]:
        """Write what merges files and changes no item: indexes have the items they had."""
        # Locked, so that nobody binds the merged files before it is known whose items they hold.
        with self.writing(give_way=give_way), self._lock:
            before = self.publish().version
            yield
            after = Version(self._table.dataset, self._table.manifest, before)
            self.indexes.carry(before, after)

    def _merge_files(self) -> Version:
        # In the thread that builds, for which `restore` waits while it holds the lock.
        with self._merging(give_way=self.indexes.is_awaited):
            self._table.merge(SMALL_FILE)
        return self.version


def _indexed(manifest: Manifest) -> tuple[int, tuple[FeatureName, ...], int]:
    """What indexes stand on: another edition, features or length need others."""
    return manifest.edition, manifest.indexed_names, manifest.dim
