import json
from datetime import UTC, datetime

import pytest

from placelens.errors import ReadError
from placelens.readers.sidecars import sidecars_of
from placelens.readers.takeout import read_takeout
from placelens.types import Place

HERE = {"latitude": 50.087, "longitude": 14.421, "altitude": 210.0}
THERE = {"latitude": -33.85, "longitude": 151.2, "altitude": 0.0}
NOWHERE = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}


def facts_of(**record):
    return read_takeout(json.dumps(record).encode())


def test_the_position_that_google_photos_shows_outranks_the_files():
    facts = facts_of(geoData=HERE, geoDataExif=THERE)
    assert facts.place == Place(lat=50.087, lon=14.421)
    assert facts.place_source == "takeout"
    assert facts.attributes == {"altitude_m": 210.0}


def test_zero_zero_stands_for_none():
    facts = facts_of(geoData=NOWHERE, geoDataExif=THERE)
    assert facts.place == Place(lat=-33.85, lon=151.2)
    assert facts.attributes == {}
    assert facts_of(geoData=NOWHERE, geoDataExif=NOWHERE).place is None
    assert facts_of(geoData=NOWHERE).warnings == ()


@pytest.mark.parametrize(
    "geo",
    [
        {"latitude": 95, "longitude": 0},
        {"latitude": "north", "longitude": 0},
        {"latitude": 5},
        {"latitude": [5], "longitude": 5},
        {"latitude": 10**400, "longitude": 5},
    ],
)
def test_bad_positions_are_named_and_the_other_is_taken(geo):
    facts = facts_of(geoData=geo, geoDataExif=THERE)
    assert facts.place == Place(lat=-33.85, lon=151.2)
    assert facts.warnings[0].startswith("its Takeout position (geoData) is ignored: l")


def test_time_description_people_favourite():
    facts = facts_of(
        title="IMG_1.jpg",
        description=" On the bridge\u0000 ",
        photoTakenTime={"timestamp": "1224692919", "formatted": "22 Oct 2008, 16:28:39 UTC"},
        people=[{"name": "Ana"}, {"name": ""}, {}, {"name": "Bo"}],
        favorited=True,
    )
    # 1224692919 s: `date -u -d @1224692919` gives 2008-10-22 16:28:39
    assert facts.time == datetime(2008, 10, 22, 16, 28, 39, tzinfo=UTC)
    assert facts.text == "On the bridge"
    assert facts.attributes == {"people": ["Ana", "Bo"], "favorite": True}


@pytest.mark.parametrize("stamp", ["soon", 10**30, "-99999999999999", [1]])
def test_bad_times_are_named(stamp):
    facts = facts_of(photoTakenTime={"timestamp": stamp})
    assert facts.time is None
    assert facts.warnings[0].startswith("its Takeout time is ignored")


@pytest.mark.parametrize("data", [b'{"name": "package"}', b"[1, 2]", b"3", b"null"])
def test_other_json_says_nothing(data):
    facts = read_takeout(data)
    assert (facts.place, facts.time, facts.text, facts.warnings) == (None, None, None, ())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_names_its_reason(data):
    with pytest.raises(ReadError, match="it is not JSON"):
        read_takeout(data)


LONG = "A" * 40 + "123456.jpg"  # 50 characters
PORTRAIT = "PXL_20230512_104512345.PORTRAIT"


@pytest.mark.parametrize(
    ("image", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.JPG.json"),
        ("IMG_1(1).jpg", "IMG_1.jpg(1).json"),
        ("IMG_1(1).jpg", "IMG_1.jpg.supplemental-metadata(1).json"),
        ("IMG_1(1).jpg", "IMG_1(1).jpg.json"),
        ("IMG_1-edited.jpg", "IMG_1.jpg.json"),
        ("IMG_1-edited(1).jpg", "IMG_1.jpg(1).json"),
        ("IMG_1-bearbeitet.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.json"),
        # 46 characters remain before .json:
        (LONG, LONG[:46] + ".json"),
        # 35 + 11 and 44 + 2 characters
        (f"{PORTRAIT}.jpg", f"{PORTRAIT}.jpg.supplement.json"),
        (f"{PORTRAIT}-01.COVER.jpg", f"{PORTRAIT}-01.COVER.jpg.s.json"),
        ("IMG_1.jpg", "IMG_1.jpg.suppl.json"),
    ],
)  # fmt: skip
def test_names_of_takeout_files(image, sidecar):
    names = {name.lower(): name for name in (sidecar, "other.json", "metadata.json")}
    assert sidecars_of(image, names) == (sidecar,)


@pytest.mark.parametrize(
    ("image", "other"),
    [
        ("IMG_1.jpg", "IMG_1.jpg(1).json"),
        ("IMG_1(1).jpg", "IMG_1.jpg(2).json"),
        ("IMG_1.jpg", "IMG_10.jpg.json"),
        ("IMG_10.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.other.json"),
    ],
)
def test_names_of_other_photos(image, other):
    assert sidecars_of(image, {other.lower(): other}) == ()


def test_xmp_comes_first_the_specific_one_before_the_general():
    names = ["a.jpg.json", "a.xmp", "a.jpg.XMP"]
    assert sidecars_of("a.jpg", {n.lower(): n for n in names}) == (
        "a.jpg.XMP",
        "a.xmp",
        "a.jpg.json",
    )
    assert sidecars_of("a.jpg", {}) == ()
