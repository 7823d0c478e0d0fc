"""What every request passes through: headers, host check, size limit, unexpected errors.

Plain ASGI classes: they also cover files and errors, and never buffer a body.
"""

from __future__ import annotations

import ipaddress
import logging
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from placelens.display import shown
from placelens.server.errors import problem
from placelens.server.settings import Settings, is_loopback

__all__ = ["BodyLimit", "HeadRequests", "HostCheck", "SecurityHeaders", "UnexpectedErrors"]

logger = logging.getLogger("placelens.server")

AT_ONCE = 4

_ANY_ADDRESS = {"0.0.0.0", "::"}


def content_security_policy(settings: Settings) -> str:
    """Only this server, plus the tile host; MapLibre needs blob: workers and images."""
    tiles = f" {settings.tile_origin}" if settings.tile_origin else ""
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' data: blob:{tiles}",
        "connect-src": f"'self'{tiles}",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class SecurityHeaders:
    """Adds the headers that keep other sites out of this one, and this one on this machine."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": content_security_policy(settings),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            # Without it any site could embed http://127.0.0.1:8000/... and see what loads.
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class HostCheck:
    """Refuses a ``Host`` header that is not a name of this server.

    A page on another site can have its own name resolve to 127.0.0.1 and then read this server
    as if it were its own (DNS rebinding); its requests still carry its name. Bound to all
    addresses, any literal address is fine, since an address cannot be rebound.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.names = {"localhost", settings.host, *settings.allowed_hosts}
        self.any_address = settings.host in _ANY_ADDRESS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it is meant for this server."""
        if scope["type"] == "http":
            host = _host_name(Headers(scope=scope).get("host", ""))
            if not self._is_ours(host):
                logger.warning("refused a request for the host %s", shown(host))
                answer = problem(
                    HTTPStatus.MISDIRECTED_REQUEST,
                    f"this server is not {shown(host)}; start it with --allow-host to be reached "
                    "by that name",
                    kind="host",
                )
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        if host in self.names or is_loopback(host):
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return self.any_address


def _host_name(header: str) -> str:
    """``[::1]:8000`` as ``::1``, ``localhost:8000`` as ``localhost``."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


class BodyLimit:
    """Refuses a body that is too large, before it is read where the length is announced.

    All bodies that are being read or answered may have `AT_ONCE` times the size of one.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.limit = settings.max_upload_bytes
        self.n_held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count what it sends."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self.limit:
            await self._answer(int(announced))(scope, receive, send)
            return
        n_received = 0

        async def receive_counted() -> Message:
            nonlocal n_received
            message = await receive()
            n_received += len(message.get("body", b""))
            self.n_held += len(message.get("body", b""))
            if n_received > self.limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._detail(n_received))
            if self.n_held > AT_ONCE * self.limit:
                raise HTTPException(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "the server holds as many large requests as it can; ask again in a second",
                    {"Retry-After": "1", "Connection": "close"},
                )
            return message

        try:
            await self.app(scope, receive_counted, send)
        finally:
            self.n_held -= n_received

    def _detail(self, n_bytes: int) -> str:
        return (
            f"the request body has {n_bytes:,} bytes or more, and this server takes "
            f"{self.limit:,}; send a smaller image"
        )

    def _answer(self, n_bytes: int) -> ASGIApp:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        # The rest of the body will not be read, so the connection cannot be used again.
        return problem(
            status, self._detail(n_bytes), kind="too-large", headers={"Connection": "close"}
        )


class HeadRequests:
    """Answers ``HEAD`` wherever ``GET`` is answered: the same without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as a ``GET``, and keep what follows the headers."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        has_answered = False

        async def send_headers(message: Message) -> None:
            nonlocal has_answered
            if message["type"] == "http.response.start":
                has_answered = True
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        async def receive_until_answered() -> Message:
            # Whoever makes a body without an end is told that nobody reads it.
            return {"type": "http.disconnect"} if has_answered else await receive()

        asked = {**scope, "method": "GET"}
        await self.app(asked, receive_until_answered, send_headers)
        scope["route"] = asked.get("route")


class UnexpectedErrors:
    """Logs an error that nobody expected and answers without its traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer for it if that fails."""
        started = False

        async def send_noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        except Exception:
            if scope["type"] != "http" or started:
                raise  # the answer is half sent: the server must cut the connection
            request_id = scope.get("state", {}).get("request_id")
            path = shown(scope["path"])
            logger.exception("%s %s failed request=%s", scope["method"], path, request_id)
            answer = problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "something went wrong in the server; its log says what",
                kind="internal",
            )
            await answer(scope, receive, send)
