import io
import sys

import numpy as np
import pytest
from PIL import Image

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.images import decode
from placelens.readers.raster_pixels import read_raster, to_sight
from placelens.types import ImageSpec

SPEC = ImageSpec(size=8, thumbnail_size=16)
NODATA = 42113
# The tag of the photometric interpretation, as an entry of a directory: 2 is RGB, 1 is grey.
RGB, GREY = (b"\x06\x01\x03\x00\x01\x00\x00\x00" + bytes([kind]) for kind in (2, 1))


def described(*names):
    """GDAL's metadata tag, with a description of each band."""
    items = "".join(
        f'<Item name="DESCRIPTION" sample="{n}" role="description">{name}</Item>'
        for n, name in enumerate(names)
    )
    return (42112, 2, f"<GDALMetadata>{items}</GDALMetadata>".encode() + b"\0")


def ramp(*ends, dtype=np.uint16, side=20):
    """Bands that rise evenly from 0 to their end, from left to right."""
    steps = np.linspace(0, 1, side)
    return np.stack([np.tile(steps * end, (side, 1)) for end in ends], axis=-1).astype(dtype)


def colours(data, name="a.tif"):
    """The decoded picture's left and right edges, as rows of red, green, blue."""
    pixels = decode(data, SPEC, name=name).pixels.astype(int)
    return pixels[:, 0].mean(axis=0), pixels[:, -1].mean(axis=0)


def dark_and_bright(data):
    left, right = colours(data)
    assert (left < 60).all()
    assert (right > 195).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.uint32, np.float32])
def test_a_single_deep_band_is_stretched(make_tiff, make_geo_tags, raster_engine, dtype):
    if raster_engine == "Pillow" and dtype == np.uint32:
        pytest.skip("Pillow knows no 32-bit unsigned pixels")
    dark_and_bright(make_tiff(ramp(300, dtype=dtype), make_geo_tags()))


def test_bands_that_differ_in_scale_are_stretched_one_by_one(make_tiff, make_geo_tags):
    pytest.importorskip("rasterio")
    tags = [*make_geo_tags(), described("red", "green", "blue", "nir")]
    dark_and_bright(make_tiff(ramp(300, 3000, 30000, 5), tags))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64, np.int32])
def test_many_bands_are_no_longer_said_to_be_no_image(make_tiff, dtype):
    pytest.importorskip("rasterio")
    for bands in (2, 4, 5, 13):
        dark_and_bright(make_tiff(ramp(*[300] * bands, dtype=dtype)))


