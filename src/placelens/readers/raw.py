"""The preview that a camera stores in its raw files: CR2, CR3, NEF, ARW, RAF, ORF, RW2, DNG, ..."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.pixels import ORIENTATION_TAG, orientation_of

_SOFTWARE_TAG = 0x0131

# LibRaw's sizes.flip (as dcraw's): quarter turns, to the EXIF orientation that undoes them.
_FLIP_TO_ORIENTATION = {0: 1, 3: 3, 5: 8, 6: 6}


@dataclass(frozen=True, slots=True)
class RawPreview:
    """The largest embedded preview, how to turn it upright, and the raw picture's upright size.

    ``exif`` is the preview's own, empty where the camera wrote none.
    """

    image: Image.Image
    exif: Image.Exif
    orientation: int
    width: int
    height: int


def read_preview(data: bytes) -> RawPreview:
    """Take the embedded preview out of a raw file's bytes; the raw pixels are not developed.

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
    is_jpeg = thumbnail.format == rawpy.ThumbFormat.JPEG
    image = Image.open(io.BytesIO(thumbnail.data)) if is_jpeg else Image.fromarray(thumbnail.data)
    exif = image.getexif()
    # LibRaw adds EXIF to a preview that has none, with a made-up hemisphere and the year 1970.
    if str(exif.get(_SOFTWARE_TAG, "")).startswith("dcraw"):
        exif = Image.Exif()
    width, height = size if flip in (0, 3) else size[::-1]
    return RawPreview(image, exif, _orientation(image, exif, flip, size), width, height)


def _orientation(image: Image.Image, exif: Image.Exif, flip: int, raw_size: tuple[int, int]) -> int:
    """How to turn the preview: as its own EXIF says, else as the raw file says.

    Some cameras store the preview upright already: then its shape is that of the turned picture.
    """
    if ORIENTATION_TAG in exif:
        return orientation_of(image)
    stored_landscape = raw_size[0] > raw_size[1]
    if flip in (5, 6) and (image.width > image.height) != stored_landscape:
        return 1
    return _FLIP_TO_ORIENTATION.get(flip, 1)


def _words(error: Exception) -> str:
    """LibRaw's message, which rawpy gives as bytes."""
    first = error.args[0] if error.args else type(error).__name__
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
