"""All that an encoder made of a collection's items made anew, by another one.

What is made waits beside the table until there is something of every item, and one commit puts it
in the place of what there was: until then the collection answers as before, and a run that was cut
off goes on from there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from placelens.encoders.base import Encoder
from placelens.encoders.parts import CLASS_MAP
from placelens.errors import CollectionError
from placelens.ingest.codes import CODES
from placelens.ingest.concepts import manifest_for
from placelens.ingest.extractor import (
    EXTRACTORS,
    PIXELS,
    TEXT,
    Values,
    chosen_extractors,
    extract,
    extractors_of,
)
from placelens.ingest.images_again import (
    CHANGED,
    COLUMNS,
    FILE,
    GONE,
    LOST,
    PREVIEW,
    Facts,
    Images,
    Seen,
    path_of,
)
from placelens.ingest.own_models import is_from_elsewhere
from placelens.ingest.reencode_report import ReencodeReport
from placelens.ingest.report import Progress, ProgressCallback
from placelens.readers.base import Skipped
from placelens.storage.feature_columns import fields_of, to_columns
from placelens.storage.format_v2 import in_schema
from placelens.storage.manifest import Manifest
from placelens.storage.staging import Staging, read_notes, write_notes
from placelens.storage.table import ItemTable
from placelens.storage.versioned_table import REENCODE_NAME
from placelens.types import Feature

# Items in one file beside the table: what a kill may cost.
STAGED_ROWS = 256
# Images, or texts, in one call of the encoder.
ENCODE_BATCH = 32
GIVEN = "its vectors were given, and there is nothing to make others from"


def check_can_be(folder: Path, manifest: Manifest, encoder: Encoder | None = None) -> None:
    """Raise CollectionError where vectors cannot be made anew, or not by this encoder."""
    if manifest.encoder is None:
        raise CollectionError(
            f"{folder} holds vectors of your own, which no encoder made; replace them with "
            'add_vectors(..., on_conflict="replace"), or index the files into a new collection'
        )
    if manifest.concepts:
        raise CollectionError(
            f"{folder} holds concepts, which are learnt and not encoded; make the vectors of the "
            "collection that it was made from anew, and learn them from it with: "
            "placelens train cosmat COLLECTION --labels FIELD"
        )
    if encoder is not None and (encoder.concepts or encoder.files):
        raise CollectionError(
            f"{encoder.name} is of concepts, which are learnt and not encoded; make a collection "
            "of them with: placelens train cosmat COLLECTION --labels FIELD"
        )


def is_of(manifest: Manifest, encoder: Encoder) -> bool:
    """Whether all that the encoder makes of a collection's features is made by it already."""
    made = {name: extractor.feature for name, extractor in extractors_of(encoder).items()}
    own = [each for each in manifest.features if not is_from_elsewhere(each)]
    same = all(made.get(each.name, each) == each for each in own)
    return same and manifest.fingerprint == encoder.fingerprint


