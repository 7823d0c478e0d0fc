import json
from datetime import datetime

import pytest

from placelens.export import export
from placelens.readers.base import Skipped, Source
from placelens.readers.columns import TableOptions
from placelens.readers.discover import read_photos, read_table
from placelens.types import Item, Place


def split(found):
    found = list(found)
    return (
        [one for one in found if isinstance(one, Source)],
        [one for one in found if isinstance(one, Skipped)],
    )


def rows(path, **options):
    return split(read_table(path, TableOptions(**options)))


def reasons(skipped):
    return [one.reason for one in skipped]


def test_a_csv_of_texts(write):
    path = write(
        "towns.csv",
        "name,description,lat,lon,date,population,open,code\n"
        "Lyon,A town,45.76,4.84,2020-05-06,500000,true,007\n"
        "Lima,,-12.05,-77.04,,10000000,false,012\n",
    )
    sources, skipped = rows(path)
    assert skipped == []
    assert [s.key for s in sources] == [f"{path}#1", f"{path}#2"]
    lyon, lima = sources
    assert lyon.text == "Lyon\nA town"
    assert lima.text == "Lima"
    assert lyon.place == Place(lat=45.76, lon=4.84)
    assert lyon.place_source == "table"
    assert lyon.time == datetime(2020, 5, 6)
    assert lima.time is None
    assert lyon.attributes == {"name": "Lyon", "population": 500000, "open": True, "code": "007"}
    assert lyon.image is None
    assert lyon.id is None


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16"), ("|", "cp1252")],
)
def test_dialects_and_encodings(write, delimiter, encoding):
    text = delimiter.join(["name", "lat", "lon"]) + "\r\n"
    text += delimiter.join(['"Café, ""d\'Or"""', "45.5", "4.5"]) + "\r\n\r\n"
    [source], skipped = rows(write("t.csv", text.encode(encoding)))
    assert source.text == 'Café, "d\'Or"'
    assert source.place == Place(lat=45.5, lon=4.5)
    assert skipped == []


def test_decimal_commas_of_a_continental_spreadsheet(write):
    [source], _ = rows(write("t.csv", "name;lat;lon\nLyon;45,76;4,84\n"))
    assert source.place == Place(lat=45.76, lon=4.84)


@pytest.mark.parametrize(
    ("lat", "lon", "reason"),
    [
        ("120.5", "45", "latitude 120.5 is not in [-90, 90]; are lat and lon swapped?"),
        ("45", "181", "longitude 181.0 is not in [-180, 180]"),
        ("nan", "4", "it has a longitude but no latitude"),
        ("N/A", "4", "it has a longitude but no latitude"),
        ("inf", "4", "latitude inf is not a finite number of degrees"),
        ("here", "4", "latitude 'here' is not a number of degrees"),
        ("45", "", "it has a latitude but no longitude"),
        ("", "4", "it has a longitude but no latitude"),
    ],
)
def test_a_row_with_bad_coordinates_is_skipped_and_named(write, lat, lon, reason):
    path = write("t.csv", f"name,lat,lon\ngood,1,2\nbad,{lat},{lon}\n")
    sources, skipped = rows(path)
    assert [s.text for s in sources] == ["good"]
    assert skipped == [Skipped(key=f"{path}#2", reason=f"t.csv row 2: {reason}")]


@pytest.mark.parametrize(("lat", "lon"), [(90, 180), (-90, -180), (0, 0), (90, 0)])
def test_edges_of_the_world_are_places(write, lat, lon):
    [source], _ = rows(write("t.csv", f"name,lat,lon\nedge,{lat},{lon}\n"))
    assert source.place == Place(lat=lat, lon=lon)
    assert bool(source.warnings) == (lat == 0 and lon == 0)


def test_plane_coordinates(write):
    sources, skipped = rows(write("t.csv", "name,x,y\na,12.5,-3\nb,far,1\nc,,\n"))
    assert [s.place for s in sources] == [Place(x=12.5, y=-3.0), None]
    assert reasons(skipped) == ["t.csv row 2: x 'far' is not a number of metres"]


def test_of_several_languages_english_is_taken(write):
    path = write(
        "t.csv", "id,name_fr,name_en,description_fr,text_de\n7,Vienne,Vienna,ville,Stadt\n"
    )
    [source], _ = rows(path)
    assert source.text == "Vienna\nville\nStadt"
    assert source.id == "7"
    assert source.key == f"{path}#7"
    assert source.attributes == {"name": "Vienna", "name_fr": "Vienne"}
    [source], _ = rows(write("u.jsonl", '{"name": "Wien", "name:en": "Vienna"}'))
    assert source.text == "Vienna"
    assert source.attributes == {"name": "Wien", "name:en": "Vienna"}


