"""From any Pillow image to the upright RGB square that an encoder takes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image, ImageFile

from placelens.types import Float64Array, ImageSpec, UInt8Array

ORIENTATION_TAG = 0x0112

# EXIF 2.32, table "Orientation": what to do to the stored pixels to see them upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# A conversion takes some forty bytes a pixel on the way, so larger pictures are cut into bands.
_BAND_PIXELS = 2**18
_DEEP_MODES = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})


def prepare(image: Image.Image, spec: ImageSpec) -> UInt8Array:
    """Prepare an image for an encoder.

    An image as ``PIL.Image.open`` gives it is turned upright by its EXIF orientation; one that
    was already processed is taken as it is.

    Parameters
    ----------
    image : of any mode; transparency is laid on white.
    spec : side length in pixels, and how to fit a picture that is not square.

    Returns
    -------
    (size, size, 3) uint8, RGB.
    """
    image.load()
    # Asked for only now, because some decoders turn what they decode and then say 1.
    turn = orientation_of(image) if isinstance(image, ImageFile.ImageFile) else 1
    return to_square(to_rgb(image), spec, turn)


def exif_of(image: Image.Image) -> Image.Exif:
    """An image's EXIF; empty where it is so broken that Pillow finds no beginning."""
    try:
        return image.getexif()
    except Exception:  # Pillow raises whatever the broken bytes lead it to
        return Image.Exif()


def orientation_of(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    value = exif_of(image).get(ORIENTATION_TAG, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turn_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Apply an EXIF orientation to pixels."""
    method = _UPRIGHT.get(orientation)
    return image if method is None else image.transpose(method)


def to_square(rgb: Image.Image, spec: ImageSpec, orientation: int = 1) -> UInt8Array:
    """Fit an RGB image into the square of ``spec``, then turn it upright.

    Turning last is right because every fit is symmetric about the centre, and cheap because the
    square is small.
    """
    width, height = rgb.size
    size = spec.size
    if spec.fit == "pad":
        scale = size / max(width, height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))
        square = Image.new("RGB", (size, size))
        offset = ((size - inner[0]) // 2, (size - inner[1]) // 2)
        square.paste(rgb.resize(inner, Image.Resampling.BICUBIC, reducing_gap=2.0), offset)
    else:
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        crop = (left, top, left + side, top + side)
        box = crop if spec.fit == "crop" else (0.0, 0.0, float(width), float(height))
        square = rgb.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    # A copy, since Pillow's buffer is read-only.
    return np.array(turn_upright(square, orientation), dtype=np.uint8)


def to_whole(rgb: Image.Image, size: tuple[int, int], orientation: int = 1) -> UInt8Array:
    """All of an RGB image squashed to a height and width, upright, (height, width, 3) uint8."""
    stored = size if orientation >= 5 else size[::-1]  # those of 5 and above swap the sides
    squashed = rgb.resize(stored, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.array(turn_upright(squashed, orientation), dtype=np.uint8)


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB: transparency on white, deep greys scaled to 8 bits."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    convert = partial(_deep_to_rgb, shades=_shades(image)) if image.mode in _DEEP_MODES else _to_rgb
    rows = max(1, _BAND_PIXELS // image.width)
    if image.height <= rows:
        return convert(image)
    # Band by band: the steps in between would take several times the memory of the picture.
    rgb = Image.new("RGB", image.size)
    for top, band in bands(image, rows):
        rgb.paste(convert(band), (0, top))
    return rgb


def bands(image: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    """Parts of so many rows, each with the row that it starts at, from the top."""
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert 8-bit modes."""
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    if image.mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        return converted if converted is not None else image.convert("RGB")
    return image.convert("RGB")


def _deep_values(image: Image.Image) -> Float64Array:
    """The values of a 16- or 32-bit grey; what is no number is 0."""
    return np.nan_to_num(np.asarray(image).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _shades(image: Image.Image) -> tuple[float, float]:
    """What is shown black, and what white, of 16- and 32-bit greys.

    Integers are divided by the least power of two that fits the brightest pixel (sensors give
    10, 12 or 14 bits in 16); floating-point values are stretched from least to greatest.
    """
    extremes = [
        (float(values.min()), float(values.max()))
        for _, band in bands(image, max(1, _BAND_PIXELS // image.width))
        for values in [_deep_values(band)]
    ]
    low, high = min(low for low, _ in extremes), max(high for _, high in extremes)
    if image.mode == "F" or low < 0:
        return low, high
    bits = max(8, int(high).bit_length())
    return 0.0, 255.0 * 2.0 ** (bits - 8)


def _deep_to_rgb(image: Image.Image, shades: tuple[float, float]) -> Image.Image:
    """Scale 16- and 32-bit greys to 8 bits."""
    low, high = shades
    values = _deep_values(image)
    scaled = (values - low) * (255.0 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8)).convert("RGB")
