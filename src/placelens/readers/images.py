"""Image files to pixels and thumbnails, decoded no larger than they are needed.

JPEG decodes at 1/2, 1/4 or 1/8 of its size inside the decoder (``draft``), which makes a
12-megapixel photo about four times as fast and changes the prepared square by a PSNR of 48 dB,
far below what JPEG itself does.
"""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from placelens.errors import InputError, MissingExtraError, ReadError
from placelens.files import read_regular
from placelens.readers.formats import is_raw
from placelens.readers.pictures import FILE_BUDGET_BYTES, UPLOAD_BUDGET_BYTES, read_picture
from placelens.readers.pixels import prepare, to_rgb, to_square, to_whole, turn_upright
from placelens.readers.raster_pixels import MAX_PIXELS_READ, read_raster
from placelens.readers.raw import read_preview
from placelens.types import ImageSpec, UInt8Array

__all__ = ["Decoded", "decode", "decode_upload", "prepare", "read_image", "read_numbers"]

MAX_FILE_BYTES = 2**30
THUMBNAIL_QUALITY = 80
DEFAULT_THUMBNAIL_SIZE = 320
# Phones' Display P3 profiles have some 500 bytes; print profiles have half a megabyte.
_MAX_PROFILE_BYTES = 8192
# How Pillow keeps a PNG of a palette, of 8-bit greys, of two, and of 16-bit ones.
_NUMBER_MODES = frozenset({"P", "L", "1", "I", "I;16"})
_MAX_NUMBER = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """An image file, decoded.

    Attributes
    ----------
    pixels : (size, size, 3) uint8 RGB, upright; None when no spec was given.
    wholes : by each size of spec.wholes, (*size, 3) uint8 RGB, all of it, upright.
    thumbnail : JPEG bytes without metadata, upright, longer side ``spec.thumbnail_size`` or less.
    width, height : of the original, upright, in pixels.
    info : "format"; "exif", a PIL.Image.Exif; "xmp", the embedded packet in bytes or None;
        "raw", the raw file's bytes when the pixels come from its preview.
    warnings : in words, what of the picture is not there, or had to be assumed.
    """

    pixels: UInt8Array | None
    thumbnail: bytes
    width: int
    height: int
    info: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    wholes: Mapping[tuple[int, int], UInt8Array] = field(default_factory=dict)


def decode(
    source: str | os.PathLike[str] | bytes,
    spec: ImageSpec | None,
    *,
    name: str | None = None,
    budget_bytes: int = FILE_BUDGET_BYTES,
) -> Decoded:
    """Decode an image file once into an encoder's input and a thumbnail.

    Parameters
    ----------
    source : a path, or the file's bytes.
    spec : how the encoder wants its images; None for a thumbnail only.
    name : the file's name when ``source`` is bytes; tells raw files that look like TIFF.
    budget_bytes : the memory that decoding may take; a picture that needs more is refused
        before it is decoded. Some ten bytes a pixel, by format and mode.

    Returns
    -------
    Decoded
        Of a picture that is cut off or damaged, what is there of it, if that is a tenth or more;
        ``warnings`` says so.

    Raises
    ------
    ReadError
        With the reason in words: not an image, nothing of it is there, too large, no preview, ...
    MissingExtraError
        For a raw file when rawpy is not installed.
    """
    if isinstance(source, bytes):
        data = source
    else:
        data, name = read_file(source), name or Path(source).name
    if not data:
        raise ReadError("the file is empty")
    with _in_words():
        return _decode(data, spec, name or "", budget_bytes)


def decode_upload(
    source: str | os.PathLike[str] | bytes, spec: ImageSpec | None, name: str | None
) -> Decoded:
    """Decode what a stranger sent within `UPLOAD_BUDGET_BYTES`; ``info`` is empty.

    It stands here and not in the server, since a process that decodes imports the module of what
    it calls, and needs no server.
    """
    return replace(decode(source, spec, name=name, budget_bytes=UPLOAD_BUDGET_BYTES), info={})


def pixels_of(image: Any, spec: ImageSpec) -> UInt8Array:
    """What an encoder takes of a path, the bytes of a file, or a PIL image, (size, size, 3) uint8.

    Raises
    ------
    ReadError
        With the reason in words.
    InputError
        If it is neither of these.
    """
    if hasattr(image, "convert"):
        return prepare(image, spec)
    pixels = decode(_source(image), spec).pixels
    if pixels is None:
        raise ReadError("the image holds no pixels")
    return pixels


def whole_of(image: Any, size: tuple[int, int]) -> UInt8Array:
    """All of a path's, a file's bytes' or a PIL image squashed to a height and width; see above."""
    if hasattr(image, "convert"):
        return to_whole(to_rgb(image), size)
    spec = ImageSpec(size=1, fit="squash", wholes=(size,))
    return decode(_source(image), spec).wholes[size]


def _source(image: Any) -> str | os.PathLike[str] | bytes:
    if not isinstance(image, str | bytes | os.PathLike):
        raise InputError(f"image is a {type(image).__name__}; give a path, bytes or a PIL image")
    return image


def read_image(path: str | os.PathLike[str]) -> Image.Image:
    """A whole image file in RGB, upright.

    Raises
    ------
    ReadError
        With the reason in words.
    """
    data = read_file(path)
    with _in_words():
        picture = read_picture(data, name=Path(path).name)
        return turn_upright(to_rgb(picture.image), picture.orientation)


