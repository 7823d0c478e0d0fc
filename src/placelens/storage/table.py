"""The item table on Lance: versioned, embedded, one commit at a time.

A commit is atomic: a crash at any byte leaves the last committed version. Readers hold a version
and are never disturbed; writers take the collection's lock, one at a time.

A commit is acknowledged when it was read back as a reader will read it, when its files are on the
disk, and when the ledger has their checksums. Lance reports some failed writes as done (a deletion
file that the disk did not take) and raises for others after it has committed: nothing that it says
of a commit is believed.
"""

from __future__ import annotations

import json
import os
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
import numpy as np
import pyarrow as pa

from placelens.errors import (
    CollectionError,
    CollectionExistsError,
    CollectionLockedError,
    CollectionNotFoundError,
)
from placelens.storage import tags
from placelens.storage.durable import sync_files, sync_folder
from placelens.storage.format_v1 import schema, sql_strings, vector_column, with_vectors
from placelens.storage.ids import Ids
from placelens.storage.ledger import Ledger
from placelens.storage.manifest import (
    FILE_NAME,
    Manifest,
    manifest_files,
    read_manifest,
    write_manifest,
)
from placelens.storage.read_back import BATCH_ROWS, Change, check_merged, read_back, rows_of
from placelens.storage.troubles import damaged, reading, writing_to
from placelens.storage.versions import (
    damage_of_files,
    files_of,
    newest,
    roll_back,
    version_files,
)
from placelens.types import Float32Array, Int64Array, Modality

TABLE_NAME = "items.lance"
LOCK_NAME = "write.lock"
INDEX_NAME = "index"
DAMAGED_NAME = "damaged"

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


