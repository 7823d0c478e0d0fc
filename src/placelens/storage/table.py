"""The item table on Lance: versioned, embedded, one commit at a time.

A commit is atomic: a crash at any byte leaves the last committed version. Readers hold a version
and are never disturbed; writers take the collection's lock, one at a time.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import filelock
import lance
import pyarrow as pa

from placelens.errors import (
    CollectionError,
    CollectionExistsError,
    CollectionLockedError,
    CollectionNotFoundError,
)
from placelens.storage.format_v1 import schema, sql_strings, vector_column, with_vectors
from placelens.storage.ids import Ids
from placelens.storage.manifest import FILE_NAME, Manifest, read_manifest, write_manifest
from placelens.types import Float32Array, Modality

TABLE_NAME = "items.lance"
LOCK_NAME = "write.lock"

# Part of format 1: the newest that the lowest pylance of pyproject.toml can read, and not whatever
# the installed one would write.
LANCE_FILE_VERSION = "2.1"

# Readers may hold a version this long before compaction removes its files.
KEEP_OLD_VERSIONS = timedelta(hours=1)
# More than passes between reading the clock here and in Lance.
CLOCK_MARGIN = timedelta(seconds=1)

# Files of so many rows are not merged any more: what a tree covers stays as it is, and compaction
# costs what was written since and not what there is.
TARGET_ROWS = 65_536

# Rows in memory at once while a table is derived: with thumbnails, some twenty megabytes.
DERIVE_ROWS = 1024

# Fragments that are deleted from one by one.
FEW = 32

SNAPSHOT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")


class ItemTable:
    """The table of a collection: its versions, and how they change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        self._lock = filelock.FileLock(folder / LOCK_NAME, timeout=0)
        # Threads of one process wait for one another.
        self._thread_lock = threading.RLock()
        self._ids = Ids()
        self.deleted: tuple[int, tuple[int, ...]] = (-1, ())
        """The version that `delete` made last, and the internal ids it went for."""
        try:
            self.dataset = lance.dataset(str(folder / TABLE_NAME))
        except (ValueError, OSError) as error:
            raise CollectionError(f"the table of {folder} cannot be opened: {error}") from error

    @classmethod
    def create(
        cls,
        folder: Path,
        manifest: Manifest,
        *,
        files: Mapping[str, bytes] = MappingProxyType({}),
        rows: Iterable[pa.RecordBatch] = (),
    ) -> ItemTable:
        """Create a table; nothing appears at ``folder`` before it is complete.

        Parameters
        ----------
        files
            What the encoder keeps beside the table, by name.
        rows
            What the table holds from the first, in its own schema.
        """
        if folder.exists():
            raise CollectionExistsError(f"{folder} exists already; open it, or choose another path")
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = folder.with_name(f".{folder.name}.{os.getpid()}.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            lance.write_dataset(
                pa.RecordBatchReader.from_batches(schema(manifest), rows),
                str(beside / TABLE_NAME),
                enable_v2_manifest_paths=True,
                data_storage_version=LANCE_FILE_VERSION,
            )
            for name, content in files.items():
                (beside / name).write_bytes(content)
            write_manifest(beside, manifest)
            beside.rename(folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> ItemTable:
        """Open the table of an existing collection."""
        if not (folder / FILE_NAME).is_file():
            what = "is not a placelens collection" if folder.exists() else "does not exist"
            raise CollectionNotFoundError(
                f"{folder} {what}; make one with: placelens index PHOTOS --to {folder.name}"
            )
        return cls(folder)

    @property
    def version(self) -> int:
        """The version at hand."""
        return int(self.dataset.version)

    def refresh(self) -> bool:
        """Move to the newest version; True when there was one."""
        latest = int(self.dataset.latest_version)
        if latest == self.version:
            return False
        # Not checkout_latest, which changes the handle in place: see `_changing`.
        self.dataset = self.dataset.checkout_version(latest)
        return True

    @contextmanager
    def _changing(self) -> Iterator[lance.LanceDataset]:
        """A handle to commit with, which becomes the table's own when it has.

        Lance changes a handle in place, and raises "Already mutably borrowed" in whatever thread
        reads it at that moment: the one that threads share is only ever replaced.
        """
        dataset = self.dataset.checkout_version(self.version)
        yield dataset
        self.dataset = dataset

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock, at the newest version and manifest.

        Raises
        ------
        CollectionLockedError
            If another process is writing.
        """
        with self._thread_lock:
            try:
                self._lock.acquire()
            except filelock.Timeout:
                raise CollectionLockedError(
                    f"another process is writing to {self.folder}; try again when it has finished"
                ) from None
            try:
                self.manifest = read_manifest(self.folder)
                self.refresh()
                yield
            finally:
                self._lock.release()

    def derive(
        self,
        folder: Path,
        manifest: Manifest,
        vectors: Callable[[Modality, Float32Array], Float32Array],
        *,
        files: Mapping[str, bytes] = MappingProxyType({}),
    ) -> ItemTable:
        """A new table with the rows at hand and other vectors; ids are those of this one.

        Parameters
        ----------
        folder, manifest, files
            As for `create`.
        vectors
            Gives the new vectors, (n, manifest.dim), of a modality's old ones, (n, dim).
        """
        columns = schema(manifest)
        changed = {vector_column(modality): modality for modality in manifest.modalities}

        def converted() -> Iterator[pa.RecordBatch]:
            for batch in self.dataset.to_batches(columns=columns.names, batch_size=DERIVE_ROWS):
                arrays = [
                    with_vectors(column, partial(vectors, changed[field.name]), field.type)
                    if field.name in changed
                    else column
                    for field, column in zip(columns, batch.columns, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=columns)

        kept = manifest.with_next_id(self.next_iid())
        return type(self).create(folder, kept, files=files, rows=converted())

    def next_iid(self) -> int:
        """The next free internal id; call while writing, or for the version at hand."""
        return max(self.manifest.next_id, self._ids.top(self.dataset) + 1)

    def append(self, table: pa.Table) -> None:
        """Add rows in one commit; call while writing."""
        with self._changing() as dataset:
            dataset.insert(table, mode="append")

    def replace(self, table: pa.Table) -> None:
        """Put rows in the place of those with the same ``iid``, in one commit."""
        with self._changing() as dataset:
            merge = dataset.merge_insert("iid").when_matched_update_all()
            merge.when_not_matched_insert_all().execute(table)

    def delete(self, iids: Sequence[int]) -> None:
        """Remove rows in one commit; call while writing."""
        if not len(iids):
            return
        # Written first: a crash between the two only skips some ids.
        self._write_manifest(self.manifest.with_next_id(self.next_iid()))
        wanted = f"iid IN ({', '.join(map(str, iids))})"
        fragments = self._ids.fragments_of(self.dataset, iids)
        if len(fragments) > FEW:
            with self._changing() as dataset:
                dataset.delete(wanted)
            return
        # Lance would look for them in all fragments.
        changed = {f.fragment_id: f.delete(wanted) for f in fragments}
        self.dataset = lance.LanceDataset.commit(
            self.dataset.checkout_version(self.version),
            lance.LanceOperation.Delete(
                [metadata for metadata in changed.values() if metadata is not None],
                [number for number, metadata in changed.items() if metadata is None],
                wanted,
            ),
            read_version=self.version,
        )
        self.deleted = (self.version, tuple(iids))

    def update(self, iid: int, values: dict[str, Any]) -> None:
        """Change columns of one row in one commit; call while writing."""
        row = self.dataset.to_table(filter=f"iid = {iid}")
        for name, value in values.items():
            at = row.schema.get_field_index(name)
            row = row.set_column(at, row.schema.field(at), pa.array([value], row.schema.types[at]))
        self.replace(row)

    def find(self, ids: Sequence[str], columns: list[str], *, key: str = "id") -> pa.Table:
        """The rows whose ``key`` is among ``ids``."""
        if not ids:
            return self.dataset.schema.empty_table().select(columns)
        dataset = self.dataset
        fragments = self._ids.fragments_with(dataset, ids) if key == "id" else None
        if fragments == []:
            return dataset.schema.empty_table().select(columns)
        wanted = f"{key} IN ({sql_strings(ids)})"
        return dataset.scanner(columns=columns, filter=wanted, fragments=fragments).to_table()

    def compact(self, *, keep: timedelta = KEEP_OLD_VERSIONS) -> int:
        """Merge small files, drop deleted rows and old versions; return the bytes freed.

        Snapshots keep their versions; what was the newest within ``keep`` stays for its readers.
        Call while writing: with no other writer, files that no version knows are left over from
        a crash and are removed as well.
        """
        # Not on all processors: searches go on meanwhile.
        self.merge(TARGET_ROWS, n_threads=max(1, (os.cpu_count() or 1) // 2))
        with self._changing() as dataset:
            stats = dataset.cleanup_old_versions(
                older_than=_age_without_readers(dataset, keep),
                delete_unverified=True,
                error_if_tagged_old_versions=False,
            )
        for orphan in self.folder.glob(f"{FILE_NAME}.*.tmp"):
            orphan.unlink(missing_ok=True)
        return int(stats.bytes_removed)

    def merge(self, n_rows: int, *, n_threads: int = 1) -> None:
        """Merge neighbours among files of fewer rows than these; call while writing."""
        with self._changing() as dataset:
            dataset.optimize.compact_files(target_rows_per_fragment=n_rows, num_threads=n_threads)

    def snapshots(self) -> dict[str, int]:
        """Versions kept by name."""
        return {name: int(tag["version"]) for name, tag in self.dataset.tags.list().items()}

    def snapshot(self, name: str) -> None:
        """Keep the version at hand under a name."""
        self._check_name(name)
        if name in self.snapshots():
            raise CollectionExistsError(
                f"snapshot {name!r} exists already (version {self.snapshots()[name]})"
            )
        self.dataset.tags.create(name, self.version)

    def drop_snapshot(self, name: str) -> None:
        """Forget a snapshot; its files go with the next compaction."""
        self._version_of(name)
        self.dataset.tags.delete(name)

    def restore(self, name: str) -> None:
        """Make a snapshot's state the newest version; call while writing."""
        version = self._version_of(name)
        self._write_manifest(self.manifest.with_next_id(self.next_iid()))
        self.dataset.checkout_version(version).restore()
        self.refresh()

    def size_bytes(self) -> int:
        """Bytes on disk, all versions included."""
        return sum(map(_size_of, self.folder.rglob("*")))

    def _version_of(self, name: str) -> int:
        snapshots = self.snapshots()
        if name not in snapshots:
            known = ", ".join(sorted(snapshots)) or "none"
            raise CollectionError(f"there is no snapshot {name!r}; there are: {known}")
        return snapshots[name]

    @staticmethod
    def _check_name(name: str) -> None:
        # Lance writes other letters under a name that it does not find again, and then lists no
        # snapshot at all.
        if not SNAPSHOT_NAME.fullmatch(name) or name.endswith(".lock") or len(name) > 100:
            raise CollectionError(
                f"snapshot name {name!r} may hold letters, digits, '-', '_' and '.' only, "
                "without accents, at most 100, from a letter or digit on, and not end in .lock"
            )

    def _write_manifest(self, manifest: Manifest) -> None:
        if manifest != self.manifest:
            write_manifest(self.folder, manifest)
            self.manifest = manifest


def _age_without_readers(dataset: lance.LanceDataset, keep: timedelta) -> timedelta:
    """The age of versions that a later one had replaced before ``keep`` began.

    An old version may have been the newest until a moment ago, and what has opened it then reads
    its files for ``keep`` longer.
    """
    now = datetime.now(UTC)
    times = sorted(version["timestamp"].astimezone(UTC) for version in dataset.versions())
    old = [time for time in times if time <= now - keep]
    if not old or old == times:
        return keep
    return now - old[-1] + CLOCK_MARGIN


def _size_of(path: Path) -> int:
    """Bytes of a file; 0 for a folder, and for what another process removed just now."""
    try:
        info = path.stat()
    except FileNotFoundError:
        return 0
    return info.st_size if stat.S_ISREG(info.st_mode) else 0
