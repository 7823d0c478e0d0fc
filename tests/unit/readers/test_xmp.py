from datetime import datetime, timedelta, timezone

import pytest

from placelens.errors import ReadError
from placelens.readers.metadata import Origin
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


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-16"?>'])
def test_packets_in_any_unicode_encoding(encoding, declared):
    text = packet('dc:description="\u017elut\u00fd \U0001f600" xmp:Rating="2"').decode()
    if not declared:
        text = text.replace('begin=""', 'begin="\ufeff"')
    facts = read_xmp((declared + text + "\n  \0\0").encode(encoding))
    assert (facts.text, facts.attributes) == ("\u017elut\u00fd \U0001f600", {"rating": 2})


def test_a_packet_cut_in_the_middle_of_a_character_names_its_reason():
    with pytest.raises(ReadError, match="it is not XMP"):
        read_xmp(packet().decode().encode("utf-16")[:-101])


@pytest.mark.parametrize(
    ("lat", "ref", "degrees", "warned"),
    [
        ("20,30.5N", "N", 20.508333, False),
        ("20,30.5N", "S", 20.508333, True),  # the value's own letter, as the standard has it
        ("20,30.5S", "N", -20.508333, True),
        ("-33.85", "S", -33.85, False),
        ("-33.85", "N", -33.85, True),
        ("33.85", "S", -33.85, False),
        ("33.85", "South", -33.85, False),
        ("33,51,0", "S", -33.85, False),
        ("33,51.0", "S", -33.85, False),
        # Rationals, as EXIF stores them: 33 degrees 51 minutes 0 seconds.
        ("33/1,51/1,0/1", "S", -33.85, False),
        ("33/1 51/1 0/100", "N", 33.85, False),
        ("3385/100", "S", -33.85, False),
    ],
)  # fmt: skip
def test_a_hemisphere_written_apart(lat, ref, degrees, warned):
    facts = read_xmp(
        packet(f'exif:GPSLatitude="{lat}" exif:GPSLatitudeRef="{ref}" exif:GPSLongitude="5.0E"')
    )
    assert facts.place.lat == pytest.approx(degrees, abs=1e-6)
    assert len(facts.warnings) == warned
    if warned:
        assert "is believed against its reference" in facts.warnings[0]


def test_a_position_as_a_list_of_rationals():
    parts = "".join(f"<rdf:li>{part}</rdf:li>" for part in ("50/1", "5/1", "132/10"))
    facts = read_xmp(
        packet(
            'exif:GPSLatitudeRef="N" exif:GPSLongitude="14,25.26E"',
            f"<exif:GPSLatitude><rdf:Seq>{parts}</rdf:Seq></exif:GPSLatitude>",
        )
    )
    assert facts.place.lat == pytest.approx(50.087, abs=1e-9)
    assert position("50/0", "14E").place is None


IPTC = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'


def location(name, forms, lat="10,0N", lon="20,0E", city="Elsewhere"):
    """A structure of the IPTC extension, as elements, as a description or as attributes."""
    if forms == "attributes":
        return (
            f'<Iptc4xmpExt:{name}><rdf:Bag><rdf:li Iptc4xmpExt:City="{city}" '
            f'exif:GPSLatitude="{lat}" exif:GPSLongitude="{lon}"/></rdf:Bag></Iptc4xmpExt:{name}>'
        )
    fields = (
        f"<Iptc4xmpExt:City>{city}</Iptc4xmpExt:City><exif:GPSLatitude>{lat}</exif:GPSLatitude>"
        f"<exif:GPSLongitude>{lon}</exif:GPSLongitude>"
    )
    if forms == "description":
        inner = f"<rdf:li><rdf:Description>{fields}</rdf:Description></rdf:li>"
    else:
        inner = f'<rdf:li rdf:parseType="Resource">{fields}</rdf:li>'
    return f"<Iptc4xmpExt:{name}><rdf:Bag>{inner}</rdf:Bag></Iptc4xmpExt:{name}>"


FORMS = ["elements", "description", "attributes"]


@pytest.mark.parametrize("forms", FORMS)
def test_where_it_was_made_counts_and_what_it_shows_does_not(forms):
    shown, made = location("LocationShown", forms), location("LocationCreated", forms, city="Praha")
    facts = read_xmp(packet(IPTC, shown))
    assert (facts.place, facts.attributes, facts.warnings) == (None, {}, ())
    facts = read_xmp(packet(IPTC, shown + made))
    assert (facts.place, facts.attributes) == (Place(lat=10, lon=20), {"city": "Praha"})
    own = f'{IPTC} exif:GPSLatitude="50,5.22N" exif:GPSLongitude="14,25.26E" photoshop:City="Brno"'
    facts = read_xmp(packet(own, made))
    assert facts.place.lat == pytest.approx(50.087)
    assert facts.attributes == {"city": "Brno"}


