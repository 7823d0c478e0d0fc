"""Image files made on the spot: with EXIF, in many formats, and a camera raw."""

import io
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

GPS_IFD = 0x8825
EXIF_IFD = 0x8769

JpegMaker = Callable[..., bytes]


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """A picture whose four quarters differ: red, green over blue, white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = 255
    return Image.fromarray(pixels)


def jpeg(
    *,
    size: tuple[int, int] = (64, 48),
    main: Mapping[int, Any] | None = None,
    photo: Mapping[int, Any] | None = None,
    gps: Mapping[int, Any] | None = None,
    **save: Any,
) -> bytes:
    """A JPEG with the EXIF tags given for each directory."""
    exif = Image.Exif()
    exif.update(main or {})
    if photo:
        exif.get_ifd(EXIF_IFD).update(photo)
    if gps:
        exif.get_ifd(GPS_IFD).update(gps)
    out = io.BytesIO()
    picture(*size).save(out, "JPEG", exif=exif, quality=95, **save)
    return out.getvalue()


PRAGUE_GPS = {1: "N", 2: (50.0, 5.0, 13.2), 3: "E", 4: (14.0, 25.0, 15.6)}


@pytest.fixture
def make_picture() -> Callable[..., Image.Image]:
    return picture


@pytest.fixture
def make_jpeg() -> JpegMaker:
    return jpeg


@pytest.fixture
def prague_gps() -> dict[int, Any]:
    """50 deg 5' 13.2" N = 50.087, 14 deg 25' 15.6" E = 14.421."""
    return dict(PRAGUE_GPS)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    """Write a file below tmp_path, with the folders it needs."""

    def write_file(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def _ifd(entries: list[tuple[int, int, Any]], at: int) -> bytes:
    """One TIFF directory, little-endian, its long values right behind it (TIFF 6.0, section 2)."""
    extra_at = at + 2 + 12 * len(entries) + 4
    head, extra = struct.pack("<H", len(entries)), b""
    formats = {1: "B", 3: "H", 4: "I", 5: "I", 10: "i", 12: "d"}
    for tag, kind, values in sorted(entries):
        data = values if kind == 2 else struct.pack(f"<{len(values)}{formats[kind]}", *values)
        count = len(values) // 2 if kind in (5, 10) else len(values)
        if len(data) <= 4:
            head += struct.pack("<HHI", tag, kind, count) + data.ljust(4, b"\0")
        else:
            head += struct.pack("<HHII", tag, kind, count, extra_at + len(extra))
            extra += data + b"\0" * (len(data) % 2)
    return head + struct.pack("<I", 0) + extra


Tag = tuple[int, int, Any]
_SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3, "c": 6}


def tiff(values: np.ndarray, tags: list[Tag] | None = None, *overviews: np.ndarray) -> bytes:
    """A little-endian TIFF of (height, width, bands) values, with reduced pages if given."""
    out, next_at = bytearray(b"II*\0" + bytes(4)), 4
    for number, page in enumerate((values, *overviews)):
        height, width, bands = page.shape
        bits, colours = page.dtype.itemsize * 8, 3 if bands >= 3 else 1
        entries = [
            (254, 4, [1 if number else 0]), (256, 4, [width]), (257, 4, [height]),
            (258, 3, [bits] * bands), (259, 3, [1]), (262, 3, [2 if colours == 3 else 1]),
            (273, 4, [len(out)]), (277, 3, [bands]), (278, 4, [height]), (279, 4, [page.nbytes]),
            (339, 3, [_SAMPLE_FORMATS[page.dtype.kind]] * bands),
            *([(338, 3, [0] * (bands - colours))] if bands > colours else []),
            *((tags or []) if number == 0 else []),
        ]  # fmt: skip
        out += page.tobytes() + b"\0" * (page.nbytes % 2)
        struct.pack_into("<I", out, next_at, len(out))
        next_at = len(out) + 2 + 12 * len(entries)
        out += _ifd(entries, len(out))
    return bytes(out)


@pytest.fixture
def make_tiff() -> Callable[..., bytes]:
    return tiff


