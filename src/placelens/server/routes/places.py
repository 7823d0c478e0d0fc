"""``GET /v1/places``: what a place name may mean, from the offline gazetteer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from placelens.server.schemas import PlaceOut

router = APIRouter(tags=["places"])


@router.get("/places", response_model=list[PlaceOut])
def find_places(
    q: Annotated[str, Query(min_length=1, max_length=200, description="A name, or its start.")],
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
) -> list[dict[str, Any]]:
    """Towns, countries and states whose name is, or starts with, `q`; the likeliest first."""
    from placelens.engine.request import gazetteer

    return [choice.to_dict() for choice in gazetteer().complete(q, limit=limit)]