def read_numbers(path: str | os.PathLike[str]) -> UInt8Array:
    """The number in each pixel of a mask, (height, width) uint8: a PNG of a palette or of greys.

    Not the colours: those of a palette only show which number is where. Nothing is turned, since
    what writes masks says nothing of turning.

    Raises
    ------
    ReadError
        If it is no such PNG, or is cut off: half a mask would say of the rest what it does not.
    """
    data = read_file(path)
    with _in_words():
        picture = read_picture(data, name=Path(path).name)
        image = picture.image
        if image.format != "PNG" or image.mode not in _NUMBER_MODES:
            raise ReadError(
                f"it is a {image.format} of colours ({image.mode}), and a mask is a PNG of the "
                "numbers of classes, in greys or a palette"
            )
        if picture.note is not None:
            raise ReadError(picture.note)
        numbers = np.array(image)
    if numbers.max(initial=0) > _MAX_NUMBER or numbers.min(initial=0) < 0:
        raise ReadError(f"it holds the number {numbers.max()}; {_MAX_NUMBER} is the most")
    return numbers.astype(np.uint8)


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """Give whatever goes wrong in a decoder as a ReadError."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata and of large images; neither hinders the decoding.
            warnings.simplefilter("ignore")
            yield
    except (ReadError, MissingExtraError):
        raise
    except Exception as error:
        # Decoders raise whatever the broken bytes lead them to (struct.error, KeyError,
        # SyntaxError, ...), and a bad file must never stop an import.
        raise ReadError(_reason(error)) from error


def read_file(path: str | os.PathLike[str]) -> bytes:
    """An image file's bytes.

    Raises
    ------
    ReadError
        If it is not there, is no regular file, cannot be opened, or is larger than 1 GiB.
    """
    return read_regular(path, MAX_FILE_BYTES, advice="cut it into tiles first")


def _decode(data: bytes, spec: ImageSpec | None, name: str, budget_bytes: int) -> Decoded:
    thumbnail_size = spec.thumbnail_size if spec else DEFAULT_THUMBNAIL_SIZE
    shrink = partial(_draft, spec=spec, thumbnail_size=thumbnail_size)
    info: dict[str, Any] = {}
    if is_raw(data, name):
        picture = read_preview(data, budget_bytes, shrink)
        info["raw"] = data
    else:
        sides = (_longest(spec), thumbnail_size)
        # A raster is read block by block: not its memory is bounded by the budget but its work.
        max_pixels = MAX_PIXELS_READ * budget_bytes // FILE_BUDGET_BYTES
        raster = read_raster(data, *sides, max_pixels=max_pixels)
        picture = raster or read_picture(data, name=name, budget_bytes=budget_bytes, shrink=shrink)
    image, turn = picture.image, picture.orientation
    info |= {"format": image.format, "exif": picture.exif, "xmp": _xmp_of(image)}
    profile = image.info.get("icc_profile") if image.mode == "RGB" else None
    rgb = to_rgb(image)
    return Decoded(
        pixels=to_square(rgb, spec, turn) if spec else None,
        wholes={size: to_whole(rgb, size, turn) for size in (spec.wholes if spec else ())},
        thumbnail=_thumbnail(rgb, thumbnail_size, turn, profile),
        width=picture.width,
        height=picture.height,
        info=info,
        warnings=(picture.note,) if picture.note else (),
    )


def _longest(spec: ImageSpec | None) -> int:
    """The longest side of what an encoder and networks beside it want; 0 for nothing."""
    return max(spec.size, *(side for size in spec.wholes for side in size), 0) if spec else 0


def _draft(image: Image.Image, spec: ImageSpec | None, thumbnail_size: int) -> None:
    """Ask a JPEG decoder for the least scale that still holds the square and the thumbnail."""
    width, height = image.size
    scale = thumbnail_size / max(width, height)
    if spec:
        side = max(width, height) if spec.fit == "pad" else min(width, height)
        scale = max(scale, spec.size / side)
        for size in spec.wholes:
            scale = max(scale, max(size) / min(width, height))
    if scale < 1:
        # Rounded up: the decoder may not go below the sizes needed.
        image.draft("RGB", (max(1, -int(-width * scale // 1)), max(1, -int(-height * scale // 1))))


def _thumbnail(rgb: Image.Image, longest: int, orientation: int, profile: bytes | None) -> bytes:
    """A JPEG without metadata but for a small colour profile, upright, never enlarged."""
    width, height = rgb.size
    scale = min(1.0, longest / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size != rgb.size:
        rgb = rgb.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)
    keep = profile if profile and len(profile) <= _MAX_PROFILE_BYTES else None
    upright = turn_upright(rgb, orientation)
    out = io.BytesIO()
    # exif and comment are emptied because Pillow would otherwise copy the original's.
    upright.info.clear()
    upright.save(out, "JPEG", quality=THUMBNAIL_QUALITY, icc_profile=keep)
    return out.getvalue()


def _xmp_of(image: Image.Image) -> bytes | None:
    """The XMP packet that the file embeds, if any."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if isinstance(packet, str):
        return packet.encode("utf-8", "replace")
    return packet if isinstance(packet, bytes) else None


def _reason(error: Exception) -> str:
    """Why a file could not be decoded, in words."""
    words = str(error) or type(error).__name__
    if isinstance(error, Image.DecompressionBombError):
        return f"it would unpack to too many pixels: {words}"
    if isinstance(error, MemoryError):
        return "decoding it needs more memory than there is"
    if "truncated" in words.lower():
        return f"the file is cut off: {words}"
    return f"it cannot be decoded: {words}"