def geo_tags(
    *,
    epsg: int = 4326,
    origin: tuple[float, float] = (14.0, 51.0),
    pixel: tuple[float, float] = (0.25, 0.5),
    keys: list[int] | None = None,
) -> list[Tag]:
    """GeoTIFF's tags: pixels of a size from an upper left corner in a coordinate system."""
    kind = 2 if epsg in (4326, 4269) else 1
    own = [1024, 0, 1, kind, 2048 if kind == 2 else 3072, 0, 1, epsg, *(keys or [])]
    return [
        (33550, 12, [*pixel, 0.0]),
        (33922, 12, [0.0, 0.0, 0.0, *origin, 0.0]),
        (34735, 3, [1, 1, 0, len(own) // 4, *own]),
    ]


@pytest.fixture
def make_geo_tags() -> Callable[..., list[Tag]]:
    return geo_tags


@pytest.fixture(params=["rasterio", "Pillow"])
def raster_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two that read rasters; Pillow, where rasterio is not installed."""
    if request.param == "rasterio":
        pytest.importorskip("rasterio")
    else:
        monkeypatch.setitem(sys.modules, "rasterio", None)
    return request.param


@pytest.fixture
def make_dng() -> Callable[..., bytes]:
    """A DNG of 640 x 480 grey raw pixels, taken at 33.85 S, 151.2 E, with a JPEG preview."""

    def make(
        *,
        orientation: int = 1,
        preview: bool = True,
        preview_size: tuple[int, int] = (320, 240),
        xmp: bytes = b"",
    ) -> bytes:
        stored = io.BytesIO()
        picture(*preview_size).save(stored, "JPEG", quality=95)
        jpeg_bytes = stored.getvalue()
        width, height = 640, 480
        raw = struct.pack("<H", 1000) * (width * height)
        gps = [
            (1, 2, b"S\0"),
            (2, 5, [33, 1, 51, 1, 0, 1]),
            (3, 2, b"E\0"),
            (4, 5, [151, 1, 12, 1, 0, 1]),
        ]

        def build(jpeg_at: int, raw_at: int, sub_at: int, gps_at: int) -> tuple[bytes, list[int]]:
            one = [1, 1, 0, 1, 0, 1]
            main = [
                (254, 4, [1]), (271, 2, b"Test\0"), (272, 2, b"Camera 1\0"),
                (274, 3, [orientation]), (330, 4, [sub_at]), (34853, 4, [gps_at]),
                (50706, 1, [1, 4, 0, 0]), (50707, 1, [1, 1, 0, 0]), (50708, 2, b"Test Camera\0"),
                (50721, 10, [*one, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]),
                (50728, 5, [1, 1, 1, 1, 1, 1]), (50778, 3, [21]),
            ]  # fmt: skip
            if xmp:
                main.append((700, 1, xmp))
            if preview:
                main += [
                    (256, 4, [preview_size[0]]), (257, 4, [preview_size[1]]), (258, 3, [8, 8, 8]),
                    (259, 3, [7]), (262, 3, [6]), (273, 4, [jpeg_at]), (277, 3, [3]),
                    (278, 4, [preview_size[1]]), (279, 4, [len(jpeg_bytes)]),
                ]  # fmt: skip
            sub = [
                (254, 4, [0]), (256, 4, [width]), (257, 4, [height]), (258, 3, [16]),
                (259, 3, [1]), (262, 3, [32803]), (273, 4, [raw_at]), (277, 3, [1]),
                (278, 4, [height]), (279, 4, [len(raw)]), (33421, 3, [2, 2]),
                (33422, 1, [0, 1, 1, 2]), (50717, 4, [4095]),
            ]  # fmt: skip
            out, starts = b"II*\0" + struct.pack("<I", 8), []
            for entries in (main, sub, gps):
                starts.append(len(out))
                out += _ifd(entries, len(out))
            starts.append(len(out))
            out += jpeg_bytes + b"\0" * (len(jpeg_bytes) % 2)
            starts.append(len(out))
            return out + raw, starts

        _, (_, sub_at, gps_at, jpeg_at, raw_at) = build(0, 0, 0, 0)
        return build(jpeg_at, raw_at, sub_at, gps_at)[0]

    return make
