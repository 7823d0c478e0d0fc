"""Features for items that are there: made from what is stored, or from files read again, once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from placelens.encoders.base import Encoder
from placelens.encoders.parts import CLASS_MAP
from placelens.ingest.codes import CODES
from placelens.ingest.decoding import read_all
from placelens.ingest.extractor import (
    OF_IMAGES,
    TEXT,
    Extractor,
    Values,
    asked_for,
    check_needs,
    check_same,
    coders_of,
    extract,
    hubs_of,
    spec_for,
)
from placelens.ingest.own_models import NO_MODELS, OwnModels
from placelens.ingest.pipeline import ENCODE_BATCH
from placelens.ingest.report import Progress, ProgressCallback
from placelens.readers.base import Reading, Source
from placelens.storage.feature_columns import fields_of, from_columns, to_columns
from placelens.storage.table import ItemTable
from placelens.types import FeatureName, Int64Array

# What all that is made from images is made from, whatever each needs of them.
_IMAGES = "images"
# Items in one commit. Whole rows are written anew, thumbnails included: some twenty megabytes.
COMMIT_ROWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FillReport:
    """What `fill` did.

    Attributes
    ----------
    n_filled : by feature, items that have it now and had not.
    n_left : by feature, items whose image could not be read again; the next call tries once more.
    seconds : what it took.
    """

    n_filled: dict[FeatureName, int]
    n_left: dict[FeatureName, int]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def fill(
    table: ItemTable,
    encoder: Encoder | None,
    names: Sequence[FeatureName],
    *,
    own: OwnModels = NO_MODELS,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> FillReport:
    """Make features of all items that lack them and have what they need; call while writing.

    Those that are made from the same, as from images, are made together: files are read once. Each
    batch is a commit: what is done is kept when it is interrupted, and the next call goes on from
    there.

    Parameters
    ----------
    encoder
        The collection's; None where there is none, and only models of the user's make something.
    names
        Of the features.
    own
        What makes class maps and objects; where there is none, the one that the collection's are
        of, or else the encoder.

    Raises
    ------
    InputError
        If the encoder makes no feature of a name.
    EncoderMismatchError
        If the collection's feature of a name was made by something else.
    """
    started = time.perf_counter()
    kept = {feature.name: feature for feature in table.manifest.features}
    own = own.with_those_of({name: kept[name] for name in names if name in kept}, table.folder)
    extractors = asked_for([each for each in names if each != CODES], encoder, own)
    if CODES in names or CLASS_MAP in names:  # codes of what there was not
        extractors += coders_of(kept.get(CODES), table.folder)
    for extractor in extractors:
        feature = extractor.feature
        check_same(kept.get(feature.name, feature), feature, table.folder)
    check_needs(extractors, [*kept, *names])
    hubs = None if encoder is None else hubs_of(encoder)
    table.add_features([extractor.feature for extractor in extractors], hubs)
    n_filled: dict[FeatureName, int] = {}
    n_left: dict[FeatureName, int] = {}
    # What one is made from stands before it, so that it is filled in before.
    for source in dict.fromkeys(map(_source, extractors)):
        group = [extractor for extractor in extractors if _source(extractor) == source]
        filled, lacked = _Filling(table, encoder, group, workers).run(progress)
        n_filled |= filled
        n_left |= {name: lacked[name] - filled[name] for name in filled}
    names = [extractor.feature.name for extractor in extractors]
    return FillReport(
        n_filled={name: n_filled[name] for name in names},
        n_left={name: n_left[name] for name in names},
        seconds=time.perf_counter() - started,
    )


def _source(extractor: Extractor) -> str:
    """What is read for an extractor."""
    return _IMAGES if extractor.needs in OF_IMAGES else extractor.needs


class _Filling:
    """Features, made from the same, of a table that is locked for writing."""

    def __init__(
        self,
        table: ItemTable,
        encoder: Encoder | None,
        extractors: Sequence[Extractor],
        workers: int | None,
    ) -> None:
        self._table, self._extractors = table, extractors
        self._source = _source(extractors[0])
        self._features = [extractor.feature for extractor in extractors]
        self._spec = encoder.image_spec if encoder is not None else None
        self._workers = workers

    def run(
        self, progress: ProgressCallback | None
    ) -> tuple[dict[FeatureName, int], dict[FeatureName, int]]:
        """Fill; by feature, how many items have it now and had not, and how many lacked it."""
        todo = self._todo()
        n_filled = {feature.name: 0 for feature in self._features}
        n_lacked = dict(n_filled)
        n_done = n_unread = 0
        for start in range(0, len(todo), COMMIT_ROWS):
            batch = todo[start : start + COMMIT_ROWS]
            n_unread += self._fill(self._table.rows(batch), n_filled, n_lacked)
            n_done += len(batch)
            if progress is not None:
                progress(
                    Progress(n_done=n_done, n_total=len(todo), n_skipped=n_unread, n_unchanged=0)
                )
        return n_filled, n_lacked

    def _todo(self) -> Int64Array:
        """Internal ids of items that lack one of the features and have what it needs."""
        columns = [fields_of(feature)[0].name for feature in self._features]
        needed = {_IMAGES: "image IS NOT NULL", TEXT: "text != ''"}.get(self._source)
        if needed is None:
            inputs = fields_of(self._table.manifest.feature(self._source))
            needed = f"{inputs[0].name} IS NOT NULL"
        lacking = " OR ".join(f"{column} IS NULL" for column in columns)
        found = self._table.dataset.to_table(columns=["iid"], filter=f"({lacking}) AND {needed}")
        iids: Int64Array = found["iid"].to_numpy()
        return iids

    def _fill(
        self,
        rows: pa.Table,
        n_filled: dict[FeatureName, int],
        n_lacked: dict[FeatureName, int],
    ) -> int:
        """Write what rows lack, in one commit, and count; how many of them got nothing."""
        kept = {feature.name: from_columns(feature, rows) for feature in self._features}
        lacking = [
            extractor
            for extractor in self._extractors
            if any(value is None for value in kept[extractor.feature.name])
        ]
        made = self._made(rows, lacking)
        is_changed = np.zeros(len(rows), dtype=np.bool_)
        for feature in (extractor.feature for extractor in lacking):
            # What an item has it keeps: its file may have changed since.
            had = np.array([value is not None for value in kept[feature.name]])
            values = [
                own.get(feature.name) if before is None else before
                for own, before in zip(made, kept[feature.name], strict=True)
            ]
            has = np.array([value is not None for value in values])
            n_filled[feature.name] += int(np.count_nonzero(has & ~had))
            n_lacked[feature.name] += int(np.count_nonzero(~had))
            is_changed |= has & ~had
            for name, column in to_columns(feature, values).items():
                at = rows.schema.get_field_index(name)
                rows = rows.set_column(at, rows.schema.field(at), column)
        if is_changed.any():
            self._table.replace(rows.filter(pa.array(is_changed)))
        return int(np.count_nonzero(~is_changed))

    def _made(self, rows: pa.Table, extractors: Sequence[Extractor]) -> list[Values]:
        if self._source == _IMAGES:
            images, made = self._images(rows, extractors), list[Values]()
            while batch := list(islice(images, ENCODE_BATCH)):
                made += extract(
                    extractors,
                    pixels=[each.pixels if each is not None else None for each in batch],
                    wholes=[each.wholes if each is not None else {} for each in batch],
                )
            return made
        if self._source == TEXT:
            return extract(extractors, texts=rows["text"].to_pylist())
        stored = from_columns(self._table.manifest.feature(self._source), rows)
        return extract(extractors, features={self._source: stored})

    def _images(self, rows: pa.Table, extractors: Sequence[Extractor]) -> Iterator[Reading | None]:
        """Images read again; None for one that is gone, or cannot be read."""
        images = rows["image"].to_pylist()
        sources = [Source(key=image, stamp="", image=image) for image in images]
        spec = spec_for(extractors, self._spec)
        for each in read_all(sources, spec, workers=self._workers):
            yield each if isinstance(each, Reading) else None
