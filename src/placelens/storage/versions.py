"""Which versions a table has on disk, and the newest of them that can be trusted.

Lance gives each version a manifest of its own, and takes the one with the highest number for the
newest, whatever is in it. Here a version counts when it was acknowledged, which the ledger tells,
or when everything in it can be read. What a crash left half-written is passed over; a version that
was acknowledged and is damaged is reported, and never quietly replaced by an older one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import lance

from placelens.errors import CollectionError
from placelens.storage.durable import sync_folder
from placelens.storage.ledger import Ledger
from placelens.storage.troubles import reading

log = logging.getLogger(__name__)

VERSIONS = "_versions"
LOST = "of the table is missing"
# Version 2 of Lance's naming counts down from here, so that the newest comes first by name.
_TOP = 2**64 - 1
# Files up to this size in all are compared with their checksums when a version is opened; this
# takes a fifth of a second at most, from a warm disk some ten milliseconds.
CHECK_AT_OPEN = 2**26


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version that can be opened, and what stands in the way of newer ones.

    Attributes
    ----------
    dataset : Lance's handle; None when no version can be opened.
    damage : what is wrong with versions, or their files, that were acknowledged.
    unfinished : numbers of versions that a crash left half-written.
    """

    dataset: lance.LanceDataset | None
    damage: tuple[str, ...]
    unfinished: tuple[int, ...]


def version_files(table: Path) -> dict[int, Path]:
    """The manifests of a table by version, the newest first."""
    manifests = (path for path in (table / VERSIONS).glob("*.manifest") if path.is_file())
    found = {_number(path): path for path in manifests}
    found.pop(0, None)  # of no version
    return dict(sorted(found.items(), reverse=True))


def newest(table: Path, ledger: Ledger) -> Newest:
    """Find the newest version whose files are what was written, or can all be read."""
    unfinished: list[int] = []
    manifests = version_files(table)
    damage = _lost(manifests, table, ledger)
    for version, path in manifests.items():
        wrong = ledger.damage_of(path)
        if wrong is not None:
            damage.append(wrong)
            continue
        is_known = ledger.name_of(path) in ledger
        try:
            with reading(table):
                dataset = lance.dataset(str(table), version=version)
                if not is_known and ledger:
                    _read_unknown(dataset, table, ledger)
        except CollectionError as error:
            if is_known or not ledger:
                damage.append(str(error))
            else:
                log.info("version %d was never finished and is passed over: %s", version, error)
                unfinished.append(version)
            continue
        damage += damage_of_files(files_of(dataset, table), ledger, up_to=CHECK_AT_OPEN)
        return Newest(dataset, tuple(damage), tuple(unfinished))
    return Newest(None, (*damage, "no version of the table can be opened"), tuple(unfinished))


def _lost(manifests: dict[int, Path], table: Path, ledger: Ledger) -> list[str]:
    """The newest version of the ledger, if its manifest and all later ones are gone."""
    folder = ledger.name_of(table / VERSIONS)
    known = [Path(name) for name in ledger if name.startswith(f"{folder}/")]
    top = max(map(_number, known), default=0)
    return [f"version {top} {LOST}"] if top > max(manifests, default=0) else []


def _number(path: Path) -> int:
    """The version that a manifest is named after."""
    number = int(path.stem) if path.stem.isdecimal() else 0
    return _TOP - number if number > _TOP // 2 else number


def files_of(dataset: lance.LanceDataset, table: Path) -> list[Path]:
    """The files that a version is read from: its manifest, then deletions, then data."""
    fragments = dataset.get_fragments()
    data = [table / "data" / file.path for f in fragments for file in f.metadata.files]
    deletions = [f.deletion_file() for f in fragments if f.metadata.deletion_file is not None]
    manifest = version_files(table).get(int(dataset.version))
    return [*([manifest] if manifest else ()), *(table / path for path in deletions), *data]


def damage_of_files(
    paths: Iterable[Path], ledger: Ledger, *, up_to: int | None = None, again: bool = False
) -> Iterator[str]:
    """What is wrong with files, in words, as far as ``up_to`` bytes of them in all.

    ``again`` also reads those that this process has found sound before.
    """
    left = up_to
    for path in paths:
        size = ledger.size_of(path)
        if left is not None:
            if size > left:
                continue
            left -= size
        wrong = ledger.damage_of(path, again=again)
        if wrong is not None:
            yield wrong


def _read_unknown(dataset: lance.LanceDataset, table: Path, ledger: Ledger) -> None:
    """Read what of a version is not in the ledger; raises when something cannot be."""
    for fragment in dataset.get_fragments():
        names = [table / "data" / file.path for file in fragment.metadata.files]
        unknown = [
            path for path in names if path.relative_to(table.parent).as_posix() not in ledger
        ]
        if sum(path.stat().st_size for path in unknown) > CHECK_AT_OPEN:
            unknown = []
        fragment.to_table(columns=None if unknown else ["iid"])


def roll_back(table: Path, version: int) -> None:
    """Remove the manifests after a version: none of them was acknowledged.

    Call with the collection's write lock.
    """
    removed = [path for number, path in version_files(table).items() if number > version]
    for path in removed:
        path.unlink(missing_ok=True)
    if removed:
        sync_folder(table / VERSIONS)
