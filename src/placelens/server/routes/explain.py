"""``GET`` and ``POST .../items/{id}/explain``: why an item ranks where it does in a search."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import FiniteFloat

from placelens.limits import MAX_ID, MAX_NAME, MAX_TEXT
from placelens.server.answers import Explanation
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, DeadlineOf, SettingsOf
from placelens.server.schemas import SearchRequest
from placelens.server.urls import refuse_hidden, with_links

router = APIRouter(prefix="/collections/{name}/items", tags=["items"])

ItemId = Annotated[str, Path(max_length=MAX_ID)]


@router.post("/{item_id:path}/explain", response_model=Explanation)
def explain_item(
    *,
    name: str,
    item_id: ItemId,
    request: SearchRequest,
    collection: CollectionOf,
    settings: SettingsOf,
    decoders: DecodersOf,
    deadline: DeadlineOf,
) -> Any:
    """Why an item ranks where it does in the search of the body, first or far behind."""
    refuse_hidden(request.where, settings)
    arguments = request.to_arguments()
    arguments["image"] = decoders.prepared(arguments["image"], collection)
    explanation = collection.explain(item_id, deadline=deadline, **arguments)
    answer = explanation.to_dict()
    for hit in (answer["hit"], answer["above"]):
        if hit is not None:
            with_links(hit, name, show_paths=settings.paths_shown)
    return JSONResponse({**answer, "text": str(explanation)})


@router.get("/{item_id:path}/explain", response_model=Explanation)
def explain_item_in_words(
    *,
    name: str,
    item_id: ItemId,
    collection: CollectionOf,
    settings: SettingsOf,
    decoders: DecodersOf,
    deadline: DeadlineOf,
    text: Annotated[str | None, Query(max_length=MAX_TEXT)] = None,
    near: Annotated[str | None, Query(max_length=MAX_NAME)] = None,
    decay: Annotated[str | None, Query(max_length=MAX_NAME)] = None,
    mu: Annotated[FiniteFloat, Query(ge=0, le=1)] = 0.5,
) -> Any:
    """The same for a search that an address can hold: words, and a place."""
    return explain_item(
        name=name,
        item_id=item_id,
        request=SearchRequest.model_validate(
            {"text": text, "near": near, "decay": decay, "mu": mu}
        ),
        collection=collection,
        settings=settings,
        decoders=decoders,
        deadline=deadline,
    )
