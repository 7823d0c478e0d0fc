"""Originals as one zip, made while it is sent: no more of it is in memory than one piece.

They are stored and not compressed, since pictures are compressed already.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from pathlib import PurePosixPath
from typing import IO, Annotated, BinaryIO, cast
from zipfile import ZipFile, ZipInfo

from fastapi import Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from placelens.display import visible
from placelens.errors import InputError, MissingExtraError, ReadError
from placelens.files import read_some
from placelens.limits import MAX_ORIGINALS_BYTES
from placelens.server.file_names import attachment, unique_names
from placelens.server.originals import open_picture
from placelens.server.urls import file_name
from placelens.types import Item

__all__ = ["NOT_INCLUDED", "TurnsOf", "ZipResponse", "archived", "turns_of_zips"]

NOT_INCLUDED = "not-included.txt"
"""The file in a zip that names what is not in it, and why; it is there when something is not."""

# Both decoders may be at work for zips; who else waits for one waits for a picture, not for a zip.
_AT_A_TIME = 2
_PIECE_BYTES = 256 * 1024
_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # that a zip has numbers for
_PERMISSIONS = 0o644 << 16

Remake = Callable[[str], bytes]
"""Gives a JPEG without metadata of the picture at a path."""


def turns_of_zips() -> asyncio.Semaphore:
    """What has only so many zips of a server take a thread at a time."""
    return asyncio.Semaphore(_AT_A_TIME)


def _turns(request: Request) -> asyncio.Semaphore:
    turns: asyncio.Semaphore = request.app.state.turns_of_zips
    return turns


TurnsOf = Annotated[asyncio.Semaphore, Depends(_turns)]


class ZipResponse(StreamingResponse):
    """A zip that is sent as it is made, and of which nothing stays open when its client leaves.

    A thread is taken for each piece, and given back while the client reads it. ``turns`` says how
    many zips may have one at a time.
    """

    media_type = "application/zip"

    def __init__(self, pieces: Generator[bytes], name: str, turns: asyncio.Semaphore) -> None:
        self._sent = _in_turn(pieces, turns)
        super().__init__(self._sent, headers={"Content-Disposition": attachment(name)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._sent.aclose()


async def _in_turn(pieces: Generator[bytes], turns: asyncio.Semaphore) -> AsyncGenerator[bytes]:
    try:
        while True:
            async with turns:
                piece = await run_in_threadpool(next, pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        pieces.close()


def archived(items: Iterable[Item], remake: Remake | None = None) -> Generator[bytes]:
    """A zip of the items' files, piece by piece.

    All files are looked at before the first piece, so that a refusal can still be one, and again
    when their turn comes. What has no file, or is no picture, is named in `NOT_INCLUDED`, and so is
    what went away or broke meanwhile.

    Parameters
    ----------
    items
        Each once.
    remake
        Makes what is sent in the place of a file; without it files are sent as they are.

    Raises
    ------
    InputError
        If the files have more than `MAX_ORIGINALS_BYTES` together.
    """
    found, left_out, n_bytes = [], [], 0
    for item in items:
        try:
            with open_picture(item) as file:
                n_bytes += os.fstat(file.fileno()).st_size
        except ReadError as error:
            left_out.append(_line(item, error))
        else:
            found.append(item)
    if n_bytes > MAX_ORIGINALS_BYTES:
        raise InputError(
            f"the files of these {len(found):,} items have {n_bytes:,} bytes together, and "
            f"{MAX_ORIGINALS_BYTES:,} is the most; ask for fewer at once"
        )
    return _pieces(found, left_out, remake)


def _pieces(items: Sequence[Item], left_out: list[str], remake: Remake | None) -> Generator[bytes]:
    wanted = [file_name(item.image or "") for item in items]
    if remake is not None:
        wanted = [f"{PurePosixPath(name).stem}.jpg" for name in wanted]
    # The list's own name comes first, so that no picture has it.
    names = unique_names([NOT_INCLUDED, *wanted])[1:]
    outbox = _Outbox()
    with ZipFile(cast(IO[bytes], outbox), "w") as archive:
        for item, name in zip(items, names, strict=True):
            try:
                with open_picture(item) as file:
                    if remake is None:
                        for _ in _copied(file, archive, name):
                            yield outbox.taken()
                    else:
                        archive.writestr(_entry(file, name), remake(item.image or ""))
            except ReadError as error:
                left_out.append(_line(item, error))
            except HTTPException as error:  # all decoders are busy
                left_out.append(_line(item, error.detail))
            except MissingExtraError:  # whose words are for whoever runs the server
                left_out.append(_line(item, "the server lacks what decodes it"))
            yield outbox.taken()
        if left_out:
            archive.writestr(NOT_INCLUDED, "".join(left_out))
    yield outbox.taken()


def _copied(file: BinaryIO, archive: ZipFile, name: str) -> Generator[None]:
    """Put a file into a zip, and stop after each piece of it.

    Raises
    ------
    ReadError
        If it cannot be read to the end that it had when it was opened.
    """
    entry = _entry(file, name)
    left = entry.file_size
    with archive.open(entry, "w") as target:
        while left:
            piece = read_some(file, min(left, _PIECE_BYTES))
            if not piece:
                raise ReadError(f"it was cut off while it was sent: its last {left:,} bytes")
            left -= len(piece)
            target.write(piece)
            yield


def _entry(file: BinaryIO, name: str) -> ZipInfo:
    """What a zip says of a file. Its size is what decides how sizes are written."""
    status = os.fstat(file.fileno())
    changed = time.localtime(status.st_mtime)
    year = min(max(changed.tm_year, _FIRST_YEAR), _LAST_YEAR)
    entry = ZipInfo(name, (year, *changed[1:6]))
    entry.file_size = status.st_size
    entry.external_attr = _PERMISSIONS
    return entry


def _line(item: Item, reason: object) -> str:
    """What `NOT_INCLUDED` says of an item; its folder stays here."""
    called = f"{file_name(item.image)} ({item.id})" if item.image else item.id
    return f"{visible(called)}: {visible(str(reason))}\n"


class _Outbox:
    """What a zip is written into, and taken from before it grows; it cannot go back in it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep what was written until it is taken."""
        self._pieces.append(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept elsewhere."""

    def taken(self) -> bytes:
        """All that was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
