"""``GET /v1/terms``: what a search can look for."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from placelens.server.answers import TermKind

router = APIRouter(tags=["search"])


@router.get("/terms", response_model=list[TermKind])
def read_terms() -> list[dict[str, Any]]:
    """The kinds of terms that a search takes, in a field of their own or in `terms`."""
    from placelens.query.kinds import KINDS

    fields = {"query": "text", "image": "images", "like": "images"}
    return [
        {
            "name": kind.name,
            "what": kind.what,
            "example": kind.example,
            "field": fields.get(kind.argument, kind.argument) if kind.argument else None,
        }
        for kind in KINDS.values()
    ]
