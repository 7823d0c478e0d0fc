import json
from datetime import UTC, datetime

import pytest
import xxhash

from placelens.errors import ReadError
from placelens.readers.base import Source
from placelens.readers.discover import read_photos, read_table
from placelens.readers.read import read
from placelens.types import ImageSpec, Place

SPEC = ImageSpec(size=32)
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" exif:GPSLatitude="{lat}" exif:GPSLongitude="{lat}" '
    'exif:DateTimeOriginal="20{lat}-01-01T00:00:00" dc:description="text {lat}" xmp:Rating="3"/>'
    "</rdf:RDF></x:xmpmeta>"
)


# Each source of facts says its own number: as latitude, longitude, and year 20NN.
TABLE, SIDECAR, EXIF, EMBEDDED, TAKEOUT = 11, 12, 13, 14, 15


@pytest.fixture
def folder(write, make_jpeg):
    """Write a photo described by any of the five sources of facts; give its reading."""

    def build(*sources):
        exif = {}
        if EXIF in sources:
            exif = {
                "main": {270: "text 13", 271: "Maker"},
                "photo": {36867: "2013:01:01 00:00:00"},
                "gps": {1: "N", 2: (13.0, 0.0, 0.0), 3: "E", 4: (13.0, 0.0, 0.0)},
            }
        if EMBEDDED in sources:
            exif["xmp"] = XMP.format(lat=EMBEDDED).encode()
        path = write("a.jpg", make_jpeg(**exif))
        if SIDECAR in sources:
            write("a.xmp", XMP.format(lat=SIDECAR))
        if TAKEOUT in sources:
            taken = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
            record = {
                "geoData": {"latitude": 15, "longitude": 15, "altitude": 15},
                "photoTakenTime": {"timestamp": str(taken)},
                "description": "text 15",
            }
            write("a.jpg.json", json.dumps(record))
        if TABLE in sources:
            write("t.csv", "image,text,lat,lon,time\na.jpg,text 11,11,11,2011-01-01\n")
        [source] = read_photos(path.parent)
        return read(source, SPEC)

    return build


ORDER = [
    (TABLE, "table"),
    (SIDECAR, "xmp"),
    (EXIF, "exif"),
    (EMBEDDED, "xmp"),
    (TAKEOUT, "takeout"),
]


@pytest.mark.parametrize("best", range(5))
def test_precedence(folder, best):
    number, place_source = ORDER[best]
    reading = folder(*[source for source, _ in ORDER[best:]])
    assert reading.place == Place(lat=number, lon=number)
    assert reading.place_source == place_source
    assert reading.time.year == 2000 + number
    assert reading.text == f"text {number}"
    assert reading.warnings == ()


def test_facts_that_the_best_does_not_state_come_from_the_next(folder):
    reading = folder(SIDECAR, EXIF, TAKEOUT)
    assert reading.attributes == {"rating": 3, "camera_make": "Maker", "altitude_m": 15.0}


def test_a_photo_without_facts(folder):
    reading = folder()
    assert (reading.place, reading.place_source, reading.time, reading.text) == (None,) * 4
    assert (reading.width, reading.height) == (64, 48)
    assert reading.pixels.shape == (32, 32, 3)
    assert reading.thumbnail.startswith(b"\xff\xd8")


def test_the_hash_is_of_the_file_alone(write, make_jpeg):
    data = make_jpeg()
    [source] = read_photos(write("a.jpg", data))
    expected = xxhash.xxh3_128_hexdigest(data)
    assert read(source, SPEC).content_hash == expected
    write("a.xmp", XMP.format(lat=12))
    [source] = read_photos(write("a.jpg", data))
    assert read(source, None).content_hash == expected
    assert read(source, None).pixels is None


def test_a_text_is_read_without_an_image(write):
    [source] = read_table(write("t.csv", "text,lat,lon\nA mill,1,2\n"))
    reading = read(source, SPEC)
    assert reading.content_hash == xxhash.xxh3_128_hexdigest(b"A mill")
    assert (reading.text, reading.place, reading.place_source) == (
        "A mill",
        Place(lat=1.0, lon=2.0),
        "table",
    )
    assert (reading.pixels, reading.thumbnail, reading.width) == (None, None, None)


def test_places_given_by_the_caller_are_called_given():
    source = Source(key="k", stamp="", text="a", place=Place(lat=1, lon=2))
    assert read(source, None).place_source == "given"
    with pytest.raises(ReadError, match="neither an image nor a text"):
        read(Source(key="k", stamp=""), None)


def test_a_bad_sidecar_costs_a_warning_and_not_the_photo(write, make_jpeg):
    write("a.xmp", "not xml")
    write("a.jpg.json", "{")
    [source] = read_photos(write("a.jpg", make_jpeg(xmp=b"<broken")))
    reading = read(source, SPEC)
    assert reading.pixels is not None
    assert [warning.split(":")[0] for warning in reading.warnings] == [
        "its sidecar a.xmp is ignored",
        "its embedded XMP is ignored",
        "its sidecar a.jpg.json is ignored",
    ]


def test_a_sidecar_that_vanished_costs_a_warning(write, make_jpeg):
    path = write("a.jpg", make_jpeg())
    sidecar = write("a.xmp", XMP.format(lat=12))
    [source] = read_photos(path)
    sidecar.unlink()
    assert read(source, SPEC).warnings == ("its sidecar a.xmp is ignored: there is no such file",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"x" * 50, "not an image of a kind that placelens reads")],
)
def test_a_bad_photo_names_its_reason(write, content, reason):
    [source] = read_photos(write("a.jpg", content))
    with pytest.raises(ReadError, match=reason):
        read(source, SPEC)


def test_a_photo_that_vanished_names_its_reason(write):
    path = write("a.jpg", b"x")
    [source] = read_photos(path)
    path.unlink()
    with pytest.raises(ReadError, match="there is no such file"):
        read(source, SPEC)


def test_real_photos(shared_data):
    sources = list(read_photos(shared_data / "exif_samples"))
    readings = [read(source, SPEC) for source in sources]
    assert len(readings) == 9
    assert {reading.place_source for reading in readings} == {"exif"}
    assert {(reading.width, reading.height) for reading in readings} == {(640, 480)}
    assert len({reading.content_hash for reading in readings}) == 9
