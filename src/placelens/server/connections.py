"""Connections that take no more than their share: of descriptors, of time, and of the log.

uvicorn bounds none of them: a client that sends half a request holds its connection for ever, and
with the last descriptor taken the server answers nobody and logs thousands of tracebacks a second.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import math
import socket
import time
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from threadpoolctl import threadpool_limits
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Protocol", "most_connections", "run"]

logger = logging.getLogger("placelens.server")

MOST_CONNECTIONS = 1_000
KEPT_FILES = 96
"""Descriptors for everything but connections: tables, pictures, the program's own."""

GRACE_S = 10.0
BYTES_PER_S = 10_000
"""A request may take this long, and longer by what it sends at this rate: a slow telephone's."""

STALLED_S = 30.0
"""A client that reads nothing of its answer for so long is cut off."""

_LOG_EVERY_S = 60.0
_FULL_BODY = (
    b'{"type": "urn:placelens:problem:busy", "title": "Too many connections", "status": 503, '
    b'"detail": "the server has as many connections as it can hold; ask again in a second"}'
)
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
    b"Retry-After: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
) % (len(_FULL_BODY), _FULL_BODY)


class Occasionally:
    """Logs what may happen thousands of times a second, once a minute."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def warn(self, message: str, *arguments: object) -> None:
        """Log a warning, unless the same was logged a moment ago."""
        now = time.monotonic()
        if now - self._last.get(message, -_LOG_EVERY_S) >= _LOG_EVERY_S:
            self._last[message] = now
            logger.warning(message, *arguments)


class Protocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, for clients that make progress.

    A request must arrive within `GRACE_S` and what its length takes at `BYTES_PER_S`; an answer
    must be read on within `STALLED_S`. A connection beyond the server's most is told so at once.
    """

    most = MOST_CONNECTIONS
    occasionally = Occasionally()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it."""
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._since, self._n_read = self.loop.time(), 0
        if len(self.connections) > self.most:
            self.occasionally.warn("more than %d connections: new ones are refused", self.most)
            transport.write(_FULL)
            transport.close()
            return
        self._expect_request()

    def data_received(self, data: bytes) -> None:
        """Take what a client sends; its request has more time for it."""
        self._n_read += len(data)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the connection's next request."""
        self._expect_request()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        for timer in (self._timer, self._stall):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client has not read what was sent so far."""
        super().pause_writing()
        self._watch_stall()

    def resume_writing(self) -> None:
        """The client has read it."""
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()

    def _expect_request(self) -> None:
        self._since, self._n_read = self.loop.time(), 0
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(GRACE_S, self._check_reading)

    def _check_reading(self) -> None:
        """Cut a client off that has sent too little; look again when it could have sent all."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            return
        left = self._since + GRACE_S + self._n_read / BYTES_PER_S - self.loop.time()
        if left <= 0:
            self.occasionally.warn("requests that do not arrive are cut off")
            self.transport.abort()
        else:
            self._timer = self.loop.call_later(left, self._check_reading)

    def _watch_stall(self) -> None:
        before = self.transport.get_write_buffer_size()

        def check() -> None:
            if self.transport.get_write_buffer_size() >= before:
                self.occasionally.warn("answers that nobody reads are cut off")
                self.transport.abort()
            else:
                self._watch_stall()

        self._stall = self.loop.call_later(STALLED_S, check)


class _Server(uvicorn.Server):
    """uvicorn whose failures to accept are logged once a minute, and which ends endless answers."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None] | None = None) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        asyncio.get_running_loop().set_exception_handler(_on_loop_error)
        await super().startup(sockets=sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; what does not finish in time is cut off on purpose, which is no news."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        # Before the connections are waited for: a stream of events would never end by itself.
        if self._stopping is not None:
            self._stopping()
        await super().shutdown(sockets=sockets)


def run(
    app: Any, listening: socket.socket, *, stopping: Callable[[], None], longest_s: float
) -> None:
    """Serve an app until Ctrl-C or SIGTERM; what is being answered then has its time to finish.

    Parameters
    ----------
    app
        What answers.
    listening
        Where requests come.
    stopping
        Called when the end begins, to end answers that would go on for ever.
    longest_s
        How long an answer may take; then it is cut off. A second Ctrl-C ends all at once.
    """
    n_connections, backlog = most_connections()

    class Bounded(Protocol):
        most = n_connections

    config = uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        backlog=backlog,
        log_level="warning",
        timeout_graceful_shutdown=math.ceil(longest_s),
    )
    # Requests run side by side already, and their products are small: the second thread of BLAS
    # goes on spinning for longer than it works, and took a third of a search's processor time.
    with threadpool_limits(1, user_api="blas"):
        _Server(config, stopping).run(sockets=[listening])


def most_connections() -> tuple[int, int]:
    """How many connections there is room for, and how many may wait to be accepted.

    Those are accepted in one go, before any of them can be refused, so both must fit.
    """
    n_files = _allow_files(MOST_CONNECTIONS + KEPT_FILES + 128)
    backlog = max(8, min(128, n_files // 4))
    return max(8, min(MOST_CONNECTIONS, n_files - backlog - KEPT_FILES)), backlog


def _allow_files(wanted: int) -> int:
    """Descriptors that this process may have, after asking for as many as are wanted."""
    try:
        import resource
    except ImportError:  # Windows, whose sockets are no descriptors
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    except (OSError, ValueError):  # macOS has a limit of its own below the hard one
        return soft
    return more


def _on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        Protocol.occasionally.warn("no descriptor is left to accept connections with")
    else:
        loop.default_exception_handler(context)