def test_options_outrank_names(write):
    path = write("t.csv", "ref,what,north,east,when,name\nr1,A mill,1.5,2.5,2020,x\n")
    [source], skipped = rows(
        path, text_columns=["what"], lat_column="north", lon_column="east",
        time_column="when", id_column="ref",
    )  # fmt: skip
    assert skipped == []
    assert (source.id, source.text, source.place) == ("r1", "A mill", Place(lat=1.5, lon=2.5))
    assert source.time == datetime(2020, 1, 1)
    assert source.attributes == {"name": "x"}


def test_options_that_do_not_fit_are_named(write):
    path = write("t.csv", "name,lat\nx,1\n")
    assert reasons(rows(path, text_columns=["nam"])[1]) == [
        "it has no column 'nam'; its columns are name, lat"
    ]
    assert reasons(rows(path, lat_column="lat")[1]) == [
        "lat_column and lon_column are given together or not at all"
    ]
    assert "not 'name'" in rows(path, text_columns="name")[1][0].reason


def test_images_without_text(write, make_jpeg):
    write("images/a.jpg", make_jpeg())
    path = write("t.csv", "image,title,lat,lon\na.jpg,A mill,1,2\n")
    [source], _ = rows(path, text_columns="none")
    assert source.text is None
    assert source.attributes == {"title": "A mill"}


def test_images_are_found_beside_in_images_and_by_a_unique_name_below(write, make_jpeg, tmp_path):
    for name in ("beside.jpg", "images/in.jpg", "deep/er/below.jpg", "a/twice.jpg", "b/twice.jpg"):
        write(name, make_jpeg())
    path = write(
        "t.csv",
        "file,caption\nbeside.jpg,1\nin.jpg,2\nelse\\where\\below.jpg,3\ntwice.jpg,4\nnone.jpg,5\n"
        "https://a.org/x.jpg,6\n./images/../beside.jpg,7\n,8\n"
        f"file://{tmp_path}/a/twice.jpg,9\n",
    )
    sources, skipped = rows(path)
    assert [(s.image and s.image.removeprefix(f"{tmp_path}/"), s.text) for s in sources] == [
        ("beside.jpg", "1\n7"),
        ("images/in.jpg", "2"),
        ("deep/er/below.jpg", "3"),
        (None, "8"),
        ("a/twice.jpg", "9"),
    ]
    assert reasons(skipped) == [
        "t.csv row 4: its image 'twice.jpg' may be any of 2 files of that name below the table",
        "t.csv row 5: its image 'none.jpg' is not beside the table, in its images folder, or "
        "below it",
        "t.csv row 6: its image 'https://a.org/x.jpg' is on the web; download it first",
    ]


def test_rows_of_one_image_are_joined_unless_they_disagree(write, make_jpeg):
    write("a.jpg", make_jpeg())
    path = write("t.csv", "image,caption,lat,lon\na.jpg,one,1,2\na.jpg,two,1,2\na.jpg,three,5,6\n")
    [source], skipped = rows(path)
    assert source.text == "one\ntwo"
    assert reasons(skipped) == [
        "t.csv row 3: it gives Place(lat=5.0, lon=6.0) for the image of row 1, "
        "which has Place(lat=1.0, lon=2.0)"
    ]


def test_jsonl_with_captions_and_nested_values(write, make_jpeg):
    write("a.jpg", make_jpeg())
    path = write(
        "pairs.jsonl",
        '{"image": "a.jpg", "captions": ["A dog", "a dog", "Dogs"], "tags": ["x", "y"], '
        '"boxes": [[1, 2]], "meta": {"k": 1}, "score": 1.5, "flag": false}\n'
        '{"image": \n[1]\n\n{"text": "\\ud800 lone", "n": 1e400}\n',
    )
    sources, skipped = rows(path)
    assert [s.text for s in sources] == ["A dog\nDogs", "? lone"]
    assert sources[0].attributes == {"tags": ["x", "y"], "score": 1.5, "flag": False}
    assert [reason.split(":")[0] for reason in reasons(skipped)] == [
        "pairs.jsonl row 2", "pairs.jsonl row 3"
    ]  # fmt: skip
    assert "it is not JSON" in skipped[0].reason
    assert "it is not a JSON object" in skipped[1].reason


