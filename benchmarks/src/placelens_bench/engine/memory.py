"""How much memory this process takes, as far as the system tells."""

from __future__ import annotations

import os
import re
from pathlib import Path


def resident_bytes() -> int | None:
    """Bytes in memory now, mapped files included; None where there is no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> int | None:
    """The most bytes that were in memory at once; None where there is no /proc.

    Not ``ru_maxrss``: a process begins with that of the one that started it.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    peak = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return None if peak is None else int(peak[1]) * 1024
