from datetime import datetime, timedelta, timezone

import pytest

from placelens.errors import ReadError
from placelens.readers.xmp import read_xmp
from placelens.types import Place

NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
)


def packet(attributes="", children=""):
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {NAMESPACES}><rdf:Description rdf:about="" {attributes}>{children}'
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def position(lat, lon):
    return read_xmp(packet(f'exif:GPSLatitude="{lat}" exif:GPSLongitude="{lon}"'))


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        # 5.22' = 0.087 degrees, 25.26' = 0.421 degrees
        ("50,5.22N", "14,25.26E", (50.087, 14.421)),
        ("50,5.22S", "14,25.26W", (-50.087, -14.421)),
        ("50,5,13.2N", "14,25,15.6E", (50.087, 14.421)),
        ("50.087", "-14.421", (50.087, -14.421)),
        ("50.087N", "14.421w", (50.087, -14.421)),
        ("90,0.0N", "180,0.0W", (90.0, -180.0)),
    ],
)
def test_forms_of_coordinates(lat, lon, expected):
    facts = position(lat, lon)
    assert facts.place.lat == pytest.approx(expected[0], abs=1e-9)
    assert facts.place.lon == pytest.approx(expected[1], abs=1e-9)
    assert facts.place_source == "xmp"


def test_hemispheres_written_apart_and_values_as_elements():
    facts = read_xmp(
        packet(
            'exif:GPSLatitudeRef="S" exif:GPSLongitudeRef="West"',
            "<exif:GPSLatitude>50,30</exif:GPSLatitude>"
            "<exif:GPSLongitude>14.25</exif:GPSLongitude>",
        )
    )
    assert facts.place == Place(lat=-50.5, lon=-14.25)


@pytest.mark.parametrize(
    ("lat", "lon", "reason"),
    [
        ("0,0.0N", "0,0.0E", "0, 0 is what devices write"),
        ("91", "14", "latitude 91.0 is not in"),
        ("NaN", "14", "latitude nan is not a finite"),
        ("50,5.22", "14", "is not a number of degrees|is not one number"),
        ("50,5.22E", "14", "hemisphere 'E'"),
        ("fifty", "14", "latitude 'fifty' is not a number of degrees"),
        ("50,75.0N", "14", "minutes or seconds outside"),
    ],
)
def test_positions_that_are_ignored_with_a_warning(lat, lon, reason):
    facts = position(lat, lon)
    assert facts.place is None
    with pytest.raises(ValueError, match=reason):
        raise ValueError(*facts.warnings)


def test_half_a_position_is_named():
    assert read_xmp(packet('exif:GPSLatitude="50"')).warnings == (
        "its XMP position is ignored: the longitude is missing",
    )


def test_time_from_its_three_names_best_first():
    own = 'exif:DateTimeOriginal="2019-06-01T12:00:00.5+02:00"'
    made = 'photoshop:DateCreated="2018-05-01"'
    created = 'xmp:CreateDate="2017-01-01T00:00:00"'
    assert read_xmp(packet(f"{own} {made} {created}")).time == datetime(
        2019, 6, 1, 12, 0, 0, 500_000, timezone(timedelta(hours=2))
    )
    assert read_xmp(packet(f"{made} {created}")).time == datetime(2018, 5, 1)
    assert read_xmp(packet(created)).time == datetime(2017, 1, 1)
    # A scanned print that is known to be of some year only.
    assert read_xmp(packet('photoshop:DateCreated="1975"')).time == datetime(1975, 1, 1)
    facts = read_xmp(packet(f'exif:DateTimeOriginal="soon" {made}'))
    assert facts.time == datetime(2018, 5, 1)
    assert "its XMP time is ignored: 'soon'" in facts.warnings[0]


def test_texts_keywords_rating_and_names_of_places():
    facts = read_xmp(
        packet(
            'xmp:Rating="4" photoshop:City="Praha"',
            "<dc:title><rdf:Alt><rdf:li xml:lang='cs'>Kostel</rdf:li>"
            "<rdf:li xml:lang='x-default'>Church</rdf:li></rdf:Alt></dc:title>"
            "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>A green dome</rdf:li></rdf:Alt>"
            "</dc:description><dc:subject><rdf:Bag><rdf:li>baroque</rdf:li><rdf:li>dome</rdf:li>"
            "</rdf:Bag></dc:subject>",
        )
    )
    assert facts.text == "Church\nA green dome"
    assert facts.attributes == {
        "title": "Church", "keywords": ["baroque", "dome"], "city": "Praha", "rating": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rating", "expected"),
    [("0", None), ("-1", -1), ("5", 5), ("3.0", 3), ("9", None), ("x", None)],
)
def test_ratings(rating, expected):
    assert read_xmp(packet(f'xmp:Rating="{rating}"')).attributes.get("rating") == expected


def test_padding_is_taken_off():
    assert read_xmp(packet('xmp:Rating="2"') + b"\n  \0\0").attributes == {"rating": 2}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        b"<a><b></a>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        # A billion laughs: entities that grow without end.
        b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ],
)
def test_what_is_not_xmp_names_its_reason(data):
    with pytest.raises(ReadError, match="it is not XMP"):
        read_xmp(data)
