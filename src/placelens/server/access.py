"""Who asks, and what they may do: tokens, the cookie of a session, and the origin of a request."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from placelens.display import shown
from placelens.errors import ReadError
from placelens.server.bodies import BoundedRoute
from placelens.server.errors import ProblemError, problem
from placelens.server.settings import Settings
from placelens.server.tokens import Token, TokenFile, digest_of

__all__ = ["Access", "Authentication", "Keys", "OriginCheck", "WriteRoute", "cookie_name"]

logger = logging.getLogger("placelens.server")

SESSION_S = 12 * 3600
"""A page asks for another session after so many seconds."""

_REALM = 'Bearer realm="placelens"'
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What a browser must have before it can send a token: the page, and the description of the API.
# Probes come without one, and are told nothing of what is served.
_OPEN = frozenset(
    ["/", "/docs", "/openapi.json", "/favicon.svg", "/favicon.ico", "/health", "/ready"]
)
_OPEN_FOLDERS = ("/assets/", "/map/")


@dataclass(frozen=True, slots=True)
class Access:
    """What a request may do; it stands in ``request.state.access``."""

    may_read: bool
    may_write: bool
    token: Token | None = None
    by_cookie: bool = False


class Keys:
    """The tokens that a server takes: those of the file, and the one of this run.

    A session's cookie is made of a token's id and the time of its end, signed with a key that this
    process has thrown dice for. Nothing is kept of it, and it ends with its token.
    """

    def __init__(self, settings: Settings) -> None:
        self._file = TokenFile(settings.token_file)
        self._key = secrets.token_bytes(32)
        self._of_run: Token | None = None
        if settings.run_token is not None:
            self._of_run = Token(
                id="run",
                name="this run's page",
                scope="write" if settings.write else "read",
                digest=digest_of(settings.run_token),
                created=datetime.now(UTC),
            )

    def find(self, secret: str) -> Token | None:
        """The token that was sent, if it is one."""
        of_run = self._of_run
        if of_run is not None and hmac.compare_digest(of_run.digest, digest_of(secret)):
            return of_run
        return self._file.find(secret)

    def session_of(self, token: Token) -> str:
        """The cookie of a session that a token begins."""
        ends = str(int(time.time()) + SESSION_S)
        return f"{token.id}.{ends}.{self._signature(token, ends)}"

    def find_session(self, cookie: str) -> Token | None:
        """The token that began a session, if both still hold."""
        token_id, _, rest = cookie.partition(".")
        ends, _, signature = rest.partition(".")
        of_run = self._of_run
        token = of_run if of_run and token_id == of_run.id else self._file.get(token_id)
        if token is None or not hmac.compare_digest(
            self._signature(token, ends).encode(), signature.encode()
        ):
            return None
        return token if time.time() < int(ends) else None

    def _signature(self, token: Token, ends: str) -> str:
        # With the digest: a token that was given another secret has other sessions.
        signed = f"{token.id}.{ends}.{token.digest}".encode()
        return hmac.new(self._key, signed, hashlib.sha256).hexdigest()


def cookie_name(host: str) -> str:
    """Name of the session's cookie: browsers do not tell a host's ports apart, servers must.

    Examples
    --------
    >>> cookie_name("127.0.0.1:8000"), cookie_name("[::1]:81"), cookie_name("photos.home")
    ('placelens-8000', 'placelens-81', 'placelens')
    """
    port = host.rpartition("]")[2].rpartition(":")[2] if ":" in host else ""
    return f"placelens-{port}" if port.isdecimal() else "placelens"


class Authentication:
    """Tells who asks, and refuses those who may not even read.

    Nobody needs a token to read on the loopback address, nor anywhere where the settings say so;
    everything but the page itself is behind it else.
    """

    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys) -> None:
        self.app = app
        self.keys = keys
        self.is_on = settings.auth
        self.reading_is_open = not settings.reading_needs_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with what it may do."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            access = await self._access(Headers(scope=scope))
        except ReadError as error:
            logger.error("nobody can be let in: %s", error)
            answer: ASGIApp = problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the server cannot read its tokens; its log says why",
                kind="tokens",
                headers={"Retry-After": "1"},
            )
            await answer(scope, receive, send)
            return
        if access is None or not (access.may_read or _is_open(scope)):
            await _unauthorized(has_sent_one=access is None)(scope, receive, send)
            return
        scope.setdefault("state", {})["access"] = access
        await self.app(scope, receive, send)

    async def _access(self, headers: Headers) -> Access | None:
        """What the sender may do; None for who sent a token that is none."""
        if not self.is_on:
            return Access(may_read=True, may_write=True)
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            # In a thread: the file may be on a disk that hangs.
            token = await run_in_threadpool(self.keys.find, sent.strip())
            return Access(True, token.scope == "write", token) if token else None
        cookie = cookie_parser(headers.get("cookie", "")).get(cookie_name(headers.get("host", "")))
        if cookie is not None and not self.reading_is_open:
            token = await run_in_threadpool(self.keys.find_session, cookie)
            if token is not None:
                # Browsers send a cookie whatever page asks, so that it must not change anything.
                return Access(True, False, token, by_cookie=True)
        return Access(may_read=self.reading_is_open, may_write=False)


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
    return path in _OPEN or path.startswith(_OPEN_FOLDERS)


def _unauthorized(*, has_sent_one: bool) -> ASGIApp:
    if has_sent_one:
        detail = (
            "the token is none of this server's: it was revoked, is over, or was not copied whole"
        )
        challenge = f'{_REALM}, error="invalid_token"'
    else:
        detail = (
            "this server wants a token: send Authorization: Bearer TOKEN, with the one that "
            "placelens tokens create has printed"
        )
        challenge = _REALM
    return problem(
        HTTPStatus.UNAUTHORIZED,
        detail,
        kind="token",
        title="A token is needed",
        headers={"WWW-Authenticate": challenge},
    )


class WriteRoute(BoundedRoute):
    """A route of what can be changed; who may not write may ask it only with a GET.

    Others are refused before a byte of the body is read.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What FastAPI calls with each request."""
        handle = super().get_route_handler()

        async def handle_for_writers(request: Request) -> Response:
            if request.method not in _SAFE:
                _refuse_unless_writer(request)
            return await handle(request)

        return handle_for_writers


def _refuse_unless_writer(request: Request) -> None:
    settings: Settings = request.app.state.settings
    access: Access = request.state.access
    if not settings.write:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "this server only reads; start it with placelens serve --write to have it changed",
            kind="read-only",
            title="Only reading",
        )
    if access.may_write:
        return
    if access.token is None or access.by_cookie:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "writing needs a token of the scope write, sent as Authorization: Bearer TOKEN"
            + ("; a session's cookie only reads" if access.by_cookie else ""),
            kind="token",
            title="A token is needed",
            headers={"WWW-Authenticate": f'{_REALM}, scope="write"'},
        )
    raise ProblemError(
        HTTPStatus.FORBIDDEN,
        "the token is of the scope read; make one with placelens tokens create --scope write",
        kind="scope",
        title="The token may not do this",
        headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="write"'},
    )


class OriginCheck:
    """Refuses what a page of another site sends, unless its origin is listed.

    Browsers say of each request but the simplest which page it comes from; programs say nothing. A
    site cannot read the answers anyway, but what it sends must not do anything either.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.allowed = frozenset(settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it comes from this server's page, or from no page."""
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and not self._is_ours(origin, headers.get("host", "")):
                answer = problem(
                    HTTPStatus.FORBIDDEN,
                    f"a page of {shown(origin)} may send nothing here; start the server with "
                    "--cors-origin to let it",
                    kind="origin",
                    title="A page of another site",
                )
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_ours(self, origin: str, host: str) -> bool:
        # The scheme is not compared: a proxy may speak https outside and http to this server.
        return origin in self.allowed or origin.partition("://")[2].lower() == host.lower()
