"""Memory that is given back: a server is as large on its tenth day as after its first hour.

Two allocators keep what was freed, each thread for itself, and a server has dozens of threads: that
of Arrow (mimalloc), and glibc's, which takes an arena a thread and, having freed one large block,
carves the next ones out of the heap, where small ones in between keep them from going. With both
as they are, 200 seconds of searches beside a writer let a server grow from 214 to 340 MB, with
Arrow on malloc from 188 to 235, with this from 177 to 189, at the same speed. Of all that 86 MB
were in use (docs/reliability.md, "Soak").
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

__all__ = ["give_back"]

_ARROW_POOL = "ARROW_DEFAULT_MEMORY_POOL"
# Of glibc's malloc.h: number of the parameter, value, and the variable that would say otherwise.
_PARAMETERS = (
    (-8, 2, "MALLOC_ARENA_MAX"),
    (-3, 1 << 20, "MALLOC_MMAP_THRESHOLD_"),
)


def give_back() -> None:
    """Have freed memory go back to the system; before Arrow is loaded and threads start.

    What the environment says of either allocator stands. Without glibc only Arrow is told.

    >>> give_back()
    """
    os.environ.setdefault(_ARROW_POOL, "system")
    with suppress(AttributeError, OSError, TypeError):  # musl, macOS; Windows
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value, variable in _PARAMETERS:
            if variable not in os.environ:
                mallopt(parameter, value)
