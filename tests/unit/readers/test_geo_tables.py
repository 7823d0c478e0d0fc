import json
import struct
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from placelens.installed import install_command
from placelens.readers.base import Source
from placelens.readers.discover import read_table
from placelens.types import Place


def collection(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more})


def feature(geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": {"name": "a"} | properties}


def point(lon, lat):
    return {"type": "Point", "coordinates": [lon, lat]}


def one(path):
    [found] = read_table(path)
    return found


def test_points_properties_and_ids(write):
    features = [
        feature(point(14.25, 50.5), kind="town") | {"id": 7},
        feature(None),
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2, 300.0]},
         "properties": {"text": "b", "time": "2020"}},
    ]  # fmt: skip
    first, second, third = read_table(write("t.geojson", collection(*features)))
    assert first.place == Place(lat=50.5, lon=14.25)
    assert first.id == "7"
    assert first.attributes == {"name": "a", "kind": "town"}
    assert second.place is None
    assert third.place == Place(lat=2.0, lon=1.0)
    assert third.time.year == 2020


def test_a_representative_point_lies_on_the_geometry(write):
    # A U of width 3 whose centroid lies in its gap.
    ring = [[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3], [0, 0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    place = one(write("t.geojson", collection(feature(shape)))).place
    in_gap = 1 < place.lon < 2 and place.lat > 1
    assert not in_gap
    assert 0 < place.lon < 3
    assert 0 < place.lat < 3
    line = {"type": "LineString", "coordinates": [[1, 5], [3, 5]]}
    assert one(write("u.geojson", collection(feature(line)))).place.lat == 5


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (point(50.5, 120.25), "latitude 120.25 is not in [-90, 90]; are lat and lon swapped?"),
        (point(500000, 5), "longitude 500000.0 is not in [-180, 180]"),
        ({"type": "Point", "coordinates": ["1", "2"]}, "its point has the coordinates ['1', '2']"),
        ({"type": "Point"}, "its point has the coordinates None"),
        ({"type": "Point", "coordinates": [1]}, "its point has the coordinates [1]"),
    ],
)
def test_bad_geometries_are_named(write, geometry, reason):
    skipped = one(write("t.geojson", collection(feature(geometry))))
    assert skipped.reason == f"t.geojson row 1: {reason}"


@pytest.mark.parametrize("kind", ["Point", "LineString", "Polygon", "MultiPolygon"])
def test_an_empty_geometry_is_none(write, kind):
    # RFC 7946, 3.1: "geometry objects with empty coordinates arrays as null objects".
    assert (
        one(write("t.geojson", collection(feature({"type": kind, "coordinates": []})))).place
        is None
    )


FIJI = [[177, -20], [-178, -20], [-178, -15], [177, -15], [177, -20]]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [FIJI]},
        {"type": "Polygon", "coordinates": [FIJI[::-1]]},
        {"type": "Polygon", "coordinates": [[[x % 360, y] for x, y in FIJI]]},
        {"type": "MultiPolygon", "coordinates": [[FIJI]]},
        {"type": "MultiPolygon", "coordinates": [  # cut, as RFC 7946, 3.1.9, asks
            [[[177, -20], [180, -20], [180, -15], [177, -15], [177, -20]]],
            [[[-180, -20], [-178, -20], [-178, -15], [-180, -15], [-180, -20]]],
        ]},
    ],
)  # fmt: skip
def test_an_area_over_the_antimeridian_has_a_place_within_it(write, geometry):
    place = one(write("t.geojson", collection(feature(geometry)))).place
    assert place.lon >= 177 or place.lon <= -178
    assert -20 <= place.lat <= -15


@pytest.mark.parametrize(
    ("name", "separator"),
    [("t.jsonl", "\n"), ("t.geojsonl", "\n"), ("t.geojsons", "\n\x1e"), ("t.ndgeojson", "\n"),
     ("t.geojson", "\n"), ("t.json", "\n"), ("t.geojson", "\n\x1e")],
)  # fmt: skip
def test_one_feature_a_line(write, name, separator):
    lines = [
        json.dumps(feature(point(14.25, 50.5), name="a")),
        "{broken",
        json.dumps({"type": "FeatureCollection", "features": [feature(point(1, 2), name="b")]}),
    ]
    if "\x1e" in separator:  # RFC 8142: a text may have several lines
        lines[0] = json.dumps(feature(point(14.25, 50.5), name="a"), indent=1)
    start = separator[1:]
    broken, first, second = read_table(write(name, start + separator.join(lines) + "\n"))
    assert (first.text, first.place) == ("a", Place(lat=50.5, lon=14.25))
    assert "it is not JSON" in broken.reason
    assert (second.text, second.place) == ("b", Place(lat=2.0, lon=1.0))


@pytest.mark.parametrize(
    "geometry", [{"type": "Blob"}, "POINT (1 2)", {"type": "LineString", "coordinates": [[1], 2]}]
)
def test_unreadable_geometries_are_named(write, geometry):
    skipped = one(write("t.geojson", collection(feature(geometry))))
    assert skipped.reason.startswith("t.geojson row 1: its geometry cannot be read")


def test_the_old_crs_member(write):
    def crs(name):
        return {"type": "name", "properties": {"name": name}}

    for name in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"):
        path = write("t.geojson", collection(feature(point(14.25, 50.5)), crs=crs(name)))
        assert one(path).place == Place(lat=50.5, lon=14.25)
    for nameless in (5, {}, {"properties": None}, {"properties": 0.5}, crs(7)):
        skipped = one(write("t.geojson", collection(crs=nameless)))
        assert "names no coordinate system" in skipped.reason


