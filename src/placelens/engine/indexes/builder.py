"""The threads in which indexes are grown: for all collections of a process, one build at a time."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["build", "build_behind"]

# A third of what another thread gets: searches go first, and a build ends all the same where other
# programs keep the processors busy. At 15, a thirtieth, one of a second took minutes there.
NICE, LOWEST = 5, 19

_executors: dict[str, ThreadPoolExecutor] = {}
_lock = threading.Lock()
_turn = threading.Lock()


def build(work: Callable[[], None]) -> Future[None]:
    """Have something built that somebody waits for."""
    return _executor("placelens-build", None).submit(_in_turn, work)


def build_behind(work: Callable[[], None]) -> Future[None]:
    """Have something built behind searches, at a low priority."""
    return _executor("placelens-build-behind", _step_back).submit(_in_turn, work)


def _executor(name: str, initializer: Callable[[], None] | None) -> ThreadPoolExecutor:
    with _lock:
        if name not in _executors:
            _executors[name] = ThreadPoolExecutor(
                1, thread_name_prefix=name, initializer=initializer
            )
        return _executors[name]


def _in_turn(work: Callable[[], None]) -> None:
    with _turn:
        work()


def _step_back() -> None:
    """Let the threads that answer searches go first, where a thread has a priority of its own."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        priority = os.getpriority(os.PRIO_PROCESS, thread) + NICE
        os.setpriority(os.PRIO_PROCESS, thread, min(priority, LOWEST))
