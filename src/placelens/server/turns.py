"""Whose turn it is to write to a collection: a request's before a job's, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from placelens.server.errors import ProblemError

__all__ = ["Turns"]

# A job gives way after the batch that it is at, which takes seconds at most.
_PATIENCE_S = 20.0
# Each waits in one of the threads that searches run in; there are 40.
_MOST_WAITING = 8


class Turns:
    """Writers of one collection in this process; other processes are kept out by its lock file.

    A job that takes hours asks `is_wanted` between its batches and lets requests pass, which wait
    for seconds and not for hours.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_taken = False
        self._n_waiting = 0

    @property
    def is_wanted(self) -> bool:
        """Whether a request waits."""
        return self._n_waiting > 0

    @contextmanager
    def of_request(self, patience_s: float = _PATIENCE_S) -> Iterator[None]:
        """Have the next turn.

        Raises
        ------
        ProblemError
            503 when too many wait, or the turn does not come.
        """
        with self._changed:
            if self._n_waiting >= _MOST_WAITING:
                raise _busy()
            self._n_waiting += 1
            try:
                if not self._changed.wait_for(lambda: not self._is_taken, patience_s):
                    raise _busy()
                self._is_taken = True
            finally:
                self._n_waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def of_job(self) -> Iterator[None]:
        """Have a turn when no request wants one."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_taken and not self._n_waiting)
            self._is_taken = True
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._changed:
            self._is_taken = False
            self._changed.notify_all()


def _busy() -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "others are writing to this collection; ask again in a moment",
        kind="busy",
        title="Too many writers at once",
        headers={"Retry-After": "5"},
    )
