"""Whether a collection's files are what was written, and bringing back what can be.

Nothing here needs a collection that opens: each file is looked at by itself. What is damaged is
moved into the folder ``damaged`` of the collection, never deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import lance

from placelens.errors import (
    CollectionDamagedError,
    CollectionError,
    CollectionNotFoundError,
    ReadError,
)
from placelens.files import read_regular
from placelens.storage.arrays import check_arrays, folders_of_arrays
from placelens.storage.durable import write_whole
from placelens.storage.ledger import Ledger
from placelens.storage.manifest import Manifest
from placelens.storage.manifest_files import (
    COPY_NAME,
    FILE_NAME,
    MAX_BYTES,
    manifest_files,
    read_manifest,
)
from placelens.storage.table import ItemTable
from placelens.storage.tags import Tags
from placelens.storage.troubles import reading
from placelens.storage.versioned_table import (
    INDEX_NAME,
    SEARCHES_NAME,
    TABLE_NAME,
    odd_columns,
    without_writers,
)
from placelens.storage.versions import LOST, damage_of_files, files_of, newest, version_files

OLDER = "older version"
BESIDE = "files beside the table"
# What made codes of class maps.
QUANTIZERS = "quantizer-*.npz"


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong.

    Attributes
    ----------
    what : in words, with the file.
    concerns : "manifest", "items" (the newest version), "snapshot NAME", "older version",
        "files beside the table", "index" or "checksums".
    path : the file, relative to the collection.
    """

    what: str
    concerns: str
    path: str


@dataclass(frozen=True, slots=True)
class Health:
    """What `check` found.

    Attributes
    ----------
    n_files, n_bytes : what was read and compared.
    n_unknown : files that have no checksum, since an older placelens wrote them or the last lines
        of ``checksums.txt`` are lost; of those it is only known that they can be read.
    """

    damage: tuple[Damage, ...]
    n_files: int
    n_bytes: int
    n_unknown: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.damage

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"is_sound": self.is_sound, **asdict(self)}


@dataclass(slots=True)
class Repairs:
    """What `repair` did, or would do: ``actions`` in words, and how many items were lost."""

    actions: list[str] = field(default_factory=list)
    n_items_lost: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def check(folder: Path) -> Health:
    """Read every file of a collection and compare it with its checksum.

    Raises
    ------
    CollectionNotFoundError
        If there is no collection at ``folder``.
    CollectionLockedError
        If something seems wrong, and another process is writing, so that it may be just that.
    """
    folder = _collection(folder)
    found = _looked_at(folder)
    if found.is_sound:
        return found
    with without_writers(folder):
        return _looked_at(folder)


def _looked_at(folder: Path) -> Health:
    ledger = Ledger(folder)
    owners = _owners(folder, ledger)
    damage = list(_of_manifest(folder, ledger))
    damage += _of_newest(folder, ledger)
    n_files = n_bytes = n_unknown = 0
    for path, concerns in owners.items():
        name = ledger.name_of(path)
        if name not in ledger:
            n_unknown += 1
            continue
        wrong = ledger.damage_of(path)
        n_files += 1
        with suppress(OSError):  # missing, which is told above, or removed by another process
            n_bytes += path.stat().st_size
        # Compaction that is cut off leaves manifests of versions that nobody keeps.
        is_needless = concerns == OLDER and not path.exists()
        if wrong is not None and not is_needless:
            damage.append(Damage(wrong, concerns, name))
    tags = Tags(folder / TABLE_NAME, ledger)
    for name, what in tags.damage().items():
        damage.append(Damage(what, f"snapshot {name}", ledger.name_of(tags.file_of(name))))
    damage += _of_index(folder)
    if not ledger and (folder / COPY_NAME).exists():
        # Every placelens that writes the copy of the manifest writes checksums.
        damage.append(Damage(f"{ledger.path.name} is missing", "checksums", ledger.path.name))
    if ledger.n_damaged:
        what = f"{ledger.n_damaged} lines of {ledger.path.name} are not what was written"
        damage.append(Damage(what, "checksums", ledger.path.name))
    if n_unknown and not damage:
        damage += _unreadable(folder, ledger)
    first = {each.path: each for each in reversed(damage)}
    return Health(tuple(reversed(first.values())), n_files, n_bytes, n_unknown)


def _of_newest(folder: Path, ledger: Ledger) -> Iterator[Damage]:
    """What keeps the newest version from being opened."""
    for what in newest(folder / TABLE_NAME, ledger).damage:
        yield Damage(what, "items", what.split(" ", 1)[0])


