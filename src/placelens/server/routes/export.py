"""``POST .../export``: items that are named, or the hits of a search, as a file of any format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, cast

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from placelens.deadline import in_time
from placelens.export import FORMATS, dump
from placelens.server.bodies import BoundedRoute
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, DeadlineOf, SettingsOf
from placelens.server.export_schemas import ExportRequest
from placelens.server.file_names import attachment
from placelens.server.urls import refuse_hidden, without_folder
from placelens.types import Hit, Item

router = APIRouter(prefix="/collections/{name}", tags=["files"], route_class=BoundedRoute)

# A file that is larger waits on the disk until it is sent.
_IN_MEMORY_BYTES = 2**20
_PIECE_BYTES = 256 * 1024
_WRITTEN, _LEFT_OUT = "Placelens-Written", "Placelens-Left-Out"
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {each.media_type.partition(";")[0]: {} for each in FORMATS.values()},
        "headers": {
            _WRITTEN: {"schema": {"type": "integer"}, "description": "Items in the file."},
            _LEFT_OUT: {
                "schema": {"type": "integer"},
                "description": "Items that the format cannot hold: without a place, or an image.",
            },
        },
    },
    501: {"description": "The format needs packages that the server lacks."},
}


@router.post("/export", response_class=Response, responses=_FILE)
def export_items(
    *,
    name: str,
    request: ExportRequest,
    collection: CollectionOf,
    settings: SettingsOf,
    decoders: DecodersOf,
    deadline: DeadlineOf,
) -> Response:
    """A file of the items that are named, or of the hits of a search; whole, or an error."""
    things: Iterable[Hit | Item]
    if request.search is None:
        things = collection.items(ids=request.ids)
    else:
        refuse_hidden(request.search.where, settings)
        arguments = request.search.to_arguments()
        arguments["image"] = decoders.prepared(arguments["image"], collection)
        things = collection.search(**arguments, deadline=deadline)
    if not settings.paths_shown:
        things = map(without_folder, things)
    chosen = FORMATS[request.format]
    file = cast(BinaryIO, SpooledTemporaryFile(_IN_MEMORY_BYTES))  # noqa: SIM115 - sent later
    try:
        report = dump(
            in_time(things, deadline),
            file,
            format=request.format,
            of=Item if request.search is None else Hit,
            blur=request.blur,
            drop_places=request.drop_places,
            csv_safe=request.csv_safe,
            thumbnails=collection.thumbnail,
        )
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {
        "Content-Disposition": attachment(f"{name}{chosen.suffix}"),
        "Content-Length": str(size),
        _WRITTEN: str(report.n_written),
        _LEFT_OUT: str(report.n_left_out),
    }
    return StreamingResponse(_pieces(file), media_type=chosen.media_type, headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
