"""The one door through which pictures are opened: which formats, how large, how much of them.

Pillow opens whatever any of its plugins knows, and one of them hands PostScript to a program.
Here the first bytes choose one decoder out of a short list, and nothing else is ever tried.
What a picture needs to be decoded is counted before it is, from its header, by its format and
mode: a file of a few kilobytes may claim gigabytes.
"""

from __future__ import annotations

import importlib
import io
import struct
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageFile

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.av1_sizes import coded_pixels
from placelens.readers.formats import format_of
from placelens.readers.pixels import exif_of, orientation_of
from placelens.readers.rescue import rescue

# What decoding one picture may take beside the file itself: of the user's own files, room for
# those of 200-megapixel telephones; of what comes over the network, for 48 megapixels.
FILE_BUDGET_BYTES = 3 * 2**30
UPLOAD_BUDGET_BYTES = 640 * 2**20


@dataclass(frozen=True, slots=True)
class _Kind:
    """A format: who decodes it, and the bytes a pixel that this takes beside the picture."""

    module: str
    plugin: str
    bytes_a_pixel: int


# The bytes were measured with Pillow 13.0 and pillow-heif 1.8 on 16 megapixels, and rounded up:
# planes of their own, 16-bit samples, a copy to turn (TIFF), two canvases (WebP).
_KINDS = {
    "AVIF": _Kind("PIL.AvifImagePlugin", "AvifImageFile", 12),
    "BMP": _Kind("PIL.BmpImagePlugin", "BmpImageFile", 4),
    "GIF": _Kind("PIL.GifImagePlugin", "GifImageFile", 4),
    "HEIF": _Kind("pillow_heif", "HeifImageFile", 8),
    "JPEG": _Kind("PIL.JpegImagePlugin", "JpegImageFile", 0),  # see _coefficient_bytes
    "JPEG2000": _Kind("PIL.Jpeg2KImagePlugin", "Jpeg2KImageFile", 16),
    "PNG": _Kind("PIL.PngImagePlugin", "PngImageFile", 1),
    "PPM": _Kind("PIL.PpmImagePlugin", "PpmImageFile", 8),
    "PSD": _Kind("PIL.PsdImagePlugin", "PsdImageFile", 1),
    "TGA": _Kind("PIL.TgaImagePlugin", "TgaImageFile", 1),
    "TIFF": _Kind("PIL.TiffImagePlugin", "TiffImageFile", 12),
    "WEBP": _Kind("PIL.WebPImagePlugin", "WebPImageFile", 16),
}
FORMATS = tuple(_KINDS)
# How Pillow keeps a pixel; every other mode takes four bytes.
_STORED_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}
_RGB_BYTES = 4
# The marks of a JPEG 2000 codestream's start and of the sizes in it. What a tile takes was
# measured with OpenJPEG 2.5.
_CODESTREAM = b"\xff\x4f\xff\x51"
_BYTES_A_TILE = 12_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    ``image`` is of any mode, at its own size or the smaller one that was asked for, and still to
    be turned by ``orientation`` (EXIF, 1 to 8). ``width`` and ``height`` are the file's, upright.
    ``note`` says in words what of it is not there, or had to be assumed.
    """

    image: Image.Image
    exif: Image.Exif
    orientation: int
    width: int
    height: int
    note: str | None = None


def read_picture(
    data: bytes,
    *,
    name: str = "",
    budget_bytes: int = FILE_BUDGET_BYTES,
    shrink: Callable[[Image.Image], None] | None = None,
) -> Picture:
    """Decode the first picture of a file.

    Parameters
    ----------
    data : the file's bytes.
    name : its name; tells a TGA.
    budget_bytes : what decoding may take; more is refused before anything is decoded.
    shrink : asks the decoder for a smaller picture (``Image.draft``), if it can give one.

    Raises
    ------
    ReadError
        If it is no picture of a known format, or needs more than the budget.
    Exception
        Whatever the decoder is led to by broken bytes.
    """
    kind = format_of(data, name)
    if kind is None:
        raise ReadError("its content is not an image of a kind that placelens reads")
    opener = _Opener(kind, budget_bytes, shrink)
    note = None
    try:
        image = opener.open(data)
        image.load()
    except (ReadError, MissingExtraError, MemoryError):
        raise
    except Exception as error:
        # Decoders raise whatever broken bytes lead them to.
        rescued = rescue(kind, data, opener.image, opener.open)
        if rescued is None:
            raise
        image, share = rescued
        note = _what_is_missing(share, error)
    # Asked for after decoding, because some decoders turn the picture (TIFF, HEIF) and some do not.
    orientation = orientation_of(image)
    size = image.size if image.size == opener.size[::-1] else opener.size
    width, height = size[::-1] if orientation >= 5 else size
    return Picture(image, exif_of(image), orientation, width, height, note)


class _Opener:
    """Opens the bytes of one picture, perhaps mended ones, within a budget.

    ``image`` is what was opened last, and ``size`` that of the file, which may be larger.
    """

    def __init__(
        self, kind: str, budget_bytes: int, shrink: Callable[[Image.Image], None] | None
    ) -> None:
        self.kind = kind
        self.budget_bytes = budget_bytes
        self.shrink = shrink
        self.size = (0, 0)
        self.image: ImageFile.ImageFile | None = None

    def open(self, data: bytes) -> ImageFile.ImageFile:
        """Read the header with the one decoder that the first bytes call for."""
        # Not Image.open, which would look for other plugins, and counts pixels, not bytes.
        module, name = _KINDS[self.kind].module, _KINDS[self.kind].plugin
        plugin = getattr(importlib.import_module(module), name)
        image: ImageFile.ImageFile = plugin(io.BytesIO(data))
        self.image, self.size = image, image.size
        if image.width < 1 or image.height < 1:
            raise ReadError("it claims to have no pixels")
        if self.shrink is not None:
            self.shrink(image)
        needed = bytes_needed(image, self.kind, self.size, data)
        if needed > self.budget_bytes:
            claimed = self.size[0] * self.size[1]
            coded = _coded_pixels(self.kind, data)
            lies = f" and holds {coded / 1e6:,.0f} megapixels" if coded > claimed else ""
            raise ReadError(
                f"it claims {self.size[0]} x {self.size[1]} pixels{lies}, too many pixels to "
                f"decode: they take {needed / 2**20:,.0f} MiB of memory; the limit is "
                f"{self.budget_bytes // 2**20:,}"
            )
        return image


def bytes_needed(image: ImageFile.ImageFile, kind: str, size: tuple[int, int], data: bytes) -> int:
    """What decoding a picture to RGB takes at most, in bytes.

    Parameters
    ----------
    image : opened, not decoded; perhaps smaller than the file, as asked of the decoder.
    kind : the format.
    size : of the picture in the file.
    data : the file's bytes.
    """
    n_pixels = size[0] * size[1]
    kept = _STORED_BYTES.get(image.mode, 4)
    converted = 0 if image.mode == "RGB" else _RGB_BYTES
    shown = image.width * image.height * (kept + converted)
    decoded = max(n_pixels, _coded_pixels(kind, data))
    decoder = decoded * _KINDS[kind].bytes_a_pixel + _coefficient_bytes(image, n_pixels)
    return shown + decoder + (_tile_bytes(data) if kind == "JPEG2000" else 0)


def _coded_pixels(kind: str, data: bytes) -> int:
    """The pixels that are decoded whatever the file claims, where only a decoder would know.

    libheif compares the two of a HEIC itself, before it decodes.
    """
    return coded_pixels(data) if kind == "AVIF" else 0


def _tile_bytes(data: bytes) -> int:
    """What OpenJPEG keeps of the tiles of a JPEG 2000, however small these are.

    Their number follows from the size of the picture and of a tile, which stand behind the start
    of the codestream (ISO/IEC 15444-1, A.5.1). In a container that need not agree with the header.
    """
    n_tiles, at = 0, data.find(_CODESTREAM)
    while at >= 0:
        sizes = data[at + 8 : at + 40]
        if len(sizes) == 32:
            x1, y1, _, _, width, height, x0, y0 = struct.unpack(">8I", sizes)
            columns = -(-max(0, x1 - x0) // max(width, 1))
            n_tiles = max(n_tiles, columns * -(-max(0, y1 - y0) // max(height, 1)))
        at = data.find(_CODESTREAM, at + 1)
    return n_tiles * _BYTES_A_TILE


def _what_is_missing(share: float, error: Exception) -> str:
    """What to say of a picture of which a share was taken."""
    how = "cut off" if "truncated" in str(error).lower() else "cut off or damaged"
    there = "what is there of" if share > 0.99 else f"{share:.0%} of"
    return f"the file is {how}: {there} the picture was taken"


def _coefficient_bytes(image: ImageFile.ImageFile, n_pixels: int) -> int:
    """What libjpeg keeps of a JPEG in several scans: two bytes a sample, at full size."""
    layers = getattr(image, "layer", ())  # (id, horizontal, vertical sampling, ...)
    if not layers:
        return 0
    finest = max(layer[1] for layer in layers) * max(layer[2] for layer in layers)
    samples = sum(layer[1] * layer[2] for layer in layers) / max(finest, 1)
    return int(2 * samples * n_pixels)
