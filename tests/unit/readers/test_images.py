import io
import struct

import numpy as np
import pytest
from PIL import Image

from placelens.errors import ReadError
from placelens.readers.images import decode, prepare
from placelens.readers.pixels import to_rgb
from placelens.types import ImageSpec

SPEC = ImageSpec(size=32)
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(pixels):
    """Colours at the middles of the four quarters: top left, top right, bottom left and right."""
    n = len(pixels)
    return [
        tuple(int(v) for v in pixels[y, x]) for y in (n // 4, -n // 4) for x in (n // 4, -n // 4)
    ]


def close(colours, expected, tolerance=12):
    return np.abs(np.array(colours) - np.array(expected)).max() <= tolerance


# Where the upright picture's quarters are stored for each EXIF orientation.
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(make_picture, orientation):
    upright = make_picture(64, 48)
    # What has to be done to the upright picture so that the tag's correction restores it.
    inverse = {
        1: lambda im: im,
        2: lambda im: im.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda im: im.transpose(Image.Transpose.ROTATE_180),
        4: lambda im: im.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda im: im.transpose(Image.Transpose.TRANSPOSE),
        6: lambda im: im.transpose(Image.Transpose.ROTATE_90),
        7: lambda im: im.transpose(Image.Transpose.TRANSVERSE),
        8: lambda im: im.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    out = io.BytesIO()
    inverse(upright).save(out, "JPEG", quality=95, exif=exif)
    decoded = decode(out.getvalue(), SPEC)
    assert (decoded.width, decoded.height) == (64, 48)
    assert close(quarters(decoded.pixels), [RED, GREEN, BLUE, WHITE])
    thumbnail = Image.open(io.BytesIO(decoded.thumbnail))
    assert thumbnail.size == (64, 48)  # never enlarged
    assert close(quarters(np.asarray(thumbnail)), [RED, GREEN, BLUE, WHITE])
    assert close(quarters(prepare(Image.open(out), SPEC)), [RED, GREEN, BLUE, WHITE])


def test_prepare_does_not_turn_an_image_that_was_processed_already(make_picture):
    exif = Image.Exif()
    exif[274] = 6
    out = io.BytesIO()
    make_picture().save(out, "JPEG", quality=95, exif=exif)
    copied = Image.open(out).copy()
    assert copied.getexif()[274] == 6
    assert close(quarters(prepare(copied, SPEC)), [RED, GREEN, BLUE, WHITE])


@pytest.mark.parametrize(
    ("fit", "corner", "middle_left"),
    [
        # 64 x 32 in a square of 32: columns 16 to 48, squashed, or 32 x 16 in the middle.
        ("crop", RED, RED),
        ("squash", RED, RED),
        ("pad", (0, 0, 0), RED),
    ],
)
def test_fits(make_picture, fit, corner, middle_left):
    pixels = prepare(make_picture(64, 32), ImageSpec(size=32, fit=fit))
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert close([pixels[0, 0]], [corner])
    assert close([pixels[10, 2]], [middle_left])


def test_crop_takes_the_centre_and_squash_everything():
    image = Image.new("RGB", (96, 32))
    image.paste((255, 0, 0), (0, 0, 32, 32))
    image.paste((0, 0, 255), (64, 0, 96, 32))
    assert prepare(image, ImageSpec(size=32)).max() == 0  # the middle third is black
    squashed = prepare(image, ImageSpec(size=32, fit="squash"))
    assert close([squashed[16, 2], squashed[16, 29]], [RED, BLUE])


def mode_samples():
    grey = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
    return {
        "1": Image.fromarray(grey).convert("1"),
        "L": Image.fromarray(grey),
        "LA": Image.fromarray(grey).convert("LA"),
        "P": Image.fromarray(grey).convert("P"),
        "RGBA": Image.fromarray(grey).convert("RGBA"),
        "CMYK": Image.fromarray(grey).convert("RGB").convert("CMYK"),
        "YCbCr": Image.fromarray(grey).convert("RGB").convert("YCbCr"),
        "HSV": Image.fromarray(grey).convert("RGB").convert("HSV"),
        "LAB": Image.merge("LAB", [Image.fromarray(grey), *[Image.new("L", (64, 64), 128)] * 2]),
        "I;16": Image.fromarray(grey.astype(np.uint16) * 256),
        "I": Image.fromarray(grey.astype(np.int32) * 256),
        "F": Image.fromarray(grey.astype(np.float32) / 255),
    }


@pytest.mark.parametrize("mode", mode_samples())
def test_every_mode_becomes_rgb_with_dark_left_and_bright_right(mode):
    image = mode_samples()[mode]
    assert image.mode == mode
    rgb = np.asarray(to_rgb(image)).astype(int)
    assert rgb.shape == (64, 64, 3)
    assert rgb[:, :8].mean() < 40
    assert rgb[:, -8:].mean() > 215


def test_transparency_is_laid_on_white():
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (0, 0, 8, 4))
    out = io.BytesIO()
    palette.save(out, "PNG", transparency=0)
    rgb = np.asarray(to_rgb(Image.open(out)))
    assert tuple(rgb[0, 0]) == RED
    assert tuple(rgb[7, 7]) == WHITE
    half = Image.new("RGBA", (1, 1), (0, 0, 0, 128))
    assert np.asarray(to_rgb(half))[0, 0, 0] == pytest.approx(127, abs=1)  # 255 * (1 - 128/255)


def test_a_twelve_bit_grey_is_not_black():
    image = Image.fromarray(np.full((4, 4), 4095, np.uint16))
    assert np.asarray(to_rgb(image)).min() == 255  # 4095 / 2**(12 - 8), cut to 8 bits
    assert np.asarray(to_rgb(Image.fromarray(np.full((4, 4), np.nan, np.float32)))).max() == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "GIF", "BMP"])
