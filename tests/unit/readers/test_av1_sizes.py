"""What an AVIF's coded pictures measure, whatever its container claims."""

import io
import struct

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from placelens.errors import ReadError
from placelens.readers.av1_sizes import coded_pixels
from placelens.readers.pictures import UPLOAD_BUDGET_BYTES, read_picture

pytestmark = pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")


def avif(width, height, mode="RGB", **options):
    out = io.BytesIO()
    Image.new(mode, (width, height), "red").save(out, "AVIF", speed=10, **options)
    return out.getvalue()


def claiming(data, real, size):
    """The file with another size in its ``ispe`` (ISO/IEC 23008-12, 6.5.3.1)."""
    true = b"ispe" + bytes(4) + struct.pack(">II", *real)
    assert true in data
    return data.replace(true, b"ispe" + bytes(4) + struct.pack(">II", *size))


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (64, 64), (1000, 1500)])
@pytest.mark.parametrize("options", [{}, {"subsampling": "4:4:4"}, {"mode": "RGBA"}])
def test_the_size_is_that_of_what_was_encoded(size, options):
    assert coded_pixels(avif(*size, **options)) == size[0] * size[1]


def test_a_claim_changes_nothing():
    data = claiming(avif(640, 480), (640, 480), (16, 16))
    assert coded_pixels(data) == 640 * 480


def test_an_avif_that_lies_is_refused_before_it_is_decoded(monkeypatch):
    data = claiming(avif(2_000, 2_000), (2_000, 2_000), (64, 64))
    from PIL.AvifImagePlugin import AvifImageFile

    def refuse(self):
        raise AssertionError("it was decoded")

    monkeypatch.setattr(AvifImageFile, "load", refuse)
    with pytest.raises(ReadError, match="claims 64 x 64 pixels and holds 4 megapixels, too many"):
        read_picture(data, budget_bytes=UPLOAD_BUDGET_BYTES // 16)  # room for 3 megapixels


def test_an_avif_that_tells_the_truth_is_read():
    picture = read_picture(avif(600, 400, mode="RGBA"), budget_bytes=UPLOAD_BUDGET_BYTES)
    assert (picture.width, picture.height) == (600, 400)


def test_a_heic_that_lies_is_refused():
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (1_000, 1_000), "red")).save(out)
    data = claiming(out.getvalue(), (1_000, 1_000), (64, 64))
    with pytest.raises(Exception, match="exceeds the maximum image size"):
        read_picture(data, budget_bytes=UPLOAD_BUDGET_BYTES)


SOUND = avif(64, 48, mode="RGBA") if features.check("avif") else b""


@given(st.data())
def test_broken_files_raise_nothing(data):
    broken = bytearray(SOUND[: data.draw(st.integers(0, len(SOUND)))])
    for _ in range(data.draw(st.integers(0, 5))):
        if broken:
            broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    assert coded_pixels(bytes(broken)) >= 0


def test_extents_that_take_no_bytes_take_no_time():
    """65,535 extents an item, none of which has a byte: 268 million in 16 kB."""
    items = b"".join(struct.pack(">HHH", number, 0, 65_535) for number in range(4_000))
    iloc = bytes(4) + struct.pack(">HH", 0, 4_000) + items
    box = struct.pack(">I4s", 8 + len(iloc), b"iloc") + iloc
    meta = struct.pack(">I4s", 12 + len(box), b"meta") + bytes(4) + box
    assert coded_pixels(meta) == 0