def test_without_rasterio_the_reason_names_the_install_command(make_tiff, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(
        MissingExtraError,
        match=r"a raster of 5 bands of 32 bits .* run: .*pip install .*\[geo\]",
    ):
        decode(make_tiff(ramp(1, 1, 1, 1, 1, dtype=np.float32)), SPEC)


@pytest.mark.parametrize(
    ("names", "rgb"),
    [
        (["blue", "green", "red", "nir"], (2, 1, 0)),
        (["B02", "B03", "B04", "B08"], (2, 1, 0)),
        (["SR_B4", "SR_B3", "SR_B2", "SR_B5"], (0, 1, 2)),
        (["Band 1 (Red)", "Band 2 (Green)", "Band 3 (Blue)"], (0, 1, 2)),
        (["near infrared", "a red one", "green", "blue"], (1, 2, 3)),
    ],
)
def test_bands_are_chosen_by_their_names(make_tiff, make_geo_tags, names, rgb):
    pytest.importorskip("rasterio")
    values = np.zeros((20, 20, len(names)), np.uint8)
    for value, band in zip((10, 120, 230), rgb, strict=True):
        values[..., band] = value
    data = make_tiff(values, [*make_geo_tags(), described(*names)])
    # Where Pillow's writer calls the first three red, green and blue, GDAL's word counts.
    plain = data.replace(
        b"\x06\x01\x03\x00\x01\x00\x00\x00\x02", b"\x06\x01\x03\x00\x01\x00\x00\x00\x01"
    )
    assert plain != data
    left, _ = colours(plain)
    assert left.tolist() == [10, 120, 230]


def test_bands_without_names_are_said_to_be_assumed(make_tiff, make_geo_tags):
    pytest.importorskip("rasterio")
    data = make_tiff(ramp(9, 9, 9, 9), make_geo_tags())
    plain = data.replace(
        b"\x06\x01\x03\x00\x01\x00\x00\x00\x02", b"\x06\x01\x03\x00\x01\x00\x00\x00\x01"
    )
    assert decode(plain, SPEC).warnings == (
        "none of its 4 bands is called red, green and blue; the first three are shown as these",
    )


def test_pixels_without_data_are_left_out_and_white(make_tiff, make_geo_tags, raster_engine):
    values = ramp(300)
    values[:10] = 65535
    data = make_tiff(values, [*make_geo_tags(), (NODATA, 2, b"65535\0")])
    pixels = decode(data, SPEC).pixels
    assert (pixels[0] == 255).all()
    assert (pixels[-1, 0] < 60).all()  # without nodata left out, it would be black throughout
    assert (pixels[-1, -1] > 195).all()


def test_nan_is_no_data(make_tiff, make_geo_tags, raster_engine):
    values = ramp(300, dtype=np.float32)
    values[:10] = np.nan
    pixels = decode(make_tiff(values, make_geo_tags()), SPEC).pixels
    assert (pixels[0] == 255).all()
    assert (pixels[-1, 0] < 60).all()
    everywhere = np.full((20, 20, 1), np.nan, np.float32)
    assert (decode(make_tiff(everywhere, make_geo_tags()), SPEC).pixels == 255).all()


def test_alpha_is_left_out(make_geo_tags, raster_engine):
    values = np.full((20, 20, 4), 100, np.uint8)
    values[:10, :, 3] = 0
    out = io.BytesIO()
    tags = {tag: tuple(v) for tag, kind, v in make_geo_tags()}
    Image.fromarray(values).save(out, "TIFF", tiffinfo=tags)
    pixels = decode(out.getvalue(), SPEC).pixels
    assert (pixels[0] == 255).all()
    assert (pixels[-1] == 100).all()


def test_eight_bits_stay_as_they_are(make_tiff, make_geo_tags, raster_engine):
    values = np.full((20, 20, 3), (10, 20, 30), np.uint8)
    values[0, 0] = 200
    assert colours(make_tiff(values, make_geo_tags()))[1].tolist() == [10, 20, 30]


def test_a_palette_keeps_its_colours(make_geo_tags, raster_engine):
    image = Image.new("P", (20, 20), 3)
    image.putpalette([0, 0, 0, 0, 0, 0, 0, 0, 0, 200, 100, 50])
    out = io.BytesIO()
    image.save(out, "TIFF", tiffinfo={tag: tuple(v) for tag, kind, v in make_geo_tags()})
    # Within 1: a TIFF's palette has 16 bits, which older GDALs round down.
    assert colours(out.getvalue())[0] == pytest.approx([200, 100, 50], abs=1)


def test_an_overview_is_read_instead_of_the_whole(make_tiff, make_geo_tags, raster_engine):
    whole = np.full((400, 400, 3), (255, 0, 0), np.uint8)
    reduced = np.full((100, 100, 3), (0, 0, 255), np.uint8)
    too_small = np.full((10, 10, 3), (0, 255, 0), np.uint8)
    data = make_tiff(whole, make_geo_tags(), reduced, too_small)
    decoded = decode(data, ImageSpec(size=40, thumbnail_size=60))
    assert decoded.pixels[20, 20].tolist() == [0, 0, 255]
    assert (decoded.width, decoded.height) == (400, 400)


def test_an_ordinary_tiff_is_not_a_raster(make_tiff):
    assert read_raster(make_tiff(np.zeros((4, 4, 3), np.uint8)), 8, 8) is None
    assert read_raster(b"II*\0", 8, 8) is None
    assert read_raster(b"\xff\xd8\xff", 8, 8) is None


@pytest.mark.parametrize(
    "domain", ["OVERVIEWS", "overviews", "&#79;VERVIEWS", "ProxyOverviewRequest"]
)
@pytest.mark.parametrize("other", ["other.tif", "/vsicurl/http://127.0.0.1:9/other.tif"])
def test_a_raster_cannot_make_another_file_be_opened(
    tmp_path, make_tiff, make_geo_tags, monkeypatch, domain, other
):
    rasterio = pytest.importorskip("rasterio")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.tif").write_bytes(make_tiff(np.full((100, 100, 3), 255, np.uint8)))
    item = f'<Item name="OVERVIEW_FILE" domain="{domain}">{other}</Item>'
    metadata = (42112, 2, f"<GDALMetadata>{item}</GDALMetadata>".encode() + b"\0")
    data = make_tiff(np.zeros((400, 400, 3), np.uint8), [*make_geo_tags(), metadata])
    asked = []
    monkeypatch.setattr(rasterio.io.DatasetReader, "overviews", lambda *_: asked.append(1) or [])
    with pytest.raises(ReadError, match="names another file as its overview, which is not opened"):
        decode(data, SPEC)
    assert asked == []  # that is where GDAL would open it


def sparse(tmp_path, side, **options):
    """A raster that claims to be large and holds nothing."""
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8",
        crs="EPSG:4326", transform=rasterio.Affine(1e-5, 0, 14, 0, -1e-5, 51),
        SPARSE_OK=True, BIGTIFF="YES", **options,
    ):  # fmt: skip
        pass
    return path.read_bytes()


