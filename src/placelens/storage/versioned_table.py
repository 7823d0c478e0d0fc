"""A table on Lance with versions that can be trusted: opened, locked, committed, kept, restored.

A commit is atomic: a crash at any byte leaves the last committed version. Readers hold a version
and are never disturbed; writers take the collection's lock, one at a time.

A commit is acknowledged when it was read back as a reader will read it, when its files are on the
disk, and when the ledger has their checksums. Lance reports some failed writes as done (a deletion
file that the disk did not take) and raises for others after it has committed: nothing that it says
of a commit is believed.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock
import lance
import pyarrow as pa

from placelens.display import shown
from placelens.errors import (
    CollectionError,
    CollectionLockedError,
    FormatVersionError,
)
from placelens.storage import format_v1, format_v2
from placelens.storage.durable import sync_folder
from placelens.storage.ledger import Ledger
from placelens.storage.manifest import FORMAT_VERSION, Manifest, edition_of
from placelens.storage.manifest_files import (
    is_copied,
    manifest_files,
    read_manifest,
    write_manifest,
)
from placelens.storage.read_back import Change, check_merged, read_back, rows_of
from placelens.storage.tags import Tags
from placelens.storage.troubles import damaged, reading, writing_to
from placelens.storage.versions import (
    VERSIONS,
    damage_of_files,
    files_of,
    newest,
    roll_back,
    version_files,
)

TABLE_NAME = "items.lance"
LOCK_NAME = "write.lock"
INDEX_NAME = "index"
REENCODE_NAME = "reencode"
DAMAGED_NAME = "damaged"
SEARCHES_NAME = "searches.json"

# Readers may hold a version this long before compaction removes its files.
KEEP_OLD_VERSIONS = timedelta(hours=1)
# How often who may have to give way asks whether to.
GIVE_WAY_S = 0.05
# More than passes between reading the clock here and in Lance.
CLOCK_MARGIN = timedelta(seconds=1)

# Files of so many rows are not merged any more: what a tree covers stays as it is, and compaction
# costs what was written since and not what there is.
TARGET_ROWS = 65_536


# Which columns of a table its format does not know, or that it lacks, by the format's version.
ODD_COLUMNS: Mapping[int, Callable[[pa.Schema, Manifest], list[str]]] = {
    1: format_v1.odd_columns,
    2: format_v2.odd_columns,
}


def odd_columns(found: pa.Schema, manifest: Manifest) -> list[str]:
    """What of a version's schema is not of its manifest: columns, or the edition that it names."""
    number = edition_of(found.metadata)
    if number not in manifest.editions:
        return [f"edition {number}"]
    return ODD_COLUMNS[manifest.format_version](found, manifest.of_edition(number))


