import struct
import sys

import numpy as np
import pytest

from placelens.installed import install_command
from placelens.readers.discover import read_photos
from placelens.readers.geotiff import footprint
from placelens.readers.read import read
from placelens.types import ImageSpec, Place

BANDS = np.zeros((4, 8, 3), np.uint8)
SPEC = ImageSpec(size=16)


def reading(path):
    [source] = read_photos(path)
    return read(source, SPEC)


def bounds(found):
    return [found.attributes[f"footprint_{edge}"] for edge in ("west", "south", "east", "north")]


def test_longitude_and_latitude(write, make_tiff, make_geo_tags, raster_engine):
    # 8 x 4 pixels of 0.25 x 0.5 degrees from 14 E, 51 N: to 16 E, 49 N.
    found = reading(write("a.tif", make_tiff(BANDS, make_geo_tags())))
    assert found.place == Place(lat=50.0, lon=15.0)
    assert found.place_source == "raster"
    assert bounds(found) == [14.0, 49.0, 16.0, 51.0]
    assert found.attributes["crs"] == "EPSG:4326"
    assert (found.width, found.height) == (8, 4)
    assert found.warnings == ()


def test_metres_of_utm(write, make_tiff, make_geo_tags, raster_engine):
    pytest.importorskip("pyproj")
    # Zone 33's middle meridian, 15 E, lies at x = 500,000; the equator at y = 0.
    tags = make_geo_tags(epsg=32633, origin=(499_600.0, 200.0), pixel=(100.0, 100.0))
    found = reading(write("a.tif", make_tiff(BANDS, tags)))
    assert found.place.lonlat == pytest.approx((15.0, 0.0), abs=1e-9)
    # 400 m of the equator's 111,320 m a degree, by the scale of 0.9996.
    west, south, east, north = bounds(found)
    assert (15 - west, east - 15) == pytest.approx((400 / 0.9996 / 111_319.5,) * 2, rel=1e-4)
    half = 200 / 0.9996 / 110_574.4
    assert (north, south) == pytest.approx((half, -half), abs=1e-7)  # as they are rounded


def test_a_utm_zone_whose_datum_is_left_open(write, make_tiff, make_geo_tags, raster_engine):
    pytest.importorskip("pyproj")
    # 32767 is "spelled out": by the projection's own code, and the ellipsoid of WGS84.
    tags = make_geo_tags(epsg=32767, origin=(499_600.0, 200.0), pixel=(100.0, 100.0),
                         keys=[2056, 0, 1, 7030, 3074, 0, 1, 16133])  # fmt: skip
    found = reading(write("a.tif", make_tiff(BANDS, tags)))
    assert found.attributes["crs"] == "EPSG:32733"


