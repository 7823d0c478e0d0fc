import json
from datetime import UTC, datetime

import pytest

from placelens.errors import ReadError
from placelens.readers.sidecars import sidecars_in
from placelens.readers.takeout import read_takeout, read_title
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


def own(image, *others, titles=None):
    """The sidecars of one image among the files of its folder, whose titles are as given."""
    return sidecars_in([image, *others], (titles or {}).get).get(image, ())


LONG = "A" * 40 + "123456.jpg"  # 50 characters
LONGER = "A" * 47  # what is left of a stem before .jpg
PORTRAIT = "PXL_20230512_104512345.PORTRAIT"
# A UUID: 9 + 36 + 2 = 47 characters are left of original_..._PHOTO.
ORIGINAL = "original_1d4caa6f-16c6-4c3d-901b-9387de10e528_"
# 22 emoji of two code units, and one of two characters of one code unit each: 46.
FACES = "\N{GRINNING FACE}" * 22 + "\N{WHITE SMILING FACE}\N{VARIATION SELECTOR-16}"


@pytest.mark.parametrize(
    ("image", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.JPG.json"),
        ("IMG_1(1).jpg", "IMG_1.jpg(1).json"),
        ("IMG_1(1).jpg", "IMG_1.jpg.supplemental-metadata(1).json"),
        ("IMG_1(1).jpg", "IMG_1(1).jpg.json"),
        ("IMG_1(1).jpg", "IMG_1(1).jpg.supplemental-metadata.json"),
        ("IMG_1(1)(1).jpg", "IMG_1(1).jpg(1).json"),
        ("IMG_1-edited.jpg", "IMG_1.jpg.json"),
        ("IMG_1-edited(1).jpg", "IMG_1.jpg(1).json"),
        ("IMG_1(3)-edited.jpg", "IMG_1.jpg(3).json"),
        ("IMG_1-bearbeitet.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1-ha editado.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1-editat.jpg", "IMG_1.jpg.json"),
        ("IMG_1-modifi\u00e9.jpg", "IMG_1.jpg.json"),
        ("IMG_1-modifie\u0301.jpg", "IMG_1.jpg.json"),
        ("IMG_1-effects.jpg", "IMG_1.jpg.json"),
        ("IMG_1-COLLAGE.jpg", "IMG_1.jpg.json"),
        ("IMG_1-edited.jpg", "IMG_1.HEIC.json"),
        # A title without an ending.
        ("IMG_1.jpg", "IMG_1.json"),
        ("Jam.jpg", "Jam.supplemental-metadata.json"),
        ("Jam(1).jpg", "Jam.supplemental-metadata(1).json"),
        ("Jam(1).jpg", "Jam(1).json"),
        ("Jam-edited.jpg", "Jam.supplemental-metadata.json"),
        # 46 characters remain before .json: of the name, or 35 + 11 and 44 + 2 with the rest.
        (LONG, LONG[:46] + ".json"),
        (f"{PORTRAIT}.jpg", f"{PORTRAIT}.jpg.supplement.json"),
        (f"{PORTRAIT}-01.COVER.jpg", f"{PORTRAIT}-01.COVER.jpg.s.json"),
        ("IMG_1.jpg", "IMG_1.jpg.suppl.json"),
        ("IMG_1.jpg", "IMG_1.jpg..json"),
        (f"{LONGER}.jpg", f"{LONGER[:46]}.json"),
        (f"{LONGER}.jpg", f"{LONGER}.json"),
        (f"{LONGER}BCD.jpg", f"{LONGER}BCD.json"),
        (f"{LONGER}(494).jpg", f"{LONGER[:46]}(494).json"),
        ("1" * 44 + "(1).jpg", "1" * 44 + ".j(1).json"),
        ("1" * 45 + ".JPG", "1" * 45 + ".JP.supplemental-meta.json"),
        (f"{FACES}\N{GRINNING FACE}.jpg", f"{FACES}.json"),
        # The suffix is cut with the name: 43 + 4 characters.
        ("B" * 43 + "-edi.jpg", "B" * 43 + ".jp.json"),
        (f"{ORIGINAL}P.jpg", f"{ORIGINAL}.json"),
        (f"{ORIGINAL}P(1).jpg", f"{ORIGINAL}(1).json"),
        (f"{ORIGINAL}P(1).jpg", f"{ORIGINAL}.json"),
        # A live photo is a picture and a video.
        ("IMG_1.HEIC", "IMG_1.MP4.json"),
        ("IMG_1.HEIC", "IMG_1.MOV.supplemental-metadata.json"),
        # Accents of either form.
        ("Caf\u00e9.jpg", "Cafe\u0301.jpg.json"),
        ("Cafe\u0301(1).jpg", "Caf\u00e9.jpg.supplemental-metadata(1).json"),
        ("CAF\u00c9.jpg", "cafe\u0301.xmp"),
    ],
)  # fmt: skip
def test_names_of_takeout_files(image, sidecar):
    assert own(image, sidecar, "other.json", "metadata.json") == (sidecar,)