def test_a_json_array(write):
    sources, skipped = rows(write("t.json", json.dumps([{"text": "a", "lat": 1, "lon": 2}, 5])))
    assert [(s.text, s.place) for s in sources] == [("a", Place(lat=1.0, lon=2.0))]
    assert reasons(skipped) == ["t.json row 2: it is not a JSON object"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.csv", "", "it is empty"),
        ("t.csv", "a,b\n1,2\n", "no column of images or texts; its columns are a, b"),
        ("t.json", "{}", "neither an array of rows nor GeoJSON"),
        ("t.json", "[", "it is not JSON"),
        ("t.json", "[" * 100_000, "it is not JSON"),
        ("t.jsonl", "", r"its columns are \(none\)"),
        ("t.parquet", "PAR1 nonsense", "it is not Parquet"),
    ],
)
def test_a_table_that_cannot_be_used_names_its_reason(write, name, content, reason):
    path = write(name, content)
    sources, [skipped] = rows(path)
    assert sources == []
    assert skipped.key == str(path)
    with pytest.raises(ValueError, match=reason):
        raise ValueError(skipped.reason)


def test_a_row_with_too_many_cells_is_named(write):
    path = write("t.csv", "text,lat,lon\na town, big,1,2\nok,1,2,,\nshort\n,1,2\n")
    sources, skipped = rows(path)
    assert [(s.text, s.place) for s in sources] == [
        ("ok", Place(lat=1.0, lon=2.0)),
        ("short", None),
    ]
    assert reasons(skipped) == [
        "t.csv row 1: it has 4 cells for 3 columns; is a text with the delimiter in it not quoted?",
        "t.csv row 4: it has neither an image nor a text",
    ]


def test_a_bad_time_is_kept_as_an_attribute_with_a_warning(write):
    [source], _ = rows(write("t.csv", "text,time\na,in spring\n"))
    assert source.time is None
    assert source.attributes == {"time": "in spring"}
    assert source.warnings[0].startswith("row 1: 'in spring' is not a time")


def test_a_repeated_id_is_named(write):
    sources, skipped = rows(write("t.csv", "id,text\n2,a\n2,b\n0,c\n,d\n"))
    assert [(s.id, s.text) for s in sources] == [("2", "a"), ("0", "c"), (None, "d")]
    assert reasons(skipped) == ["t.csv row 2: its id '2' is that of row 1 already"]
    sources, skipped = rows(write("u.csv", "id,text\n2,a\n,b\n"))
    assert reasons(skipped) == ["u.csv row 2: it has no id, and its number is the id of row 1"]


def test_the_stamp_changes_with_the_row_and_with_what_is_asked_of_it(write):
    path = write("t.csv", "name,text,lat,lon\na,b,1,2\n")
    first = rows(path)[0][0].stamp
    assert rows(path)[0][0].stamp == first
    assert rows(path, text_columns="none")[0] == []
    assert rows(path, text_columns=["text"])[0][0].stamp != first
    write("t.csv", "name,text,lat,lon\na,b,1,3\n")
    assert rows(path)[0][0].stamp != first


def test_a_column_named_file_without_images_is_an_attribute(write):
    [source], _ = rows(write("t.csv", "file,text\nledger 5,a\n"))
    assert source.image is None
    assert source.attributes == {"file": "ledger 5"}


def test_names_that_exiftool_writes(write, make_jpeg):
    write("a.jpg", make_jpeg())
    path = write(
        "t.csv",
        "SourceFile,GPSLatitude,GPSLongitude,DateTimeOriginal\n"
        './a.jpg,"50 deg 30\' 0.00"" N","14 deg 15\' 0.00"" E",2019:06:01 12:00:00\n',
    )
    [source], skipped = rows(path)
    assert skipped == []
    assert source.place == Place(lat=50.5, lon=14.25)
    assert source.time == datetime(2019, 6, 1, 12)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "geojson"])
def test_an_export_is_read_back_as_it_was(write, make_jpeg, kind):
    image = write("a.jpg", make_jpeg())
    item = Item(
        id="x1", image=str(image), text="A mill\nby the river", place=Place(lat=1.0, lon=2.0),
        place_source="estimated", time=datetime(2020, 1, 2, 3), width=64, height=48,
        attributes={"title": "Mill", "rating": 4},
    )  # fmt: skip
    path = image.with_name(f"t.{kind}")
    export([item], path)
    [source], skipped = rows(path)
    assert skipped == []
    assert (source.id, source.image, source.text) == (item.id, item.image, item.text)
    assert (source.place, source.place_source) == (item.place, "estimated")
    assert source.time == item.time
    assert source.attributes == item.attributes
    # Found among the photos and not named, it must not outrank them.
    [photo] = read_photos(image.parent)
    assert (photo.text, photo.place) == (None, None)


