"""Times in file names, and which of several stated times is believed."""

import json
from datetime import UTC, datetime

import pytest

from placelens.readers.discover import read_photos
from placelens.readers.metadata import Metadata, Origin, TimeKind, merge
from placelens.readers.read import read
from placelens.readers.times import time_in_name

AT = datetime(2019, 6, 23, 10, 11, 12)
DAY = datetime(2019, 6, 23)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20190623_101112.jpg", AT),
        ("IMG_20190623_101112_1.jpg", AT),
        ("IMG_20190623_101112(1).jpg", AT),
        ("IMG_20190623_101112345.jpg", AT),
        ("MVIMG_20190623_101112.jpg", AT),
        ("PXL_20190623_101112345.MP.jpg", AT.replace(tzinfo=UTC)),
        ("20190623_101112.heic", AT),
        ("20190623101112.jpg", AT),
        ("Screenshot_20190623-101112.png", AT),
        ("Screenshot_2019-06-23-10-11-12-123_com.app.png", AT),
        ("Screenshot 2019-06-23 at 10.11.12.png", AT),
        ("Screenshot 2019-06-23 at 10.11.12\u202fPM.png", AT.replace(hour=22)),
        ("WhatsApp Image 2019-06-23 at 12.11.12 AM.jpeg", AT.replace(hour=0)),
        ("WhatsApp Image 2019-06-23 at 10.11.12 (1).jpeg", AT),
        ("2019-06-23 10.11.12.jpg", AT),
        ("signal-2019-06-23-101112.jpg", AT),
        ("2019-06-23T10:11:12.jpg", AT),
        ("S2A_MSIL1C_20190623T101112_N0207.tif", AT),
        # 1561284672 s: `date -u -d @1561284672` gives 2019-06-23 10:11:12
        ("FB_IMG_1561284672000.jpg", AT.replace(tzinfo=UTC)),
        ("IMG-20190623-WA0001.jpg", DAY),
        ("2019-06-23 Prague.jpg", DAY),
        ("1954-07-12.jpg", datetime(1954, 7, 12)),
        ("20190623.jpg", None),  # may be any number of eight digits
        ("IMG_4711.jpg", None),
        ("DSC_20191399_101112.jpg", None),
        ("20190623_256199.jpg", None),
        ("120190623_101112.jpg", None),
        ("20190623_1011123456.jpg", None),
        ("1561284672000.jpg", None),
        ("WhatsApp Image 2019-06-23 at 13.11.12 PM.jpeg", DAY),
        ("", None),
    ],
)  # fmt: skip
def test_times_in_names(name, expected):
    assert time_in_name(name) == expected


# Every place that states a time, as a year of its own, in the order in which they are believed.
ORDER = [
    "table", "sidecar", "EXIF taken", "XMP taken", "IPTC taken", "Takeout taken",
    "EXIF digitised", "XMP digitised", "satellites", "name", "EXIF changed", "Takeout uploaded",
    "unset clock",
]  # fmt: skip
YEARS = {name: 2001 + i for i, name in enumerate(ORDER)}


