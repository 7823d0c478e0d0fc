"""Faults below a folder: a write that fails, a kill at a write, and a loss of power.

A small library in C (shim.c) is compiled when first asked for and loaded before libc. Without a
compiler, or on another system than Linux, nothing can be injected and `is_available` says so.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

MODES = {"count": 1, "fail": 2, "fail_all": 3, "short": 4, "kill": 5}
_SOURCE = Path(__file__).with_name("shim.c")


def is_available() -> bool:
    """Whether faults can be injected here."""
    return sys.platform == "linux" and shutil.which("cc") is not None


def library() -> Path:
    """The compiled library."""
    target = (
        Path(tempfile.gettempdir())
        / f"placelens-faults-{os.getuid()}-{_SOURCE.stat().st_mtime_ns}.so"
    )
    if not target.exists():
        beside = target.with_suffix(f".{os.getpid()}")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", str(beside), str(_SOURCE), "-ldl"], check=True
        )
        beside.replace(target)
    return target


def environment() -> dict[str, str]:
    """What a process needs to be started with."""
    return {**os.environ, "LD_PRELOAD": str(library())}


class Injector:
    """Arms the library inside a process that was started with `environment`."""

    def __init__(self) -> None:
        self._shim = ctypes.CDLL(None)
        self._shim.faults_disarm.restype = ctypes.c_long
        self._shim.faults_arm.argtypes = [
            ctypes.c_char_p, ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int,
        ]  # fmt: skip

    def arm(
        self, folder: Path, mode: str, nth: int = 0, *, error: int = errno.EIO, journal: int = -1
    ) -> None:
        """From now on the ``nth`` operation on files below the folder ends as ``mode`` says.

        Modes: "count" nothing; "fail" with ``error``; "fail_all" it and all after it; "short"
        writes half; "kill" -9. ``journal`` is a descriptor that writes and syncs are noted in.
        """
        self._shim.faults_arm(os.fsencode(folder), MODES[mode], nth, error, journal)

    def disarm(self) -> int:
        """End it; how many operations there were."""
        return int(self._shim.faults_disarm())


def lose_power(folder: Path, before: Path, journal: Path, rng: random.Random) -> int:
    """Undo some of what was not synced when a process was killed; how many changes that were.

    Names that a folder got since it was last synced may be gone, and those it lost may be back,
    from ``before``, a copy of the folder from before; a file that was not synced since it was
    written may end anywhere, or in zeros.
    """
    synced, folders = _read_journal(journal)
    n_changes = 0
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "write.lock")
    for path in paths:
        name = path.relative_to(folder)
        old = before / name
        is_same = old.exists() and old.stat().st_ino == path.stat().st_ino
        is_new_name = not is_same and name.name != "checksums.txt"
        if is_new_name and _may_be_gone(path, folders) and rng.random() < 0.5:
            path.unlink()
            if old.exists():
                shutil.copy(old, path)
            n_changes += 1
            continue
        n_changes += _tear(path, old, synced, rng)
    for old in sorted(p for p in before.rglob("*") if p.is_file()):
        path = folder / old.relative_to(before)
        if (
            not path.exists()
            and path.parent.exists()
            and not _is_settled(folders.get(str(path.parent)))
            and rng.random() < 0.5
        ):
            shutil.copy(old, path)
            n_changes += 1
    return n_changes


def _tear(path: Path, old: Path, synced: dict[int, int], rng: random.Random) -> int:
    """Let a file end where it was last synced, or later."""
    size = path.stat().st_size
    kept = synced.get(path.stat().st_ino, old.stat().st_size if old.exists() else 0)
    is_unchanged = old.exists() and old.stat().st_ino == path.stat().st_ino
    if is_unchanged or kept >= size or rng.random() < 0.5:
        return 0
    end = rng.randint(kept, size)
    content = path.read_bytes()
    path.unlink()  # it may share its bytes with the copy
    path.write_bytes(content[:end] + (bytes(size - end) if rng.random() < 0.5 else b""))
    return 1


@dataclass
class _Names:
    """Names that came to a folder: those that it was synced with, and those since."""

    is_synced: bool = False
    kept: set[str] = field(default_factory=set)
    since: set[str] = field(default_factory=set)


def _is_settled(names: _Names | None) -> bool:
    """Whether nothing came to a folder since it was synced."""
    return names is not None and names.is_synced and not names.since


def _may_be_gone(path: Path, folders: dict[str, _Names]) -> bool:
    """Whether a name, or what became it by a rename, came since its folder was last synced.

    One that had come before as well would be what it was then, of which there is no copy.
    """
    names = folders.get(str(path.parent), _Names())
    if not names.is_synced:
        return True
    kept, since = (any(n.startswith(path.name) for n in s) for s in (names.kept, names.since))
    return since and not kept


def _read_journal(journal: Path) -> tuple[dict[int, int], dict[str, _Names]]:
    """Sizes at which files were last synced, by inode, and what came to folders since they were."""
    synced: dict[int, int] = {}
    folders: dict[str, _Names] = {}
    for line in journal.read_text(errors="replace").splitlines():
        what, inode, size, path = line.split(" ", 3)
        if what == "S":
            synced[int(inode)] = int(size)
        elif what == "D":
            names = folders.setdefault(path, _Names())
            names.is_synced, names.kept, names.since = True, names.kept | names.since, set()
        elif what == "W" and size == "0":
            # A new name, or one that a rename will make. What is added to a file undoes no name,
            # nor does another that comes to its folder.
            folders.setdefault(str(Path(path).parent), _Names()).since.add(Path(path).name)
    return synced, folders
