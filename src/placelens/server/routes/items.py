"""``GET .../items``, ``.../items/{id}``, its ``/thumbnail``, ``/image`` and ``/kept``.

An id may hold slashes, so that the longer routes come first.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import xxhash
from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response
from pydantic import FiniteFloat

from placelens.display import shown
from placelens.engine.feature_values import LEAST_PROBABLE, feature_to_dict
from placelens.limits import MAX_ID, MAX_NAME
from placelens.server.answers import Item, ItemFeature, ItemList
from placelens.server.caching import fresh_headers, not_modified
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, SettingsOf
from placelens.server.list_schemas import ListRequest
from placelens.server.originals import open_original
from placelens.server.urls import refuse_hidden, with_links

router = APIRouter(prefix="/collections/{name}/items", tags=["items"])

ItemId = Annotated[str, Path(max_length=MAX_ID)]

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/*": {}}, "description": "A picture."},
    304: {"description": "The browser has it already."},
}


@router.get("", response_model=ItemList)
def list_items(
    name: str,
    collection: CollectionOf,
    settings: SettingsOf,
    request: Annotated[ListRequest, Query()],
) -> Any:
    """Items that pass the filters, newest first; a page at a time, stable while items are added."""
    asked = request.to_arguments()
    refuse_hidden(asked["where"], settings)
    hits = collection.search(**asked)
    items = [{**hit.item.to_dict(), "distance_m": hit.distance_m} for hit in hits]
    return {
        "items": [with_links(item, name, show_paths=settings.paths_shown) for item in items],
        "n_items": hits.plan.n_allowed if hits.plan else len(items),
        "notes": list(hits.notes),
        "nothing_near": hits.nothing_near.to_dict() if hits.nothing_near else None,
        "cursor": hits.cursor,
    }


@router.get("/{item_id:path}/thumbnail", response_class=Response, responses=_PICTURE)
def read_thumbnail(item_id: ItemId, collection: CollectionOf, request: Request) -> Response:
    """A small JPEG of an item's image, as made when it was added."""
    content = collection.thumbnail(item_id)
    if content is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"item {shown(item_id)} has no thumbnail")
    headers = fresh_headers(xxhash.xxh3_64_hexdigest(content))
    return not_modified(request, headers) or Response(
        content, media_type="image/jpeg", headers=headers
    )


@router.get("/{item_id:path}/image", response_class=Response, responses=_PICTURE)
def read_image(
    item_id: ItemId, collection: CollectionOf, decoders: DecodersOf, request: Request
) -> Response:
    """An item's original image; a format that browsers cannot show comes as JPEG."""
    original = open_original(collection.get(item_id))
    headers = fresh_headers(original.tag)
    return not_modified(request, headers) or original.response(headers, decoders)


@router.get("/{item_id:path}/kept", response_model=ItemFeature)
def read_feature(
    item_id: ItemId,
    collection: CollectionOf,
    feature: Annotated[str, Query(max_length=MAX_NAME, description="One of `feature_bytes`.")],
    minimum: Annotated[
        FiniteFloat, Query(ge=0, le=1, description="How probable a class map's class must be.")
    ] = LEAST_PROBABLE,
) -> Any:
    """What is kept of an item as a feature, such as its class map."""
    value = collection.feature(item_id, feature)
    (kept,) = (each for each in collection.features if each.name == feature)
    return feature_to_dict(kept, value, minimum=minimum)


@router.get("/{item_id:path}", response_model=Item)
def read_item(name: str, item_id: ItemId, collection: CollectionOf, settings: SettingsOf) -> Any:
    """An item: its text, place, time and attributes."""
    item = collection.get(item_id).to_dict()
    return with_links(item, name, show_paths=settings.paths_shown)
