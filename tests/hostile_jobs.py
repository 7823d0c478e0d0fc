"""What a decoder may be led to by bytes that were made to do harm; called in a worker process.

A module of its own, since a worker imports what it is to call.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

from placelens.ingest import decoding


def hang(*_: Any) -> None:
    """Never return."""
    while True:
        time.sleep(3600)


def spin(*_: Any) -> None:
    """Never return, and use a core for it."""
    while True:
        pass


def be_killed(*_: Any) -> None:
    """End as the system's killer of what takes too much memory ends a process."""
    signal.raise_signal(signal.SIGKILL)


def crash(*_: Any) -> None:
    """End as a decoder does that writes where it must not."""
    os.kill(os.getpid(), signal.SIGSEGV)


def eat(*_: Any) -> None:
    """Take memory until there is no more: 4 GiB, far more than an upload may have."""
    taken = []
    for _number in range(64):
        taken.append(bytearray(64 * 2**20))
    raise AssertionError("4 GiB were there to be had")


def raise_this(error: Exception) -> None:
    """Raise an error that came from elsewhere."""
    raise error


def die_on_more_07(sources: Any, spec: Any) -> Any:
    """Read sources, and end without a word at one of them."""
    if any(Path(source.key).name == "more-07.png" for source in sources):
        os._exit(1)
    return decoding._read_many(sources, spec)
