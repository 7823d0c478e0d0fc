"""Where a table's rows are: every way in which its columns may say so."""

import json
import struct

import pytest

from placelens.readers.base import Source
from placelens.readers.columns import TableOptions
from placelens.readers.discover import read_photos, read_table
from placelens.types import Place

QUOTE = '"'
PRAGUE, SYDNEY = Place(lat=50.25, lon=14.5), Place(lat=-33.25, lon=151.5)


def split(found):
    found = list(found)
    return (
        [one for one in found if isinstance(one, Source)],
        [one.reason for one in found if not isinstance(one, Source)],
    )


def places(path, **options):
    sources, reasons = split(read_table(path, TableOptions(**options)))
    assert reasons == []
    return [source.place for source in sources]


def csv_of(header, *rows, delimiter="\t"):
    return "".join(delimiter.join(row) + "\n" for row in (("name", *header), *rows))


@pytest.mark.parametrize(
    "header",
    [
        ("GPSLatitude", "GPSLatitudeRef", "GPSLongitude", "GPSLongitudeRef"),
        ("EXIF:GPSLatitude", "EXIF:GPSLatitudeRef", "EXIF:GPSLongitude", "EXIF:GPSLongitudeRef"),
        ("lat", "N/S", "lon", "E/W"),
        ("lat", "ns", "lng", "ew"),
        ("latitude", "lat_dir", "longitude", "lon_dir"),
        ("Latitude (deg)", "Latitude hemisphere", "Longitude (deg)", "Longitude hemisphere"),
        ("gps_latitude", "gps_latitude_direction", "gps_longitude", "gps_longitude_direction"),
        ("lat", "north_south", "long", "east_west"),
        ("Lat", "lat_ns", "Long", "lon_ew"),
    ],
)
def test_a_hemisphere_in_a_column_of_its_own(write, header):
    rows = [("a", "50.25", "N", "14.5", "E"), ("b", "33.25", "s", "151.5", "East"),
            ("c", "33.25", "S", "70.5", "W"), ("d", "-33.25", "South", "-70.5", "w"),
            ("e", "50.25", "", "14.5", "N/A")]  # fmt: skip
    santiago = Place(lat=-33.25, lon=-70.5)
    path = write("t.tsv", csv_of(header, *rows))
    assert places(path) == [PRAGUE, SYDNEY, santiago, santiago, PRAGUE]
    [first, *_], _ = split(read_table(path))
    assert first.attributes == {"name": "a"}


def test_a_hemisphere_beside_a_photo_outranks_its_exif_with_the_right_sign(write, make_jpeg):
    write("a.jpg", make_jpeg())
    path = write(
        "t.csv",
        "SourceFile,GPSLatitude,GPSLatitudeRef,GPSLongitude,GPSLongitudeRef\n"
        "a.jpg,33.25,S,151.5,E\n",
    )
    assert places(path) == [SYDNEY]


def test_a_hemisphere_that_contradicts_its_number_is_named(write):
    header = ("lat", "lat_ref", "lon", "lon_ref")
    rows = [("a", "-33.25", "N", "151.5", "E"), ("b", "33.25 N", "S", "151.5", "E"),
            ("c", "33.25", "X", "151.5", "E"), ("d", "33.25", "S", "151.5", "E")]  # fmt: skip
    sources, reasons = split(read_table(write("t.tsv", csv_of(header, *rows))))
    assert [source.text for source in sources] == ["d"]
    assert reasons == [
        "t.tsv row 1: latitude -33.25 is negative, and yet N",
        "t.tsv row 2: latitude '33.25 N' says N, but the field beside it S",
        "t.tsv row 3: latitude has the hemisphere 'X', not N or S",
    ]


def test_a_column_of_directions_that_is_no_hemisphere_stays_an_attribute(write):
    path = write("t.csv", "name,lat,lon,direction\na,50.25,14.5,S\nb,50.25,14.5,E\n")
    sources, _ = split(read_table(path))
    assert [(s.place, s.attributes["direction"]) for s in sources] == [(PRAGUE, "S"), (PRAGUE, "E")]


