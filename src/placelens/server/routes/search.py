"""``POST .../search``: the one question that everything else serves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from placelens.server.answers import SearchAnswer
from placelens.server.bodies import BoundedRoute
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, DeadlineOf, SettingsOf
from placelens.server.schemas import SearchRequest
from placelens.server.urls import refuse_hidden, with_links

router = APIRouter(prefix="/collections/{name}", tags=["search"], route_class=BoundedRoute)

_GEOJSON = "application/geo+json"


@router.post(
    "/search",
    response_model=SearchAnswer,
    responses={200: {"content": {_GEOJSON: {}}, "description": "Hits, best first."}},
)
def search(
    *,
    name: str,
    request: SearchRequest,
    collection: CollectionOf,
    settings: SettingsOf,
    decoders: DecodersOf,
    deadline: DeadlineOf,
    output: Annotated[Literal["json", "geojson"], Query(alias="format")] = "json",
) -> JSONResponse:
    """Search by words, images, vectors, place and filters; `format=geojson` for a map."""
    refuse_hidden(request.where, settings)
    arguments = request.to_arguments()
    arguments["image"] = decoders.prepared(arguments["image"], collection)
    hits = collection.search(**arguments, deadline=deadline)
    answer = hits.to_dict()
    del answer["query"]  # the client knows what it asked, images included
    for hit in answer["hits"]:
        with_links(hit, name, show_paths=settings.paths_shown)
    if output == "geojson":
        features = _with_links(hits.to_geojson(), answer["hits"])
        return JSONResponse(features, media_type=_GEOJSON)
    # Built from plain types already: checking each field again would cost more than a search.
    return JSONResponse(answer)


def _with_links(collection: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    """Add the links to the features, which `Hits.to_geojson` gives in the hits' order."""
    by_id = {hit["id"]: hit for hit in found}
    for feature in collection["features"]:
        hit = by_id[feature["id"]]
        links = {name: hit[name] for name in ("image", "thumbnail_url", "image_url")}
        feature["properties"].update(links)
    return collection