def test_20000_pixels_squared_are_read_in_a_small_picture(tmp_path):
    data = sparse(tmp_path, 20_000, tiled=True, compress="deflate")
    raster = read_raster(data, 224, 320)
    assert raster.image.size == (320, 320)
    assert (raster.width, raster.height) == (20_000, 20_000)


def test_claims_that_would_take_all_memory_or_time_are_refused(tmp_path):
    # 16,384 x 16,384 pixels of three bytes are 768 MiB.
    blocks = {"tiled": True, "blockxsize": 16_384, "blockysize": 16_384}
    with pytest.raises(ReadError, match=r"blocks of 768 MiB.*write it in tiles"):
        decode(sparse(tmp_path, 20_000, compress="deflate", **blocks), SPEC)
    endless = sparse(tmp_path, 300_000, tiled=True, compress="deflate")
    with pytest.raises(ReadError, match="300000 x 300000 pixels and no small overviews"):
        decode(endless, SPEC)


def test_the_work_for_a_stranger_s_raster_can_be_kept_small(make_tiff, make_geo_tags):
    pytest.importorskip("rasterio")
    whole, reduced = np.zeros((400, 400, 3), np.uint8), np.zeros((100, 100, 3), np.uint8)
    with pytest.raises(ReadError, match="400 x 400 pixels and no small overviews"):
        read_raster(make_tiff(whole, make_geo_tags()), 40, 40, max_pixels=20_000)
    # The overview of 100 x 100 pixels is what is gone through.
    assert read_raster(make_tiff(whole, make_geo_tags(), reduced), 40, 40, max_pixels=20_000)


def test_sight_of_one_value_and_of_complex_numbers():
    valid = np.ones((2, 2), bool)
    assert to_sight(np.full((1, 2, 2), 7, np.uint16), valid).tolist() == [[[0] * 3] * 2] * 2
    magnitudes = to_sight(np.array([[[3 + 4j, 0], [0, 5j]]]), valid)[..., 0]
    assert magnitudes.tolist() == [[255, 0], [0, 255]]
    # Nearly all of it is one value: the percentiles are alike, the extremes are not.
    band = np.zeros((1, 10, 10), np.uint16)
    band[0, 0, 0] = 9
    assert to_sight(band, np.ones((10, 10), bool))[0, 0].tolist() == [255] * 3