def test_degrees_minutes_and_seconds_in_columns_of_their_own(write):
    # 50 deg 15' 0" = 50.25; 33 deg 14' 60" S = -33.25.
    header = (
        "lat_deg",
        "lat_min",
        "lat_sec",
        "lat_dir",
        "lon_deg",
        "lon_min",
        "lon_sec",
        "lon_dir",
    )
    rows = [("a", "50", "15", "0", "N", "14", "30", "", "E"),
            ("b", "33", "14", "60", "S", "151", "30", "0", "E")]  # fmt: skip
    assert places(write("t.tsv", csv_of(header, *rows))) == [PRAGUE, SYDNEY]
    # Beside a whole latitude, lat_min is the edge of a box.
    path = write("u.csv", "name,lat,lon,lat_min,lon_min\na,50.25,14.5,50,14\n")
    assert places(path) == [PRAGUE]


@pytest.mark.parametrize("gap", ["", "N/A", "NA", "n/a", "null", "None", "nan", "-", "--", "—",
                                 "#N/A", "\\N", "?", "unknown"])  # fmt: skip
def test_what_stands_for_a_missing_value_is_missing(write, gap):
    path = write(
        "t.csv",
        f"name,lat,lon,date,rating,open,note\na,50.25,14.5,2020,4,true,x\nb,{gap},{gap},{gap},"
        f"{gap},{gap},{gap}\n",
    )
    (first, second), reasons = split(read_table(path))
    assert reasons == []
    assert (first.place, second.place, second.time) == (PRAGUE, None, None)
    assert first.attributes == {"name": "a", "rating": 4, "open": True, "note": "x"}
    assert second.warnings == ()
    # Texts are texts: NA may be Namibia.
    assert second.attributes == {"name": "b"} | ({"note": gap} if gap else {})


def test_missing_values_in_json(write):
    rows = [
        {"name": "a", "lat": 50.25, "lon": 14.5, "rating": 4, "country": "NA", "time": 2020},
        {"name": "b", "lat": "N/A", "lon": None, "rating": "N/A", "country": "NA", "time": "null"},
        {"name": "c", "lat": float("nan"), "lon": float("nan"), "rating": float("nan")},
    ]
    sources, reasons = split(read_table(write("t.json", json.dumps(rows))))
    assert reasons == []
    assert [s.place for s in sources] == [PRAGUE, None, None]
    assert [s.attributes for s in sources] == [
        {"name": "a", "rating": 4, "country": "NA"},
        {"name": "b", "country": "NA"},
        {"name": "c"},
    ]


def test_ids_and_images_that_are_missing(write, make_jpeg):
    write("a.jpg", make_jpeg())
    path = write("t.csv", "id,image,text\nNA,a.jpg,Namibia\nN/A,N/A,b\nN/A,null,c\n")
    sources, reasons = split(read_table(path))
    assert reasons == []
    assert [(s.id, s.text, s.image is None) for s in sources] == [
        ("NA", "Namibia", False), (None, "b", True), (None, "c", True)
    ]  # fmt: skip


def wkb(lon, lat):
    return struct.pack("<BIdd", 1, 1, lon, lat)


@pytest.mark.parametrize(
    ("column", "prague", "sydney"),
    [
        ("geometry", "POINT (14.5 50.25)", "POINT(151.5 -33.25)"),
        ("anything", "SRID=4326;POINT Z (14.5 50.25 200)", "point z (151.5 -33.25 0)"),
        ("the_geom", wkb(14.5, 50.25).hex(), wkb(151.5, -33.25).hex().upper()),
        ("shape", "LINESTRING (14.5 50.25, 14.5 50.25)", "MULTIPOINT ((151.5 -33.25))"),
        ("geojson", '{"type": "Point", "coordinates": [14.5, 50.25]}',
         '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [151.5, -33.25]}}'),
        ("location", "50.25, 14.5", "-33.25, 151.5"),
        ("Geo Point", "50.25 14.5", "-33.25 151.5"),
        ("coordinates", "14.5, 50.25", "151.5, -33.25"),
        ("lat_lon", "50.25/14.5", "−33,25/151,5"),
        ("GPSPosition", "50 deg 15' 0.00\" N, 14 deg 30' 0.00\" E",
         "33 deg 15' 0.00\" S, 151 deg 30' 0.00\" E"),
        ("anything", "50.25N 14.5E", "151.5E 33.25S"),
    ],
)  # fmt: skip
def test_a_column_of_whole_positions(write, column, prague, sydney):
    rows = [("a", prague), ("b", sydney), ("c", "N/A"), ("d", "")]
    quoted = [
        [f'"{cell.replace(QUOTE, QUOTE * 2)}"' for cell in row] for row in (("name", column), *rows)
    ]
    path = write("t.tsv", "".join("\t".join(row) + "\n" for row in quoted))
    assert places(path) == [PRAGUE, SYDNEY, None, None]
    [first, *_], _ = split(read_table(path))
    assert first.attributes == {"name": "a"}


