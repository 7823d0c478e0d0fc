"""``.../searches``: searches that a collection keeps under names, for whoever asks for them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path

from placelens.display import shown
from placelens.errors import InputError
from placelens.limits import MAX_NAME
from placelens.server.access import WriteRoute
from placelens.server.answers import SavedSearch
from placelens.server.dependencies import CatalogueOf, CollectionOf, SettingsOf
from placelens.server.errors import ProblemError
from placelens.server.schemas import SearchRequest
from placelens.server.settings import Settings
from placelens.server.urls import refuse_hidden

router = APIRouter(prefix="/collections/{name}/searches", tags=["search"], route_class=WriteRoute)

SearchName = Annotated[str, Path(min_length=1, max_length=MAX_NAME)]


@router.get("", response_model=list[SavedSearch])
def list_searches(collection: CollectionOf, settings: SettingsOf) -> list[dict[str, Any]]:
    """The saved searches, in the order in which they were saved."""
    return [
        _answer(name, search)
        for name, search in collection.saved_searches.items()
        if _is_open(search, settings)
    ]


@router.get("/{search_name:path}", response_model=SavedSearch)
def read_search(
    collection: CollectionOf, settings: SettingsOf, search_name: SearchName
) -> dict[str, Any]:
    """The search of a name, as `POST .../search` takes it."""
    search = collection.saved_searches.get(search_name.strip())
    if search is None or not _is_open(search, settings):
        raise _unknown(search_name)
    return _answer(search_name.strip(), search)


@router.put("/{search_name:path}", response_model=SavedSearch)
def save_search(
    *,
    name: str,
    search_name: SearchName,
    request: SearchRequest,
    collection: CollectionOf,
    settings: SettingsOf,
    catalogue: CatalogueOf,
) -> dict[str, Any]:
    """Keep the search of the body under a name, in place of one that has it."""
    refuse_hidden(request.where, settings)
    if any(image.id is None for image in request.images):
        raise InputError(
            "images: a picture that was sent is not kept with a search; save one like an item of "
            "the collection, by its id"
        )
    arguments = request.to_arguments()
    with catalogue.turns(name).of_request():
        collection.save_search(search_name, **arguments)
    return _answer(search_name.strip(), collection.saved_searches[search_name.strip()])


@router.delete("/{search_name:path}", status_code=HTTPStatus.NO_CONTENT)
def forget_search(
    *, name: str, search_name: SearchName, collection: CollectionOf, catalogue: CatalogueOf
) -> None:
    """Forget the search of a name."""
    with catalogue.turns(name).of_request():
        is_gone = collection.forget_search(search_name)
    if not is_gone:
        raise _unknown(search_name)


def _is_open(search: dict[str, Any], settings: Settings) -> bool:
    """Whether it gives away nothing that this server hides."""
    try:
        refuse_hidden(search.get("where"), settings)
    except InputError:
        return False
    return True


def _answer(name: str, search: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "search": SearchRequest.of_saved(search)}


def _unknown(name: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        f"the collection has no search {shown(name)}; GET .../searches lists them",
        kind="unknown-search",
        title="No such search",
    )
