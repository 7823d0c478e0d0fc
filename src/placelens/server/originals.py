"""An item's original file: as a browser can show it, as it is, and without what it says of itself.

The path always comes from the collection, never from the client; and it is sent only when it
is an image, so that a collection from a stranger cannot have other files sent.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import xxhash
from fastapi import HTTPException
from fastapi.responses import FileResponse, Response

from placelens.errors import ReadError
from placelens.files import open_regular, read_some
from placelens.readers.formats import format_of, is_raw
from placelens.server.decoding import Decoders
from placelens.server.urls import file_name
from placelens.types import ImageSpec, Item

__all__ = ["Original", "open_original", "open_picture", "plain_jpeg"]

# What every current browser shows, by Pillow's names.
_SHOWN_BY_BROWSERS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
# What other formats are turned into: a JPEG whose longer side has at most this many pixels.
_AS_JPEG = ImageSpec(size=32, thumbnail_size=4096)
# The marks of all formats lie here.
_START_BYTES = 512


@dataclass(frozen=True, slots=True)
class Original:
    """A file that is there, and its type when browsers can show it as it is."""

    path: Path
    media_type: str | None
    tag: str

    def response(self, headers: dict[str, str], decoders: Decoders) -> Response:
        """The file itself, or a JPEG of it."""
        if self.media_type is not None:
            return FileResponse(self.path, media_type=self.media_type, headers=headers)
        return Response(_to_jpeg(self.path, decoders), media_type="image/jpeg", headers=headers)


def open_original(item: Item) -> Original:
    """Find the item's file and look at its first bytes.

    Raises
    ------
    HTTPException
        404 when the item has no image, or its file is gone; the message has its name only.
    """
    if item.image is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"item {item.id!r} is a text; it has no image")
    path = Path(item.image)
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
            start = read_some(file, _START_BYTES)
    except ReadError:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            f"the file {file_name(item.image)!r} is not where it was when it was added; its "
            "thumbnail is still there",
        ) from None
    tag = xxhash.xxh3_64_hexdigest(f"{path}:{status.st_mtime_ns}:{status.st_size}".encode())
    return Original(path, _SHOWN_BY_BROWSERS.get(format_of(start) or ""), tag)


def open_picture(item: Item) -> BinaryIO:
    """An item's file as it is, from its start, of any format that pictures have.

    Raises
    ------
    ReadError
        If the item has none, it cannot be opened, or its first bytes are no picture's.
    """
    if item.image is None:
        raise ReadError("it is a text and has no image")
    file = open_regular(item.image)
    try:
        start = read_some(file, _START_BYTES)
        # By its bytes alone: any file may have a picture's name.
        if format_of(start) is None and not is_raw(start):
            raise ReadError("its first bytes are not those of a picture")
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def plain_jpeg(path: str | os.PathLike[str], decoders: Decoders) -> bytes:
    """A JPEG of a picture, upright, without metadata but a small colour profile.

    Raises
    ------
    ReadError
        If it cannot be decoded.
    HTTPException
        503 when its turn does not come.
    """
    return decoders.decode(path, _AS_JPEG).thumbnail


def _to_jpeg(path: Path, decoders: Decoders) -> bytes:
    try:
        return plain_jpeg(path, decoders)
    except ReadError as error:
        # The client asked for nothing wrong: there is just no picture to be had.
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"the file {path.name!r} cannot be shown: {error}"
        ) from error