class VersionedTable:
    """The versions of a collection's table, and how there come to be others.

    What its rows are is the business of `placelens.storage.table`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Absolute, since Lance takes a relative path with a colon in it for an address, and asks
        # the network for it.
        self._path = folder.absolute() / TABLE_NAME
        self.ledger = Ledger(self._path.parent)
        # As it is on the disk, with all editions.
        self._kept = read_manifest(folder, self.ledger)
        self.tags = Tags(self._path, self.ledger)
        self._lock = filelock.FileLock(folder / LOCK_NAME, timeout=0)
        # Threads of one process wait for one another.
        self._thread_lock = threading.RLock()
        self.damage: tuple[str, ...] = ()
        """What is wrong with the newest version; `restore` still works."""
        self.dataset = self._newest()

    @property
    def manifest(self) -> Manifest:
        """The manifest, of the edition of the version at hand."""
        return self.manifest_of(self.dataset)

    def manifest_of(self, dataset: lance.LanceDataset) -> Manifest:
        """The manifest, of the edition of a version that was opened here."""
        return self._kept.of_edition(edition_of(dataset.schema.metadata))

    def _newest(self) -> lance.LanceDataset:
        """The newest version; sets ``damage``."""
        while True:
            top = max(version_files(self._path), default=0)
            found = newest(self._path, self.ledger)
            # What seems to be missing may have been removed just now, by who wrote a newer one.
            if not found.damage or top == max(version_files(self._path), default=0):
                break
            self.ledger.refresh()
        self.damage, self._unfinished = found.damage, found.unfinished
        if found.dataset is None:
            raise damaged(self.folder, found.damage)
        return self._with_our_columns(found.dataset)

    def _with_our_columns(self, dataset: lance.LanceDataset) -> lance.LanceDataset:
        """The version itself, if its columns are those of the format: it may come from anybody."""
        odd = odd_columns(dataset.schema, self._kept)
        if odd:
            # Another process may have added a feature, whose manifest was written first.
            self._kept = read_manifest(self.folder, self.ledger)
            odd = odd_columns(dataset.schema, self._kept)
        if odd:
            raise CollectionError(
                f"the table of {self.folder} does not have the columns of a collection of its "
                f"manifest: {shown(', '.join(odd))}"
            )
        return dataset

    def check_sound(self) -> None:
        """Raise CollectionDamagedError when the newest version is not what was written."""
        if self.damage:
            raise damaged(self.folder, self.damage)

    def verify(self) -> None:
        """Compare with its checksum what was left for later when the version was opened."""
        wrong = tuple(damage_of_files(files_of(self.dataset, self._path), self.ledger))
        if wrong:
            self.damage = wrong

    @property
    def version(self) -> int:
        """The version at hand."""
        return int(self.dataset.version)

    def refresh(self) -> bool:
        """Move to the newest version; True when there was one."""
        with reading(self._path):
            is_newest = int(self.dataset.latest_version) == self.version
        if is_newest and not self.damage:
            return False
        self.ledger.refresh()
        before = self.version
        # Always another handle: Lance changes one in place, and raises "Already mutably borrowed"
        # in whatever thread reads it at that moment.
        self.dataset = self._newest()
        return self.version != before

    @contextmanager
    def _only_thread(self, give_way: Callable[[], bool] | None) -> Iterator[None]:
        """Hold the lock of this process's threads; see `writing`."""
        wait_s = -1 if give_way is None else GIVE_WAY_S
        while not self._thread_lock.acquire(timeout=wait_s):
            if give_way is not None and give_way():
                raise CollectionLockedError(
                    f"another thread is writing to {self.folder}; try again when it has finished"
                )
        try:
            yield
        finally:
            self._thread_lock.release()

    @contextmanager
    def writing(
        self,
        *,
        damaged: bool = False,
        old: bool = False,
        give_way: Callable[[], bool] | None = None,
    ) -> Iterator[None]:
        """Hold the write lock, at the newest version and manifest.

        ``damaged`` is for those who mend a version that is, ``old`` for those who do so, or
        migrate, in a version of the format that is else only read. ``give_way`` is for those whom
        another thread may await while it writes: asked now and then while they wait their turn, it
        says whether to go without.

        Raises
        ------
        FormatVersionError
            If the collection is in such a version.
        CollectionLockedError
            If another process is writing, or another thread is and one is to give way to it.
        CollectionDamagedError
            If the newest version is not what was written.
        CollectionError
            If a part of the collection is a link to somewhere else.
        """
        with self._only_thread(give_way):
            check_no_links(self.folder)
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
                self._kept = read_manifest(self.folder, self.ledger)
                self.refresh()
                if not old:
                    self._check_written()
                if not damaged:
                    self.check_sound()
                    with writing_to(self.folder):
                        self._remove_unfinished()
                        self._complete_columns()
                yield
            finally:
                self._lock.release()

    def _check_written(self) -> None:
        if not self.manifest.is_written:
            raise FormatVersionError(
                f"{self.folder} is a collection of format {self.manifest.format_version}, which is "
                f"only read; to write to it make it format {FORMAT_VERSION} with: "
                f"placelens migrate {self.folder}"
            )

    def _complete_columns(self) -> None:
        """Add what the manifest names and the version at hand lacks, as columns without a value.

        A feature was added, the collection migrated, or an older snapshot restored.
        """
        missing = format_v2.missing_columns(self.dataset.schema, self.manifest)
        if not missing or not self.manifest.is_written:
            return
        self._copy_manifest()
        with self._undone_on_error():
            self.dataset.checkout_version(self.version).add_columns(pa.schema(missing))
            made = lance.dataset(str(self._path))
            lacks = format_v2.missing_columns(made.schema, self.manifest)
            if (
                rows_of(made) != rows_of(self.dataset)
                or lacks
                or odd_columns(made.schema, self._kept)
            ):
                raise OSError("the columns that were added are not what can be read")
            self._acknowledge(made, [])

    def _copy_manifest(self) -> None:
        """Bring the manifest's copy up to it, where a crash came between the two."""
        if not is_copied(self.folder):
            write_manifest(self.folder, self._kept, self.ledger)

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

    def merge(self, n_rows: int = TARGET_ROWS, *, n_threads: int = 1) -> None:
        """Merge neighbours among files of fewer rows than these; call while writing."""
        before = self.dataset
        with writing_to(self.folder), self._undone_on_error():
            handle = before.checkout_version(self.version)
            handle.optimize.compact_files(target_rows_per_fragment=n_rows, num_threads=n_threads)
            if int(handle.version) == self.version:
                return
            made = lance.dataset(str(self._path))
            old, new = set(files_of(before, self._path)), set(files_of(made, self._path))
            # What is damaged must not get a checksum that says it is sound.
            wrong = tuple(damage_of_files(sorted(old - new), self.ledger, again=True))
            if wrong:
                raise damaged(self.folder, wrong)
            check_merged(before, made)
            files = sorted(new - old)
            self._acknowledge(made, files)

    def clean_up(self, *, keep: timedelta = KEEP_OLD_VERSIONS) -> int:
        """Drop old versions and what a crash left behind; return the bytes freed.

        Snapshots keep their versions; what was the newest within ``keep`` stays for its readers.
        Call while writing: with no other writer, files that no version knows are left over from
        a crash and are removed as well.
        """
        self.tags.check()  # or Lance would not know which versions to keep
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

    def snapshot(self, name: str) -> None:
        """Keep the version at hand under a name; call while writing."""
        self.tags.create(self.dataset.checkout_version(self.version), name)

    def manifest_of_snapshot(self, name: str) -> Manifest:
        """The manifest, of the edition of a snapshot: of the encoder that its vectors come from.

        Raises
        ------
        CollectionError
            If there is none of the name.
        """
        version = self.tags.version_of(name)
        with reading(self._path):
            return self.manifest_of(
                self._with_our_columns(lance.dataset(str(self._path), version=version))
            )

    def check_snapshot(self, name: str) -> None:
        """Raise unless `restore` can go back to a snapshot.

        Raises
        ------
        CollectionError
            If there is none of the name.
        CollectionDamagedError
            If the snapshot itself is damaged.
        """
        version = self.tags.version_of(name)
        with reading(self._path):
            kept = self._with_our_columns(lance.dataset(str(self._path), version=version))
            files = files_of(kept, self._path)
        wrong = tuple(damage_of_files(files, self.ledger, again=True))
        if wrong:
            raise damaged(f"snapshot {name!r} of {self.folder}", wrong)

    def restore(self, name: str, *, next_id: int) -> None:
        """Make a snapshot's state the newest version; call while writing, checked before.

        ``next_id`` is the next free internal id, which what came after the snapshot has used up.
        """
        version = self.tags.version_of(name)
        self._write_manifest(self.manifest.with_next_id(next_id))
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
        self._write_manifest(self.manifest)  # which may be of another edition now

    def _remove_unfinished(self) -> None:
        """Remove what a crash left behind, and what is in the way of Lance."""
        if self._unfinished:
            roll_back(self._path, self.version)
            self._unfinished = ()
        self.tags.remove_unfinished()

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

    def take_stock(self) -> None:
        """Bring the ledger up to what is there; call while writing."""
        self.ledger.rewrite()
        self.ledger.record(self._unknown_files())

    def _unknown_files(self) -> list[Path]:
        """Files of the version at hand, and small ones beside the table, without a checksum."""
        files = [*files_of(self.dataset, self._path), *manifest_files(self.folder)]
        files += [path for path in [self.folder / SEARCHES_NAME] if path.is_file()]
        files += [self.tags.file_of(name) for name in self.tags.sound()]
        return [p for p in files if self.ledger.name_of(p) not in self.ledger]

    def size_bytes(self) -> int:
        """Bytes on disk, all versions included."""
        # A walk passes over folders that another process removes meanwhile.
        return sum(
            _size_of(Path(folder, name))
            for folder, _, names in os.walk(self.folder)
            for name in names
        )

    def migrate(self) -> None:
        """Make a collection the version that is written; call while writing, ``old``.

        The manifest decides it, in one step; its columns follow.
        """
        self.take_stock()  # of files that an older placelens wrote
        self._write_manifest(replace(self.manifest, format_version=FORMAT_VERSION))
        with writing_to(self.folder):
            self._complete_columns()

    def _write_manifest(self, manifest: Manifest) -> None:
        if manifest != self._kept:
            with writing_to(self.folder):
                write_manifest(self.folder, manifest, self.ledger)
            self._kept = manifest


