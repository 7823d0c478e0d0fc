"""``GET /v1/encoders``: what images and texts can be turned into vectors with."""

from __future__ import annotations

from fastapi import APIRouter

from placelens.server.answers import Encoder

router = APIRouter(tags=["server"])


@router.get("/encoders", response_model=list[Encoder], response_model_exclude_none=True)
def read_encoders() -> list[dict[str, object]]:
    """The encoders there are; what can be told without a download."""
    from placelens.encoders.registry import list_encoders

    return list_encoders()
