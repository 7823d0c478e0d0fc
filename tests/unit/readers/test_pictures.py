"""Which pictures are opened, how they are turned, how much of a broken one is taken."""

import io
import re
import struct
import subprocess
import sys
import zlib
from functools import cache

import numpy as np
import pillow_heif
import pytest
from PIL import Image, PngImagePlugin

from placelens.errors import ReadError
from placelens.readers.images import decode, read_image
from placelens.readers.pictures import UPLOAD_BUDGET_BYTES, read_picture
from placelens.types import ImageSpec

SPEC = ImageSpec(size=64, fit="squash")


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(out, quality=95, **options)
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def landscape(width: int = 640, height: int = 480) -> Image.Image:
    """A picture in which no two rows are alike."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


@cache
def encoded_landscape(kind: str, mode: str = "RGB", **options) -> bytes:
    """Encoded once for all tests: a HEIC takes most of a second."""
    return encoded(landscape().convert(mode), kind, **options)


# --- how it is turned -------------------------------------------------------------------------

TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{}"/></rdf:RDF></x:xmpmeta>"""
FORMATS = [
    ("JPEG", {"quality": 95}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("HEIF", {}),
    ("AVIF", {"quality": 95}),
]


def with_orientation(
    image: Image.Image, kind: str, orientation: int, said_by: str, options
) -> bytes:
    """A file whose stored pixels are to be turned as EXIF or XMP says."""
    exif = Image.Exif()
    exif[274] = orientation
    xmp = XMP.format(orientation)
    if said_by == "exif":
        said = {"exif": exif.tobytes() if kind == "HEIF" else exif}
    elif kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp)
        said = {"pnginfo": info}
    elif kind == "TIFF":
        said = {"tiffinfo": {700: xmp.encode()}}
    else:
        said = {"xmp": xmp.encode()}
    return encoded(image, kind, **options, **said)


@pytest.mark.parametrize("said_by", ["exif", "xmp"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), FORMATS)
def test_every_format_is_turned_exactly_once(make_picture, kind, options, orientation, said_by):
    upright = make_picture(128, 96)
    method = TURNED[orientation]
    stored = upright if method is None else upright.transpose(method)
    data = with_orientation(stored, kind, orientation, said_by, options)
    decoded = decode(data, SPEC)
    assert (decoded.width, decoded.height) == (128, 96)
    wanted = np.asarray(upright.resize((64, 64), Image.Resampling.BICUBIC)).astype(int)
    # Compression blurs the edges between the quarters; a wrong turn exchanges whole quarters.
    assert np.abs(decoded.pixels - wanted).mean() < 12
    thumbnail = np.asarray(Image.open(io.BytesIO(decoded.thumbnail))).astype(int)
    assert np.abs(thumbnail - np.asarray(upright)).mean() < 12


def test_an_image_given_from_python_is_turned_once_too(make_picture):
    from placelens.readers.images import prepare

    stored = make_picture(128, 96).transpose(TURNED[6])
    data = with_orientation(stored, "TIFF", 6, "exif", {})
    pixels = prepare(Image.open(io.BytesIO(data)), SPEC)
    assert np.array_equal(pixels, decode(data, SPEC).pixels)


# --- how much of it is there ------------------------------------------------------------------

CUT = [
    ("JPEG", {"quality": 90}, {}),
    ("JPEG", {"quality": 90}, {"mode": "L"}),
    ("JPEG", {"quality": 90}, {"mode": "CMYK"}),
    ("PNG", {}, {}),
    ("PNG", {}, {"mode": "P"}),
    ("WEBP", {}, {}),
    ("WEBP", {"lossless": True}, {}),
    ("TIFF", {}, {}),
    ("BMP", {}, {}),
    ("PPM", {}, {}),
    ("HEIF", {}, {}),
]


@pytest.mark.parametrize("share", [0.98, 0.9, 0.5, 0.3])
@pytest.mark.parametrize(("kind", "options", "how"), CUT)
def test_of_a_file_that_is_cut_off_what_is_there_is_taken(kind, options, how, share):
    data = encoded_landscape(kind, how.get("mode", "RGB"), **options)
    whole = decode(data, SPEC)
    assert whole.warnings == ()
    cut = decode(data[: int(len(data) * share)], SPEC)
    rows = np.abs(cut.pixels.astype(int) - whole.pixels).mean(axis=(1, 2)) < 8
    rows = rows[::-1] if kind == "BMP" else rows  # stored from the bottom
    # Bytes are spread over the rows nearly evenly; two of 64 rows for the block that was cut.
    assert rows[: int(64 * (share - 0.15))].all()
    assert (cut.width, cut.height) == (640, 480)
    [warning] = cut.warnings
    assert warning.startswith("the file is cut off")
    told = re.search(r"(\d+)% of the picture", warning)
    assert told is None if share == 0.98 and "what is there" in warning else told is not None
    assert told is None or abs(int(told[1]) / 100 - share) < 0.04