@pytest.fixture
def photo(write, make_jpeg):
    """Write a photo with the times that are asked for; give its reading."""

    def build(*times):
        photo, main, gps, xmp = {}, {}, {}, []
        year = {name: str(YEARS[name]) for name in times}
        if "EXIF taken" in times:
            photo[36867] = f"{year['EXIF taken']}:03:04 05:06:07"
        elif "unset clock" in times:
            photo[36867] = "2000:01:01 05:06:07"
        if "EXIF digitised" in times:
            photo[36868] = f"{year['EXIF digitised']}:03:04 05:06:07"
        if "EXIF changed" in times:
            main[306] = f"{year['EXIF changed']}:03:04 05:06:07"
        if "satellites" in times:
            gps |= {29: f"{year['satellites']}:03:04", 7: (5.0, 6.0, 7.0)}
        if "XMP taken" in times:
            xmp.append(f'photoshop:DateCreated="{year["XMP taken"]}-03-04T05:06:07"')
        if "XMP digitised" in times:
            xmp.append(f'xmp:CreateDate="{year["XMP digitised"]}-03-04T05:06:07"')
        save = {"xmp": packet(*xmp)} if xmp else {}
        data = make_jpeg(main={271: "Maker", **main}, photo=photo, gps=gps, **save)
        if "IPTC taken" in times:
            data = with_iptc(data, {55: f"{year['IPTC taken']}0304", 60: "050607"})
        name = f"IMG_{year['name']}0304_050607.jpg" if "name" in times else "a.jpg"
        path = write(name, data)
        if "sidecar" in times:
            write("a.xmp" if name == "a.jpg" else f"{name}.xmp",
                  packet(f'exif:DateTimeOriginal="{year["sidecar"]}-03-04T05:06:07"'))  # fmt: skip
        takeout = {
            key: {"timestamp": str(int(datetime(YEARS[one], 3, 4, tzinfo=UTC).timestamp()))}
            for key, one in (
                ("photoTakenTime", "Takeout taken"),
                ("creationTime", "Takeout uploaded"),
            )
            if one in times
        }
        if takeout:
            write(f"{name}.json", json.dumps(takeout))
        if "table" in times:
            write("t.csv", f"image,time\n{name},{year['table']}-03-04\n")
        [source] = read_photos(path.parent)
        return read(source, None)

    return build


def packet(*properties):
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {" ".join(properties)}/></rdf:RDF>'
    ).encode()


def with_iptc(data, datasets):
    """A JPEG with an IPTC record in Photoshop's resources (segment APP13) after its start."""
    record = b"".join(
        b"\x1c\x02" + bytes([number]) + len(text).to_bytes(2, "big") + text.encode()
        for number, text in datasets.items()
    )
    body = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(record).to_bytes(4, "big") + record
    return data[:2] + b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


@pytest.mark.parametrize("best", range(len(ORDER)))
def test_the_most_reliable_time_is_believed(photo, best):
    reading = photo(*ORDER[best:])
    expected = 2000 if ORDER[best] == "unset clock" else YEARS[ORDER[best]]
    assert reading.time.year == expected


@pytest.mark.parametrize("worse", range(1, len(ORDER)))
def test_each_alone_is_better_than_none_and_worse_than_the_one_before(photo, worse):
    assert photo(ORDER[worse - 1], ORDER[worse]).time.year == YEARS[ORDER[worse - 1]]


def test_the_time_of_the_file_on_disk_is_no_statement(photo):
    assert photo().time is None


def test_equal_statements_join_their_texts_and_lists():
    first = Metadata(origin=Origin.TAKEOUT, text="A", attributes={"people": ["Ana", "Bo"], "n": 1})
    second = Metadata(origin=Origin.TAKEOUT, text="B", attributes={"people": ["Cy", "Ana"], "n": 2})
    both = merge([first, second])
    assert (both.text, both.attributes) == ("A\nB", {"people": ["Ana", "Bo", "Cy"], "n": 1})
    better = Metadata(origin=Origin.EXIF, text="C", attributes={"people": "Di"})
    assert merge([first, second, better]).text == "C"
    assert merge([first, second, better]).attributes == {"people": "Di", "n": 1}
    assert merge([]).time is None


def test_lists_are_united_written_as_lists_too():
    first, second = (
        Metadata(origin=Origin.TAKEOUT, attributes={"people": people})
        for people in (["Ana", "Smith, Bo"], ["Cy", "Ana"])
    )
    assert merge([first, second]).attributes == {"people": ["Ana", "Smith, Bo", "Cy"]}


def test_a_time_that_may_be_of_an_unset_clock_is_the_last_resort():
    clock = Metadata(origin=Origin.ROW, time=AT, time_kind=TimeKind.UNSET_CLOCK)
    changed = Metadata(origin=Origin.EXIF, time=DAY, time_kind=TimeKind.CHANGED)
    assert merge([clock]).time == AT
    assert merge([clock, changed]).time == DAY
