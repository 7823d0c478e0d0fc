"""Answers compressed with gzip, for those who take them so.

Starlette's own middleware gives both forms of an answer the same entity tag, which RFC 9110 (8.8.3)
forbids of strong ones, takes ``gzip;q=0`` for a wish, and compresses a file each time it is sent.
Here the tag of the compressed form ends in ``-gzip``, and files are packed once, in
`placelens.server.static_files`. Pictures are never touched: they are compressed already.
"""

from __future__ import annotations

import gzip

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SMALLEST", "Compression", "compressed_tag", "is_compressible", "pack", "takes_gzip"]

SMALLEST = 1_000
"""Bytes; less fits into one packet, compressed or not."""

# Of what is made anew each time: level 9 takes three times as long for 2% less.
_LEVEL = 5
# More is left to a thread, so that others need not wait.
_AT_ONCE = 32_768

_COMPRESSIBLE = {
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/xml",
    "image/svg+xml",
}


class Compression:
    """Compresses answers that are sent in one piece; what comes in several is passed on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and compress its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_taken = takes_gzip(Headers(scope=scope))
        held: Message | None = None

        async def send_compressed(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                held = message  # the body tells whether it is worth it
                return
            if held is not None:
                start, held = held, None
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    await _compress(start, message, is_taken=is_taken)
                await send(start)
            await send(message)

        await self.app(scope, receive, send_compressed)


async def _compress(start: Message, message: Message, *, is_taken: bool) -> None:
    """Compress an answer, if it gains by that and whoever asked takes it."""
    headers = MutableHeaders(scope=start)
    body = message.get("body", b"")
    if (
        start["status"] == 206
        or len(body) < SMALLEST
        or "content-encoding" in headers
        or not is_compressible(headers.get("content-type", ""))
    ):
        return
    headers.setdefault("Vary", "Accept-Encoding")
    if not is_taken:
        return
    body = await run_in_threadpool(pack, body) if len(body) > _AT_ONCE else pack(body)
    message["body"] = body
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    if "etag" in headers:
        headers["ETag"] = compressed_tag(headers["etag"])


def pack(body: bytes, level: int = _LEVEL) -> bytes:
    """The bytes, compressed; always the same of the same."""
    return gzip.compress(body, level, mtime=0)


def is_compressible(content_type: str) -> bool:
    """Whether a type is one of texts.

    Examples
    --------
    >>> is_compressible("application/geo+json"), is_compressible("text/css; charset=utf-8")
    (True, True)
    >>> is_compressible("image/jpeg")
    False
    """
    media_type = content_type.partition(";")[0].strip().lower()
    return (
        media_type.startswith("text/")
        or media_type.endswith("+json")
        or media_type in _COMPRESSIBLE
    )


def takes_gzip(headers: Headers) -> bool:
    """Whether a request's ``Accept-Encoding`` allows gzip; without the header, it does not.

    Examples
    --------
    >>> takes_gzip(Headers({"accept-encoding": "br, gzip;q=0.5"}))
    True
    >>> takes_gzip(Headers({"accept-encoding": "*, gzip;q=0"}))
    False
    """
    weights: dict[str, float] = {}
    for part in headers.get("accept-encoding", "").split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.partition("=")
        try:
            weight = float(value) if key.strip().lower() == "q" else 1.0
        except ValueError:
            weight = 0.0
        weights[name.strip().lower()] = weight
    return weights.get("gzip", weights.get("*", 0.0)) > 0.0


def compressed_tag(tag: str) -> str:
    """The entity tag of the compressed form of what has a tag.

    Examples
    --------
    >>> compressed_tag('"6f"')
    '"6f-gzip"'
    """
    return f'{tag.removesuffix(chr(34))}-gzip"'
