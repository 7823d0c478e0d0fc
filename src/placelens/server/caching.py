"""Answers that a browser may keep: entity tags and 304."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["fresh_headers", "not_modified"]

# A browser shows what it has at once and asks again after five minutes: an id may get a new
# picture, and a search that is re-ranked live must not ask for each thumbnail again.
_PICTURES = "private, max-age=300, stale-while-revalidate=86400"


def fresh_headers(tag: str, *, cache_control: str = _PICTURES) -> dict[str, str]:
    """Headers of an answer whose content has the tag."""
    return {"ETag": f'"{tag}"', "Cache-Control": cache_control}


def not_modified(request: Request, headers: dict[str, str]) -> Response | None:
    """304 when the browser says that it has this content already."""
    known = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    if headers["ETag"] in tags or "*" in tags:
        return Response(status_code=304, headers=headers)
    return None
