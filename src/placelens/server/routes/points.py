"""``GET .../points``: a dot for each located item, in columns."""

from __future__ import annotations

import json

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response

from placelens.server.answers import Points
from placelens.server.caching import fresh_headers, not_modified
from placelens.server.dependencies import CollectionOf, SettingsOf
from placelens.types import Float64Array

router = APIRouter(prefix="/collections/{name}", tags=["collections"])


@router.get("/points", response_model=Points)
def read_points(collection: CollectionOf, settings: SettingsOf, request: Request) -> Response:
    """All located items; an even sample of them when there are more than the server's limit."""
    # One version always has the same points. "no-cache" lets the browser keep them and ask.
    tag = f"{collection.version}-{settings.max_points}"
    headers = fresh_headers(tag, cache_control="private, no-cache", varies=True)
    known = not_modified(request, headers)
    if known is not None:
        return known
    ids, first, second = collection.points()
    step = -(-len(ids) // settings.max_points) or 1
    names = ("lat", "lon") if collection.space == "sphere" else ("x", "y")
    body = {
        "ids": ids[::step],
        names[0]: _short(first[::step]),
        names[1]: _short(second[::step]),
        "n_located": len(ids),
    }
    content = json.dumps(body, separators=(",", ":"))
    return Response(content, media_type="application/json", headers=headers)


def _short(coordinates: Float64Array) -> list[float]:
    """Six decimals: 0.1 m on the sphere, finer than a dot on a map."""
    rounded: list[float] = np.round(coordinates, 6).tolist()
    return rounded