@pytest.mark.parametrize(
    ("prague", "sydney"),
    [
        ({"lat": 50.25, "lon": 14.5}, {"latitude": -33.25, "longitude": "151,5"}),
        ([14.5, 50.25], [151.5, -33.25, 0]),
        ({"type": "Point", "coordinates": [14.5, 50.25]},
         {"type": "Point", "coordinates": [151.5, -33.25]}),
    ],
)  # fmt: skip
def test_positions_in_json(write, prague, sydney):
    rows = [{"name": "a", "location": prague}, {"name": "b", "location": sydney},
            {"name": "c", "location": None}, {"name": "d"}]  # fmt: skip
    lines = "\n".join(map(json.dumps, rows))
    assert places(write("t.jsonl", lines)) == [PRAGUE, SYDNEY, None, None]


def test_binary_geometries_in_plain_parquet(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"name": ["a", "b"], "geometry": [wkb(14.5, 50.25), None]})
    pq.write_table(table, tmp_path / "t.parquet")
    assert places(tmp_path / "t.parquet") == [PRAGUE, None]


@pytest.mark.parametrize(
    ("column", "cells", "place", "note"),
    [
        ("location", ["50.25, 14.5"], PRAGUE,
         "t.tsv: column 'location' is read as latitude, longitude, as people write them; no number "
         "in it tells which is which; call the column lonlat if it is the other way round"),
        ("location", ["[14.5, 50.25]"], PRAGUE,
         "t.tsv: column 'location' is read as longitude, latitude, as GeoJSON has lists; no number "
         "in it tells which is which; call the column latlon if it is the other way round"),
        ("location", ["14.5, 50.25", "151.5, -33.25"], PRAGUE,
         "t.tsv: column 'location' is read as longitude, latitude, since 1 of its 2 pairs have a "
         "first number beyond 90"),
        ("location", ["50.25, 14.5", "-33.25, 151.5"], PRAGUE, None),
        ("latlng", ["50.25, 14.5"], PRAGUE, None),
        ("lon_lat", ["14.5 50.25"], PRAGUE, None),
        ("location", ["50.25N 14.5E"], PRAGUE, None),
    ],
)  # fmt: skip
def test_an_order_that_had_to_be_assumed_is_said_once(write, column, cells, place, note):
    rows = [(str(number), cell) for number, cell in enumerate(cells)]
    sources, _ = split(read_table(write("t.tsv", csv_of((column,), *rows))))
    assert sources[0].place == place
    assert sources[0].warnings == (() if note is None else (note,))
    assert all(source.warnings == () for source in sources[1:])


def test_the_order_that_a_name_states_is_not_turned_by_one_wrong_cell(write):
    rows = [("a", "50.25, 14.5"), ("b", "150.25, 14.5")]
    sources, reasons = split(read_table(write("t.tsv", csv_of(("latlng",), *rows))))
    assert [source.place for source in sources] == [PRAGUE]
    assert "latitude 150.25 is not in [-90, 90]" in reasons[0]


def test_a_cell_that_is_no_position_among_positions_is_named(write):
    cells = ["50.25, 14.5", "50.25, 14.5", "in Prague", "POINT (14.5 95)", "POINT (14.5"]
    rows = [(str(number), cell) for number, cell in enumerate(cells)]
    sources, reasons = split(read_table(write("t.tsv", csv_of(("location",), *rows))))
    assert len(sources) == 2
    assert reasons[0] == "t.tsv row 3: location 'in Prague' is not a position"
    assert reasons[1] == "t.tsv row 4: latitude 95.0 is not in [-90, 90]; are lat and lon swapped?"
    assert reasons[2].startswith("t.tsv row 5: its geometry cannot be read")


@pytest.mark.parametrize(
    ("column", "cells"),
    [("location", ["Prague, Czechia", "Lyon"]), ("place", ["Room 1, Floor 2", "Room 3"]),
     ("range", ["10, 20", "30, 40"]), ("size", ["640 480"]), ("bbox", ["14,49,15,50"]),
     ("location", ["14, 49, 15, 50"])],
)  # fmt: skip
def test_what_is_not_a_position_stays_an_attribute(write, column, cells):
    rows = [(str(number), cell) for number, cell in enumerate(cells)]
    sources, reasons = split(read_table(write("t.tsv", csv_of((column,), *rows))))
    assert reasons == []
    assert [s.place for s in sources] == [None] * len(cells)
    assert [s.attributes[column] for s in sources] == cells