def repair(folder: Path, *, dry_run: bool = False) -> Repairs:
    """See `placelens.Collection.repair`."""
    folder = _collection(folder)
    done = Repairs()
    _repair_manifest(folder, done, dry_run)
    if dry_run and not _opens(folder):
        return done
    table = ItemTable(folder)
    with without_writers(folder) if dry_run else table.writing(damaged=True, old=True):
        for each in _of_index(folder):
            done.actions.append(f"index: {each.what}; removed, to be built anew")
            if not dry_run:
                shutil.rmtree(folder / each.path, ignore_errors=True)
        _repair_quantizers(table, done, dry_run)
        _repair_searches(table, done, dry_run)
        newest_kept = _repair_items(table, done, dry_run)
        _repair_older(table, newest_kept, done, dry_run)
        if table.ledger.n_damaged or not table.ledger:
            done.actions.append(f"{table.ledger.path.name}: written anew from what is there")
        if done.actions and not dry_run:
            table.take_stock()
    return done


def _collection(folder: Path) -> Path:
    if not any((folder / name).exists() for name in (FILE_NAME, COPY_NAME, TABLE_NAME)):
        raise CollectionNotFoundError(f"{folder} is not a placelens collection")
    return folder.absolute()


def _opens(folder: Path) -> bool:
    try:
        ItemTable(folder)
    except CollectionError:
        return False
    return True


def _owners(folder: Path, ledger: Ledger) -> dict[Path, str]:
    """All files, with what they belong to; the newest version counts before snapshots."""
    table = folder / TABLE_NAME
    owners: dict[Path, str] = dict.fromkeys(manifest_files(folder), "manifest")
    for name in ledger:
        if "/" not in name:  # beside the table: concepts, what made codes of class maps
            owners.setdefault(folder / name, BESIDE)
    found = newest(table, ledger).dataset
    kept: dict[int | None, str] = {}
    tags = Tags(table, ledger)
    for name, version in tags.all().items():
        kept.setdefault(version, f"snapshot {name}")
        owners[tags.file_of(name)] = f"snapshot {name}"
    if found is not None:
        owners |= dict.fromkeys(files_of(found, table), "items")
    for number, path in version_files(table).items():
        concerns = kept.get(number, OLDER)
        owners.setdefault(path, concerns)
        if ledger.damage_of(path) is None and found is not None:
            try:
                with reading(table):
                    files = files_of(lance.dataset(str(table), version=number), table)
            except CollectionError:
                continue
            for file in files:
                owners.setdefault(file, concerns)
    return owners


def _of_manifest(folder: Path, ledger: Ledger) -> Iterator[Damage]:
    for name in (FILE_NAME, COPY_NAME):
        if name == COPY_NAME and not (folder / name).exists() and name not in ledger:
            continue  # of an older placelens
        try:
            read_manifest(folder, ledger, name=name)
        except CollectionDamagedError as error:
            yield Damage(str(error).split(";")[0], "manifest", name)


def _of_index(folder: Path) -> Iterator[Damage]:
    for each in folders_of_arrays(folder / INDEX_NAME):
        wrong = check_arrays(each)
        if wrong is not None:
            path = each.relative_to(folder).as_posix()
            yield Damage(f"{path}: {wrong}", "index", path)


def _unreadable(folder: Path, ledger: Ledger) -> Iterator[Damage]:
    """Whether the newest version can be read, where checksums do not tell."""
    table = folder / TABLE_NAME
    dataset = newest(table, ledger).dataset
    try:
        with reading(table):
            for _ in dataset.to_batches() if dataset is not None else ():
                pass
    except CollectionError as error:
        yield Damage(str(error).split(";")[0], "items", TABLE_NAME)


def _repair_manifest(folder: Path, done: Repairs, dry_run: bool) -> None:
    """Take the manifest from its copy, or the copy from it."""
    ledger = Ledger(folder)
    wrong = {each.path: each.what for each in _of_manifest(folder, ledger)}
    if not wrong:
        return
    if len(wrong) == 2:
        _believe_both(folder, ledger, done, dry_run)
        return
    name = next(iter(wrong))
    other = COPY_NAME if name == FILE_NAME else FILE_NAME
    done.actions.append(f"{wrong[name]}; taken from {other}")
    if not dry_run:
        content = (folder / other).read_bytes()
        ledger.announce(folder / name, content)
        write_whole(folder / name, content)


def _believe_both(folder: Path, ledger: Ledger, done: Repairs, dry_run: bool) -> None:
    """Believe a manifest and a copy that agree: then it is their checksums that are damaged."""
    pair = [folder / FILE_NAME, folder / COPY_NAME]
    try:
        first, second = (read_regular(path, MAX_BYTES) for path in pair)
        is_one = first == second and _fits(folder, read_manifest(folder))
    except (ReadError, CollectionError):
        is_one = False
    if not is_one:
        raise CollectionDamagedError(
            f"{folder}: the manifest and its copy are both damaged, so nothing tells what the "
            "vectors are; import the photos into a new collection"
        )
    done.actions.append(f"{FILE_NAME} and its copy agree: their checksums are taken anew")
    if not dry_run:
        for path in pair:
            ledger.announce(path, first)