@pytest.mark.parametrize("forms", FORMS)
@pytest.mark.parametrize(
    "name", ["xmpMM:Pantry", "xmpMM:Ingredients", "xmpMM:DerivedFrom", "xmpMM:History"]
)
def test_what_is_said_of_other_pictures_is_not_said_of_this_one(name, forms):
    says = 'exif:DateTimeOriginal="2001-02-03T04:05:06" xmp:Rating="5" dc:description="Another"'
    position = 'exif:GPSLatitude="10,0N" exif:GPSLongitude="20,0E"'
    if forms == "attributes":
        inner = f"<rdf:li {says} {position}/>"
    elif forms == "description":
        inner = f"<rdf:li><rdf:Description {says} {position}/></rdf:li>"
    else:
        title = "<dc:title><rdf:Alt><rdf:li>Another</rdf:li></rdf:Alt></dc:title>"
        inner = f'<rdf:li rdf:parseType="Resource">{title}</rdf:li>'
    media = 'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"'
    facts = read_xmp(packet(media, f"<{name}><rdf:Bag>{inner}</rdf:Bag></{name}>"))
    assert (facts.place, facts.time, facts.text, facts.attributes) == (None, None, None, {})


def test_descriptions_of_other_resources_are_passed_over():
    text = packet('xmp:Rating="2"').decode()
    other = '<rdf:Description rdf:about="other.jpg" xmp:Rating="5" dc:description="Another"/>'
    more = '<rdf:Description rdf:about="" dc:description="This"/>'
    named = text.replace('rdf:about=""', 'rdf:about="uuid:1"')
    for whole in (text, named):
        facts = read_xmp(whole.replace("</rdf:RDF>", f"{more}{other}</rdf:RDF>").encode())
        if whole is named:
            assert (facts.text, facts.attributes) == ("This", {"rating": 2})
        else:
            assert facts.attributes["rating"] == 2


def test_values_with_qualifiers():
    facts = read_xmp(
        packet(
            "",
            "<dc:description rdf:parseType='Resource'><rdf:value>A dome</rdf:value>"
            "<xmp:Label>x</xmp:Label></dc:description>",
        )
    )
    assert facts.text == "A dome"


def faces(*people):
    """Regions by the schema of the Metadata Working Group: (name, type)."""
    regions = "".join(
        f'<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="{kind}">'
        '<mwg-rs:Area stArea:x="0.5" stArea:y="0.5"/></rdf:Description></rdf:li>'
        for name, kind in people
    )
    return (
        '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>'
        f"{regions}</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    )


SPACES = (
    f'{IPTC} xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" '
    'xmlns:MP="http://ns.microsoft.com/photo/1.2/" '
    'xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" '
    'xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"'
)


def test_names_of_faces_are_people():
    facts = read_xmp(packet(SPACES, faces(("Ana", "Face"), ("", "Face"), ("Rex", "Pet"))))
    assert facts.attributes == {"people": ["Ana"]}
    microsoft = (
        '<MP:RegionInfo><rdf:Description><MPRI:Regions><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<MPReg:PersonDisplayName>Bo</MPReg:PersonDisplayName></rdf:li>"
        '<rdf:li MPReg:Rectangle="0, 0, 1, 1"/></rdf:Bag></MPRI:Regions></rdf:Description>'
        "</MP:RegionInfo>"
    )
    assert read_xmp(packet(SPACES, microsoft)).attributes == {"people": ["Bo"]}
    listed = (
        "<Iptc4xmpExt:PersonInImage><rdf:Bag><rdf:li>Ana</rdf:li><rdf:li>Cy</rdf:li></rdf:Bag>"
        "</Iptc4xmpExt:PersonInImage>"
    )
    whole = packet(SPACES, listed + microsoft + faces(("Ana", "Face")))
    assert read_xmp(whole).attributes == {"people": ["Ana", "Cy", "Bo"]}


def test_clocks_that_were_not_set():
    clock = packet('exif:DateTimeOriginal="1980-01-01T00:00:00" xmp:CreateDate="2019-06-01T12:00"')
    facts = read_xmp(clock)
    assert (facts.time, len(facts.warnings)) == (datetime(2019, 6, 1, 12), 1)
    # A date alone was written by people, and so is what a sidecar says.
    assert read_xmp(packet('photoshop:DateCreated="2000-01-01"')).time == datetime(2000, 1, 1)
    assert read_xmp(clock, Origin.SIDECAR).time == datetime(1980, 1, 1)
    assert read_xmp(packet('exif:DateTimeOriginal="0000-00-00T00:00:00"')).time is None


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