class Reencoding:
    """One run over a table; it must be locked for writing, but for `preview`.

    Raises
    ------
    CollectionError
        If the collection holds vectors of the caller's own, or concepts.
    """

    def __init__(
        self,
        table: ItemTable,
        encoder: Encoder,
        *,
        workers: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> None:
        self._before = table.manifest
        check_can_be(table.folder, self._before, encoder)
        self._started = time.perf_counter()
        self._table, self._encoder = table, encoder
        self._workers, self._progress = workers, progress
        # What no encoder made stays what it is: a segmenter's class maps, masks, objects.
        own = [each.name for each in self._before.features if not is_from_elsewhere(each)]
        self._extractors = chosen_extractors(encoder, own)
        needs = {extractor.needs for extractor in self._extractors}
        self._reads = TEXT in needs
        self._spec = encoder.image_spec if PIXELS in needs else None
        self._features = [extractor.feature for extractor in self._extractors]
        kept = [each for each in self._before.features if not self._is_made_anew(each)]
        self._made = manifest_for(
            encoder, features=[*self._features, *kept], space=self._before.space
        )
        self._folder = table.folder / REENCODE_NAME
        self._staging = Staging(self._folder, self._staged_columns())
        self._report = ReencodeReport(
            is_needed=not is_of(self._before, encoder),
            encoder=encoder.name,
            fingerprint=encoder.fingerprint,
            encoder_before=self._before.encoder,
            fingerprint_before=self._before.fingerprint,
            dropped=tuple(sorted(set(self._before.names) - set(self._made.names))),
        )

    def _is_made_anew(self, feature: Feature) -> bool:
        """Whether a feature goes, or is made anew: what the encoder made, and all made with it."""
        if feature.name == CODES and CLASS_MAP in self._before.names:
            feature = self._before.feature(CLASS_MAP)  # codes are of these
        if is_from_elsewhere(feature):
            return False
        made_by = self._before.fingerprint
        is_old = made_by is not None and f"{feature.fingerprint}:".startswith(f"{made_by}:")
        return feature.name in EXTRACTORS or is_old

    def _staged_columns(self) -> pa.Schema:
        made_by = [asdict(feature) for feature in self._features]
        fields = [
            pa.field("iid", pa.int64()),
            pa.field("key", pa.uint64()),
            pa.field("how", pa.string()),
            pa.field("reason", pa.string()),
            *(field for feature in self._features for field in fields_of(feature)),
        ]
        return pa.schema(fields, {"placelens.made_by": json.dumps(made_by)})

    def preview(self) -> ReencodeReport:
        """Say what would be done, going by which files are there; nothing is changed."""
        facts, report = self._facts(), self._report
        report.n_items = len(facts)
        if report.is_needed:
            report.n_resumed = len(self._still_good(facts))
            # What can be made of a preview, where there is no file.
            small = self._with("thumbnail IS NOT NULL")
            report.left = tuple(self._given(facts))
        else:
            facts = self._of(facts, self._wanting())
            small = set(self._noted())  # what is made of one already
        previews: list[Skipped] = []
        left: list[Skipped] = []
        for fact in _plain(facts):
            if self._is_seen(fact):
                is_there, is_small = path_of(fact) is not None, fact["iid"] in small
                if not is_there:
                    (previews if is_small else left).append(_skipped(fact, GONE))
                report.n_images += is_there or (is_small and report.is_needed)
            report.n_texts += bool(fact["text"]) and self._reads and report.is_needed
        report.previews, report.left = tuple(previews), (*left, *report.left)
        return self._done()

    def run(self) -> ReencodeReport:
        """Make all anew, or what an earlier run could not make of its file.

        Raises
        ------
        EncoderError
            If the encoder cannot encode something; what is made is kept for the next call.
        """
        self._staging.tidy()
        facts = self._facts()
        self._report.n_items = len(facts)
        if self._report.is_needed:
            self._make_all(facts)
        else:
            self._staging.clear()  # of a run that was killed when it was done
            self._make_again(facts)
        return self._done()

    def _done(self) -> ReencodeReport:
        self._report.snapshots = tuple(self._snapshots_of_others())
        self._report.seconds = time.perf_counter() - self._started
        return self._report

    def _snapshots_of_others(self) -> Iterator[str]:
        for name in sorted(self._table.tags.sound()):
            with suppress(CollectionError):  # a damaged one is of no encoder
                if self._table.manifest_of_snapshot(name).fingerprint != self._made.fingerprint:
                    yield name

    def _is_seen(self, fact: Facts) -> bool:
        return self._spec is not None and fact["image"] is not None

    def _facts(self) -> pa.Table:
        """What the items are made from, in the table's order."""
        return self._table.dataset.to_table(columns=[*COLUMNS, "text"])

    def _of(self, facts: pa.Table, iids: set[int]) -> pa.Table:
        """Those of some items."""
        return facts.filter(pa.array([iid in iids for iid in facts["iid"].to_pylist()], pa.bool_()))

    def _with(self, condition: str) -> set[int]:
        """Internal ids of the items that a condition holds for."""
        found = self._table.dataset.to_table(columns=["iid"], filter=condition)
        return set(found["iid"].to_pylist())

    def _still_good(self, facts: pa.Table) -> set[int]:
        """Items that an earlier run has done, and that are what they were.

        What it made from a preview, or could not make, is not, when there is a file now.
        """
        staged = {each["iid"]: each for each in self._staging.small(("key", "how"))}
        good = set()
        for fact in _plain(facts) if staged else ():
            made = staged.get(fact["iid"])
            if made is None or made["key"] != _key(fact):
                continue
            if made["how"] not in (PREVIEW, LOST) or path_of(fact) is None:
                good.add(fact["iid"])
        return good

    def _make_all(self, facts: pa.Table) -> None:
        good, iids = self._still_good(facts), set(facts["iid"].to_pylist())
        self._staging.keep(good)
        self._report.n_resumed = len(good)
        todo = self._of(facts, iids - good)
        n_done = n_skipped = 0
        self._tell(n_done, len(todo), n_skipped)
        images = Images(self._table, _plain(todo), self._spec, workers=self._workers)
        for batch in _batches(todo):
            seen = images.next(batch, previews=True)
            self._staging.add(self._staged(batch, seen))
            n_done += len(batch)
            n_skipped += sum(each.how in (PREVIEW, LOST) for each in seen)
            self._tell(n_done, len(todo), n_skipped)
        self._count(facts)
        self._switch()

    def _switch(self) -> None:
        """One commit, and the notes that a later call needs; what waited is needless then."""
        small = self._staging.small(("how",))
        previews = sorted(each["iid"] for each in small if each["how"] == PREVIEW)
        # First: a crash between the two leaves notes of what is not there, which are passed over.
        write_notes(self._folder, previews, made_by=self._made_by)
        self._table.reform(self._made, self._converted)
        self._staging.clear()

    @property
    def _made_by(self) -> str:
        return self._encoder.fingerprint

    def _noted(self) -> list[int]:
        """Items whose vectors were made of a preview."""
        return read_notes(self._folder, made_by=self._made_by)

    def _count(self, facts: pa.Table) -> None:
        """What was done of all items, in this run and before."""
        staged = {each["iid"]: each for each in self._staging.small(("how", "reason"))}
        previews: list[Skipped] = []
        left: list[Skipped] = []
        for fact in _plain(facts):
            how, reason = staged[fact["iid"]]["how"], staged[fact["iid"]]["reason"]
            if how in (PREVIEW, LOST):
                (previews if how == PREVIEW else left).append(_skipped(fact, reason))
            self._report.n_images += how in (FILE, CHANGED, PREVIEW)
            self._report.n_changed += how == CHANGED
            self._report.n_texts += bool(fact["text"]) and self._reads
        self._report.previews = tuple(previews)
        self._report.left = (*left, *self._given(facts))

    def _given(self, facts: pa.Table) -> list[Skipped]:
        """Items that were given a vector, and have nothing that another is made from."""
        source_of = {PIXELS: "image", TEXT: "text"}
        without: dict[int, Skipped] = {}
        for name in self._before.vector_names:
            recipe = EXTRACTORS.get(name)
            if recipe is None or recipe.needs not in source_of or name not in self._made.names:
                continue
            column = fields_of(self._before.feature(name))[0].name
            source = source_of[recipe.needs]
            bare = self._with(f"{column} IS NOT NULL AND ({source} IS NULL OR {source} = '')")
            without |= {
                fact["iid"]: _skipped(fact, GIVEN) for fact in _plain(self._of(facts, bare))
            }
        return list(without.values())

    def _values(self, facts: Sequence[Facts], seen: Sequence[Seen]) -> list[Values]:
        values: list[Values] = []
        for start in range(0, len(facts), ENCODE_BATCH):
            part = slice(start, start + ENCODE_BATCH)
            values += extract(
                self._extractors,
                texts=[fact["text"] for fact in facts[part]],
                pixels=[each.pixels for each in seen[part]],
            )
        return values

    def _staged(self, facts: Sequence[Facts], seen: Sequence[Seen]) -> pa.Table:
        """What is made of some items, as it waits beside the table."""
        values = self._values(facts, seen)
        columns: dict[str, Any] = {
            "iid": [fact["iid"] for fact in facts],
            "key": [_key(fact) for fact in facts],
            "how": [each.how for each in seen],
            "reason": [each.reason for each in seen],
        }
        for feature in self._features:
            columns |= to_columns(feature, [own.get(feature.name) for own in values])
        return pa.table(columns, self._staging.columns)

    def _converted(self, rows: pa.Table) -> pa.Table:
        """Rows of the table with what was made of them in the place of what there was."""
        names = [field.name for feature in self._features for field in fields_of(feature)]
        made = self._staging.take(rows["iid"].to_numpy(), names)
        return in_schema(rows, self._made, {name: made[name] for name in names})

    def _wanting(self) -> set[int]:
        """Items that something better could be made of: from a preview, or without a vector."""
        wanting = set(self._noted())
        for extractor in self._extractors:
            name = extractor.feature.name
            if extractor.needs == PIXELS and name in self._before.names:
                column = fields_of(extractor.feature)[0].name
                wanting |= self._with(f"image IS NOT NULL AND {column} IS NULL")
        return wanting

    def _make_again(self, facts: pa.Table) -> None:
        """Make of their files what could not be made of them before; each batch is a commit."""
        noted, still = set(self._noted()), []
        todo = self._of(facts, self._wanting())
        previews: list[Skipped] = []
        left: list[Skipped] = []
        images = Images(self._table, _plain(todo), self._spec, workers=self._workers)
        n_done = 0
        for batch in _batches(todo):
            seen = images.next(batch, previews=False)
            for fact, each in zip(batch, seen, strict=True):
                if each.how == LOST:
                    is_noted = fact["iid"] in noted
                    (previews if is_noted else left).append(_skipped(fact, each.reason or GONE))
                    still += [fact["iid"]] if is_noted else []
                self._report.n_changed += each.how == CHANGED
            self._replace(batch, seen)
            n_done += len(batch)
            self._tell(n_done, len(todo), len(previews) + len(left))
        self._report.previews, self._report.left = tuple(previews), tuple(left)
        if set(still) != noted:
            write_notes(self._folder, still, made_by=self._made_by)

    def _replace(self, facts: Sequence[Facts], seen: Sequence[Seen]) -> None:
        """Write anew the rows of those items whose file could be read."""
        read = [pair for pair in zip(facts, seen, strict=True) if pair[1].is_of_file]
        if not read:
            return
        found, own = zip(*read, strict=True)
        kept = {feature.name: feature for feature in self._before.features}
        by_iid = dict(zip([fact["iid"] for fact in found], self._values(found, own), strict=True))
        rows = self._table.rows(list(by_iid))
        values = [by_iid[iid] for iid in rows["iid"].to_pylist()]
        for name in [feature.name for feature in self._features if feature.name in kept]:
            made = to_columns(kept[name], [each.get(name) for each in values])
            for column, array in made.items():
                at = rows.schema.get_field_index(column)
                rows = rows.set_column(at, rows.schema.field(at), array)
        self._table.replace(rows)
        self._report.n_images += len(read)

    def _tell(self, n_done: int, n_total: int, n_skipped: int) -> None:
        if self._progress is not None:
            n_before = self._report.n_resumed
            self._progress(
                Progress(n_done=n_done, n_total=n_total, n_skipped=n_skipped, n_unchanged=n_before)
            )


def _plain(facts: pa.Table) -> Iterator[Facts]:
    """Facts as plain values, a few at a time: all at once would take several times the memory."""
    for batch in facts.to_batches(max_chunksize=STAGED_ROWS):
        yield from batch.to_pylist()


def _batches(facts: pa.Table) -> Iterator[list[Facts]]:
    for start in range(0, len(facts), STAGED_ROWS):
        yield facts.slice(start, STAGED_ROWS).to_pylist()


def _key(fact: Facts) -> int:
    """What an item's features are made from, as one number: another for what was changed."""
    said = repr((fact["image"], fact["content_hash"], fact["text"]))
    return xxhash.xxh3_64_intdigest(said.encode("utf-8", "surrogatepass"))


def _skipped(fact: Facts, reason: str) -> Skipped:
    return Skipped(key=fact["image"] or fact["id"], reason=reason)