def test_a_jpeg_that_lacks_its_last_bytes_is_whole_but_for_them():
    data = encoded(landscape(), "JPEG", quality=90)
    cut = decode(data[:-30], SPEC)
    assert np.abs(cut.pixels.astype(int) - decode(data, SPEC).pixels)[:60].max() <= 4
    assert cut.warnings[0].startswith("the file is cut off: ")


def test_a_progressive_jpeg_gives_the_scans_that_are_there():
    data = encoded(landscape(), "JPEG", quality=90, progressive=True)
    cut = decode(data[: len(data) // 2], SPEC)
    # Half of the bytes: coarse all over, but nowhere empty.
    assert np.abs(cut.pixels.astype(int) - decode(data, SPEC).pixels).mean() < 10
    assert cut.warnings == ("the file is cut off: what is there of the picture was taken",)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "GIF", "BMP"])
def test_where_nothing_can_be_seen_it_is_an_error(kind):
    data = encoded_landscape(kind)
    for share in (0.04, 0.02):
        with pytest.raises(ReadError):
            decode(data[: int(len(data) * share)], SPEC)


def test_a_turned_tiff_that_is_cut_off_is_turned():
    upright = landscape()
    data = with_orientation(upright.transpose(TURNED[6]), "TIFF", 6, "exif", {})
    cut = decode(data[: len(data) // 2], SPEC)
    assert (cut.width, cut.height) == (640, 480)
    # Orientation 6: the first stored rows are the right-hand columns of the upright picture.
    wanted = np.asarray(upright.resize((64, 64), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(cut.pixels - wanted)[:, 36:].mean() < 4


def test_taking_what_is_there_changes_nothing_for_others(make_jpeg):
    from PIL import ImageFile

    decode(encoded(landscape(), "JPEG")[:-30], SPEC)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_broken_exif_does_not_cost_the_picture(kind, make_picture):
    data = encoded(make_picture(), kind, exif=b"Exif\0\0no directory of tags")
    assert decode(data, SPEC).width == 64


# --- which are opened -------------------------------------------------------------------------

NOT_OPENED = {
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    "PostScript with a preview": b"\xc5\xd0\xd3\xc6" + bytes(28) + b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "a Windows metafile": b"\xd7\xcd\xc6\x9a" + bytes(60),
    "FITS": b"SIMPLE  =                    T".ljust(80) + bytes(2800),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    "an icon": b"\0\0\1\0\1\0" + bytes(40),
    "an OLE container": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "IPTC": b"\x1c\x03\x3c\0\1\0" + bytes(60),
    "QOI": b"qoif" + bytes(20),
    "a film": b"\0\0\0\x18ftypisom\0\0\0\0isomiso2",
}


@pytest.mark.parametrize("name", ["", "a.jpg", "a.eps", "a.tif", "a.png", "a.psd"])
@pytest.mark.parametrize("what", NOT_OPENED)
def test_other_formats_are_not_tried_under_any_name(what, name):
    with pytest.raises(ReadError, match="not an image of a kind that placelens reads"):
        decode(NOT_OPENED[what], SPEC, name=name)


def test_a_tga_is_known_by_its_name_alone(make_picture):
    data = encoded(make_picture(), "TGA")
    assert decode(data, SPEC, name="a.TGA").width == 64
    with pytest.raises(ReadError, match="not an image of a kind"):
        decode(data, SPEC)


def test_read_image_gives_the_whole_picture_upright(write, make_picture):
    stored = make_picture(128, 96).transpose(TURNED[8])
    path = write("a.tif", with_orientation(stored, "TIFF", 8, "exif", {}))
    assert np.array_equal(np.asarray(read_image(path)), np.asarray(make_picture(128, 96)))


# --- how large it may be ----------------------------------------------------------------------


def png_claiming(width: int, height: int, bits: int, colour: int) -> bytes:
    """A PNG of so many zero pixels: their rows, compressed, take a thousandth of their size."""
    n_samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = b"\0" + bytes((width * n_samples * bits + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(name: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    palette = chunk(b"PLTE", b"\0\0\0\xff\xff\xff") if colour == 3 else b""
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette
        + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )  # fmt: skip


def large(kind: str, mode: str, side: int, **options) -> bytes:
    return encoded(Image.new(mode, (side, side)), kind, **options)


LARGE = {
    "1-bit PNG": lambda: png_claiming(6000, 6000, 1, 0),
    "palette PNG": lambda: png_claiming(6000, 6000, 1, 3),
    "16-bit grey PNG": lambda: png_claiming(4000, 4000, 16, 0),
    "16-bit RGBA PNG": lambda: png_claiming(4000, 4000, 16, 6),
    "progressive JPEG": lambda: large("JPEG", "RGB", 4000, progressive=True, subsampling=0),
    "CMYK JPEG": lambda: large("JPEG", "CMYK", 4000, progressive=True),
    "GIF": lambda: large("GIF", "P", 4000),
    "TIFF of floats": lambda: large("TIFF", "F", 3000, compression="tiff_lzw"),
    "1-bit TIFF": lambda: large("TIFF", "1", 6000, compression="group4"),
    "WebP": lambda: large("WEBP", "RGBA", 2500, lossless=True, method=0),
    "AVIF": lambda: large("AVIF", "RGB", 2500, speed=10),
    "JPEG 2000": lambda: large("JPEG2000", "RGB", 2500),
    "HEIC": lambda: large("HEIF", "RGB", 3000),
}
MEASURE = """
import sys
from pathlib import Path
import pillow_heif, PIL.AvifImagePlugin, PIL.TiffImagePlugin, PIL.WebPImagePlugin
from placelens.readers import pictures
from placelens.readers.images import decode
from placelens.types import ImageSpec

def peak():
    # Not ru_maxrss, which a process inherits from the one that started it.
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024

counted, count = [], pictures.bytes_needed
pictures.bytes_needed = lambda *given: counted.append(count(*given)) or counted[-1]
data = Path(sys.argv[1]).read_bytes()
before = peak()
assert decode(data, ImageSpec(size=32)).pixels is not None
print(peak() - before, counted[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize("what", LARGE)
def test_decoding_takes_no_more_than_was_counted(what, write):
    path = write("picture", LARGE[what]())
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    taken, counted = map(int, run.stdout.split())
    # The bands of a conversion, and what the allocator keeps, come on top.
    assert taken < counted + 24 * 2**20


@pytest.mark.parametrize(
    ("width", "height", "bits", "colour"),
    [
        (3_125, 3_125, 1, 0),
        (3_250, 3_250, 16, 0),
        (2_500, 2_500, 16, 6),
        (17_500, 500, 1, 3),
    ],
)
def test_small_files_that_would_be_large_pictures_are_refused(width, height, bits, colour):
    data = png_claiming(width, height, bits, colour)
    with pytest.raises(ReadError, match=f"it claims {width} x {height} pixels, too many"):
        decode(data, SPEC, budget_bytes=UPLOAD_BUDGET_BYTES // 16)  # sides a quarter as long


def test_the_budget_is_counted_by_format_and_mode():
    # 1-bit PNG: a byte a pixel as Pillow keeps it, one for the decoder, four for RGB.
    data = png_claiming(1000, 1000, 1, 0)
    assert read_picture(data, budget_bytes=6_000_000).width == 1000
    with pytest.raises(ReadError, match="they take 6 MiB of memory"):
        read_picture(data, budget_bytes=5_999_999)


def test_a_jpeg_may_be_larger_because_it_is_decoded_small():
    # 200 megapixels, baseline, 4:2:0: three bytes a pixel are counted for its coefficients.
    data = bytearray(encoded(Image.new("RGB", (64, 64)), "JPEG"))
    at = data.index(b"\xff\xc0")  # start of frame: length, precision, height, width (T.81 B.2.2)
    data[at + 5 : at + 9] = struct.pack(">HH", 12_240, 16_320)
    decoded = decode(bytes(data), SPEC, budget_bytes=UPLOAD_BUDGET_BYTES)
    assert (decoded.width, decoded.height) == (16_320, 12_240)


@pytest.mark.parametrize("in_a_container", [False, True])
def test_a_jpeg_2000_of_countless_tiles_is_refused(in_a_container):
    # 255 x 255 tiles of one pixel: 171 bytes that take OpenJPEG 750 MB.
    data = bytearray(encoded(Image.new("RGB", (64, 64)), "JPEG2000", no_jp2=not in_a_container))
    at = data.index(b"\xff\x4f\xff\x51") + 8
    struct.pack_into(">8I", data, at, 255, 255, 0, 0, 1, 1, 0, 0)
    with pytest.raises(ReadError, match=r"too many pixels to decode: they take 7\d\d MiB"):
        decode(bytes(data), SPEC, budget_bytes=UPLOAD_BUDGET_BYTES)
