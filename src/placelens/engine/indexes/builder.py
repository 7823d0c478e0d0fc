"""The thread in which indexes are grown: one for all collections of a process, after searches."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

NICE = 15

_executor: ThreadPoolExecutor | None = None
_lock = threading.Lock()


def builder() -> ThreadPoolExecutor:
    """The thread, made when it is first asked for."""
    global _executor
    with _lock:
        if _executor is None:
            _executor = ThreadPoolExecutor(
                1, thread_name_prefix="placelens-build", initializer=_step_back
            )
        return _executor


def _step_back() -> None:
    """Let the threads that answer searches go first, where a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
