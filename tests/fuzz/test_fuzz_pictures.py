"""Pictures broken at random: a reading or a reason, never a crash, never more than the budget.

``python tests/fuzz/test_fuzz_pictures.py SEED N`` tries N of them; the tests try a few. What is
tried follows from the seed and a number alone, so that a failure can be shown again.
"""

from __future__ import annotations

import contextlib
import io
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.exif import read_exif
from placelens.readers.images import decode
from placelens.readers.pictures import UPLOAD_BUDGET_BYTES
from placelens.readers.raw_exif import read_raw_exif
from placelens.readers.xmp import read_xmp
from placelens.types import ImageSpec

# A crash ends the process, so that many are tried in each of several.
CHUNK = 1000
SPEC = ImageSpec(size=16, thumbnail_size=32)
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="50,5.22N"
 exif:GPSLongitude="14,25.26E"/></rdf:RDF></x:xmpmeta>"""
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


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


def mutant(files: list[tuple[str, bytes]], seed: int, number: int) -> tuple[str, bytes]:
    """The file of this number, broken in one to eight ways."""
    rng = random.Random(f"{seed}/{number}")
    name, content = rng.choice(files)
    data = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        # Headers are where sizes and offsets are.
        limit = len(data) if rng.random() < 0.5 else min(len(data), 200)
        at = rng.randrange(limit) if limit else 0
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[at] = rng.randrange(256)
        elif kind == 2:
            size, order = rng.choice((1, 2, 4)), rng.choice(("big", "little"))
            number_there = rng.choice(NUMBERS) & (256**size - 1)
            data[at : at + size] = number_there.to_bytes(size, order)
        elif kind == 3:
            del data[at : at + rng.randint(1, 32)]
        elif kind == 4:
            data[at:at] = data[at : at + rng.randint(1, 64)]
        elif kind == 5:
            data[at:at] = rng.randbytes(rng.randint(1, 16))
        else:
            del data[rng.randrange(len(data) + 1) :]
    return name, bytes(data)


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


def try_chunk(seed: int, first: int, last: int) -> int:
    """Try the numbers from first to last - 1 in this process; how many gave a picture."""
    files = corpus()
    n_pictures = 0
    for number in range(first, last):
        try:
            n_pictures += check(*mutant(files, seed, number))
        except BaseException as error:
            raise AssertionError(f"seed {seed}, number {number}") from error
    return n_pictures


def main(seed: int, n: int) -> list[str]:
    """Try n broken pictures; what failed, in words."""
    failures, n_pictures = [], 0
    for first in range(0, n, CHUNK):
        last = min(first + CHUNK, n)
        command = [sys.executable, __file__, "chunk", str(seed), str(first), str(last)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode == 0:
            n_pictures += int(run.stdout)
            continue
        how = signal.Signals(-run.returncode).name if run.returncode < 0 else run.stderr[-2000:]
        failures.append(f"seed {seed}, numbers {first} to {last - 1}: {how}")
    print(f"{n:,} broken pictures: {n_pictures:,} read, {len(failures)} chunks failed")
    return failures


def test_broken_pictures_are_read_or_give_a_reason() -> None:
    # Some are pictures still, or else the mutations would be too coarse to show much.
    assert try_chunk(seed=20, first=0, last=400) > 40


@pytest.mark.parametrize(("name", "data"), corpus(), ids=lambda value: str(value)[:10])
def test_the_files_that_are_broken_were_whole(name: str, data: bytes) -> None:
    if Path(name).suffix not in (".dng", ".nef", ".orf", ".cr2", ".raf"):
        assert check(name, data)


if __name__ == "__main__":
    if sys.argv[1] == "chunk":
        print(try_chunk(*map(int, sys.argv[2:])))
    else:
        found = main(int(sys.argv[1]), int(sys.argv[2]))
        print("\n".join(found))
        sys.exit(bool(found))