def _fits(folder: Path, manifest: Manifest) -> bool:
    """Whether the table has the columns that a manifest tells of, as far as it can be read."""
    try:
        columns = lance.dataset(str(folder / TABLE_NAME)).schema
    except (OSError, ValueError):
        return True  # the table's own damage is not the manifest's
    return not odd_columns(columns, manifest)


def _repair_quantizers(table: ItemTable, done: Repairs, dry_run: bool) -> None:
    """Remove what made codes and is not what was written: others can be learnt of the maps."""
    for path in sorted(table.folder.glob(QUANTIZERS)):
        wrong = table.ledger.damage_of(path)
        if wrong is not None:
            done.actions.append(
                f"{wrong}; removed, learn another one with: placelens quantize {table.folder}"
            )
            if not dry_run:
                path.unlink()
                table.ledger.forget(path)


def _repair_searches(table: ItemTable, done: Repairs, dry_run: bool) -> None:
    """Set saved searches aside that are not what was written."""
    path = table.folder / SEARCHES_NAME
    wrong = table.ledger.damage_of(path)
    if wrong is not None:
        done.actions.append(f"{wrong}; the saved searches are set aside")
        if not dry_run:
            table.set_aside([path] if path.exists() else [])
            table.ledger.forget(path)


def _repair_items(table: ItemTable, done: Repairs, dry_run: bool) -> int:
    """Step back to the newest version that opens, and leave out what of it is damaged.

    Returns the number of the version that there is then, or would be.
    """
    path = table.folder / TABLE_NAME
    after = table.manifests_after()
    for manifest in after:
        done.actions.append(
            f"{manifest.name}: damaged; set aside, and version {table.version} is the newest"
        )
    if not after and any(LOST in each for each in table.damage):
        done.actions.append(f"a later version is missing; version {table.version} is the newest")
    dropped, undeleted = _damaged_fragments(table, path, done)
    if dry_run:
        return table.version + bool(dropped or undeleted)
    table.set_aside(after)
    if dropped or undeleted:
        table.mend(dropped, undeleted)
    return table.version


def _damaged_fragments(table: ItemTable, path: Path, done: Repairs) -> tuple[list[int], list[int]]:
    """Numbers of fragments whose data are damaged, and of those whose deletions are."""
    dropped, undeleted = [], []
    for fragment in table.dataset.get_fragments():
        data = [path / "data" / file.path for file in fragment.metadata.files]
        deletions = fragment.deletion_file()
        n_left, n_gone = fragment.metadata.num_rows, fragment.metadata.num_deletions
        if any(table.ledger.damage_of(file) for file in data):
            dropped.append(fragment.fragment_id)
            done.n_items_lost += n_left
            done.actions.append(
                f"{data[0].name}: damaged; items left out: {n_left:,}; they come back when their "
                "sources are imported again"
            )
        elif deletions is not None and table.ledger.damage_of(path / deletions):
            undeleted.append(fragment.fragment_id)
            done.actions.append(
                f"{Path(deletions).name}: damaged; items that were deleted and may be there "
                f"again: {n_gone:,}"
            )
    return dropped, undeleted


def _repair_older(table: ItemTable, newest_kept: int, done: Repairs, dry_run: bool) -> None:
    """Set aside snapshots and older versions that cannot be gone back to."""
    path = table.folder / TABLE_NAME
    tags = table.tags
    names: dict[int | None, str] = {v: name for name, v in tags.all().items()}
    aside = [(f"snapshot {name}", what, tags.file_of(name)) for name, what in tags.damage().items()]
    for number, manifest in version_files(path).items():
        what = None if number >= newest_kept else _damage_of_version(table, number, manifest)
        if what is not None:
            aside.append((f"version {number}", what, manifest))
            if number in names:
                file = tags.file_of(names[number])
                aside.append((f"snapshot {names[number]}", what, file))
    for each, what, _ in aside:
        done.actions.append(f"{each}: {what}; set aside")
    if not dry_run:
        table.set_aside([file for _, _, file in aside if file.exists()])


def _damage_of_version(table: ItemTable, number: int, manifest: Path) -> str | None:
    """What keeps an older version from being gone back to."""
    path = table.folder / TABLE_NAME
    wrong = table.ledger.damage_of(manifest)
    if wrong is not None:
        return wrong
    try:
        with reading(path):
            files = files_of(lance.dataset(str(path), version=number), path)
    except CollectionError as error:
        return str(error).split(";")[0]
    return next(damage_of_files(files, table.ledger), None)
