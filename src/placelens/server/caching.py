"""Answers that a browser may keep: entity tags and 304."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from placelens.server.compression import compressed_tag

__all__ = ["fresh_headers", "not_modified"]

# A browser shows what it has at once and asks again after five minutes: an id may get a new
# picture, and a search that is re-ranked live must not ask for each thumbnail again.
_PICTURES = "private, max-age=300, stale-while-revalidate=86400"


def fresh_headers(
    tag: str, *, cache_control: str = _PICTURES, varies: bool = False
) -> dict[str, str]:
    """Headers of an answer whose content has the tag.

    ``varies`` says that it may be sent compressed; a 304 must say so too (RFC 9110, 15.4.5).
    """
    headers = {"ETag": f'"{tag}"', "Cache-Control": cache_control}
    return {**headers, "Vary": "Accept-Encoding"} if varies else headers


def not_modified(request: Request, headers: dict[str, str]) -> Response | None:
    """304 when the browser says that it has this content already, compressed or not."""
    known = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    own = headers["ETag"]
    for tag in (own, compressed_tag(own)):
        if tag in tags:
            return Response(status_code=304, headers={**headers, "ETag": tag})
    return Response(status_code=304, headers=headers) if "*" in tags else None