def test_without_pyproj_the_warning_names_the_install_command(
    write, make_tiff, make_geo_tags, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pyproj", None)
    found = reading(write("a.tif", make_tiff(BANDS, make_geo_tags(epsg=32633))))
    assert found.place is None
    assert found.warnings == (
        "its georeference is not used: its coordinate system is EPSG:32633; to convert it run: "
        + install_command("geo"),
    )


def test_a_system_that_is_spelled_out_needs_rasterio(write, make_tiff, make_geo_tags, monkeypatch):
    monkeypatch.setitem(sys.modules, "rasterio", None)
    found = reading(write("a.tif", make_tiff(BANDS, make_geo_tags(epsg=32767))))
    assert found.place is None
    assert f"to read that run: {install_command('geo')}" in found.warnings[0]


def test_an_origin_that_is_the_centre_of_a_pixel(write, make_tiff, make_geo_tags):
    tags = make_geo_tags(keys=[1025, 0, 1, 2], origin=(14.125, 50.75))
    assert bounds(reading(write("a.tif", make_tiff(BANDS, tags)))) == [14.0, 49.0, 16.0, 51.0]


def test_a_matrix(write, make_tiff, make_geo_tags):
    # Columns go north, rows go east: a scene on its side.
    matrix = [0.0, 0.5, 0.0, 14.0, 0.25, 0.0, 0.0, 49.0, *[0.0] * 8]
    tags = [make_geo_tags()[2], (34264, 12, matrix)]
    assert bounds(reading(write("a.tif", make_tiff(BANDS, tags)))) == [14.0, 49.0, 16.0, 51.0]


def test_ground_control_points_are_fitted_and_said(write, make_tiff, make_geo_tags):
    corners = [(0, 0, 14, 51), (8, 0, 16, 51), (8, 4, 16, 49), (0, 4, 14, 49)]
    ties = [float(v) for i, j, x, y in corners for v in (i, j, 0, x, y, 0)]
    tags = [make_geo_tags()[2], (33922, 12, ties)]
    found = reading(write("a.tif", make_tiff(BANDS, tags)))
    assert found.place.lonlat == pytest.approx((15.0, 50.0))
    assert bounds(found) == pytest.approx([14.0, 49.0, 16.0, 51.0])
    assert found.warnings == ("its footprint was fitted to 4 ground control points",)
    on_a_line = [(33922, 12, ties[:6] * 3), make_geo_tags()[2]]
    found = reading(write("a.tif", make_tiff(BANDS, on_a_line)))
    assert "its ground control points lie on a line" in found.warnings[0]


def test_rational_polynomials_give_the_place_and_are_said(write, make_tiff):
    # Error terms, then the offsets of line, sample, latitude, longitude and height, their scales.
    rpc = [0.0, 0.0, 2.0, 4.0, 50.0, 15.0, 200.0, 2.0, 4.0, 1.0, 1.0, 500.0, *[0.0] * 80]
    found = reading(write("a.tif", make_tiff(BANDS, [(50844, 12, rpc)])))
    assert found.place == Place(lat=50.0, lon=15.0)
    assert bounds(found) == [14.0, 49.0, 16.0, 51.0]
    assert "rational polynomials" in found.warnings[0]


def test_over_the_antimeridian(write, make_tiff, make_geo_tags):
    found = reading(write("a.tif", make_tiff(BANDS, make_geo_tags(origin=(179.5, -16.0)))))
    assert found.place == Place(lat=-17.0, lon=-179.5)
    assert bounds(found) == [179.5, -18.0, -178.5, -16.0]


def test_longitudes_from_0_to_360(write, make_tiff, make_geo_tags):
    tags = make_geo_tags(origin=(0.0, 90.0), pixel=(45.0, 45.0))
    assert bounds(reading(write("a.tif", make_tiff(BANDS, tags)))) == [-180.0, -90.0, 180.0, 90.0]
    tags = make_geo_tags(origin=(200.0, 51.0))
    assert reading(write("a.tif", make_tiff(BANDS, tags))).place == Place(lat=50.0, lon=-159.0)


def test_around_a_pole(write, make_tiff, make_geo_tags):
    pytest.importorskip("pyproj")
    # Polar stereographic, the pole at 0, 0.
    tags = make_geo_tags(epsg=3995, origin=(-4000.0, 2000.0), pixel=(1000.0, 1000.0))
    found = reading(write("a.tif", make_tiff(BANDS, tags)))
    assert found.place.lat == pytest.approx(90.0)
    west, south, east, north = bounds(found)
    assert (west, east, north) == (-180.0, 180.0, 90.0)
    # The corners lie sqrt(4000^2 + 2000^2) = 4,472 m from the pole, 0.04 degrees.
    assert south == pytest.approx(90 - 4472 / 111_700, abs=0.002)


WORLD = "0.25\n0\n0\n-0.5\n14.125\n50.75\n"  # the centre of the first pixel
WGS84_WKT = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
)
AUX = (
    f"<PAMDataset><SRS>{WGS84_WKT.replace(chr(34), '&quot;')}</SRS>"
    "<GeoTransform> 14.0, 0.25, 0.0, 51.0, 0.0, -0.5</GeoTransform></PAMDataset>"
)


@pytest.mark.parametrize(
    "beside",
    [
        {"a.tfw": WORLD, "a.prj": WGS84_WKT},
        {"a.TFW": WORLD.replace(".", ","), "a.tif.aux.xml": AUX},
        {"a.tifw": WORLD, "a.prj": WGS84_WKT},
        {"a.wld": WORLD, "a.prj": WGS84_WKT},
        {"a.tif.aux.xml": AUX},
    ],
)
def test_files_beside_an_image(write, make_tiff, beside):
    pytest.importorskip("pyproj")
    for name, content in beside.items():
        write(name, content)
    found = reading(write("a.tif", make_tiff(BANDS)))
    assert found.place == Place(lat=50.0, lon=15.0)
    assert bounds(found) == [14.0, 49.0, 16.0, 51.0]


def test_a_world_file_beside_a_jpeg(write, make_jpeg):
    pytest.importorskip("pyproj")
    write("a.jgw", WORLD)
    path = write("a.jpg", make_jpeg(size=(8, 4)))
    [warning] = reading(path).warnings
    assert warning == (
        "its georeference is not used: it names no coordinate system; put one beside the file, as "
        ".prj or .aux.xml"
    )
    write("a.prj", WGS84_WKT)
    assert reading(path).place == Place(lat=50.0, lon=15.0)


