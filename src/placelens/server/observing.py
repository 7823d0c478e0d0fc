"""What is known of each request afterwards: its id, a line of the log, and the metrics."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from placelens.display import shown
from placelens.server.metrics import Metrics

__all__ = ["REQUEST_ID", "Observing"]

logger = logging.getLogger("placelens.server.requests")

REQUEST_ID = "X-Request-ID"
# What a proxy or a client may have called it; anything else could forge lines of the log.
_USABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Observing:
    """Gives each request an id, or keeps the one that it came with, and notes how it ended.

    The id stands in ``request.state.request_id``, in the answer, and in what is logged of the
    request. Of a URL the path is logged and not the query, which may hold what people look for.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note how it was answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = sent if _USABLE.fullmatch(sent) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 499  # as proxies call it when the client has left before the answer
        started = time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        self.metrics.begin_request()
        try:
            await self.app(scope, receive, send_noted)
        finally:
            self.metrics.end_request()
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "name", None) or "none"
            self.metrics.note_request(route, scope["method"], status, seconds)
            logger.info(
                "%s %s %d %.1f ms request=%s",
                scope["method"],
                shown(scope["path"]),
                status,
                1_000 * seconds,
                request_id,
            )
