"""What can be seen of a picture that is cut off or damaged, as viewers show it.

Nothing here is global (Pillow's own switch is, and other threads would meet it): decoders that
write row by row leave the rows that they came to; libjpeg goes on over a missing end; and WebP
and HEIC, whose decoders want every byte that the file announces, are given zeros for those that
are missing. AVIF and JPEG 2000 give nothing that could be trusted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFile

from placelens.readers.pixels import bands

# The least share of a picture's rows, or of the file, that must be there.
LEAST_SHARE = 0.1
# What libjpeg shows where nothing is: mid-grey, give or take a rounding.
_GREY = (126, 130)
_END_OF_JPEG = b"\xff\xd9"
_MAX_MISSING_BYTES = 2**26
_SPARE_BYTES = 2**16
_BAND_ROWS = 64


def rescue(
    kind: str,
    data: bytes,
    image: ImageFile.ImageFile | None,
    reopen: Callable[[bytes], ImageFile.ImageFile],
) -> tuple[ImageFile.ImageFile, float] | None:
    """A picture as far as it is there, and what share of it that is.

    Parameters
    ----------
    kind : the format.
    data : the file's bytes.
    image : the picture in which decoding has failed, if it came as far as that.
    reopen : opens other bytes in its place.

    Returns
    -------
    The picture, decoded, and a share from LEAST_SHARE to 1; None if there is less.
    """
    share = 0.0
    # Decoders raise whatever broken bytes lead them to.
    with contextlib.suppress(Exception):
        if kind == "JPEG":
            image = reopen(data + _END_OF_JPEG)
            image.load()
            share = 1.0 - _share_below(image)
        elif kind in _LENGTHS:
            completed, share = _LENGTHS[kind](data)
            image = reopen(completed)
            image.load()
        elif image is not None:
            image.tile = []  # decoding is over; Pillow would begin anew
            share = _share_written(image)
            # What turns a TIFF; it meets the end of the file where that is cut off.
            with contextlib.suppress(Exception):
                image.load_end()
        if image is not None and share >= LEAST_SHARE:
            return image, share
    return None


def _share_written(image: ImageFile.ImageFile) -> float:
    """Rows that a decoder has written to, as a share of all; before it does, all are zero."""
    n_rows = sum(
        int(np.asarray(band).reshape(band.height, -1).any(axis=1).sum())
        for _, band in bands(image, _BAND_ROWS)
    )
    return n_rows / image.height


def _share_below(image: Image.Image) -> float:
    """The grey rows at the end of a picture as a share of all."""
    n_grey = 0
    for top in reversed(range(0, image.height, _BAND_ROWS)):
        band = image.crop((0, top, image.width, min(top + _BAND_ROWS, image.height)))
        rows = np.asarray(band).reshape(band.height, -1)
        pictured = np.flatnonzero((rows < _GREY[0]).any(axis=1) | (rows > _GREY[1]).any(axis=1))
        n_grey += band.height - 1 - int(pictured.max(initial=-1))
        if len(pictured):
            break
    return n_grey / image.height


def _completed_webp(data: bytes) -> tuple[bytes, float]:
    """The picture's chunk alone, with zeros for what is missing of it (RFC 9649, section 2)."""
    at = 12
    while (name := data[at : at + 4]) not in (b"VP8 ", b"VP8L"):
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        at += at % 2
        if at >= len(data):
            return data, 0.0
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    content = data[at + 8 : at + 8 + size]
    content, share = _padded(content, size)
    # Zeros may stand for longer codes than what is missing, so there are some to spare.
    content += bytes(size % 2 + _SPARE_BYTES)
    chunk = name + len(content).to_bytes(4, "little") + content
    return b"RIFF" + (len(chunk) + 4).to_bytes(4, "little") + b"WEBP" + chunk, share


def _completed_boxes(data: bytes) -> tuple[bytes, float]:
    """Zeros up to the end of the last box (ISO/IEC 14496-12, section 4.2)."""
    at = 0
    while at + 16 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return data, 0.0
        at += size
    return _padded(data, at)


def _padded(data: bytes, size: int) -> tuple[bytes, float]:
    """Bytes with zeros up to a size, and the share that they were of it."""
    missing = max(0, size - len(data))
    if missing > _MAX_MISSING_BYTES or size == 0:
        return data, 0.0
    return data + bytes(missing), min(1.0, len(data) / size)


_LENGTHS = {"WEBP": _completed_webp, "HEIF": _completed_boxes}
