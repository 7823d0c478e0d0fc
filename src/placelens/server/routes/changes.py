"""``POST .../items``, ``PATCH`` and ``DELETE .../items/{id}``: what changes a collection."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from placelens import types
from placelens.display import shown
from placelens.errors import ItemNotFoundError, ReadError
from placelens.limits import MAX_ID, MAX_NAME
from placelens.server.access import WriteRoute
from placelens.server.answers import Item
from placelens.server.change_schemas import ItemChanges
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CatalogueOf, CollectionOf, SettingsOf
from placelens.server.errors import ProblemError
from placelens.server.jobs import n_workers
from placelens.server.turns import Turns
from placelens.server.uploads import MEDIA_TYPES, Upload, folder_of, kept, received
from placelens.server.urls import with_links

if TYPE_CHECKING:
    from placelens.collection import Collection

router = APIRouter(prefix="/collections/{name}/items", tags=["items"], route_class=WriteRoute)

ItemId = Annotated[str, Path(max_length=MAX_ID)]

PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in ("image/*", "application/octet-stream")
        },
    }
}
FileName = Annotated[
    str,
    Query(max_length=MAX_NAME, description="What the file is called: it may tell a time."),
]


@router.post(
    "",
    response_model=Item,
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": Item, "description": "The picture is there already: its item."}},
    openapi_extra=PICTURE_BODY,
)
async def add_item(
    *,
    name: str,
    request: Request,
    response: Response,
    collection: CollectionOf,
    settings: SettingsOf,
    catalogue: CatalogueOf,
    decoders: DecodersOf,
    file_name: FileName = "",
) -> Any:
    """Keep the picture of the body and take it in, with what it says of itself; wait for that."""
    folder = folder_of(name, collection, settings)
    upload = await received_picture(request, folder)
    turns = catalogue.turns(name)

    def taken_in() -> tuple[types.Item, bool]:
        return _added(kept(upload, file_name, folder, decoders), collection, turns)

    try:
        item, is_new = await run_in_threadpool(taken_in)
    finally:
        upload.part.unlink(missing_ok=True)
    answer = with_links(item.to_dict(), name, show_paths=settings.paths_shown)
    response.headers["Location"] = answer["image_url"].removesuffix("/image")
    if not is_new:
        response.status_code = HTTPStatus.OK
    return answer


async def received_picture(request: Request, folder: FilePath) -> Upload:
    """The body, in a file; refused before a byte of it is read where it says it is no picture."""
    media = request.headers.get("content-type", "")
    if not media.startswith(MEDIA_TYPES):
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"the body is said to be {shown(media)}; send one picture as it is, with the "
            "Content-Type image/jpeg or the like, or application/octet-stream",
            kind="media-type",
            title="Not a picture",
        )
    return await received(request.stream(), folder)


def _added(path: FilePath, collection: Collection, turns: Turns) -> tuple[types.Item, bool]:
    """The item that a picture is of, and whether it is new."""
    from placelens.readers.discover import read_photos

    with turns.of_request():
        # Decoded in another process, as whatever strangers send.
        report = collection.add(read_photos(path, tables=False), workers=n_workers())
        for skipped in report.skipped:
            path.unlink(missing_ok=True)
            raise ReadError(skipped.reason)
        # Still in turn: nobody here can have deleted it.
        (item_id,) = collection.ids_of(str(path)).values()
        return collection.get(item_id), report.n_added > 0


@router.patch("/{item_id:path}", response_model=Item)
def change_item(
    *,
    name: str,
    item_id: ItemId,
    changes: ItemChanges,
    collection: CollectionOf,
    settings: SettingsOf,
    catalogue: CatalogueOf,
) -> Any:
    """Change what is said of an item: what is left out stays, null takes away."""
    arguments = changes.to_arguments()
    with catalogue.turns(name).of_request():
        item = collection.update(item_id, **arguments)
    return with_links(item.to_dict(), name, show_paths=settings.paths_shown)


@router.delete("/{item_id:path}", status_code=HTTPStatus.NO_CONTENT)
def delete_item(
    *, name: str, item_id: ItemId, collection: CollectionOf, catalogue: CatalogueOf
) -> None:
    """Remove an item; its file is not touched, so that importing it again brings it back."""
    with catalogue.turns(name).of_request():
        n_deleted = collection.delete(item_id)
    if not n_deleted:
        raise ItemNotFoundError(f"{collection.path} has no item with id {shown(item_id)}")
