"""When work must be over, and whether anybody still waits for it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from placelens.display import shown
from placelens.errors import InputError, SearchStoppedError

__all__ = ["NEVER", "Deadline", "in_time"]

_T = TypeVar("_T")


class Deadline:
    """A time at which work is given up, or the moment when `cancel` is called, from any thread.

    The work asks `check` between its steps: between the terms of a query, the files it reads and
    the parts of an index, never within a loop over items. One deadline is for one request.

    Parameters
    ----------
    seconds
        From now on; None for no end.

    Raises
    ------
    InputError
        If ``seconds`` is not a positive number.

    Examples
    --------
    >>> deadline = Deadline(60)
    >>> deadline.check()
    >>> deadline.cancel()
    >>> deadline.check()
    Traceback (most recent call last):
        ...
    placelens.errors.SearchStoppedError: stopped: nobody waits for the answer any more
    """

    __slots__ = ("_cancelled", "_end", "_seconds")

    def __init__(self, seconds: float | None = None) -> None:
        is_number = isinstance(seconds, int | float) and 0 < seconds <= threading.TIMEOUT_MAX
        if seconds is not None and not is_number:
            raise InputError(f"a deadline of {shown(seconds)} seconds is not a positive number")
        self._seconds = seconds
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        self._cancelled = False

    @property
    def left_s(self) -> float:
        """Seconds that are left, 0 when it has passed; infinity without an end."""
        return max(0.0, self._end - time.monotonic()) if self._end < math.inf else math.inf

    def cancel(self) -> None:
        """Have the work stop at its next check."""
        self._cancelled = True

    def check(self) -> None:
        """Raise SearchStoppedError when it has passed or was cancelled."""
        if self._cancelled:
            raise SearchStoppedError("stopped: nobody waits for the answer any more")
        if self.left_s == 0.0:
            raise SearchStoppedError(
                f"stopped after {self._seconds:g} s; ask for less at once, or allow more time"
            )


class _Never(Deadline):
    """No end; it is shared by all, so nobody may cancel it."""

    def cancel(self) -> None:
        """Refuse: others rely on it."""
        raise InputError("this deadline is shared; make one of your own to cancel it")

    def check(self) -> None:
        """Nothing to see."""


NEVER: Final[Deadline] = _Never()


def in_time(things: Iterable[_T], deadline: Deadline) -> Iterator[_T]:
    """Each of some things, as long as there is time.

    Raises
    ------
    SearchStoppedError
        When the deadline has passed, or was cancelled, before the next of them.

    Examples
    --------
    >>> list(in_time("ab", Deadline(60)))
    ['a', 'b']
    """
    for thing in things:
        deadline.check()
        yield thing
