"""``GET .../clusters``: what a view of the map shows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from placelens.server.answers import Clusters
from placelens.server.dependencies import CollectionOf, DeadlineOf, SettingsOf
from placelens.server.list_schemas import ClusterRequest
from placelens.server.urls import refuse_hidden

router = APIRouter(prefix="/collections/{name}", tags=["items"])


@router.get("/clusters", response_model=Clusters)
def read_clusters(
    collection: CollectionOf,
    settings: SettingsOf,
    deadline: DeadlineOf,
    request: Annotated[ClusterRequest, Query()],
) -> JSONResponse:
    """The located items of a view that pass the filters, those close together as clusters."""
    asked = request.to_arguments()
    refuse_hidden(asked["where"], settings)
    # Built from plain types already, up to some thousand objects: nothing to check.
    return JSONResponse(collection.clusters(**asked, deadline=deadline).to_dict())
