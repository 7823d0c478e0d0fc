"""``.../words``: what pictures show, in words; which show a thing, and where."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from placelens.limits import MAX_TEXT
from placelens.server.answers import Shown, WordCount
from placelens.server.dependencies import CollectionOf
from placelens.server.schemas import MAX_K

router = APIRouter(prefix="/collections/{name}", tags=["items"])

Least = Annotated[
    float, Query(ge=0, le=1, description="How sure it must be that a picture shows a word.")
]


@router.get("/words", response_model=list[WordCount])
def read_words(collection: CollectionOf, least: Least = 0.2) -> list[dict[str, Any]]:
    """The words for what the pictures show, those that most show first.

    422 when the collection keeps none; the problem says how to make them.
    """
    return [count.to_dict() for count in collection.words(least=least)]


@router.get("/shows", response_model=Shown)
def read_shows(
    collection: CollectionOf,
    text: Annotated[str, Query(min_length=1, max_length=MAX_TEXT)],
    k: Annotated[int, Query(ge=1, le=MAX_K)] = 20,
    least: Least = 0.2,
) -> dict[str, Any]:
    """Which pictures show all that a text names, and where.

    Its phrases are taken for words of a vocabulary: a red tram for a tram.
    """
    return collection.shows(text, k=k, least=least).to_dict()
