"""From version 1 of the format to 2: the manifest decides it, and nothing is copied."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from placelens.storage.health import check
from placelens.storage.manifest import FORMAT_VERSION
from placelens.storage.table import ItemTable
from placelens.storage.troubles import damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What `migrate` did, or would do.

    Attributes
    ----------
    from_version, to_version : of the format; equal when there was nothing to do.
    n_items : items of the newest version; each stays what it is.
    snapshots : their names; they stay, and can be restored.
    n_files : files that were read and compared with their checksums before.
    """

    from_version: int
    to_version: int
    n_items: int
    snapshots: tuple[str, ...]
    n_files: int

    @property
    def is_needed(self) -> bool:
        """Whether there was anything to do."""
        return self.from_version != self.to_version

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"is_needed": self.is_needed, **asdict(self)}


def migrate(folder: Path, *, dry_run: bool = False) -> Migration:
    """Make a collection the version of the format that is written.

    Rows and snapshots stay where they are; a crash at any moment leaves a collection of the old
    version or of the new one. An older placelens opens it no more.

    Raises
    ------
    CollectionNotFoundError
        If there is no collection at ``folder``.
    CollectionDamagedError
        If anything of it, a snapshot included, is damaged: it is to be repaired first.
    CollectionLockedError
        If another process is writing.
    """
    table = ItemTable.open(folder)
    health = check(folder)
    if not health.is_sound:
        raise damaged(folder, [each.what for each in health.damage])
    before = table.manifest.format_version
    if not dry_run and before != FORMAT_VERSION:
        with table.writing(old=True):
            if not table.manifest.is_written:  # nobody was faster
                table.migrate()
    return Migration(
        from_version=before,
        to_version=FORMAT_VERSION,
        n_items=table.dataset.count_rows(),
        snapshots=tuple(sorted(table.tags.sound())),
        n_files=health.n_files,
    )
