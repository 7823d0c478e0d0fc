"""``POST`` and ``GET .../search``: the one question that everything else serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from placelens.server.answers import SearchAnswer
from placelens.server.bodies import BoundedRoute
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, DeadlineOf, MetricsOf, SettingsOf
from placelens.server.list_schemas import SearchParameters
from placelens.server.schemas import SearchRequest
from placelens.server.urls import refuse_hidden, with_links

if TYPE_CHECKING:
    from placelens.results import Hits
    from placelens.server.settings import Settings

router = APIRouter(prefix="/collections/{name}", tags=["search"], route_class=BoundedRoute)

_GEOJSON = "application/geo+json"


_HITS: dict[int | str, dict[str, Any]] = {
    200: {"content": {_GEOJSON: {}}, "description": "Hits, best first."}
}


@router.post("/search", response_model=SearchAnswer, responses=_HITS)
def search_collection(
    *,
    name: str,
    request: SearchRequest,
    collection: CollectionOf,
    settings: SettingsOf,
    decoders: DecodersOf,
    deadline: DeadlineOf,
    metrics: MetricsOf,
    output: Annotated[Literal["json", "geojson"], Query(alias="format")] = "json",
) -> JSONResponse:
    """Search by words, images, vectors, place and filters; `format=geojson` for a map."""
    refuse_hidden(request.where, settings)
    arguments = request.to_arguments()
    arguments["image"] = decoders.prepared(arguments["image"], collection)
    hits = collection.search(**arguments, deadline=deadline)
    metrics.note_search(name)
    return _answer(hits, name, settings, output)


@router.get("/search", response_model=SearchAnswer, responses=_HITS)
def search_collection_by_url(
    *,
    name: str,
    request: Annotated[SearchParameters, Query()],
    collection: CollectionOf,
    settings: SettingsOf,
    deadline: DeadlineOf,
    metrics: MetricsOf,
) -> JSONResponse:
    """The same for a search that an address can hold: without images, vectors and terms."""
    arguments = request.to_arguments()
    refuse_hidden(arguments["where"], settings)
    hits = collection.search(**arguments, deadline=deadline)
    metrics.note_search(name)
    return _answer(hits, name, settings, request.format)


def _answer(hits: Hits, name: str, settings: Settings, output: str) -> JSONResponse:
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