@pytest.mark.parametrize(
    ("image", "other"),
    [
        ("IMG_1.jpg", "IMG_1.jpg(1).json"),
        ("IMG_1(1).jpg", "IMG_1.jpg(2).json"),
        ("IMG_1(1).jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_10.jpg.json"),
        ("IMG_10.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.other.json"),
        ("IMG_1-e.jpg", "IMG_1.jpg.json"),
        ("IMG_1-night.jpg", "IMG_1.jpg.json"),
        (f"{LONGER}.jpg", f"{LONGER[:45]}B.json"),
    ],
)
def test_names_of_other_photos(image, other):
    assert own(image, other) == ()


def test_the_exact_name_is_preferred():
    names = ["IMG_1.JPG", "IMG_1.JPG.json", "IMG_1.jpg", "IMG_1.jpg.json"]
    expected = {"IMG_1.JPG": ("IMG_1.JPG.json",), "IMG_1.jpg": ("IMG_1.jpg.json",)}
    assert sidecars_in(names, lambda name: None) == expected
    assert sidecars_in(names[::-1], lambda name: None) == expected
    del expected["IMG_1.jpg"]
    assert sidecars_in(names[:3], lambda name: None) == expected
    # An edited copy and a video have what is theirs where Takeout gives them some.
    assert own("A-edited.jpg", "A.jpg.json", "A-edited.jpg.json") == ("A-edited.jpg.json",)
    assert own("A.HEIC", "A.MP4.json", "A.HEIC.json") == ("A.HEIC.json",)


def test_an_edited_copy_shares_the_json_of_its_original_in_any_format():
    names = ["A.HEIC", "A-edited.jpg", "A.HEIC.json", "A(1).HEIC", "A-edited(1).jpg"]
    names.append("A.HEIC.supplemental-metadata(1).json")
    found = sidecars_in(names, lambda name: None)
    assert found["A-edited.jpg"] == found["A.HEIC"] == ("A.HEIC.json",)
    assert found["A-edited(1).jpg"] == found["A(1).HEIC"] == (names[-1],)


def test_cut_names_are_told_apart_by_their_titles():
    first, second = f"{LONGER[:46]}x.jpg", f"{LONGER[:46]}y.jpg"
    titles = {f"{LONGER[:46]}.json": f"{LONGER[:46]}yyy.jpg",
              f"{LONGER[:46]}(1).json": f"{LONGER[:46]}xyz.jpg"}  # fmt: skip
    assert sidecars_in([first, second, *titles], titles.get) == {
        first: (f"{LONGER[:46]}(1).json",),
        second: (f"{LONGER[:46]}.json",),
    }


def test_a_name_that_only_looks_cut_is_not_given_the_json_of_another():
    """Of 50 and 51 characters with the ending; the JSON of the shorter one is not there."""
    shorter, longer = "A" * 46 + ".jpg", "A" * 47 + ".jpg"
    titles = {"A" * 46 + "(1).json": longer}
    assert sidecars_in([shorter, longer, *titles], titles.get) == {longer: tuple(titles)}
    dashed = "A" * 45 + "-.jpg"
    titles = {"A" * 46 + ".json": shorter}
    assert sidecars_in([shorter, dashed, *titles], titles.get) == {shorter: tuple(titles)}


def test_a_title_finds_its_photo_where_names_do_not():
    assert own("IMG_5.jpg", "abc.json", titles={"abc.json": "IMG_5.jpg"}) == ("abc.json",)
    assert own("a_b.jpg", "x.json", titles={"x.json": "a&b.jpg"}) == ("x.json",)
    assert own("IMG_5(1).jpg", "x(1).json", titles={"x(1).json": "IMG_5.jpg"}) == ("x(1).json",)
    assert own("IMG_5(1).jpg", "x.json", titles={"x.json": "IMG_5.jpg"}) == ()
    # Two that say the same of different files: no way to tell.
    assert own("a.jpg", "x.json", "y.json", titles={"x.json": "a.jpg", "y.json": "a.jpg"}) == ()


def test_titles_are_asked_for_only_where_names_do_not_tell():
    def refuse(name):
        raise AssertionError(f"{name} was opened")

    names = ["A.jpg", "A.jpg.json", "B(1).jpg", "B.jpg(1).json", "metadata.json", "V.MP4.json"]
    assert len(sidecars_in(names, refuse)) == 2


def test_the_title_of_a_takeout_json(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"title": "IMG_1.jpg", "photoTakenTime": {"timestamp": "1224692919"}}')
    assert read_title(str(file)) == "IMG_1.jpg"
    for other in ('{"title": "an album"}', '["title"]', '{"title"', '{"geoData": {}, "title": 5}'):
        file.write_text(other)
        assert read_title(str(file)) is None
    assert read_title(str(tmp_path / "none.json")) is None
    assert read_title(str(tmp_path)) is None


def test_xmp_comes_first_the_specific_one_before_the_general():
    assert own("a.jpg", "a.jpg.json", "a.xmp", "a.jpg.XMP") == ("a.jpg.XMP", "a.xmp", "a.jpg.json")
    assert own("a.jpg") == ()
