"""``GET /v1/places`` and ``/v1/towns``: the offline gazetteer, for typing and for the map."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from placelens.server.answers import PlaceChoice, Towns
from placelens.server.caching import fresh_headers, not_modified

router = APIRouter(tags=["places"])


@router.get("/places", response_model=list[PlaceChoice])
def find_places(
    q: Annotated[str, Query(min_length=1, max_length=200, description="A name, or its start.")],
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
) -> list[dict[str, Any]]:
    """Towns, countries and states whose name is, or starts with, `q`; the likeliest first."""
    from placelens.query.near import gazetteer

    return [choice.to_dict() for choice in gazetteer().complete(q, limit=limit)]


@router.get("/towns", response_model=Towns)
def read_towns(request: Request, limit: Annotated[int, Query(ge=1, le=100_000)] = 6000) -> Response:
    """The largest towns, in columns, to write on a map without labels of its own."""
    from placelens import __version__
    from placelens.query.near import gazetteer

    headers = fresh_headers(f"{__version__}-{limit}", varies=True)
    known = not_modified(request, headers)
    if known is not None:
        return known
    towns = gazetteer().towns
    largest = np.argsort(-towns.population, kind="stable")[:limit]
    body = {
        "names": [towns.labels[row] for row in largest],
        "lon": np.round(towns.lon[largest], 3).tolist(),
        "lat": np.round(towns.lat[largest], 3).tolist(),
        "population": towns.population[largest].tolist(),
    }
    return JSONResponse(body, headers=headers)
