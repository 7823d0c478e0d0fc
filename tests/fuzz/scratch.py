"""A folder for what can be read from a disk only."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def scratch(name: str) -> Path:
    """A folder of this process for a purpose, which is removed when it ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"placelens-fuzz-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
