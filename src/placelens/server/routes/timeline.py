"""``GET .../timeline``: how many items are from each month or day."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from placelens.server.answers import Timeline
from placelens.server.dependencies import CollectionOf, DeadlineOf, SettingsOf
from placelens.server.list_schemas import TimelineRequest
from placelens.server.urls import refuse_hidden

router = APIRouter(prefix="/collections/{name}", tags=["items"])


@router.get("/timeline", response_model=Timeline)
def read_timeline(
    collection: CollectionOf,
    settings: SettingsOf,
    deadline: DeadlineOf,
    request: Annotated[TimelineRequest, Query()],
) -> dict[str, Any]:
    """How many of the items that pass the filters are from each month or day, the oldest first."""
    asked = request.to_arguments()
    refuse_hidden(asked["where"], settings)
    return collection.timeline(**asked, deadline=deadline).to_dict()
