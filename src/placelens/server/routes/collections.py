"""``GET /v1/collections``, ``.../{name}`` and ``.../values``: what there is to search."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query

from placelens.limits import MAX_NAME
from placelens.server.dependencies import CatalogueOf, CollectionOf
from placelens.server.schemas import CollectionSummary, ValueOut

router = APIRouter(prefix="/collections", tags=["collections"])


@router.get("")
def list_collections(catalogue: CatalogueOf) -> list[CollectionSummary]:
    """All collections, with their size."""
    return [
        CollectionSummary(
            name=name,
            n_items=len(collection),
            space=collection.space,
            encoder=collection.encoder_name,
        )
        for name in catalogue.names
        for collection in [catalogue.get(name)]
    ]


@router.get("/{name}")
def read_stats(name: str, collection: CollectionOf) -> dict[str, Any]:
    """Counts, extent in space and time, encoder, version and snapshots of one collection."""
    return {**collection.stats().to_dict(), "name": name}


@router.get("/{name}/values", response_model=list[ValueOut])
def read_values(
    collection: CollectionOf,
    attribute: Annotated[str, Query(min_length=1, max_length=MAX_NAME)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> list[dict[str, Any]]:
    """The values of an attribute, the most frequent first; what `where` can be equal to."""
    counted = collection.values(attribute).items()
    return [{"value": value, "n_items": n_items} for value, n_items in islice(counted, limit)]
