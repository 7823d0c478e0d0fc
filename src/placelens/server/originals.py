"""An item's original file as a browser can show it.

The path always comes from the collection, never from the client; and it is sent only when it
is an image, so that a collection from a stranger cannot have other files sent.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import xxhash
from fastapi import HTTPException
from fastapi.responses import FileResponse, Response

from placelens.errors import ReadError
from placelens.files import open_regular, read_some
from placelens.readers.formats import format_of
from placelens.server.decoding import Decoders
from placelens.server.urls import file_name
from placelens.types import ImageSpec, Item

__all__ = ["Original", "open_original"]

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


def _to_jpeg(path: Path, decoders: Decoders) -> bytes:
    try:
        return decoders.decode(path, _AS_JPEG).thumbnail
    except ReadError as error:
        # The client asked for nothing wrong: there is just no picture to be had.
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"the file {path.name!r} cannot be shown: {error}"
        ) from error
