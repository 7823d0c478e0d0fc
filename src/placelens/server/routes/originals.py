"""``POST .../originals``: the files of items that are named, as one zip."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from placelens.deadline import in_time
from placelens.server.archive import NOT_INCLUDED, TurnsOf, ZipResponse, archived
from placelens.server.bodies import BoundedRoute
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, DeadlineOf
from placelens.server.export_schemas import OriginalsRequest
from placelens.server.originals import plain_jpeg

router = APIRouter(prefix="/collections/{name}", tags=["files"], route_class=BoundedRoute)

_ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"A zip; `{NOT_INCLUDED}` in it names what is not, and why.",
        "content": {ZipResponse.media_type: {}},
    }
}


@router.post("/originals", response_class=Response, responses=_ZIP)
def send_originals(
    *,
    name: str,
    request: OriginalsRequest,
    collection: CollectionOf,
    decoders: DecodersOf,
    deadline: DeadlineOf,
    turns: TurnsOf,
) -> Response:
    """The files of items as they are, in a zip; or JPEGs of them that do not say where they are."""
    remake = partial(plain_jpeg, decoders=decoders) if request.strip_location else None
    pieces = archived(in_time(collection.items(ids=request.ids), deadline), remake)
    return ZipResponse(pieces, f"{name}.zip", turns)
