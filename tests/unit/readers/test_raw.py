import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.discover import read_photos
from placelens.readers.images import decode
from placelens.readers.raw_exif import read_raw_exif
from placelens.readers.read import read
from placelens.types import ImageSpec, Place

SPEC = ImageSpec(size=32)


def test_the_preview_of_a_dng_is_taken(make_dng, write):
    pytest.importorskip("rawpy")
    write("a.dng", make_dng())
    [source] = read_photos(write("a.dng", make_dng()))
    reading = read(source, SPEC)
    assert (reading.width, reading.height) == (640, 480)  # the raw picture's, not the preview's
    assert tuple(reading.pixels[4, 4] > 128) == (True, False, False)  # red top left
    assert reading.place == Place(lat=-33.85, lon=151.2)  # 33 deg 51' S, 151 deg 12' E
    assert reading.place_source == "exif"
    assert dict(reading.attributes) == {"camera_make": "Test", "camera_model": "Camera 1"}
    # LibRaw adds made-up EXIF to a bare preview; none of it may come through.
    assert reading.time is None
    assert reading.warnings == ()


@pytest.mark.parametrize(
    ("orientation", "preview_size", "top_left"),
    [
        (6, (320, 240), (0, 0, 255)),  # a quarter clockwise: bottom left goes to top left
        (8, (320, 240), (0, 255, 0)),  # anticlockwise: top right goes to top left
        (6, (240, 320), (255, 0, 0)),  # stored upright already
    ],
)
def test_the_preview_is_turned_as_the_raw_file_says(make_dng, orientation, preview_size, top_left):
    pytest.importorskip("rawpy")
    data = make_dng(orientation=orientation, preview_size=preview_size)
    decoded = decode(data, SPEC, name="a.dng")
    assert (decoded.width, decoded.height) == (480, 640)
    assert np.abs(decoded.pixels[4, 4].astype(int) - top_left).max() < 40
    assert Image.open(io.BytesIO(decoded.thumbnail)).size == (240, 320)


def test_a_raw_file_without_preview_names_its_reason(make_dng):
    pytest.importorskip("rawpy")
    with pytest.raises(ReadError, match="no embedded preview"):
        decode(make_dng(preview=False), SPEC, name="a.dng")


@pytest.mark.parametrize("data", [b"FUJIFILMCCD-RAW rest", b"II*\0\x10\0\0\0CR\2\0", b"nonsense"])
def test_a_damaged_raw_file_names_its_reason(data):
    pytest.importorskip("rawpy")
    with pytest.raises(ReadError, match="LibRaw cannot read"):
        decode(data, SPEC, name="a.nef")


def test_without_rawpy_the_reason_names_the_install_command(make_dng, write, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[raw\]"):
        decode(make_dng(), SPEC, name="a.dng")
    [source] = read_photos(write("a.dng", make_dng()))
    with pytest.raises(ReadError, match=r"pip install .*\[raw\]"):
        read(source, SPEC)


def _tiff(gps: dict) -> bytes:
    """A TIFF whose first directory holds the tags: what Canon keeps in each CMT box."""
    exif = Image.Exif()
    exif.update(gps)
    return exif.tobytes().removeprefix(b"Exif\0\0")


def test_the_boxes_of_a_cr3_are_read():
    boxes = {
        b"CMT1": _tiff({271: "Canon", 272: "EOS R"}),
        b"CMT2": _tiff({36867: "2020:05:06 07:08:09"}),
        b"CMT4": _tiff({1: "S", 2: (10.0, 30.0, 0.0), 3: "W", 4: (20.0, 15.0, 0.0)}),
    }
    data = struct.pack(">I", 24) + b"ftypcrx " + b"\0\0\0\1crx isom"
    for name, body in boxes.items():
        data += struct.pack(">I", len(body) + 8) + name + body
    facts = read_raw_exif(data)
    assert facts.place == Place(lat=-10.5, lon=-20.25)
    assert facts.time.isoformat() == "2020-05-06T07:08:09"
    assert facts.attributes["camera_model"] == "EOS R"


def test_orf_and_rw2_are_read_as_the_tiff_they_are():
    tiff = _tiff({271: "OM", 272: "E-M1"})
    assert tiff[:2] in (b"II", b"MM")
    marked = (b"IIRO" if tiff[:2] == b"II" else b"MMOR") + tiff[4:]
    assert read_raw_exif(marked).attributes == {"camera_make": "OM", "camera_model": "E-M1"}
    assert read_raw_exif(b"FUJIFILMCCD-RAW").attributes == {}
    assert read_raw_exif(b"II").attributes == {}
