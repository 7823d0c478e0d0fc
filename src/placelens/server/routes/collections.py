"""``GET /v1/collections``, ``.../{name}`` and ``.../values``: what there is to search."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query

from placelens.engine.attributes import DERIVED
from placelens.errors import CollectionError
from placelens.limits import MAX_NAME
from placelens.server.answers import AttributeValue, CollectionSummary, Stats
from placelens.server.dependencies import CatalogueOf, CollectionOf, SettingsOf
from placelens.server.urls import refuse_hidden

if TYPE_CHECKING:
    from placelens.collection import Collection

logger = logging.getLogger("placelens.server")

router = APIRouter(prefix="/collections", tags=["collections"])


@router.get("")
def list_collections(catalogue: CatalogueOf) -> list[CollectionSummary]:
    """All collections that can be read, with their size.

    Whoever asks for another by its name is told what is wrong with it.
    """
    summaries, errors = [], []
    for name in catalogue.names:
        try:
            summaries.append(_summary(name, catalogue.get(name)))
        except CollectionError as error:
            logger.warning("collection %r is not listed: %s", name, error)
            errors.append(error)
    if errors and not summaries:
        raise errors[0]
    return summaries


def _summary(name: str, collection: Collection) -> CollectionSummary:
    return CollectionSummary(
        name=name,
        n_items=len(collection),
        space=collection.space,
        encoder=collection.encoder_name,
    )


@router.get("/{name}", response_model=Stats)
def read_stats(name: str, collection: CollectionOf, settings: SettingsOf) -> dict[str, Any]:
    """Counts, extent in space and time, encoder, version and snapshots of one collection."""
    derived = [each for each in DERIVED if each != "folder" or settings.paths_shown]
    return {**collection.stats().to_dict(), "name": name, "derived_attributes": derived}


@router.get("/{name}/values", response_model=list[AttributeValue])
def read_values(
    collection: CollectionOf,
    settings: SettingsOf,
    attribute: Annotated[str, Query(min_length=1, max_length=MAX_NAME)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> list[dict[str, Any]]:
    """The values of an attribute, the most frequent first; what `where` can be equal to."""
    refuse_hidden([attribute], settings)
    counted = collection.values(attribute).items()
    return [{"value": value, "n_items": n_items} for value, n_items in islice(counted, limit)]
