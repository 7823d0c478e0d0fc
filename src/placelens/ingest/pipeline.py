"""An import: compare, read what is new, encode, write; each commit is a state to go on from."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from placelens.encoders.base import Encoder
from placelens.ingest.copies import Copies, may_say_more
from placelens.ingest.decoding import read_all
from placelens.ingest.extractor import (
    OF_IMAGES,
    TEXT,
    Values,
    extract,
    extractors_for,
    made_from,
    spec_for,
)
from placelens.ingest.known import Known, KnownRow, content_hash_of, heard, is_there
from placelens.ingest.report import IngestReport, Progress, ProgressCallback
from placelens.ingest.rows import stored_given, stored_proposals, stored_rows, with_files
from placelens.readers.base import Reading, Skipped, Source
from placelens.readers.metadata import Metadata
from placelens.storage.proposals import with_accepted
from placelens.storage.rows import Row, table_from_rows
from placelens.storage.table import ItemTable
from placelens.types import Item, Place

# Images encoded in one call, and how often work is made durable.
ENCODE_BATCH = 32
COMMIT_ROWS = 1024
COMMIT_SECONDS = 5.0

NOTHING_SEEN = (
    "nothing was found to read, so nothing was dropped: is a disk not mounted? "
    "Items of files that are gone for good can be deleted"
)

T = TypeVar("T")


class Ingest:
    """One import into a table that is locked for writing."""

    def __init__(
        self,
        table: ItemTable,
        encoder: Encoder,
        *,
        workers: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        self._table = table
        self._encoder = encoder
        self._extractors = extractors_for(table.manifest, encoder, table.folder)
        worded = made_from(TEXT, table.manifest.names)
        self._from_text = [each for each in self._extractors if each.feature.name in worded]
        self._workers = workers
        self._progress = progress
        self._known = Known.load(table)
        self._next_iid = table.next_iid()
        self._first_new = self._next_iid  # what the table does not hold yet starts here
        self._copies = Copies(workers=workers)
        # Items to write; those of which files came or went, and whose facts may have changed with
        # them; those that have no file any more.
        self._staged: dict[int, tuple[Reading, Values]] = {}
        self._moved: set[int] = set()
        self._unsure: set[int] = set()
        self._emptied: set[int] = set()
        # Items that are read again, though their image is what it was: a sidecar has changed.
        self._same_image: set[int] = set()
        # Sources to be read: of what they hold, what is stored says nothing.
        self._todo: set[str] = set()
        self._last_commit = time.monotonic()
        self._skipped: list[Skipped] = []
        self._n_told = 0  # of these
        self._warnings: list[tuple[str, str]] = []
        self._report = IngestReport()

    def run(self, sources: Iterable[Source | Skipped], *, prune: bool = False) -> IngestReport:
        """Bring the table up to date with the sources; keep what is done when interrupted."""
        started = time.perf_counter()
        seen, todo = self._compare(sources)
        self._todo = {source.key for source in todo}
        n_done = 0
        self._tell(n_done, len(todo))
        with self._opening_network(todo):
            try:
                spec = spec_for(self._extractors, self._encoder.image_spec)
                readings = read_all(todo, spec, workers=self._workers)
                for batch in _batches(readings, ENCODE_BATCH):
                    self._take(batch)
                    n_done += len(batch)
                    self._tell(n_done, len(todo))
                    if self._is_time_to_commit():
                        self._commit()
            finally:
                # Also on Ctrl-C: what is done is kept, and the next run goes on from there.
                self._commit()
        if prune and (todo or self._report.n_unchanged):
            self._prune(seen)
        elif prune:
            # A disk that is not there often leaves an empty folder behind.
            self._warnings.append(("prune", NOTHING_SEEN))
        self._report.seconds = time.perf_counter() - started
        self._report.skipped = tuple(self._skipped)
        self._report.warnings = tuple(self._warnings)
        return self._report

    def _is_time_to_commit(self) -> bool:
        waiting = len(self._staged) + len(self._moved)
        return waiting >= COMMIT_ROWS or time.monotonic() - self._last_commit > COMMIT_SECONDS

    @contextlib.contextmanager
    def _opening_network(self, todo: Sequence[Source]) -> Iterator[None]:
        """Open the network, which takes half a second, while the first photos are decoded.

        The thread is awaited: there may be nothing to encode, and a process that ends while a
        thread is inside ONNX Runtime is aborted.
        """
        if all(source.image is None for source in todo):
            yield
            return
        thread = threading.Thread(target=self._warm_up, name="placelens-warm-up")
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def _warm_up(self) -> None:
        spec = self._encoder.image_spec
        if spec is not None:
            # What is wrong will be raised again by the first batch, where the caller hears it.
            with contextlib.suppress(Exception):
                self._encoder.encode_images(np.zeros((1, spec.size, spec.size, 3), np.uint8))

    def _compare(self, sources: Iterable[Source | Skipped]) -> tuple[set[str], list[Source]]:
        """What was seen, and what is new or has changed."""
        seen: set[str] = set()
        todo = []
        for source in sources:
            if isinstance(source, Skipped):
                self._skipped.append(source)
            elif source.key not in seen and self._known.stamp_of(source.key) == source.stamp:
                self._report.n_unchanged += 1
                self._see(source)
            elif source.key not in seen:
                todo.append(source)
            seen.add(source.key)
        return seen, todo

    def _see(self, source: Source) -> None:
        """Note an unchanged source; it leads its item if the file that did so is gone."""
        row = self._known.row_of(source.key)
        if row is None:
            return
        self._copies.see(source, row)
        if row.source != source.key and not is_there(row.source, row.image):
            self._known.put(row.led_by(source.key))
            self._moved.add(row.iid)

    def _take(self, batch: Sequence[Reading | Skipped]) -> None:
        """Stage what is new or changed, with its features; note moves and duplicates."""
        fresh: list[tuple[int, Reading]] = []
        for reading in batch:
            if isinstance(reading, Skipped):
                self._skipped.append(reading)
                continue
            self._warnings += [(reading.source.key, text) for text in reading.warnings]
            self._copies.hear(reading)
            iid = self._place_in(reading)
            if iid is not None:
                fresh.append((iid, reading))
        try:
            features = self._extract([reading for _, reading in fresh])
        except BaseException:  # Ctrl-C above all
            # An item that is not written must not get the stamp of what was read either.
            unwritten = {iid for iid, _ in fresh}
            self._moved -= unwritten
            self._unsure -= unwritten
            raise
        for (iid, reading), of_item in zip(fresh, features, strict=True):
            self._staged[iid] = (reading, of_item)

    def _place_in(self, reading: Reading) -> int | None:
        """The internal id to write the reading under; None when its content is stored already."""
        source, known = reading.source, self._known
        self._todo.discard(source.key)
        content = content_hash_of(reading)
        before = known.row_of(source.key)
        if before is not None and before.source != source.key:
            # It was a copy of another item and is not any more.
            self._without_source(before, source.key)
            before = None
        if before is not None and before.content_hash != content:
            before = self._left_to_copies(before)
            if before is not None and self._is_elsewhere(content):
                # It has become a copy of another item, and its own has no file any more.
                self._forget(before)
                before = None
        if before is not None:
            self._report.n_updated += 1
            if before.content_hash.partition(":")[0] == reading.content_hash:
                self._same_image.add(before.iid)
            row = replace(before, stamp=source.stamp, content_hash=content, image=source.image)
            known.put(row)
            if row.copies and row.image is not None:
                self._unsure.add(row.iid)
            return row.iid
        same = known.same_content(content)
        if same is not None:
            self._join(reading, same)
            return None
        self._report.n_added += 1
        item_id = known.free_id(source.id or reading.content_hash[:16])
        known.put(
            KnownRow(self._next_iid, item_id, source.key, source.stamp, content, source.image)
        )
        self._next_iid += 1
        return self._next_iid - 1

    def _left_to_copies(self, row: KnownRow) -> KnownRow | None:
        """The row, for its changed source to keep; None when a copy goes on with what it was."""
        copies = {
            key: stamp
            for key, stamp in row.copies.items()
            if key not in self._todo and is_there(key, row.image_of(key))
        }
        row = replace(row, copies=copies)
        self._known.put(row)
        if not copies:
            return row
        self._without_source(row, row.source)
        return None

    def _is_elsewhere(self, content: str) -> bool:
        """Whether another item has this content, and its file."""
        same = self._known.same_content(content)
        return same is not None and is_there(same.source, same.image)

    def _forget(self, row: KnownRow) -> None:
        """Drop an item with the next commit."""
        self._known.remove(row.iid)
        self._moved.discard(row.iid)
        self._unsure.discard(row.iid)
        self._staged.pop(row.iid, None)
        self._emptied.add(row.iid)

    def _join(self, reading: Reading, same: KnownRow) -> None:
        """Note that a stored item's file was moved, or that there is a copy of it."""
        source = reading.source
        copies = {**same.copies, source.key: heard(source.stamp)}
        words = {source.key: source.stamp}
        if is_there(same.source, same.image):
            self._report.n_duplicates += 1
            row = replace(same, copies=copies)
        else:
            self._report.n_moved += 1
            words[same.source] = same.stamp
            copies = dict(same.copies)
            if any(may_say_more(*file) for file in words.items()):
                # What it said is compared with what is said here before it is forgotten.
                copies[same.source] = heard(same.stamp)
            row = replace(
                same, source=source.key, stamp=source.stamp, image=source.image, copies=copies
            )
        self._changed(row, words)

    def _without_source(self, row: KnownRow, source: str) -> None:
        """Forget one of a row's files; the next copy takes the place of the first."""
        stamp = row.stamps[source]
        if row.source == source:
            row = row.led_by(next(iter(row.copies)))
        copies = {key: kept for key, kept in row.copies.items() if key != source}
        self._changed(replace(row, copies=copies), {source: stamp})

    def _changed(self, row: KnownRow, files: Mapping[str, str]) -> None:
        """Enter a row some of whose files came or went, and doubt its facts if these had words.

        A text without image is its row's own: every copy says the same.
        """
        self._known.put(row)
        self._moved.add(row.iid)
        if row.image is not None and any(may_say_more(*file) for file in files.items()):
            self._unsure.add(row.iid)

    def _extract(self, readings: Sequence[Reading]) -> list[Values]:
        if any(extractor.needs in OF_IMAGES for extractor in self._extractors):
            self._report.n_images += sum(each.pixels is not None for each in readings)
        return extract(
            self._extractors,
            texts=[reading.text for reading in readings],
            pixels=[reading.pixels for reading in readings],
            wholes=[reading.wholes for reading in readings],
        )

    def _commit(self) -> None:
        """Make the staged work durable, in one commit."""
        proposals = stored_proposals(self._table, [i for i in self._staged if i < self._first_new])
        rows = {
            iid: with_accepted(replace(self._row(iid, *staged), proposals=proposals.get(iid, ())))
            for iid, staged in self._staged.items()
        }
        for iid, given in stored_given(self._table, sorted(self._same_image & set(rows))).items():
            rows[iid] = replace(rows[iid], features={**rows[iid].features, **given})
        rows |= stored_rows(self._table, sorted(self._moved - set(rows)))
        rows = self._with_copies(rows)
        manifest = self._table.manifest
        table = table_from_rows(list(rows.values()), list(rows), manifest)
        if any(iid < self._first_new for iid in rows):
            self._table.replace(table)
        elif rows:
            self._table.append(table)
        self._table.delete(sorted(self._emptied))
        self._first_new = self._next_iid
        self._staged.clear()
        self._emptied.clear()
        self._same_image.clear()
        self._moved.clear()
        self._unsure.clear()
        self._copies.forget()
        self._last_commit = time.monotonic()

    def _with_copies(self, rows: Mapping[int, Row]) -> dict[int, Row]:
        """The rows with their files as they are known now, and with what all of these say."""
        known = self._known
        unsure = {i: (known.rows[i], row.item) for i, row in rows.items() if i in self._unsure}
        merged = self._copies.merge(unsure)
        for known_row, _ in merged.values():
            known.put(known_row)
        reworded = {i: f.text for i, (_, f) in merged.items() if f.text != rows[i].item.text}
        made = dict(
            zip(reworded, extract(self._from_text, texts=list(reworded.values())), strict=True)
        )
        written = {}
        for iid, row in rows.items():
            item, features = row.item, dict(row.features)
            if iid in merged:
                item = self._with_facts(item, known.rows[iid].source, merged[iid][1])
            if iid in reworded:
                for extractor in self._from_text:
                    features.pop(extractor.feature.name, None)
                features |= made[iid]
            written[iid] = with_files(replace(row, item=item, features=features), known.rows[iid])
        return written

    def _with_facts(self, item: Item, source: str, facts: Metadata | Reading) -> Item:
        place = self._in_space(facts.place, source)
        return replace(
            item,
            text=facts.text,
            place=place,
            place_source=facts.place_source if place else None,
            place_radius_m=facts.place_radius_m if place else None,
            time=facts.time,
            attributes=facts.attributes,
        )

    def _row(self, iid: int, reading: Reading, features: Values) -> Row:
        item = Item(id=self._known.rows[iid].id, width=reading.width, height=reading.height)
        return Row(
            item=self._with_facts(item, reading.source.key, reading),
            thumbnail=reading.thumbnail,
            features=features,
        )

    def _in_space(self, place: Place | None, source: str) -> Place | None:
        if place is not None and place.space != self._table.manifest.space:
            text = f"{place} does not lie on the collection's space and was left out"
            self._warnings.append((source, text))
            return None
        return place

    def _prune(self, seen: set[str]) -> None:
        """Drop items none of whose files is there any more."""
        gone: set[int] = set()
        for row, source in list(self._known.gone(seen)):
            current = self._known.rows[row.iid]
            if current.source == source and not current.copies:
                gone.add(row.iid)
                self._known.remove(row.iid)
            else:
                self._without_source(current, source)
            if len(self._moved) >= COMMIT_ROWS:
                self._commit()
        self._table.delete(sorted(gone))
        self._report.n_removed = len(gone)
        self._commit()

    def _tell(self, n_done: int, n_total: int) -> None:
        if self._progress is not None:
            n_told, self._n_told = self._n_told, len(self._skipped)
            self._progress(
                Progress(
                    n_done=n_done,
                    n_total=n_total,
                    n_skipped=len(self._skipped),
                    n_unchanged=self._report.n_unchanged,
                    skipped=tuple(self._skipped[n_told:]),
                )
            )


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    batch: list[T] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
