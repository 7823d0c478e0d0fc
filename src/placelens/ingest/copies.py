"""What is said of an item by all of its files: one photo in several places is one item.

Copies hold the same bytes, but what stands beside them differs: the one in an album may lack the
JSON that the dated one has. An item has the facts that an import of its present files alone would
give it, whichever of them came first. What was said is not stored for each file; when a file
comes, goes or changes, the others are listed again and their sidecars read, which costs little
since the bytes are the same.

A file that cannot be asked at the moment (a disk that is not mounted, a row of a table that is not
part of the run) keeps what it may have said: the stored facts stand until it is read again, or
dropped by ``prune``. Its stamp is forgotten, so that it is read again as soon as it is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from placelens.ingest.decoding import read_all
from placelens.ingest.known import KnownRow, heard, is_there
from placelens.readers.base import Reading, Source
from placelens.readers.folders import Listings
from placelens.readers.metadata import Metadata, Origin, TimeKind, merge
from placelens.readers.photos import is_stamp_of_one_file, photo_in
from placelens.readers.read import read_beside
from placelens.readers.times import time_in_name
from placelens.types import Item

_ORIGINS = {
    "given": Origin.BY_HAND,
    "table": Origin.ROW,
    "xmp": Origin.SIDECAR,
    "raster": Origin.RASTER,
    "exif": Origin.EXIF,
    "takeout": Origin.TAKEOUT,
    "estimated": Origin.ESTIMATE,
}


def may_say_more(key: str, stamp: str) -> bool:
    """Whether a file may say anything beside what its bytes say: in a sidecar, a row, its name."""
    return not is_stamp_of_one_file(stamp) or time_in_name(Path(key).name) is not None


@dataclass(slots=True)
class _Asked:
    """One item's files: what each says, and those of which only the surroundings are to be read.

    A file in neither could not be asked.
    """

    words: dict[str, Sequence[Metadata]] = field(default_factory=dict)
    silent: list[Source] = field(default_factory=list)

    @property
    def statements(self) -> list[Metadata]:
        """In order of path: which of equals comes first must not depend on what was read when."""
        return [statement for key in sorted(self.words) for statement in self.words[key]]


class Copies:
    """Merges the statements of items' files, as far as they are there."""

    def __init__(self, *, workers: int | None) -> None:
        self._workers = workers
        self._listings = Listings()
        self._heard: dict[str, tuple[Metadata, ...]] = {}
        self._told: dict[str, Source] = {}

    def see(self, source: Source, row: KnownRow) -> None:
        """Remember an unchanged photo of a table's row, which is not found again beside it.

        Only where it matters: rows that name a photo by a text or place have an item of their own.
        """
        told = source.text or source.place or source.time or source.attributes
        if source.image is not None and told and (row.copies or not row.is_of_a_row):
            self._told[source.key] = source

    def hear(self, reading: Reading) -> None:
        """Remember what was read, until ``forget``."""
        self._heard[reading.source.key] = reading.statements

    def forget(self) -> None:
        """Let go of what was heard, because it is written."""
        self._heard.clear()

    def merge(
        self, items: Mapping[int, tuple[KnownRow, Item]]
    ) -> dict[int, tuple[KnownRow, Metadata]]:
        """Each item's facts by all of its files, and its row with the files that count.

        Parameters
        ----------
        items : by internal id, the row as it is known and the item as it is stored or staged.
        """
        asked = {iid: self._ask(row) for iid, (row, _) in items.items()}
        self._read_again(asked.values())
        return {
            iid: _decided(row, item, asked[iid])
            for iid, (row, item) in items.items()
            if asked[iid].words
        }

    def _ask(self, row: KnownRow) -> _Asked:
        asked = _Asked()
        for key, stamp in row.stamps.items():
            if key in self._heard:
                asked.words[key] = self._heard[key]
            elif is_there(key, row.image_of(key)):
                source = self._source_of(key, stamp)
                if source is not None:
                    asked.silent.append(source)
        return asked

    def _source_of(self, key: str, stamp: str) -> Source | None:
        """A file as it was when it was read, with its sidecars; None when that is not so."""
        source = self._told.get(key)
        if source is None:
            file = Path(key)
            try:
                listing = self._listings.of(str(file.parent))
            except (OSError, ValueError):
                return None
            found = photo_in(listing, file.name) if file.name in listing.files else None
            source = found if isinstance(found, Source) else None
        return source if source is not None and source.stamp == stamp else None

    def _read_again(self, asked: Collection[_Asked]) -> None:
        """Ask the files that were not read just now; of each item one is opened for its own words.

        The others have the same bytes, so that only what stands beside them is read.
        """
        unheard = [item for item in asked if item.silent and not item.words]
        readings = read_all([i.silent[0] for i in unheard], None, workers=self._workers)
        for item, reading in zip(unheard, readings, strict=True):
            first = item.silent.pop(0)
            if isinstance(reading, Reading):
                item.words[first.key] = reading.statements
        for item in asked:
            if item.words:
                item.words |= {source.key: read_beside(source) for source in item.silent}


def _decided(row: KnownRow, item: Item, asked: _Asked) -> tuple[KnownRow, Metadata]:
    """The row with the files that count, and the facts by these."""
    statements = asked.statements
    facts = merge([*statements, *_by_hand(item)])
    missing = row.stamps.keys() - asked.words.keys()
    here = {key for key in missing if is_there(key, row.image_of(key))}
    if missing:
        kept = merge([*statements, *_stored(item)])
        if _said(kept) == _said(facts):
            missing = here  # those that are gone add nothing: the file was moved
        facts = kept
    counted = asked.words.keys() | missing
    first = next(k for k in row.stamps if k in asked.words or k in here)
    copies = {
        key: "" if key in missing else heard(stamp)
        for key, stamp in row.stamps.items()
        if key in counted and key != first
    }
    stamp = "" if first in missing else row.stamps[first]
    return replace(row.led_by(first), stamp=stamp, copies=copies), facts


def _said(facts: Metadata) -> tuple[object, ...]:
    place = (facts.place, facts.place_source, facts.place_radius_m)
    return *place, facts.time, facts.text, facts.attributes


def _by_hand(item: Item) -> Iterable[Metadata]:
    """A place that no file states."""
    if item.place is not None and item.place_source in ("given", "estimated"):
        origin = _ORIGINS[item.place_source]
        yield _place_of(item, origin)


def _stored(item: Item) -> Iterable[Metadata]:
    """What the collection holds, as the word of those that cannot be asked."""
    if item.place is not None:
        origin = _ORIGINS.get(item.place_source or "", Origin.KEPT)
        yield _place_of(item, origin)
    yield Metadata(
        origin=Origin.KEPT,
        time=item.time,
        time_kind=TimeKind.TAKEN,
        text=item.text,
        attributes=item.attributes,
    )


def _place_of(item: Item, origin: Origin) -> Metadata:
    return Metadata(
        origin=origin,
        place=item.place,
        place_source=item.place_source,
        place_radius_m=item.place_radius_m,
    )
