"""Files of weights are read whole and hashed once, and then known by their stamp.

Other weights give other vectors, silently; a damaged download or a wrong version of a package must
not. But hashing 32 MB at each start takes longer than a search. So what was checked is noted in
placelens's cache with the file's size, times and inode: whatever writes to a file changes them, and
it is hashed again. A disk that loses bits changes nothing of these, so a note is believed for
`DAYS` days only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

from placelens.errors import EncoderError
from placelens.folders import cache_folder, written_whole
from placelens.installed import reinstall_command

DAYS = 7


def check_sha256(
    path: Path, expected: str, *, what: str = "encoder weights", mend: str | None = None
) -> None:
    """Raise EncoderError unless the file is there and has the SHA-256 (hexadecimal).

    The message calls the file ``what``, and ``mend`` is its next step: by default to reinstall.
    """
    try:
        if _is_noted(path, expected):
            return
        stamp = _stamp(path)  # before the hash: what changes meanwhile is not vouched for
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(
            f"{what} {path} cannot be read ({error.strerror or error}); {mend or _reinstall()}"
        ) from error
    if actual != expected:
        raise EncoderError(
            f"{what} {path} have SHA-256 {actual}, expected {expected}: the file is "
            f"damaged or of another version; {mend or _reinstall()}"
        )
    # Without the note it is hashed again.
    with contextlib.suppress(OSError), written_whole(_note_of(path)) as note:
        note.write(json.dumps({"sha256": actual, "stamp": stamp}).encode())


def _reinstall() -> str:
    return f"reinstall: {reinstall_command()}"


def _is_noted(path: Path, expected: str) -> bool:
    """Whether the file, as it is now, was found to have the hash not long ago."""
    note = _note_of(path)
    try:
        age_s = time.time() - note.stat().st_mtime
        noted = json.loads(note.read_bytes())
    except (OSError, ValueError):
        return False
    return 0 <= age_s < DAYS * 86_400 and noted == {"sha256": expected, "stamp": _stamp(path)}


def _stamp(path: Path) -> list[int]:
    """What changes when somebody writes to the file or puts another in its place."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _note_of(path: Path) -> Path:
    name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()
    return cache_folder() / "checked" / f"{name[:32]}.json"
