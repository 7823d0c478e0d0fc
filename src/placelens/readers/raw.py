"""The preview that a camera stores in its raw files: CR2, CR3, NEF, ARW, RAF, ORF, RW2, DNG, ..."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.pictures import Picture, read_picture
from placelens.readers.pixels import ORIENTATION_TAG

_SOFTWARE_TAG = 0x0131

# LibRaw's sizes.flip (as dcraw's): quarter turns, to the EXIF orientation that undoes them.
_FLIP_TO_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}


def read_preview(
    data: bytes, budget_bytes: int, shrink: Callable[[Image.Image], None] | None = None
) -> Picture:
    """Take the largest embedded preview out of a raw file's bytes.

    The raw pixels are not developed; ``width`` and ``height`` are theirs all the same. ``exif``
    is the preview's own, empty where the camera wrote none. For the other parameters see
    `read_picture`.

    Raises
    ------
    MissingExtraError
        If rawpy is not installed.
    ReadError
        If LibRaw does not know the file, or it holds no preview.
    """
    try:
        import rawpy
    except ImportError as error:
        raise MissingExtraError("Reading RAW and DNG", "raw") from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            flip = int(raw.sizes.flip)
            size = (int(raw.sizes.width), int(raw.sizes.height))
            thumbnail = raw.extract_thumb()
    except rawpy.LibRawNoThumbnailError as error:
        raise ReadError("the raw file holds no embedded preview") from error
    except rawpy.LibRawUnsupportedThumbnailError as error:
        raise ReadError("the raw file's preview has a format that LibRaw cannot read") from error
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        raise ReadError(f"LibRaw cannot read the raw file: {_words(error)}") from error
    if thumbnail.format == rawpy.ThumbFormat.JPEG:
        picture = read_picture(thumbnail.data, budget_bytes=budget_bytes, shrink=shrink)
    else:
        bitmap = Image.fromarray(thumbnail.data)
        picture = Picture(bitmap, bitmap.getexif(), 1, *bitmap.size)
    exif = picture.exif
    # LibRaw adds EXIF to a preview that has none, with a made-up hemisphere and the year 1970.
    if str(exif.get(_SOFTWARE_TAG, "")).startswith("dcraw"):
        exif = Image.Exif()
    width, height = size if flip in (0, 3) else size[::-1]
    orientation = _orientation(picture, exif, flip, size)
    return replace(picture, exif=exif, orientation=orientation, width=width, height=height)


def _orientation(picture: Picture, exif: Image.Exif, flip: int, raw_size: tuple[int, int]) -> int:
    """How to turn the preview: as its own EXIF says, else as the raw file says.

    Some cameras store the preview upright already: then its shape is that of the turned picture.
    """
    if ORIENTATION_TAG in exif:
        return picture.orientation
    stored_landscape = raw_size[0] > raw_size[1]
    if flip in (5, 6) and (picture.image.width > picture.image.height) != stored_landscape:
        return 1
    return _FLIP_TO_ORIENTATION.get(flip, 1)


def _words(error: Exception) -> str:
    """LibRaw's message, which rawpy gives as bytes."""
    first = error.args[0] if error.args else type(error).__name__
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
