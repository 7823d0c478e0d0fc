"""Pictures: a reading or a reason, never a crash, never more than the budget."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from functools import cache

import numpy as np
import pillow_heif
from PIL import Image
from tests.fuzz.mutations import broken_bytes

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.exif import read_exif
from placelens.readers.images import decode
from placelens.readers.pictures import UPLOAD_BUDGET_BYTES
from placelens.readers.raw_exif import read_raw_exif
from placelens.readers.xmp import read_xmp
from placelens.types import ImageSpec

SPEC = ImageSpec(size=16, thumbnail_size=32)
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="50,5.22N"
 exif:GPSLongitude="14,25.26E"/></rdf:RDF></x:xmpmeta>"""


@cache
def corpus() -> list[tuple[str, bytes]]:
    """A small picture in every format, as a name and bytes."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((64, 48), Image.Resampling.BICUBIC)
    grey16 = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 256)
    exif = Image.Exif()
    exif.update({271: "Maker", 274: 6})
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 5.0, 13.2), 3: "E", 4: (14.0, 25.0, 15.6)})
    told = {"exif": exif, "xmp": XMP}
    made = [
        ("JPEG", picture, told),
        ("JPEG", picture, {"progressive": True, **told}),
        ("JPEG", picture.convert("CMYK"), {}),
        ("PNG", picture, {"exif": exif}),
        ("PNG", picture.convert("P"), {}),
        ("PNG", picture.convert("1"), {}),
        ("PNG", grey16, {}),
        ("PNG", picture.convert("RGBA"), {}),
        ("WEBP", picture, told),
        ("WEBP", picture.convert("RGBA"), {"lossless": True}),
        ("WEBP", picture, {"save_all": True, "append_images": [picture.rotate(90)]}),
        ("AVIF", picture, told),
        ("AVIF", picture, {"save_all": True, "append_images": [picture.rotate(90)]}),
        ("TIFF", picture, {"exif": exif}),
        ("TIFF", picture, {"compression": "tiff_lzw"}),
        ("TIFF", picture, {"compression": "jpeg"}),
        ("TIFF", picture.convert("1"), {"compression": "group4"}),
        ("TIFF", picture.convert("L").convert("F"), {"compression": "tiff_adobe_deflate"}),
        ("GIF", picture.convert("P"), {}),
        ("GIF", picture, {"save_all": True, "append_images": [picture.rotate(90)]}),
        ("BMP", picture, {}),
        ("PPM", picture, {}),
        ("TGA", picture, {"compression": "tga_rle"}),
        ("JPEG2000", picture, {}),
        ("MPO", picture, {"save_all": True, "append_images": [picture.rotate(90)]}),
    ]
    files = []
    for kind, image, options in made:
        out = io.BytesIO()
        image.save(out, kind, **options)
        files.append((f"a.{kind.lower()}", out.getvalue()))
    for mode in ("RGB", "RGBA"):
        out = io.BytesIO()
        pillow_heif.from_pillow(picture.convert(mode)).save(out, exif=exif.tobytes())
        files.append(("a.heic", out.getvalue()))
    tiff = next(data for name, data in files if name == "a.tiff")
    files += [("a.dng", tiff), ("a.nef", tiff), ("a.orf", b"IIRO" + tiff[4:])]
    files += [("a.cr2", tiff[:8] + b"CR\2\0" + tiff[12:])]
    files += [("a.raf", b"FUJIFILMCCD-RAW " + bytes(80) + files[0][1])]
    return files


def check(name: str, data: bytes) -> bool:
    """Read one; whether there was a picture. Anything but a reading or a reason raises."""
    read_raw_exif(data)
    try:
        decoded = decode(data, SPEC, name=name, budget_bytes=UPLOAD_BUDGET_BYTES)
    except (ReadError, MissingExtraError) as error:
        if not str(error):
            raise AssertionError("an empty reason") from error
        return False
    if decoded.pixels is None or decoded.pixels.shape != (16, 16, 3) or not decoded.thumbnail:
        raise AssertionError("no square")
    if decoded.width < 1 or decoded.height < 1:
        raise AssertionError("no size")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd EXIF
        read_exif(decoded.info["exif"])
    if decoded.info["xmp"]:
        with contextlib.suppress(ReadError):
            read_xmp(decoded.info["xmp"])
    return True


def try_one(rng: random.Random) -> bool:
    """A picture in any format, or what is called one."""
    name, data = rng.choice(corpus())
    return check(name, broken_bytes(data, rng))