def test_travel_photos(shared_data):
    sources, skipped = split(read_photos(shared_data / "travel_photos"))
    assert skipped == []
    assert len(sources) == 100
    first = next(s for s in sources if s.image.endswith("9494475161.jpg"))
    assert first.place == Place(lat=45.434233, lon=12.338693)
    assert first.text.startswith("St Marks Square in Venice\nPiazza San Marco, often known")
    assert first.attributes == {
        "title": "St Marks Square in Venice", "city": "Venezia", "country": "Italy",
        "creator": "Randy Connolly",
    }  # fmt: skip


def test_unesco_sites(shared_data):
    sources, skipped = split(read_table(shared_data / "unesco_sites" / "sites.csv"))
    assert skipped == []
    assert len(sources) == 1155
    first = sources[0]
    assert first.id == "208"
    assert first.text.startswith("Cultural Landscape and Archaeological Remains of the Bamiyan")
    assert "Bouddha" not in first.text
    assert first.place == Place(lat=34.84694, lon=67.82525)
    assert first.time is None
    assert first.attributes["year"] == 2003  # the year of inscription is no time of taking
    assert set(first.attributes) == {
        "name", "name_fr", "description_fr", "category", "country", "region", "year",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "count"), [("flickr8k", 800), ("coco_mini", 159), ("rsicd", 8973)]
)
def test_caption_sets(shared_data, folder, count):
    sources, skipped = split(read_photos(shared_data / folder))
    assert skipped == []
    assert len(sources) == count
    assert all(s.text and s.image for s in sources)


def test_cells_hold_lists_only_in_columns_of_lists(write):
    path = write(
        "t.csv",
        "text,Keywords,tags,people,city,dc:subject\n"
        'a,"sea; boat;sea","red, blue",Ana; Bo,"Lyon; Paris","Church, old; Dome"\n'
        'b,"[""x, y"", ""z""]","",,Brno,\n'
        "c,7,8,,Brno,\n",
    )
    sources, skipped = rows(path)
    assert not skipped
    assert [s.attributes for s in sources] == [
        {
            "Keywords": ["sea", "boat"], "tags": ["red", "blue"], "people": ["Ana", "Bo"],
            "city": "Lyon; Paris", "dc:subject": ["Church, old", "Dome"],
        },
        {"Keywords": ["x, y", "z"], "city": "Brno"},
        {"Keywords": ["7"], "tags": ["8"], "city": "Brno"},
    ]  # fmt: skip


def test_a_stray_log_is_refused_by_its_beginning(write, monkeypatch):
    from placelens.readers import tables

    log = "time,sensor,value\n" + "2020-01-01,s1,0.5\n" * 10_000
    write("photos/log.csv", log)
    write("photos/log.jsonl", '{"time": "2020-01-01", "value": 0.5}\n' * 5000)
    write("photos/log.json", "[" + '{"value": 0.5, "other": 1},' * 5000 + '{"value": 1}]')
    write("photos/track.geojson", '{"type": "FeatureCollection", "features": ['
          + '{"type": "Feature", "geometry": null, "properties": {"speed": 1}},' * 3000
          + '{"type": "Feature", "geometry": null, "properties": {"speed": 1}}]}')  # fmt: skip
    # Texts without coordinates are no items of a place either.
    write("photos/notes.csv", "title,price\n" + "a bill,12\n" * 10_000)
    monkeypatch.setattr(tables, "load_table", lambda path: pytest.fail(f"{path} was loaded"))
    assert list(read_photos(write("photos/readme.txt", "").parent)) == []


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json", "geojson", "parquet"])
def test_a_long_table_of_items_is_taken(write, tmp_path, suffix):
    rows = [{"text": f"place {i}", "lat": 1.5, "lon": 2.5, "note": "x" * 30} for i in range(2000)]
    if suffix == "csv":
        lines = [",".join(map(str, row.values())) for row in rows]
        path = write("t.csv", "text,lat,lon,note\n" + "\n".join(lines))
    elif suffix == "jsonl":
        path = write("t.jsonl", "\n".join(map(json.dumps, rows)))
    elif suffix == "json":
        path = write("t.json", json.dumps(rows))
    elif suffix == "geojson":
        features = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [2.5, 1.5]},
                "properties": {"text": row["text"], "note": row["note"]},
            }
            for row in rows
        ]
        path = write("t.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    else:
        pq = pytest.importorskip("pyarrow.parquet")
        pa = pytest.importorskip("pyarrow")
        path = tmp_path / "t.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
    found = list(read_photos(path.parent))
    assert len(found) == 2000
    assert found == list(read_photos(path))


def test_a_table_of_too_many_columns_is_refused_by_their_number(write):
    names = ",".join(f"c{i}" for i in range(10_001))
    _, skipped = rows(write("wide.csv", f"{names}\n1\n"))
    assert reasons(skipped) == ["it has 10,001 columns; the limit is 10,000"]
