"""The ledger: checksums of a collection's files, one line for each, beside the table.

Lance writes a file once and never changes it, but keeps no checksum of most of what is in it. The
ledger has one line for every file that a commit made, synced before the commit is acknowledged:
so it tells damage from health, and a version that was acknowledged from one that a crash left
half-written. A line carries a checksum of its own; a line that a crash cut off is left out.

A collection without a ledger, or files that an older placelens wrote, cannot be checked; they are
taken in with the next compaction.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xxhash

from placelens.errors import CollectionError, ReadError
from placelens.files import open_regular
from placelens.storage.durable import sync_files, sync_folder, write_whole

FILE_NAME = "checksums.txt"
CHUNK = 2**22


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file was when it was written: XXH3 (128 bits, hexadecimal) and size in bytes."""

    digest: str
    size: int


_GONE = Entry("-", 0)


class Ledger:
    """The checksums of one collection; may be used from several threads.

    Paths are relative to the collection's folder, with slashes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self.path = self._folder / FILE_NAME
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._before: dict[str, Entry] = {}
        self._sound: dict[str, Entry] = {}
        # Of files that were found damaged: what they were, and were to be, then, and what is wrong.
        self._wrong: dict[str, tuple[object, str]] = {}
        self._n_read = 0
        self._digest_read = xxhash.xxh3_128()
        self.n_damaged = 0
        """Lines of the ledger itself that are not what was written."""
        self.refresh()

    def __bool__(self) -> bool:
        return bool(self._entries)

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._entries))

    def refresh(self) -> None:
        """Read what was added by other processes.

        Raises
        ------
        CollectionError
            If there is one that cannot be read at the moment: it must not be taken for none.
        """
        with self._lock:
            content = self._content()
            # By what was read and not by the inode, which a system gives to another file again.
            if xxhash.xxh3_128_digest(content[: self._n_read]) != self._digest_read.digest():
                self._entries, self._before, self.n_damaged, self._n_read = {}, {}, 0, 0
                self._digest_read = xxhash.xxh3_128()
            new = content[self._n_read : content.rfind(b"\n") + 1]
            for line in new.splitlines():
                self._take(line)
            self._n_read += len(new)
            self._digest_read.update(new)

    def _content(self) -> bytes:
        try:
            with open_regular(self.path) as file:
                return file.read()
        except (ReadError, OSError) as error:
            if not self.path.is_file():
                return b""  # there is none; what may be in its place, `check` tells
            raise CollectionError(f"{self.path} cannot be read ({error})") from error

    def _take(self, line: bytes) -> None:
        check, _, rest = line.partition(b" ")
        try:
            digest, size, path = rest.decode().split(" ", 2)
            entry = Entry(digest, int(size))
        except ValueError:
            self.n_damaged += 1
            return
        if check != _check(rest):
            self.n_damaged += 1
        elif entry == _GONE:
            self._entries.pop(path, None)
            self._before.pop(path, None)
        else:
            if path in self._entries:
                self._before[path] = self._entries[path]
            self._entries[path] = entry

    def record(self, paths: Iterable[Path], *, synced: Iterable[Path] = ()) -> None:
        """Sync files, and note what they are; call with the collection's write lock.

        Those of ``synced`` are on the disk already.

        Raises
        ------
        OSError
            If a file, or the ledger, could not be brought to the disk.
        """
        paths, synced = list(paths), list(synced)
        sync_files(paths)
        entries = {self.name_of(path): digest_of(path) for path in (*synced, *paths)}
        self._append(entries)
        self._sound |= entries

    def announce(self, path: Path, content: bytes) -> None:
        """Note what a file that is replaced at times will be; what it was is known still."""
        entry = Entry(xxhash.xxh3_128_hexdigest(content), len(content))
        self._append({self.name_of(path): entry})

    def agree(self, path: Path) -> None:
        """Note what a file is that was announced anew and, for a crash, never written so.

        Else a second crash would leave a file that is neither what is noted nor what was before.
        """
        name = self.name_of(path)
        found = digest_of(path)
        if found != self._entries.get(name) and found == self._before.get(name):
            self._append({name: found})

    def damage_of_content(self, path: Path, content: bytes) -> str | None:
        """What is wrong with what was read of a file that is replaced at times, in words."""
        name = self.name_of(path)
        found = Entry(xxhash.xxh3_128_hexdigest(content), len(content))
        while True:
            entry = self._entries.get(name)
            if entry is None or found in (entry, self._before.get(name)):
                return None
            if not self._has_grown():
                return f"{name} is not what was written ({_difference(found, entry)})"

    def forget(self, path: Path) -> None:
        """Note that a file was removed on purpose: another may get its name."""
        self._append({self.name_of(path): _GONE})

    def _append(self, entries: dict[str, Entry]) -> None:
        with self._lock:
            self.refresh()
            is_new = not self.path.exists()
            if not is_new and not self.path.is_file():  # opening a pipe would wait
                raise OSError(f"{self.path.name} is no file")
            # Not buffered: a buffer that could not be written is written when it is closed.
            with self.path.open("ab", buffering=0) as file:
                end = self._n_read
                file.truncate(end)  # the rest of a line that a crash cut off
                try:
                    _write_all(file, _lines(entries))
                    os.fsync(file.fileno())
                except BaseException:
                    with suppress(OSError):
                        os.truncate(self.path, end)  # what they tell of will be undone
                    raise
            if is_new:
                sync_folder(self._folder)
            self.refresh()

    def rewrite(self) -> None:
        """Leave out files that are gone; call with the collection's write lock."""
        with self._lock:
            self.refresh()
            kept = {
                name: entry
                for name, entry in self._entries.items()
                if (self._folder / name).exists()
            }
            before = {name: entry for name, entry in self._before.items() if name in kept}
            write_whole(self.path, _lines(before) + _lines(kept))
            self.refresh()

    def damage_of(self, path: Path, *, again: bool = False) -> str | None:
        """What is wrong with a file, in words; None when nothing is, or nothing is known of it.

        A file that this process has found sound is read ``again`` only when told so. What seems
        wrong may be what another process has written, and noted, since the ledger was read.
        """
        wrong = self._compared(path, again=again)
        while wrong is not None and self._has_grown():
            wrong = self._compared(path, again=again)
        return wrong

    def _has_grown(self) -> bool:
        """Whether another process has noted anything meanwhile, which is known then."""
        with self._lock:
            before = self._digest_read.digest()
            self.refresh()
            return self._digest_read.digest() != before

    def _compared(self, path: Path, *, again: bool) -> str | None:
        name = self.name_of(path)
        entry = self._entries.get(name)
        if entry is None:
            return f"{name} is no file" if path.exists() and not path.is_file() else None
        if self._sound.get(name) == entry and not again:
            return None
        try:
            state = (entry, _state_of(path))  # by what is known of it now
            if self._wrong.get(name, (None, ""))[0] == state and not again:
                return self._wrong[name][1]
            found = digest_of(path)
        except FileNotFoundError:
            return f"{name} is missing"
        except (OSError, ReadError) as error:
            return f"{name} cannot be read ({error})"
        with self._lock:
            if found in (entry, self._before.get(name)):
                self._sound[name] = entry
                return None
            what = f"{name} is not what was written ({_difference(found, entry)})"
            self._wrong[name] = (state, what)
        return what

    def size_of(self, path: Path) -> int:
        """Bytes that `damage_of` would read."""
        name = self.name_of(path)
        entry = self._entries.get(name)
        is_known = self._sound.get(name) == entry or name in self._wrong
        return 0 if entry is None or is_known else entry.size

    def name_of(self, path: Path) -> str:
        """How a file of the collection is called in the ledger."""
        return path.absolute().relative_to(self._folder).as_posix()


def _write_all(file: io.FileIO, content: bytes) -> None:
    """Write to an unbuffered file, which may take less than it is given."""
    while content:
        content = content[file.write(content) :]


def _state_of(path: Path) -> object:
    """Whatever changes when a file does."""
    info = path.stat()
    return info.st_ino, info.st_size, info.st_mtime_ns


def digest_of(path: Path) -> Entry:
    """The checksum and size of a file."""
    digest, size = xxhash.xxh3_128(), 0
    with open_regular(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Entry(digest.hexdigest(), size)


def _difference(found: Entry, entry: Entry) -> str:
    if found.size != entry.size:
        return f"{found.size:,} bytes instead of {entry.size:,}"
    return "other bytes"


def _lines(entries: dict[str, Entry]) -> bytes:
    rests = [f"{entry.digest} {entry.size} {name}".encode() for name, entry in entries.items()]
    return b"".join(_check(rest) + b" " + rest + b"\n" for rest in rests)


def _check(rest: bytes) -> bytes:
    return xxhash.xxh3_64(rest).hexdigest().encode()
