"""A feature for items that are there: made from what is stored, or from files read again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from placelens.encoders.base import Encoder
from placelens.errors import InputError
from placelens.ingest.decoding import read_all
from placelens.ingest.extractor import (
    PIXELS,
    TEXT,
    Extractor,
    asked_for,
    check_same,
    extract,
    hubs_of,
)
from placelens.ingest.report import Progress, ProgressCallback
from placelens.readers.base import Reading, Source
from placelens.storage.feature_columns import fields_of, from_columns, to_columns
from placelens.storage.table import ItemTable
from placelens.types import FeatureName, Int64Array, UInt8Array

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
    encoder: Encoder,
    names: Sequence[FeatureName],
    *,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> FillReport:
    """Make features of all items that lack them and have what they need; call while writing.

    Each batch is a commit: what is done is kept when it is interrupted, and the next call goes on
    from there.

    Raises
    ------
    InputError
        If the encoder makes no feature of a name.
    EncoderMismatchError
        If the collection's feature of a name was made by something else.
    """
    started = time.perf_counter()
    extractors = asked_for(names, encoder)
    kept = {feature.name: feature for feature in table.manifest.features}
    for extractor in extractors:
        feature = extractor.feature
        check_same(kept.get(feature.name, feature), feature, table.folder)
    _check_needs(extractors, [*kept, *names])
    table.add_features([extractor.feature for extractor in extractors], hubs_of(encoder))
    n_filled, n_left = {}, {}
    for extractor in extractors:
        filling = _Filling(table, encoder, extractor, workers)
        n_filled[extractor.feature.name], n_left[extractor.feature.name] = filling.run(progress)
    return FillReport(n_filled=n_filled, n_left=n_left, seconds=time.perf_counter() - started)


def _check_needs(extractors: Sequence[Extractor], names: Sequence[FeatureName]) -> None:
    """Raise InputError when what one is made from is neither there nor made as well."""
    for extractor in extractors:
        if extractor.needs not in (PIXELS, TEXT, *names):
            raise InputError(
                f"{extractor.feature.name} is made from {extractor.needs}, which the collection "
                f"does not have; name both"
            )


class _Filling:
    """One feature of a table that is locked for writing."""

    def __init__(
        self, table: ItemTable, encoder: Encoder, extractor: Extractor, workers: int | None
    ) -> None:
        self._table, self._extractor = table, extractor
        self._encoder, self._workers = encoder, workers

    def run(self, progress: ProgressCallback | None) -> tuple[int, int]:
        """Fill; how many items have it now, and how many could not be read."""
        todo = self._todo()
        n_filled = n_done = 0
        for start in range(0, len(todo), COMMIT_ROWS):
            batch = todo[start : start + COMMIT_ROWS]
            n_filled += self._fill(self._table.rows(batch))
            n_done += len(batch)
            if progress is not None:
                progress(
                    Progress(
                        n_done=n_done,
                        n_total=len(todo),
                        n_skipped=n_done - n_filled,
                        n_unchanged=0,
                    )
                )
        return n_filled, len(todo) - n_filled

    def _todo(self) -> Int64Array:
        """Internal ids of items that lack the feature and have what it needs."""
        column = fields_of(self._extractor.feature)[0].name
        needed = {PIXELS: "image IS NOT NULL", TEXT: "text != ''"}.get(self._extractor.needs)
        if needed is None:
            inputs = fields_of(self._table.manifest.feature(self._extractor.needs))
            needed = f"{inputs[0].name} IS NOT NULL"
        wanted = f"{column} IS NULL AND {needed}"
        found = self._table.dataset.to_table(columns=["iid"], filter=wanted)
        iids: Int64Array = found["iid"].to_numpy()
        return iids

    def _fill(self, rows: pa.Table) -> int:
        """Write what rows lack, in one commit; how many got it."""
        feature = self._extractor.feature
        made = [own.get(feature.name) for own in self._made(rows)]
        there = pa.array([value is not None for value in made])
        for name, column in to_columns(feature, made).items():
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, rows.schema.field(at), column)
        filled = rows.filter(there)
        if len(filled):
            self._table.replace(filled)
        return len(filled)

    def _made(self, rows: pa.Table) -> list[dict[FeatureName, Any]]:
        needs = self._extractor.needs
        if needs == PIXELS:
            return extract([self._extractor], pixels=self._pixels(rows))
        if needs == TEXT:
            return extract([self._extractor], texts=rows["text"].to_pylist())
        stored = from_columns(self._table.manifest.feature(needs), rows)
        return extract([self._extractor], features={needs: stored})

    def _pixels(self, rows: pa.Table) -> list[UInt8Array | None]:
        """Images read again; None for one that is gone, or cannot be read."""
        images = rows["image"].to_pylist()
        sources = [Source(key=image, stamp="", image=image) for image in images]
        read = read_all(sources, self._encoder.image_spec, workers=self._workers)
        return [each.pixels if isinstance(each, Reading) else None for each in read]
