"""Rasters to pictures: three of n bands, of any depth, stretched so that an eye sees something.

rasterio (extra ``geo``) reads any GeoTIFF at the size that is wanted, from its overviews where it
has them, and never holds more of it than a few blocks. Without it, Pillow reads the common kinds.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.geotiff import GEO_TAGS
from placelens.readers.pictures import Picture
from placelens.readers.pixels import ORIENTATION_TAG
from placelens.types import BoolArray, UInt8Array

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

_NODATA, _GDAL_METADATA = 42113, 42112
_SUBFILE_TYPE, _REDUCED = 254, 1
_XMP = 700
_BITS, _SAMPLES = 258, 277
_EXTRA_SAMPLES, _UNSPECIFIED, _ALPHA = 338, 0, 2
# The share of pixels that may be black, or white, after stretching.
_PERCENTILES = (2.0, 98.0)
_BACKGROUND = 255  # as transparency is shown everywhere
_MAX_BLOCK_BYTES = 2**28
_CACHE_BYTES = 2**26
# What is read to make a small picture of a raster without overviews: 45,000 pixels squared.
MAX_PIXELS_READ = 2 * 10**9
_MAX_PIXELS_WITHOUT_RASTERIO = 2 * 89_478_485  # Pillow's own limit

# Colours by the names that programs give bands; numbers are those of Sentinel-2 and Landsat 8, 9.
_COLOURS = (
    re.compile(r"\bred\b|(?:^|_)B0?4$", re.IGNORECASE),
    re.compile(r"\bgreen\b|(?:^|_)B0?3$", re.IGNORECASE),
    re.compile(r"\bblue\b|(?:^|_)B0?2$", re.IGNORECASE),
)


def is_tiff(data: bytes) -> bool:
    """Whether the bytes begin as a TIFF or a BigTIFF does."""
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_raster(
    data: bytes, shortest: int, longest: int, *, max_pixels: int = MAX_PIXELS_READ
) -> Picture | None:
    """A raster as a picture; None for a TIFF that is an ordinary image, and all else.

    Parameters
    ----------
    data : the file's bytes.
    shortest, longest : pixels that the picture's sides should at least have, if the file has them.
    max_pixels : the most that may be gone through to make it; 400 million take some ten seconds.

    Raises
    ------
    ReadError
        If it is damaged, or would take too much memory or time.
    MissingExtraError
        If only rasterio could read it, and it is not installed.
    """
    if not is_tiff(data):
        return None
    tags = _tags(data)
    if not tags or _is_ordinary(data, tags):
        return None
    raster = _read(data, tags, shortest, longest, max_pixels)
    raster.image.format = "TIFF"
    if isinstance(packet := tags.get(_XMP), bytes):
        raster.image.info["xmp"] = packet
    return raster


def _read(data: bytes, tags: Image.Exif, shortest: int, longest: int, max_pixels: int) -> Picture:
    try:
        import rasterio
    except ImportError:
        return _by_pillow(data, tags, shortest, longest)
    with (
        rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES, GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
        # In memory it has no neighbours, whose names a stranger could have chosen.
        rasterio.MemoryFile(data) as file,
        file.open(driver="GTiff") as raster,
    ):
        _check_work(raster, shortest, longest, max_pixels)
        return _by_rasterio(raster, tags, shortest, longest)


def _tags(data: bytes) -> Image.Exif:
    """The first directory; empty where it is broken."""
    exif, offset = Image.Exif(), None
    if data[2:4] in (b"+\0", b"\0+"):  # BigTIFF: offsets of eight bytes
        exif.bigtiff, exif.endian = True, "<" if data[:1] == b"I" else ">"
        offset = int.from_bytes(data[8:16], "little" if data[:1] == b"I" else "big")
    try:
        exif.load_from_fp(io.BytesIO(data), offset)
        len(exif)
    except Exception:  # Pillow raises whatever the broken bytes lead it to
        return Image.Exif()
    return exif


def _is_ordinary(data: bytes, tags: Image.Exif) -> bool:
    """Whether it is a photo or a scan: no place, no gaps, and pixels as Pillow shows them."""
    if any(tag in tags for tag in (*GEO_TAGS, _NODATA, _GDAL_METADATA)):
        return False
    # Of deep bands with one more that is not said to be alpha, Pillow shows the high bytes.
    measured = _first(tags, _BITS, 1) > 8 and _first(tags, _EXTRA_SAMPLES, _ALPHA) == _UNSPECIFIED
    return not measured and _opened(data) is not None


def _opened(data: bytes) -> TiffImagePlugin.TiffImageFile | None:
    """The file opened by Pillow; None where it does not know such pixels."""
    try:
        return TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    except Exception:  # whatever the bytes lead it to: SyntaxError, KeyError, ...
        return None


def _by_rasterio(raster: DatasetReader, tags: Image.Exif, shortest: int, longest: int) -> Picture:
    from rasterio.enums import ColorInterp, Resampling

    height, width = _reduced((raster.height, raster.width), shortest, longest)
    shown, note = _chosen(raster.colorinterp, raster.descriptions, ColorInterp)
    classes = raster.colorinterp[shown[0] - 1] == ColorInterp.palette
    values = raster.read(
        shown,
        out_shape=(len(shown), height, width),
        resampling=Resampling.nearest if classes else Resampling.average,
    )
    valid = raster.dataset_mask(out_shape=(height, width)) > 0
    if classes:
        table = raster.colormap(shown[0])
        colours = np.array([table.get(i, (0, 0, 0, 255))[:3] for i in range(256)], np.uint8)
        values = colours[values[0].astype(np.uint8)].transpose(2, 0, 1)
    rgb = to_sight(values, valid)
    turn = _first(tags, ORIENTATION_TAG, 1)
    return Picture(Image.fromarray(rgb), tags, turn, raster.width, raster.height, note)


def _check_work(raster: DatasetReader, shortest: int, longest: int, max_pixels: int) -> None:
    """Refuse what a few bytes can claim: other files, blocks that fill the memory, no end."""
    # GDAL would open what its metadata name there, on the disk or on the web.
    if any("OVERVIEW" in domain.upper() for domain in raster.tag_namespaces()):
        raise ReadError("it names another file as its overview, which is not opened")
    depth = max(np.dtype(dtype).itemsize for dtype in raster.dtypes)
    together = raster.count if raster.interleaving and raster.interleaving.value == "PIXEL" else 1
    block = max(rows * columns for rows, columns in raster.block_shapes) * depth * together
    if block > _MAX_BLOCK_BYTES:
        raise ReadError(
            f"it is stored in blocks of {block / 2**20:,.0f} MiB, all of which must be decoded; "
            "write it in tiles, with gdal_translate -co TILED=YES"
        )
    wanted = _scale((raster.height, raster.width), shortest, longest)
    overviews = [factor for factor in raster.overviews(1) if 1 / factor >= wanted]
    pixels = raster.width * raster.height / max(overviews, default=1) ** 2
    if pixels > max_pixels:
        raise ReadError(
            f"it has {raster.width} x {raster.height} pixels and no small overviews; "
            "make some with gdaladdo, or cut it into tiles"
        )


def _by_pillow(data: bytes, tags: Image.Exif, shortest: int, longest: int) -> Picture:
    image = _opened(data)
    if image is None:
        n, bits = _first(tags, _SAMPLES, 1), _first(tags, _BITS, 1)
        raise MissingExtraError(f"a raster of {n} band{'s' * (n > 1)} of {bits} bits", "geo")
    width, height = image.size
    wanted = _scale((height, width), shortest, longest)
    _seek_overview(image, wanted)
    if image.width * image.height > _MAX_PIXELS_WITHOUT_RASTERIO:
        raise MissingExtraError(f"a raster of {width} x {height} pixels", "geo")
    nodata = _nodata(tags)
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")  # type: ignore[assignment]
    values = np.atleast_3d(np.asarray(image)).transpose(2, 0, 1)
    valid = np.ones(values.shape[1:], bool)
    if image.mode in ("LA", "RGBA", "PA"):
        valid, values = values[-1] > 0, values[:-1]
    if nodata is not None:
        valid &= ~np.all(values == nodata, axis=0)
    rgb = Image.fromarray(to_sight(values[:3], valid))
    rows, columns = _reduced((image.height, image.width), shortest, longest)
    # Pillow has turned it by its orientation.
    return Picture(rgb.resize((columns, rows), reducing_gap=2.0), tags, 1, width, height)


def _seek_overview(image: TiffImagePlugin.TiffImageFile, wanted: float) -> None:
    """Go to the smallest reduced copy of the first page that is large enough."""
    full, best, n_frames = image.size, 0, getattr(image, "n_frames", 1)
    smallest = full
    for frame in range(1, n_frames):
        image.seek(frame)
        reduced = int(image.tag_v2.get(_SUBFILE_TYPE, 0)) & _REDUCED
        same_shape = abs(image.width / full[0] - image.height / full[1]) < 0.02
        if reduced and same_shape and wanted * full[0] <= image.width < smallest[0]:
            best, smallest = frame, image.size
    image.seek(best)


def to_sight(values: npt.NDArray[Any], valid: BoolArray) -> UInt8Array:
    """Bands as a picture: each stretched from its 2nd to its 98th percentile, unless 8 bits deep.

    Parameters
    ----------
    values : (1 or 3, height, width), of any type; of complex numbers the magnitude is shown.
    valid : (height, width), where there are data. What is not finite counts as none either.

    Returns
    -------
    (height, width, 3) uint8; white where there are no data.

    Examples
    --------
    >>> band = np.array([[[0, 100, 200, 9999]]], np.uint16)
    >>> to_sight(band, np.array([[True, True, True, False]]))[0, :, 0].tolist()
    [0, 127, 255, 255]
    """
    if np.iscomplexobj(values):
        values = np.abs(values)
    valid = valid & np.isfinite(values).all(axis=0)
    bands = values if values.dtype == np.uint8 else [_stretched(band, valid) for band in values]
    rgb = np.full((*valid.shape, 3), _BACKGROUND, np.uint8)
    rgb[valid] = np.stack(list(bands) * (3 // len(bands)), axis=-1)[valid]
    return rgb


def _stretched(band: npt.NDArray[Any], valid: BoolArray) -> UInt8Array:
    shown = np.where(valid, band, 0).astype(np.float64)
    if not valid.any():
        return np.zeros(band.shape, np.uint8)
    low, high = np.percentile(shown[valid], _PERCENTILES)
    if high <= low:  # nearly all of it is one value
        low, high = shown[valid].min(), shown[valid].max()
    scaled = (shown - low) * (255.0 / (high - low)) if high > low else np.zeros_like(shown)
    return scaled.clip(0, 255).astype(np.uint8)


def _chosen(
    colours: Sequence[Any], descriptions: Sequence[str | None], names: Any
) -> tuple[list[int], str | None]:
    """The bands to show, counted from 1: red, green, blue, or one; and what was assumed."""
    by_colour = [colours.index(c) + 1 for c in (names.red, names.green, names.blue) if c in colours]
    if len(by_colour) == 3:
        return by_colour, None
    by_name = [
        next((n for n, name in enumerate(descriptions, 1) if colour.search(name or "")), None)
        for colour in _COLOURS
    ]
    if None not in by_name:
        return [n for n in by_name if n is not None], None
    with_data = [n for n, colour in enumerate(colours, 1) if colour != names.alpha]
    if len(with_data) < 3:
        return with_data[:1] or [1], None
    return with_data[:3], (
        f"none of its {len(colours)} bands is called red, green and blue; "
        "the first three are shown as these"
    )


def _scale(size: tuple[int, int], shortest: int, longest: int) -> float:
    """By how much the file's size may be reduced, 1 at most."""
    return min(1.0, max(longest / max(size), shortest / min(size)))


def _reduced(size: tuple[int, int], shortest: int, longest: int) -> tuple[int, int]:
    scale = _scale(size, shortest, longest)
    return max(1, math.ceil(size[0] * scale)), max(1, math.ceil(size[1] * scale))


def _nodata(tags: Image.Exif) -> float | None:
    """GDAL's tag: a number as text."""
    try:
        return float(str(tags.get(_NODATA)).strip("\0 "))
    except ValueError:
        return None


def _first(tags: Image.Exif, tag: int, otherwise: int) -> int:
    value = tags.get(tag, otherwise)
    value = value[0] if isinstance(value, tuple) else value
    return value if isinstance(value, int) else otherwise
