"""Where placelens keeps what belongs to a user and to no collection."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """What can be made anew: ``PLACELENS_CACHE``, or the system's place for such."""
    if "PLACELENS_CACHE" in os.environ:
        return Path(os.environ["PLACELENS_CACHE"])
    if sys.platform == "win32":
        return _local_app_data() / "placelens"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/placelens"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "placelens"


def data_folder() -> Path:
    """What somebody made: ``PLACELENS_HOME``, or the system's place for such."""
    if "PLACELENS_HOME" in os.environ:
        return Path(os.environ["PLACELENS_HOME"])
    if sys.platform == "win32":
        return _local_app_data() / "placelens" / "data"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/placelens"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "placelens"


def _local_app_data() -> Path:
    return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