@pytest.mark.parametrize(
    ("header", "row", "note"),
    [
        ("lat,laenge_x", "50.25,14.5", "t.csv: column 'lat' is not used, since there is none of "
         "longitudes; say which it is with lon_column (--column lon=NAME)"),
        ("Longitude,north", "14.5,50.25", "t.csv: column 'Longitude' is not used, since there is "
         "none of latitudes; say which it is with lat_column (--column lat=NAME)"),
        ("easting,northing", "458000,5548000", "t.csv: places in the form of 'easting', 'northing' "
         "are not read; add lat and lon"),
        ("MGRS", "33UVR5800048000", "t.csv: places in the form of 'MGRS' are not read; add lat and "
         "lon"),
        ("plus_code", "9F2P3CPC+RG", "t.csv: places in the form of 'plus_code' are not read; add "
         "lat and lon"),
        ("coordinates", '"14.5,50.25,200"', "t.csv: places in the form of 'coordinates' are not "
         "read; add lat and lon"),
        ("geohash", "9e3456", "t.csv: places in the form of 'geohash' are not read; add lat and "
         "lon"),
    ],
)  # fmt: skip
def test_positions_that_are_not_read_are_said(write, header, row, note):
    [source], _ = split(read_table(write("t.csv", f"name,{header}\na,{row}\n")))
    assert source.place is None
    assert source.warnings == (note,)


@pytest.mark.parametrize(
    "header", ["utm_source,utm_campaign", "s2_score,h3_title", "x (px),y (px)"]
)
def test_columns_that_only_sound_like_positions(write, header):
    [source], _ = split(read_table(write("t.csv", f"name,{header}\na,1,2\n")))
    assert (source.place, source.warnings) == (None, ())


def test_a_column_of_positions_can_be_named(write):
    path = write("t.csv", 'name,where\na,"50.25, 14.5"\n')
    assert places(path) == [None]
    assert places(path, place_column="where") == [PRAGUE]


def test_texts_with_positions_make_a_table_worth_taking(write):
    path = write("t.csv", "name,geom\na,POINT (14.5 50.25)\n")
    [source] = read_photos(path.parent)
    assert source.place == PRAGUE


def radii(path, **options):
    sources, reasons = split(read_table(path, TableOptions(**options)))
    assert reasons == []
    return [source.place_radius_m for source in sources], sources[0].attributes


@pytest.mark.parametrize(
    "name",
    [
        "place_radius_m", "radius_m", "accuracy_m", "Accuracy (m)", "gps_accuracy",
        "GPSHPositioningError", "EXIF:GPSHPositioningError", "horizontal accuracy",
        "coordinateUncertaintyInMeters", "dwc:coordinateUncertaintyInMeters",
    ],
)  # fmt: skip
def test_how_far_off_a_place_may_be(write, name):
    header = ("lat", "lon", name)
    rows = [("a", "50.25", "14.5", "30"), ("b", "50.25", "14.5", "4,5"),
            ("c", "50.25", "14.5", ""), ("d", "50.25", "14.5", "-1"),
            ("e", "", "", "7")]  # fmt: skip
    # The third says nothing, the fourth nonsense, and the fifth has no place.
    found, attributes = radii(write("t.tsv", csv_of(header, *rows)))
    assert found == [30, 4.5, None, None, None]
    assert attributes == {"name": "a"}


@pytest.mark.parametrize("name", ["accuracy", "radius", "error_m", "precision"])
def test_what_may_be_of_anything_stays_an_attribute(write, name):
    path = write("t.csv", f"name,lat,lon,{name}\na,50.25,14.5,30\n")
    assert radii(path) == ([None], {"name": "a", name: 30})
    assert radii(path, radius_column=name) == ([30], {"name": "a"})


def test_without_a_place_a_radius_is_of_something_else(write):
    assert radii(write("t.csv", "name,radius_m\na,30\n")) == ([None], {"name": "a", "radius_m": 30})


def test_a_radius_beside_geojson(write):
    point = {"type": "Point", "coordinates": [14.5, 50.25]}
    feature = {"type": "Feature", "geometry": point, "properties": {"name": "a", "accuracy_m": 8}}
    path = write("t.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert radii(path) == ([8], {"name": "a"})
