"""``.../sketch``: what may be painted, and what pictures show, to be painted over.

A sketch itself is asked with as a term of a search: ``POST .../search`` with a term of the kind
"sketch".
"""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, HTTPException

from placelens.collection.painting import Palette as KnownPalette
from placelens.engine.feature_values import feature_to_dict
from placelens.errors import QueryError
from placelens.server.answers import ClassMap, Palette
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf
from placelens.server.pictures import Handle
from placelens.server.schemas import SketchSource
from placelens.types import ImageSpec, UInt8Array

router = APIRouter(prefix="/collections/{name}/sketch", tags=["search"])

# Of a painted picture that was sent: far finer than any class map, and soon read.
_PAINTED = ImageSpec(size=448, fit="squash")


@router.get("", response_model=Palette)
def read_palette(collection: CollectionOf) -> dict[str, Any]:
    """What may be painted: classes with their colours, and the grid that a sketch is compared on.

    404 when the collection keeps no class maps; the problem says how to make them.
    """
    return _palette(collection).to_dict()


@router.post("/map", response_model=ClassMap)
def read_class_map(
    collection: CollectionOf, decoders: DecodersOf, source: SketchSource
) -> dict[str, Any]:
    """What a picture shows, cell by cell: an item's, or one's that was sent, or was painted.

    A sketch takes `map` in its field `over`; `cells` are for drawing.
    """
    palette = _palette(collection)
    if source.painting is not None:
        image = decoders.picture(Handle(source.painting), _PAINTED)
        cells = collection.read_sketch(image).on_grid(palette.classes, palette.grid)
        return {"classes": palette.classes, "cells": cells.tolist()}
    if source.item is not None:
        stored: UInt8Array = collection.feature(source.item, palette.feature)
    else:
        photo = decoders.picture(Handle(source.picture or ""), collection.class_map_spec)
        stored = collection.class_map(photo)
    (kept,) = (each for each in collection.features if each.name == palette.feature)
    told = feature_to_dict(kept, stored)
    return {
        "classes": palette.classes,
        "map": base64.b64encode(stored.tobytes()).decode(),
        "cells": told["cells"],
        "confidence": told["confidence"],
    }


def _palette(collection: CollectionOf) -> KnownPalette:
    try:
        return collection.palette
    except QueryError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from None
