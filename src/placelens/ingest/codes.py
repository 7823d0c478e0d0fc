"""Class maps in a few bytes each, for a collection: its quantizer, and codes of its items.

The quantizer is learnt from the collection's own class maps, and kept beside the table under its
fingerprint. What comes later is encoded with it as it comes. Whoever learns another one encodes
all items anew.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from placelens.encoders.map_quantizer import MapQuantizer
from placelens.encoders.parts import CLASS_MAP
from placelens.errors import CollectionError, ReadError
from placelens.storage.feature_columns import fields_of, from_columns, maps_of, to_columns
from placelens.storage.format_v2 import in_schema
from placelens.storage.manifest import Manifest
from placelens.storage.table import ItemTable
from placelens.types import Feature, UInt8Array

CODES = "class_map_codes"
_PREFIX = "pq:"
# Maps that a quantizer is learnt from: more teach no better, and take longer.
MOST_TAUGHT = 20_000


def codes_feature(quantizer: MapQuantizer) -> Feature:
    """The feature of a quantizer's codes of class maps.

    Examples
    --------
    >>> maps = np.random.default_rng(0).integers(0, 99, (9, 2, 2, 3), dtype=np.uint8)
    >>> made = codes_feature(MapQuantizer.train(maps, n_centroids=4))
    >>> made.name, made.shape, made.length
    ('class_map_codes', (3, 1), 3)
    """
    shape = (quantizer.n_classes, quantizer.n_parts)
    return Feature(
        name=CODES,
        kind="map",
        length=quantizer.bytes_per_image,
        shape=shape,
        fingerprint=f"{_PREFIX}{quantizer.fingerprint}",
    )


def file_name(fingerprint: str) -> str:
    """What a quantizer's file is called, beside the table."""
    return f"quantizer-{fingerprint}.npz"


def quantizer_of(feature: Feature, folder: Path) -> MapQuantizer:
    """The quantizer that made a collection's codes.

    Raises
    ------
    CollectionError
        If its file is gone, or is not the one that made them.
    """
    fingerprint = (feature.fingerprint or "").removeprefix(_PREFIX)
    again = f"learn another one with: placelens quantize {folder}"
    if not fingerprint.isalnum():  # a collection may come from anybody, and this becomes a path
        raise CollectionError(f"{folder} does not say what made its {CODES}; {again}")
    try:
        quantizer = MapQuantizer.load(folder / file_name(fingerprint))
    except ReadError as error:
        raise CollectionError(f"{error}; {again}") from error
    if quantizer.fingerprint != fingerprint:
        raise CollectionError(
            f"{folder / file_name(fingerprint)} is another quantizer, {quantizer.fingerprint}; "
            f"{again}"
        )
    return quantizer


def codes_of(quantizer: MapQuantizer, maps: UInt8Array) -> UInt8Array:
    """Codes of class maps as they are kept, (n, classes, parts)."""
    return np.asarray(quantizer.encode(np.asarray(maps, dtype=np.uint8)))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantizeReport:
    """What `quantize` did.

    Attributes
    ----------
    n_items : how many have codes now.
    n_taught : maps that the quantizer was learnt from.
    bytes_before, bytes_per_image : what a map takes, and what its code takes.
    explained : of what maps differ from their mean, the share that codes keep, in [0, 1].
    seconds : what it took.
    """

    n_items: int
    n_taught: int
    bytes_before: int
    bytes_per_image: int
    explained: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def quantize(
    table: ItemTable, *, n_centroids: int = 256, parts: tuple[int, int] = (2, 2)
) -> QuantizeReport:
    """Learn a quantizer of a table's class maps, and keep codes of all; call while writing.

    One commit puts the codes, and what decides them, in the place of others that there may be.

    Raises
    ------
    InputError
        If there are fewer class maps than centroids, or a setting is out of range.
    """
    started = time.perf_counter()
    feature = table.manifest.feature(CLASS_MAP)
    (column,) = (field.name for field in fields_of(feature))
    stored = table.dataset.to_table(columns=[column], filter=f"{column} IS NOT NULL")
    maps, _ = maps_of(stored[column], feature.shape or (0, 0, 0))
    taught = maps[:: -(-len(maps) // MOST_TAUGHT) or 1]
    quantizer = MapQuantizer.train(taught, n_centroids=n_centroids, parts=parts)
    codes = codes_feature(quantizer)
    table.keep_file(file_name(quantizer.fingerprint), quantizer.to_bytes())
    others = tuple(each for each in table.manifest.features if each.name != CODES)
    made = replace(table.manifest, features=(*others, codes))
    table.reform(made, lambda rows: _with_codes(rows, made, feature, quantizer))
    return QuantizeReport(
        n_items=len(maps),
        n_taught=len(taught),
        bytes_before=feature.length,
        bytes_per_image=quantizer.bytes_per_image,
        explained=_explained(taught, quantizer),
        seconds=time.perf_counter() - started,
    )


def _with_codes(
    rows: pa.Table, manifest: Manifest, feature: Feature, quantizer: MapQuantizer
) -> pa.Table:
    """Rows in the schema of a manifest, with codes of those that have a class map."""
    stored = from_columns(feature, rows)
    there = [at for at, value in enumerate(stored) if value is not None]
    values: list[UInt8Array | None] = [None] * len(stored)
    if there:
        found = quantizer.encode(np.stack([stored[at] for at in there]))
        for at, code in zip(there, found, strict=True):
            values[at] = code
    return in_schema(rows, manifest, to_columns(manifest.feature(CODES), values))


def _explained(maps: UInt8Array, quantizer: MapQuantizer) -> float:
    some = maps[:: max(1, len(maps) // 1_000)].astype(np.float64)
    lost = ((some - quantizer.decode(quantizer.encode(some.astype(np.uint8)))) ** 2).sum()
    whole = ((some - some.mean(axis=0)) ** 2).sum()
    return float(1.0 - lost / whole) if whole > 0.0 else 1.0
