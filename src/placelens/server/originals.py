"""An item's original file as a browser can show it.

The path always comes from the collection, never from the client; and it is sent only when it
is an image, so that a collection from a stranger cannot have other files sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import xxhash
from fastapi import HTTPException
from fastapi.responses import FileResponse, Response

from placelens.errors import ReadError
from placelens.server.urls import file_name
from placelens.types import ImageSpec, Item

__all__ = ["Original", "open_original"]

# Pillow's names of what every current browser shows. MPO is a JPEG with more pictures after it.
_SHOWN_BY_BROWSERS = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
# What other formats are turned into: a JPEG whose longer side has at most this many pixels.
_AS_JPEG = ImageSpec(size=32, thumbnail_size=4096)


@dataclass(frozen=True, slots=True)
class Original:
    """A file that is there, and its type when browsers can show it as it is."""

    path: Path
    media_type: str | None
    tag: str

    def response(self, headers: dict[str, str]) -> Response:
        """The file itself, or a JPEG of it."""
        if self.media_type is not None:
            return FileResponse(self.path, media_type=self.media_type, headers=headers)
        return Response(_to_jpeg(self.path), media_type="image/jpeg", headers=headers)


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
        status = path.stat()
    except (OSError, ValueError):
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            f"the file {file_name(item.image)!r} is not where it was when it was added; its "
            "thumbnail is still there",
        ) from None
    tag = xxhash.xxh3_64_hexdigest(f"{path}:{status.st_mtime_ns}:{status.st_size}".encode())
    return Original(path, _media_type(path), tag)


def _media_type(path: Path) -> str | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return _SHOWN_BY_BROWSERS.get(image.format or "")
    except (OSError, UnidentifiedImageError, ValueError):
        return None


def _to_jpeg(path: Path) -> bytes:
    from placelens.readers.images import decode

    try:
        return decode(path, _AS_JPEG).thumbnail
    except ReadError as error:
        # The client asked for nothing wrong: there is just no picture to be had.
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"the file {path.name!r} cannot be shown: {error}"
        ) from error