@contextmanager
def without_writers(folder: Path) -> Iterator[None]:
    """Keep others from writing while a folder is only looked at; nothing is written for it.

    Where there is no lock, or it cannot be opened, as on a disk that is read-only, nobody is
    kept from anything.

    Raises
    ------
    CollectionLockedError
        If another process is writing.
    """
    path = folder / LOCK_NAME
    is_ours = path.is_file() and not path.is_symlink() and os.access(path, os.W_OK)
    lock = filelock.FileLock(path, timeout=0) if is_ours else nullcontext()
    try:
        with lock:
            yield
    except filelock.Timeout:
        raise CollectionLockedError(
            f"another process is writing to {folder}; try again when it has finished"
        ) from None


def check_no_links(folder: Path) -> None:
    """Raise CollectionError when what is written or removed would not lie in the folder itself.

    The folder may be a link. One inside it would have what a stranger chose overwritten or
    removed, wherever it lies.
    """
    table = folder / TABLE_NAME
    for inside in (
        folder,
        folder / INDEX_NAME,
        folder / REENCODE_NAME,
        table,
        table / VERSIONS,
        table / "_refs",
    ):
        for path in inside.glob("*"):
            if path.is_symlink():
                raise CollectionError(
                    f"{folder} cannot be written to: {path.relative_to(folder)} is a link to "
                    "somewhere else; put what it leads to in its place"
                )


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