def test_other_coordinate_systems_are_brought_to_wgs84(write):
    pytest.importorskip("pyproj")
    # Web Mercator (EPSG:3857): x = R * lon, y = R * ln(tan(pi/4 + lat/2)), R = 6378137 m;
    # lon 90 deg gives x = 6378137 * pi / 2 = 10018754.17, and lat 0 gives y = 0.
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    place = one(write("t.geojson", collection(feature(point(10018754.17, 0)), crs=crs))).place
    assert place.lon == pytest.approx(90, abs=1e-6)
    assert place.lat == pytest.approx(0, abs=1e-6)
    nonsense = {"type": "name", "properties": {"name": "EPSG:1"}}
    skipped = one(write("t.geojson", collection(feature(point(1, 2)), crs=nonsense)))
    assert "its coordinate system EPSG:1 cannot be brought to WGS84" in skipped.reason


def test_without_pyproj_the_reason_names_the_install_command(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyproj", None)
    crs = {"type": "name", "properties": {"name": "EPSG:3857"}}
    skipped = one(write("t.geojson", collection(feature(point(1, 2)), crs=crs)))
    assert skipped.reason == (
        "its coordinate system is EPSG:3857; to convert it run: " + install_command("geo")
    )


def wkb_point(x, y):
    """Little-endian WKB: byte order 1, type 1, x, y (OGC 06-103r4, 8.2)."""
    return struct.pack("<BIdd", 1, 1, x, y)


def geoparquet(path, geometries, *, encoding="WKB", **column):
    columns = {"geometry": {"encoding": encoding, "geometry_types": ["Point"], **column}}
    table = pa.table({"name": [f"n{i}" for i in range(len(geometries))], "geometry": geometries})
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": columns}
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)
    return path


def test_geoparquet(tmp_path):
    path = geoparquet(tmp_path / "t.parquet", [wkb_point(14.25, 50.5), None, wkb_point(1, 95)])
    found = list(read_table(path))
    sources = [f for f in found if isinstance(f, Source)]
    [skipped] = [f for f in found if not isinstance(f, Source)]
    assert [s.place for s in sources] == [Place(lat=50.5, lon=14.25), None]
    assert [s.text for s in sources] == ["n0", "n1"]
    assert skipped.reason == (
        "t.parquet row 3: latitude 95.0 is not in [-90, 90]; are lat and lon swapped?"
    )


def test_geoparquet_with_native_points(tmp_path):
    path = geoparquet(tmp_path / "t.parquet", [{"x": 14.25, "y": 50.5}], encoding="point")
    assert one(path).place == Place(lat=50.5, lon=14.25)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ({"crs": None}, "its geometries have no coordinate system"),
        ({"encoding": "polygon"}, "encoded as 'polygon'; write them as WKB"),
    ],
)
def test_geoparquet_that_is_refused(tmp_path, column, reason):
    skipped = one(geoparquet(tmp_path / "t.parquet", [wkb_point(1, 2)], **column))
    assert reason in skipped.reason


def test_geoparquet_as_geopandas_writes_it(tmp_path):
    gpd = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    frame = gpd.GeoDataFrame(
        {"name": ["a"]}, geometry=[shapely.Point(10018754.17, 0)], crs="EPSG:3857"
    )
    frame.to_parquet(tmp_path / "mercator.parquet")
    assert one(tmp_path / "mercator.parquet").place.lon == pytest.approx(90, abs=1e-6)
    frame.to_crs("EPSG:4326").to_parquet(tmp_path / "wgs84.parquet")
    assert one(tmp_path / "wgs84.parquet").place.lon == pytest.approx(90, abs=1e-6)


def test_plain_parquet(tmp_path):
    table = pa.table(
        {
            "text": ["a"], "lat": [50.5], "lon": [14.25], "n": [3],
            "time": pa.array([1_559_390_400_123_456_789], pa.timestamp("ns")),
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    source = one(tmp_path / "t.parquet")
    assert source.place == Place(lat=50.5, lon=14.25)
    # `date -u -d @1559390400` gives 2019-06-01 12:00:00; nanoseconds are cut.
    assert source.time.isoformat() == "2019-06-01T12:00:00.123456"
    assert source.attributes == {"n": 3}


def test_the_folders_of_a_partitioned_data_set_are_columns(tmp_path):
    """The folders' keys, except where the file has a column of that name itself."""
    folder = (
        tmp_path
        / "outside=x"
        / "set"
        / "kind=old%20town"
        / "year=2020"
        / "none=__HIVE_DEFAULT_PARTITION__"
    )
    folder.mkdir(parents=True)
    path = geoparquet(folder / "part-0.parquet", [wkb_point(14.25, 50.5)])
    source = one(path)
    assert source.place == Place(lat=50.5, lon=14.25)
    assert source.attributes == {"name": "n0", "kind": "old town", "year": 2020}
    own = tmp_path / "name=b"
    own.mkdir()
    assert one(geoparquet(own / "part-0.parquet", [wkb_point(1, 2)])).text == "n0"


def test_geoparquet_with_empty_geometries(tmp_path):
    nan = float("nan")  # how WKB writes an empty point
    first, second = read_table(
        geoparquet(tmp_path / "t.parquet", [wkb_point(14.25, 50.5), wkb_point(nan, nan)])
    )
    assert first.place == Place(lat=50.5, lon=14.25)
    assert second.place is None


def test_damaged_geoparquet_metadata_is_named(tmp_path):
    table = pa.table({"name": ["a"]}).replace_schema_metadata({b"geo": b"{"})
    pq.write_table(table, tmp_path / "t.parquet")
    assert one(tmp_path / "t.parquet").reason == "its GeoParquet metadata is damaged"
