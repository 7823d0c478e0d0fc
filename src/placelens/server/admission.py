"""How many requests are worked on, for how long, and for whom: not for those who have left."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from placelens.deadline import Deadline
from placelens.server.errors import problem
from placelens.server.settings import Settings

__all__ = ["Admission"]

logger = logging.getLogger("placelens.server")


# Or a server that is busy would be taken for one that hangs, and be killed.
_ALWAYS = "/health"


class Admission:
    """Turns requests away when there are too many, and gives each of the others a `Deadline`.

    It stands in ``request.state.deadline``, and is cancelled as soon as the client has left: the
    work then stops at its next step instead of going on for nobody.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.most = settings.max_requests
        self.seconds = settings.timeout_s
        self.n_running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, if there is room for it."""
        if scope["type"] != "http" or scope["path"] == _ALWAYS:
            await self.app(scope, receive, send)
            return
        if self.n_running >= self.most:
            await _too_busy(self.most)(scope, receive, send)
            return
        self.n_running += 1
        deadline = Deadline(self.seconds)
        scope.setdefault("state", {})["deadline"] = deadline
        watched = _Watched(receive, deadline)
        try:
            await self.app(scope, watched.receive, send)
        finally:
            self.n_running -= 1
            watched.stop()


class _Watched:
    """What a client sends; once it has sent all, the one thing to come is that it leaves."""

    def __init__(self, receive: Receive, deadline: Deadline) -> None:
        self._receive = receive
        self._deadline = deadline
        self._leaving: asyncio.Task[Message] | None = None

    async def receive(self) -> Message:
        """The next message."""
        if self._leaving is not None:
            return await asyncio.shield(self._leaving)
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._deadline.cancel()
        elif not message.get("more_body", False):
            self._leaving = asyncio.create_task(self._wait())
        return message

    def stop(self) -> None:
        """The answer is sent: nobody need watch any more."""
        if self._leaving is not None:
            self._leaving.cancel()

    async def _wait(self) -> Message:
        message = await self._receive()
        self._deadline.cancel()
        return message


def _too_busy(most: int) -> ASGIApp:
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"the server is busy with {most} requests; ask again in a second",
        kind="busy",
        title="Too many requests at once",
        headers={"Retry-After": "1"},
    )
