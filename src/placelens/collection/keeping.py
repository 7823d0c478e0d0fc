"""Keeping a collection: snapshots, compaction, damage and its repair, formats."""

from __future__ import annotations

import os
from datetime import timedelta

from placelens.arguments import as_text
from placelens.collection.core import Core, folder_of
from placelens.display import shown
from placelens.errors import InputError
from placelens.storage.faults import named, naming_faults
from placelens.storage.health import Health, Repairs, check, repair
from placelens.storage.migrate import Migration, migrate

# About as long as there have been computers; the clock's own range ends not far beyond.
LONGEST_KEPT = timedelta(days=36_500)


@naming_faults
class Keeping(Core):
    """Versions of a collection, and the soundness of its files."""

    def compact(self, *, keep: timedelta = timedelta(hours=1)) -> int:
        """Merge small files, drop old versions, build the tree; return the bytes freed.

        Snapshots stay, and so do versions younger than ``keep``, for their readers.

        Examples
        --------
        >>> photos.delete("black"), photos.compact(keep=timedelta(0)) > 0
        (1, True)
        """
        if not isinstance(keep, timedelta) or keep < timedelta(0):
            raise InputError(f"keep {shown(keep)} is not a timedelta of 0 or more")
        return self._versions.compact(min(keep, LONGEST_KEPT))

    def snapshot(self, name: str) -> None:
        """Keep the newest state under a name.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> list(photos.snapshots())
        ['before']
        """
        with self._table.writing():
            self._table.snapshot(as_text(name, "the snapshot's name"))

    def snapshots(self) -> dict[str, int]:
        """Names and versions of the states kept.

        Raises
        ------
        CollectionDamagedError
            If the file of a name is not what was written.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> photos.snapshots() == {"before": photos.version}
        True
        """
        self._table.tags.check()
        return self._table.tags.sound()

    def encoder_of_snapshot(self, name: str) -> tuple[str | None, str | None]:
        """Name and fingerprint of the encoder that a snapshot's vectors come from.

        Another than the collection's, if all was made anew since: `reencode`. Both are None for
        vectors of one's own.

        Raises
        ------
        CollectionError
            If there is no snapshot of the name.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> photos.encoder_of_snapshot("before")
        ('hash', 'hash-v1:64')
        """
        manifest = self._table.manifest_of_snapshot(as_text(name, "the snapshot's name"))
        return manifest.encoder, manifest.fingerprint

    def drop_snapshot(self, name: str) -> None:
        """Forget a snapshot; its files go with the next compaction.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> photos.drop_snapshot("before")
        >>> photos.snapshots()
        {}
        """
        with self._table.writing():
            self._table.tags.drop(as_text(name, "the snapshot's name"))

    def restore(self, name: str) -> None:
        """Go back to a snapshot: its state becomes the newest version.

        Its vectors are those that it had, of `encoder_of_snapshot`. It works too where the newest
        version is damaged.

        Raises
        ------
        CollectionError
            If there is no snapshot of the name; nothing is changed then.
        CollectionDamagedError
            If the snapshot itself is damaged; nothing is changed then.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> photos.delete("red")
        1
        >>> photos.restore("before")
        >>> "red" in photos
        True
        """
        self._versions.restore(as_text(name, "the snapshot's name"))

    @staticmethod
    def check(path: str | os.PathLike[str]) -> Health:
        """Read every file of a collection and compare it with what was written.

        A collection that does not open can be checked as well.

        Raises
        ------
        CollectionNotFoundError
            If there is none at ``path``.
        CollectionLockedError
            If something seems wrong, and another process is writing, so that it may be just that.

        Examples
        --------
        >>> folder = folder / "c.pl"
        >>> photos = Collection.create(folder, dim=4)
        >>> Collection.check(folder).is_sound
        True
        >>> _ = (folder / "manifest.json").write_text("{}")
        >>> [damage.path for damage in Collection.check(folder).damage]
        ['manifest.json']
        """
        folder = folder_of(path)
        with named(folder):
            return check(folder)

    @staticmethod
    def repair(path: str | os.PathLike[str], *, dry_run: bool = False) -> Repairs:
        """Bring back what can be of a damaged collection.

        Items whose file is damaged are left out, and come back when their sources are imported
        again; an index that is damaged is removed and built anew. What is damaged is moved to the
        folder ``damaged`` of the collection. Where the list of deleted items is damaged, what was
        deleted may be there again.

        Parameters
        ----------
        dry_run
            Say what would be done, and change nothing.

        Raises
        ------
        CollectionDamagedError
            If nothing can be brought back.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> folder = folder / "c.pl"
        >>> photos = Collection.create(folder, dim=4)
        >>> _ = (folder / "manifest.json").write_text("{}")
        >>> Collection.repair(folder).n_items_lost
        0
        >>> len(Collection.open(folder))
        0
        """
        if not isinstance(dry_run, bool):
            raise InputError(f"dry_run {shown(dry_run)} is neither True nor False")
        folder = folder_of(path)
        with named(folder):
            return repair(folder, dry_run=dry_run)

    @staticmethod
    def migrate(path: str | os.PathLike[str], *, dry_run: bool = False) -> Migration:
        """Make a collection of an older format the one that is written.

        Collections of format 1 are read as they are, and not written to. Items, snapshots and
        trees stay where they are; a crash at any moment leaves the old format or the new one. A
        placelens that is older than the new format opens the collection no more.

        Parameters
        ----------
        dry_run
            Read and compare every file, say what would be done, and change nothing.

        Raises
        ------
        CollectionNotFoundError
            If there is none at ``path``.
        CollectionDamagedError
            If any of its files is damaged: `repair` it first.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> Collection.migrate(photos.path).is_needed
        False
        """
        if not isinstance(dry_run, bool):
            raise InputError(f"dry_run {shown(dry_run)} is neither True nor False")
        folder = folder_of(path)
        with named(folder):
            return migrate(folder, dry_run=dry_run)