class ItemTable:
    """The table of a collection: its versions, and how they change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder)
        self.manifest = read_manifest(folder, self.ledger)
        self._path = folder / TABLE_NAME
        self._lock = filelock.FileLock(folder / LOCK_NAME, timeout=0)
        # Threads of one process wait for one another.
        self._thread_lock = threading.RLock()
        self._ids = Ids()
        self.deleted: tuple[int, tuple[int, ...]] = (-1, ())
        """The version that `delete` made last, and the internal ids it went for."""
        self.damage: tuple[str, ...] = ()
        """What is wrong with the newest version; `restore` still works."""
        self.dataset = self._newest()

    def _newest(self) -> lance.LanceDataset:
        """The newest version; sets ``damage``."""
        found = newest(self._path, self.ledger)
        self.damage, self._unfinished = found.damage, found.unfinished
        if found.dataset is None:
            raise damaged(self.folder, found.damage)
        return found.dataset

    def check_sound(self) -> None:
        """Raise CollectionDamagedError when the newest version is not what was written."""
        if self.damage:
            raise damaged(self.folder, self.damage)

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
            made = lance.dataset(str(beside / TABLE_NAME))
            for _ in made.to_batches(batch_size=BATCH_ROWS):
                pass  # what cannot be read would be found too late
            Ledger(beside).record(
                [
                    *(beside / name for name in files),
                    *manifest_files(beside),
                    *files_of(made, beside / TABLE_NAME),
                ]
            )
            beside.rename(folder)
            sync_folder(folder.parent)
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
        with reading(self._path):
            if int(self.dataset.latest_version) == self.version:
                return False
        self.ledger.refresh()
        before = self.version
        # Always another handle: Lance changes one in place, and raises "Already mutably borrowed"
        # in whatever thread reads it at that moment.
        self.dataset = self._newest()
        return self.version != before

    @contextmanager
    def writing(self, *, damaged: bool = False) -> Iterator[None]:
        """Hold the write lock, at the newest version and manifest.

        ``damaged`` is for those who mend a version that is.

        Raises
        ------
        CollectionLockedError
            If another process is writing.
        CollectionDamagedError
            If the newest version is not what was written.
        """
        with self._thread_lock:
            try:
                self._lock.acquire()
            except filelock.Timeout:
                raise CollectionLockedError(
                    f"another process is writing to {self.folder}; try again when it has finished"
                ) from None
            except OSError as error:
                raise CollectionError(
                    f"{self.folder} cannot be written to ({error.strerror or error})"
                ) from error
            try:
                self.ledger.refresh()
                self.manifest = read_manifest(self.folder, self.ledger)
                self.refresh()
                if not damaged:
                    self.check_sound()
                    with writing_to(self.folder):
                        self._remove_unfinished()
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
            for batch in self.dataset.to_batches(columns=columns.names, batch_size=BATCH_ROWS):
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
        with writing_to(self.folder):
            fragments = self._write_rows(table)
            self._commit(Change(lance.LanceOperation.Append(fragments), written=table))

    def replace(self, table: pa.Table) -> None:
        """Put rows in the place of those with the same ``iid``, in one commit."""
        with writing_to(self.folder):
            changed, emptied, gone = self._without(table["iid"].to_numpy())
            operation = lance.LanceOperation.Update(
                removed_fragment_ids=emptied,
                updated_fragments=changed,
                new_fragments=self._write_rows(table),
            )
            self._commit(Change(operation, table, gone))

    def delete(self, iids: Sequence[int]) -> None:
        """Remove rows in one commit; call while writing."""
        if not len(iids):
            return
        # Written first: a crash between the two only skips some ids.
        self._write_manifest(self.manifest.with_next_id(self.next_iid()))
        with writing_to(self.folder):
            changed, emptied, gone = self._without(np.asarray(iids, dtype=np.int64))
            wanted = f"{len(iids)} internal ids"  # Lance keeps it as a remark
            operation = lance.LanceOperation.Delete(changed, emptied, wanted)
            self._commit(Change(operation, gone=gone))
        self.deleted = (self.version, tuple(iids))

    def _write_rows(self, table: pa.Table) -> list[Any]:
        """Fragments of new rows, on the disk and in no version yet."""
        fragments = lance.fragment.write_fragments(
            table, self.dataset, mode="append", data_storage_version=LANCE_FILE_VERSION
        )
        sync_files(self._path / "data" / file.path for f in fragments for file in f.files)
        return list(fragments)

    def _without(self, iids: Int64Array) -> tuple[list[Any], list[int], dict[int, Int64Array]]:
        """Fragments without some rows, numbers of those that have none left, and what is gone.

        Lance itself would look for them in all fragments.
        """
        changed, emptied, gone = [], [], {}
        for fragment, own in self._ids.fragments_of(self.dataset, iids):
            n_before = fragment.metadata.num_deletions
            left = fragment.delete(f"iid IN ({', '.join(map(str, own.tolist()))})")
            if left is None:
                emptied.append(fragment.fragment_id)
            elif left.num_deletions != n_before:
                changed.append(left)
                gone[fragment.fragment_id] = own
        return changed, emptied, gone

    def _commit(self, change: Change) -> None:
        """Make the next version, and acknowledge it when it is what was meant; else undo it."""
        before = self.version
        with self._undone_on_error():
            handle = self.dataset.checkout_version(before)
            lance.LanceDataset.commit(handle, change.operation, read_version=before)
            made = lance.dataset(str(self._path))
            self._acknowledge(made, *read_back(self.dataset, made, change))

    @contextmanager
    def _undone_on_error(self) -> Iterator[None]:
        """Remove the versions that were made inside when one of them cannot be acknowledged."""
        before = self.version
        try:
            yield
        except BaseException:
            roll_back(self._path, before)
            raise

    def _acknowledge(
        self, made: lance.LanceDataset, files: Iterable[Path], synced: Iterable[Path] = ()
    ) -> None:
        """Bring what makes a version to the disk, note it in the ledger, and move there."""
        manifests = version_files(self._path)
        new = [path for number, path in manifests.items() if number > self.version]
        self.ledger.record([*files, *new], synced=synced)
        self.dataset = made

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

    def clean_up(self, *, keep: timedelta = KEEP_OLD_VERSIONS) -> int:
        """Drop old versions and what a crash left behind; return the bytes freed.

        Snapshots keep their versions; what was the newest within ``keep`` stays for its readers.
        Call while writing: with no other writer, files that no version knows are left over from
        a crash and are removed as well.
        """
        self.check_names()  # or Lance would not know which versions to keep
        with writing_to(self.folder):
            dataset = self.dataset.checkout_version(self.version)
            stats = dataset.cleanup_old_versions(
                older_than=_age_without_readers(dataset, keep),
                delete_unverified=True,
                error_if_tagged_old_versions=False,
            )
            for orphan in self.folder.glob("*.tmp"):
                orphan.unlink(missing_ok=True)
            self.take_stock()  # also of files that an older placelens wrote
        return int(stats.bytes_removed)

    def merge(self, n_rows: int = TARGET_ROWS, *, n_threads: int = 1) -> None:
        """Merge neighbours among files of fewer rows than these; call while writing."""
        before = self.dataset
        with writing_to(self.folder), self._undone_on_error():
            handle = before.checkout_version(self.version)
            handle.optimize.compact_files(target_rows_per_fragment=n_rows, num_threads=n_threads)
            if int(handle.version) == self.version:
                return
            made = lance.dataset(str(self._path))
            # What is damaged must not get a checksum that says it is sound.
            wrong = tuple(damage_of_files(files_of(before, self._path), self.ledger))
            if wrong:
                raise damaged(self.folder, wrong)
            check_merged(before, made)
            known = {path.name for path in files_of(before, self._path)}
            files = [path for path in files_of(made, self._path) if path.name not in known]
            self._acknowledge(made, files)

    def snapshots(self) -> dict[str, int]:
        """Versions kept by name; those whose file is damaged are left out, see `damaged_names`."""
        broken = self.damaged_names()
        kept = tags.list_tags(self._path)
        return {name: v for name, v in kept.items() if v is not None and name not in broken}

    def check_names(self) -> None:
        """Raise CollectionDamagedError when the file of a snapshot's name is damaged."""
        broken = self.damaged_names()
        if broken:
            raise damaged(self.folder, tuple(broken.values()))

    def damaged_names(self) -> dict[str, str]:
        """Snapshots whose file is not what was written, and what is wrong with it."""
        wrong = {}
        for name, version in tags.list_tags(self._path).items():
            file = tags.file_of(self._path, name)
            what = self.ledger.damage_of(file)
            if what is None and version is None and not self._is_unfinished(file):
                what = f"{self.ledger.name_of(file)} cannot be read"
            if what is not None:
                wrong[name] = what
        return wrong

    def _is_unfinished(self, file: Path) -> bool:
        """Whether a file that cannot be read was left by a crash: it was never acknowledged."""
        return bool(self.ledger) and self.ledger.name_of(file) not in self.ledger

    def _remove_unfinished(self) -> None:
        """Remove what a crash left behind, and what is in the way of Lance."""
        if self._unfinished:
            roll_back(self._path, self.version)
            self._unfinished = ()
        for name, version in tags.list_tags(self._path).items():
            file = tags.file_of(self._path, name)
            if version is None and self._is_unfinished(file):
                file.unlink()

    def snapshot(self, name: str) -> None:
        """Keep the version at hand under a name; call while writing."""
        tags.check_name(name)
        kept = self.snapshots()
        if name in kept:
            raise CollectionExistsError(f"snapshot {name!r} exists already (version {kept[name]})")
        file = tags.file_of(self._path, name)
        with writing_to(self.folder):
            try:
                tags.create(self.dataset.checkout_version(self.version), name, self.version)
                self.ledger.record([file])
            except BaseException:
                file.unlink(missing_ok=True)
                raise

    def drop_snapshot(self, name: str) -> None:
        """Forget a snapshot; its files go with the next compaction. Call while writing."""
        self.version_of(name)
        with writing_to(self.folder):
            tags.drop(self._path, name)

    def check_snapshot(self, name: str) -> None:
        """Raise unless `restore` can go back to a snapshot.

        Raises
        ------
        CollectionError
            If there is none of the name.
        CollectionDamagedError
            If the snapshot itself is damaged.
        """
        version = self.version_of(name)
        with reading(self._path):
            files = files_of(lance.dataset(str(self._path), version=version), self._path)
        wrong = tuple(damage_of_files(files, self.ledger))
        if wrong:
            raise damaged(f"snapshot {name!r} of {self.folder}", wrong)

    def restore(self, name: str) -> None:
        """Make a snapshot's state the newest version; call while writing, checked before."""
        version = self.version_of(name)
        self._write_manifest(self.manifest.with_next_id(self.next_iid()))
        self.set_aside(self.manifests_after())
        with writing_to(self.folder), self._undone_on_error():
            kept = lance.dataset(str(self._path), version=version)
            meant = rows_of(kept)
            kept.restore()
            made = lance.dataset(str(self._path))
            if rows_of(made) != meant:
                raise OSError("another version was restored")
            self._acknowledge(made, [])
            self.damage = ()

    def manifests_after(self) -> list[Path]:
        """Manifests of versions after the one at hand: they cannot be opened."""
        return [path for number, path in version_files(self._path).items() if number > self.version]

    def set_aside(self, paths: Sequence[Path]) -> None:
        """Move files that are damaged out of the way, to where they can be looked at."""
        if not paths:
            return
        aside = self.folder / DAMAGED_NAME
        aside.mkdir(exist_ok=True)
        for path in paths:
            path.replace(aside / path.name)
            sync_folder(path.parent)
        self.ledger.rewrite()

    def mend(self, dropped: Sequence[int], undeleted: Sequence[int]) -> None:
        """Leave out some fragments, and of others what was deleted from them, in one commit.

        Call while writing. What is in another fragment as well does not come back: it was
        replaced, and not deleted.
        """
        fragments = {f.fragment_id: f for f in self.dataset.get_fragments()}
        whole = [_without_deletions(fragments[number]) for number in undeleted]
        with writing_to(self.folder), self._undone_on_error():
            handle = self.dataset.checkout_version(self.version)
            operation = lance.LanceOperation.Update(
                removed_fragment_ids=list(dropped), updated_fragments=whole
            )
            made = lance.LanceDataset.commit(handle, operation, read_version=self.version)
            twice = [made.get_fragment(n).delete(_elsewhere(made, n)) for n in undeleted]
            changed = [left for left in twice if left is not None]
            emptied = [n for n, left in zip(undeleted, twice, strict=True) if left is None]
            if undeleted:
                operation = lance.LanceOperation.Delete(changed, emptied, "replaced")
                lance.LanceDataset.commit(made, operation, read_version=made.version)
            made = lance.dataset(str(self._path))
            made.count_rows()
            self._acknowledge(made, files_of(made, self._path))
            self.damage = ()

    def take_stock(self) -> None:
        """Bring the ledger up to what is there; call while writing."""
        self.ledger.rewrite()
        self.ledger.record(self._unknown_files())

    def _unknown_files(self) -> list[Path]:
        """Files of the version at hand, and small ones beside the table, without a checksum."""
        files = [*files_of(self.dataset, self._path), *manifest_files(self.folder)]
        files += [tags.file_of(self._path, name) for name in self.snapshots()]
        return [p for p in files if self.ledger.name_of(p) not in self.ledger]

    def size_bytes(self) -> int:
        """Bytes on disk, all versions included."""
        # A walk passes over folders that another process removes meanwhile.
        return sum(
            _size_of(Path(folder, name))
            for folder, _, names in os.walk(self.folder)
            for name in names
        )

    def version_of(self, name: str) -> int:
        """The version that a snapshot keeps.

        Raises
        ------
        CollectionError
            If there is none of the name; the message lists those there are.
        CollectionDamagedError
            If the file that names its version is not what was written.
        """
        snapshots, broken = self.snapshots(), self.damaged_names()
        if name in broken:
            raise damaged(f"snapshot {name!r} of {self.folder}", (broken[name],))
        if name not in snapshots:
            known = ", ".join(sorted(snapshots)) or "none"
            raise CollectionError(f"there is no snapshot {name!r}; there are: {known}")
        return snapshots[name]

    def _write_manifest(self, manifest: Manifest) -> None:
        if manifest != self.manifest:
            with writing_to(self.folder):
                write_manifest(self.folder, manifest, self.ledger)
            self.manifest = manifest


def _without_deletions(fragment: lance.LanceFragment) -> Any:
    """A fragment's metadata, with all the rows that were written to it."""
    facts = {**fragment.metadata.to_json(), "deletion_file": None}
    return lance.FragmentMetadata.from_json(json.dumps(facts))


def _elsewhere(dataset: lance.LanceDataset, number: int) -> str:
    """A condition on rows of a fragment: that another fragment has their id."""
    others = [f for f in dataset.get_fragments() if f.fragment_id != number]
    if not others:
        return "false"
    own, ids = (
        dataset.scanner(columns=["id"], fragments=fragments).to_table()["id"].to_pylist()
        for fragments in ([dataset.get_fragment(number)], others)
    )
    twice = set(own) & set(ids)
    return f"id IN ({sql_strings(sorted(twice))})" if twice else "false"


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