def test_a_world_file_that_comes_later_is_read(write, make_tiff):
    path = write("a.tif", make_tiff(BANDS))
    [before] = read_photos(path)
    write("a.tfw", WORLD)
    [after] = read_photos(path)
    assert before.stamp != after.stamp


def test_a_projection_file_of_another_kind_is_named(write, make_tiff):
    write("a.tfw", WORLD)
    write("a.prj", "Projection    GEOGRAPHIC\nDatum WGS84\n")
    found = reading(write("a.tif", make_tiff(BANDS)))
    assert "the coordinate system beside it is not well-known text" in found.warnings[0]


def test_a_system_without_a_position_is_said(write, make_tiff, make_geo_tags):
    path = write("a.tif", make_tiff(BANDS, [make_geo_tags()[2]]))
    assert "not where its pixels lie in it" in reading(path).warnings[0]
    write("a.tfw", WORLD)
    assert reading(path).place == Place(lat=50.0, lon=15.0)


def test_an_ordinary_image_is_left_in_peace(write, make_tiff, make_jpeg):
    for path in (write("a.tif", make_tiff(BANDS)), write("b/b.jpg", make_jpeg())):
        found = reading(path)
        assert (found.place, found.attributes, found.warnings) == (None, {}, ())


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([(33550, 12, [0.0, 0.0, 0.0])], "its pixels have no extent"),
        ([(33550, 12, [float("nan"), 1.0, 0.0])], "its pixels have no extent"),
        ([(33922, 12, [0.0, 0.0, 0.0, 14.0, 251.0, 0.0])], "latitude 250.0 is not in"),
        ([(33550, 2, b"words\0"), (33922, 2, b"\0")], "not where its pixels lie"),
        ([(34735, 3, [1, 1])], "names no coordinate system"),
    ],
)
def test_tags_that_cannot_be_used_are_named(write, make_tiff, make_geo_tags, tags, reason):
    kept = [tag for tag in make_geo_tags() if tag[0] not in {changed[0] for changed in tags}]
    found = reading(write("a.tif", make_tiff(BANDS, [*kept, *tags])))
    assert found.place is None
    assert reason in found.warnings[0]


def test_what_people_write_outranks_the_georeference(write, make_tiff, make_geo_tags):
    image = write("a.tif", make_tiff(BANDS, make_geo_tags()))
    table = write("t.csv", "image,lat,lon\na.tif,1,2\n")
    [source] = read_photos(table)
    found = read(source, SPEC)
    assert (found.place, found.place_source) == (Place(lat=1.0, lon=2.0), "table")
    assert found.attributes["footprint_west"] == 14.0
    assert image.exists()


def test_what_else_a_raster_says_is_read_too(write, make_tiff, make_geo_tags, raster_engine):
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Praha"/>'
        b"</rdf:RDF></x:xmpmeta>"
    )
    tags = [*make_geo_tags(), (270, 2, b"Harbour\0"), (700, 1, packet)]
    found = reading(write("a.tif", make_tiff(BANDS, tags)))
    assert (found.text, found.attributes["city"]) == ("Harbour", "Praha")


def test_bounds_follow_edges_that_bend():
    # A plane whose x is the longitude and whose northern edge dips in the middle.
    _, (_, south, _, north) = footprint(
        (1, 0, -10, 0, -1, 10), (20, 20), lambda p: (p[0], p[1] - 5 * (1 - (p[0] / 10) ** 2))
    )
    assert (south, north) == pytest.approx((-15.0, 10.0))


def test_georef_scenes(shared_data):
    pytest.importorskip("pyproj")
    found = {path.stem: reading(path) for path in (shared_data / "georef_scenes").glob("*.tif")}
    assert len(found) == 6
    assert all(one.place is not None and one.warnings == () for one in found.values())
    # The Bahamas, by the corners in the file: x 101,985 to 339,315, y 2,611,485 to 2,826,915.
    assert found["rasterio_RGB.byte"].place.lonlat == pytest.approx((-77.758, 24.562), abs=1e-3)
    assert bounds(found["rasterio_world.rgb"]) == [-180.0, -90.0, 180.0, 90.0]


def test_big_tiff_is_read_with_rasterio(write, tmp_path):
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=8, height=4, count=3, dtype="uint8", crs="EPSG:4326",
        transform=rasterio.Affine(0.25, 0, 14, 0, -0.5, 51), BIGTIFF="YES",
    ) as raster:  # fmt: skip
        raster.write(BANDS.transpose(2, 0, 1))
    assert path.read_bytes()[:4] == b"II" + struct.pack("<H", 43)
    assert reading(path).place == Place(lat=50.0, lon=15.0)
