"""Painted class maps: what is to be seen, and where in the picture."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from placelens.display import shown
from placelens.encoders.parts import CLASS_MAP
from placelens.errors import ItemNotFoundError, QueryError
from placelens.ingest.codes import CODES, quantizer_of
from placelens.limits import MAX_ID, MAX_SKETCHES, MAX_TEXT, within
from placelens.query.kind import Asked, Context, TermKind
from placelens.query.values import flag
from placelens.sketch.painting import ANYTHING, Sketch
from placelens.sketch.quantized import QuantizedSketchTerm
from placelens.sketch.term import CALIBRATION, SketchTerm, words_of
from placelens.storage.manifest import Manifest
from placelens.types import Feature, UInt8Array

_FIELDS = ("classes", "cells", "over", "form", "words", "codes")
_EXAMPLE = {"classes": ["sky", "road"], "cells": [[0, 0], [None, 1]]}


def class_maps_of(manifest: Manifest) -> Feature:
    """The class maps that a collection keeps.

    Raises
    ------
    QueryError
        If it keeps none; the message says how to make them.
    """
    kept = next((f for f in manifest.features if f.name == CLASS_MAP), None)
    if kept is None:
        raise QueryError(
            "the collection keeps no class maps, which a painted one is compared with; make them "
            f"with: placelens index COLLECTION --features {CLASS_MAP}"
        )
    return kept


def _read(asked: Asked, context: Context) -> SketchTerm | QuantizedSketchTerm:
    feature = class_maps_of(context.manifest)
    value = asked.value
    sketch = value if isinstance(value, Sketch) else sketch_of(value, context)
    calibration = context.manifest.calibrations.get(("sketch", feature.name), CALIBRATION)
    term = SketchTerm.of(sketch, feature, weight=asked.weight, calibration=calibration)
    return _quantized(term, context) if sketch.codes else term


def _quantized(term: SketchTerm, context: Context) -> QuantizedSketchTerm:
    """The term by the codes that a collection keeps.

    Raises
    ------
    QueryError
        If it keeps none; the message says how to make them.
    CollectionError
        If what made them is gone.
    """
    kept = next((f for f in context.manifest.features if f.name == CODES), None)
    if kept is None:
        raise QueryError(
            "the collection keeps no codes of its class maps; make them with: "
            "placelens quantize COLLECTION"
        )
    quantizer = context.version.made_once(
        f"quantizer {kept.fingerprint}", lambda: quantizer_of(kept, context.version.folder)
    )
    return QuantizedSketchTerm.of(term, kept.name, quantizer)


def sketch_of(value: Any, context: Context) -> Sketch:
    """A sketch as JSON has it: rows of numbers of classes, null for what may be anything.

    Raises
    ------
    QueryError
        Naming the field that cannot be used.
    """
    if not isinstance(value, Mapping):
        raise QueryError(f"a sketch is a {type(value).__name__}; write it like {_EXAMPLE}")
    unknown = [name for name in value if name not in _FIELDS]
    if unknown:
        raise QueryError(f"a sketch has no field {shown(unknown[0])}; it has: {', '.join(_FIELDS)}")
    feature = class_maps_of(context.manifest)
    # What is null is as if it were left out.
    told = {name: each for name, each in value.items() if each is not None}
    words = told.get("words", "")
    if not isinstance(words, str):
        raise QueryError(f"words {shown(words)} of a sketch are no text")
    return Sketch(
        cells=_cells(told.get("cells", [[None]])),
        classes=told.get("classes", tuple(name for name, _ in feature.blocks)),
        over=_over(told["over"], feature, context) if "over" in told else None,
        form=told.get("form", "paper"),
        words=words_of(within(words, MAX_TEXT, "words of a sketch")),
        codes=flag(told.get("codes", False), "codes"),
    )


def _cells(rows: Any) -> Any:
    """Rows of numbers, with that of nothing in place of null."""
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        return rows
    return [
        [ANYTHING if cell is None else cell for cell in row]
        if isinstance(row, Sequence) and not isinstance(row, str | bytes)
        else row
        for row in rows
    ]


def _over(over: Any, feature: Feature, context: Context) -> UInt8Array:
    """The class map of the photo that was painted over: an item's, or one that was given."""
    if not isinstance(over, Mapping) or len(over) != 1 or not set(over) <= {"item", "map"}:
        raise QueryError(
            f"over {shown(over)} is no photo; write {{'item': id}}, or {{'map': bytes in base64}}"
        )
    if "map" in over:
        return _decoded(over["map"], feature)
    item_id = over["item"]
    if not isinstance(item_id, str):
        raise QueryError(f"over: {shown(item_id)} is no id of an item; give a string")
    row = context.version.row_of(within(item_id, MAX_ID, "over"))
    if row is None:
        raise ItemNotFoundError(f"over: the collection has no item with id {shown(item_id)}")
    value: UInt8Array | None = context.version.value_of(row, feature.name)
    if value is None:
        raise QueryError(
            f"over: item {shown(item_id)} has no class map; placelens index COLLECTION "
            f"--features {feature.name} makes those that are missing"
        )
    return value


def _decoded(text: Any, feature: Feature) -> UInt8Array:
    shape = feature.shape or (0, 0, 0)
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != feature.length:
        raise QueryError(
            f"over: the map is no {feature.length} bytes in base64, those of "
            f"{' x '.join(map(str, shape))} class probabilities; got {shown(text)}"
        )
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


SKETCH = TermKind(
    name="sketch",
    what="a painted class map: what is to be seen, and where in the picture",
    example=_EXAMPLE,
    most=MAX_SKETCHES,
    read=_read,
)