def test_formats(make_picture, kind):
    if kind == "HEIF":
        import pillow_heif

        out = io.BytesIO()
        pillow_heif.from_pillow(make_picture(128, 96)).save(out, quality=95)
    else:
        out = io.BytesIO()
        make_picture(128, 96).save(out, kind)
    decoded = decode(out.getvalue(), SPEC)
    assert (decoded.width, decoded.height) == (128, 96)
    assert decoded.info["format"] == kind
    assert close(quarters(decoded.pixels), [RED, GREEN, BLUE, WHITE], tolerance=25)


def test_heic_is_turned_once(make_picture):
    import pillow_heif

    pillow_heif.register_heif_opener()  # for saving; the reader does without
    exif = Image.Exif()
    exif[274] = 6
    out = io.BytesIO()
    make_picture(96, 64).save(out, "HEIF", exif=exif.tobytes(), quality=95)
    decoded = decode(out.getvalue(), SPEC)
    assert (decoded.width, decoded.height) == (64, 96)
    # Orientation 6: the stored picture is to be turned a quarter clockwise.
    assert close(quarters(decoded.pixels), [BLUE, RED, WHITE, GREEN], 25)


def test_avif_is_turned_once(make_picture):
    exif = Image.Exif()
    exif[274] = 6
    out = io.BytesIO()
    make_picture(64, 64).save(out, "AVIF", exif=exif, quality=95)
    # Orientation 6: the stored picture is to be turned a quarter clockwise.
    assert close(quarters(decode(out.getvalue(), SPEC).pixels), [BLUE, RED, WHITE, GREEN], 25)


def test_the_first_frame_of_several_is_taken(make_picture):
    out = io.BytesIO()
    make_picture().save(out, "GIF", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert close(quarters(decode(out.getvalue(), SPEC).pixels), [RED, GREEN, BLUE, WHITE])
    out = io.BytesIO()
    make_picture().save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert close(quarters(decode(out.getvalue(), SPEC).pixels), [RED, GREEN, BLUE, WHITE])


def test_a_large_jpeg_is_decoded_small_and_looks_the_same(make_picture):
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
    large = small.resize((1600, 1200), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    large.save(out, "JPEG", quality=95)
    decoded = decode(out.getvalue(), ImageSpec(size=64))
    full = Image.open(out)
    full.load()
    expected = prepare(full, ImageSpec(size=64)).astype(float)
    error = ((decoded.pixels - expected) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > 35  # PSNR in dB
    assert Image.open(io.BytesIO(decoded.thumbnail)).size == (320, 240)
    assert (decoded.width, decoded.height) == (1600, 1200)


def test_an_extreme_shape_is_decoded(make_picture):
    out = io.BytesIO()
    Image.new("RGB", (3000, 2), "red").save(out, "JPEG")
    decoded = decode(out.getvalue(), SPEC)
    assert decoded.pixels.shape == (32, 32, 3)
    assert Image.open(io.BytesIO(decoded.thumbnail)).size == (320, 1)


def test_the_thumbnail_carries_no_metadata(make_jpeg, prague_gps):
    data = make_jpeg(gps=prague_gps, comment=b"a secret", xmp=b"<x:xmpmeta/>")
    decoded = decode(data, None)
    assert decoded.pixels is None
    assert decoded.info["xmp"] == b"<x:xmpmeta/>"
    thumbnail = Image.open(io.BytesIO(decoded.thumbnail))
    assert not dict(thumbnail.getexif())
    assert not {"comment", "xmp"} & thumbnail.info.keys()


def test_a_cut_off_file_names_its_reason(make_jpeg):
    data = make_jpeg(size=(640, 480))
    with pytest.raises(ReadError, match="the file is cut off: image file is truncated"):
        decode(data[: data.index(b"\xff\xda") + 20], SPEC)  # nothing after the start of scan


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, this is a text", "not an image of a kind"),
        (b"\xff\xd8\xff\xe0garbage", "the file is cut off"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "it cannot be decoded"),
    ],
)
def test_what_is_not_an_image_names_its_reason(data, reason):
    with pytest.raises(ReadError, match=reason):
        decode(data, SPEC)


def test_bombs_are_refused(make_jpeg):
    data = bytearray(make_jpeg())
    at = data.index(b"\xff\xc0")  # start of frame: length, precision, height, width (T.81 B.2.2)
    data[at + 5 : at + 9] = struct.pack(">HH", 65000, 65000)
    with pytest.raises(ReadError, match="claims 65000 x 65000 pixels"):
        decode(bytes(data), SPEC)
    # A PNG whose header claims 60000 x 60000: length 13, IHDR, then width and height.
    out = io.BytesIO()
    Image.new("L", (1, 1)).save(out, "PNG")
    png = bytearray(out.getvalue())
    png[16:24] = struct.pack(">II", 60000, 60000)
    import zlib

    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    with pytest.raises(ReadError, match="too many pixels"):
        decode(bytes(png), SPEC)


def test_a_missing_file_names_its_reason(tmp_path):
    with pytest.raises(ReadError, match="there is no such file"):
        decode(tmp_path / "none.jpg", SPEC)
    with pytest.raises(ReadError, match="it is a folder, not a file"):
        decode(tmp_path, SPEC)
