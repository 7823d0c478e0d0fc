"""``POST .../heat``: where in a view of the map the scores of a search lie."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from placelens.server.answers import Heat
from placelens.server.bodies import BoundedRoute
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, DeadlineOf, SettingsOf
from placelens.server.schemas import HeatRequest
from placelens.server.urls import refuse_hidden

router = APIRouter(prefix="/collections/{name}", tags=["search"], route_class=BoundedRoute)


@router.post("/heat", response_model=Heat)
def read_heat(
    *,
    request: HeatRequest,
    collection: CollectionOf,
    settings: SettingsOf,
    decoders: DecodersOf,
    deadline: DeadlineOf,
) -> JSONResponse:
    """The scores of a search in the cells of a map, of all located items that pass its filters."""
    refuse_hidden(request.where, settings)
    arguments = request.to_arguments()
    arguments["image"] = decoders.prepared(arguments["image"], collection)
    # Built from plain types already, up to some thousand objects: nothing to check.
    return JSONResponse(collection.heat(**arguments, deadline=deadline).to_dict())
