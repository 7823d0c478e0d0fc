import io
import re
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from math import nan

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from placelens.readers.exif import read_exif, read_tags
from placelens.readers.images import decode
from placelens.readers.metadata import TimeKind
from placelens.types import Place

LAT_50_30 = (50.0, 30.0, 0.0)
LON_14_15 = (14.0, 15.0, 0.0)


def gps(lat=LAT_50_30, lat_ref="N", lon=LON_14_15, lon_ref="E", **more):
    tags = {1: lat_ref, 2: lat, 3: lon_ref, 4: lon}
    return {tag: value for tag, value in tags.items() if value is not None} | {
        int(tag[1:]): value for tag, value in more.items()
    }


def place_of(tags):
    facts = read_tags({}, {}, tags)
    return facts.place, facts.warnings


@pytest.mark.parametrize(
    ("lat_ref", "lon_ref", "lat", "lon"),
    [("N", "E", 50.5, 14.25), ("S", "E", -50.5, 14.25), ("N", "W", 50.5, -14.25),
     ("S", "W", -50.5, -14.25)],
)  # fmt: skip
def test_hemispheres(lat_ref, lon_ref, lat, lon):
    # 50 deg 30' = 50.5, 14 deg 15' = 14.25
    assert place_of(gps(lat_ref=lat_ref, lon_ref=lon_ref)) == (Place(lat=lat, lon=lon), ())


@pytest.mark.parametrize("ref", ["s", b"S", "S\0", b"S\0\0", " S ", "South", b"South\0"])
def test_hemispheres_in_other_spellings(ref):
    assert place_of(gps(lat_ref=ref)) == (Place(lat=-50.5, lon=14.25), ())


@pytest.mark.parametrize(
    "lat",
    [
        (50.5, 0.0, 0.0),  # decimal degrees
        (50.5,),
        50.5,
        IFDRational(101, 2),
        (IFDRational(50, 1), IFDRational(30, 1), IFDRational(0, 0)),  # 0/0: not used
        (IFDRational(50, 1), IFDRational(3000, 100)),
        (50, 29, 60.0),  # 59.999 seconds rounded up
        ("50", "30", "0"),
    ],
)
def test_forms_of_50_degrees_30_minutes(lat):
    assert place_of(gps(lat=lat)) == (Place(lat=50.5, lon=14.25), ())


def test_signs_without_hemisphere_are_believed():
    tags = gps(lat=(-50.0, 30.0, 0.0), lat_ref=None, lon=(-14.25,), lon_ref=None)
    assert place_of(tags) == (Place(lat=-50.5, lon=-14.25), ())


def test_the_letter_outranks_the_sign():
    assert place_of(gps(lat=(-50.5,), lat_ref="S"))[0] == Place(lat=-50.5, lon=14.25)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (gps(lat_ref=None), "latitude 50 does not say north or south"),
        (gps(lon_ref=""), "longitude 14 does not say east or west"),
        (gps(lat_ref="E"), "latitude has the hemisphere 'E', not N or S"),
        (gps(lat=(0.0, 0.0, 0.0), lon=(0.0, 0.0, 0.0)), "0, 0 is what devices write"),
        (gps(lat=(91.0, 0.0, 0.0)), r"latitude 91.0 is not in \[-90, 90\]"),
        (gps(lat=(120.0,), lon=(40.0,)), "are lat and lon swapped"),
        (gps(lon=(180.0, 0.0, 1.0)), "longitude 180.000277"),
        (gps(lat=(50.0, 75.0, 0.0)), "minutes or seconds outside 0 to 60"),
        (gps(lat=(50.0, -5.0, 0.0)), "minutes or seconds outside 0 to 60"),
        (gps(lat=(IFDRational(50, 0), 0.0, 0.0)), "is not a finite number"),
        (gps(lat=(50.0, nan, 0.0)), "is not a finite number"),
        (gps(lat=(IFDRational(0, 0), 5.0, 0.0)), "latitude has no degrees"),
        (gps(lat=(1.0, 2.0, 3.0, 4.0)), "has 4 parts"),
        (gps(lat=b"\x01junk"), "is not a finite number"),
        (gps(lat={"a": 1}), "is not a finite number"),
        (gps(lon=None), "the longitude is missing"),
    ],
)
def test_positions_that_are_ignored_with_a_warning(tags, reason):
    place, warnings = place_of(tags)
    assert place is None
    assert len(warnings) == 1
    assert warnings[0].startswith("its EXIF position is ignored: ")
    assert re.search(reason, warnings[0])


def test_unknown_positions_are_no_reason_to_warn():
    unknown = (IFDRational(0, 0),) * 3
    assert place_of(gps(lat=unknown, lon=unknown)) == (None, ())
    assert place_of({0: b"\2\2\0\0"}) == (None, ())


@pytest.mark.parametrize(("lat", "lon"), [(90, 180), (-90, -180), (0, 5), (5, 0)])
def test_edges_of_the_world(lat, lon):
    tags = gps(
        lat=(abs(lat),), lat_ref="N" if lat >= 0 else "S",
        lon=(abs(lon),), lon_ref="E" if lon >= 0 else "W",
    )  # fmt: skip
    assert place_of(tags) == (Place(lat=lat, lon=lon), ())


def test_another_datum_is_pointed_out():
    assert place_of(gps(_18="WGS-84   "))[1] == ()
    assert place_of(gps(_18="TOKYO"))[1] == (
        "its EXIF position is in 'TOKYO' and was taken as WGS84",
    )


@pytest.mark.parametrize(
    ("altitude", "ref", "metres"),
    [(120.5, b"\0", 120.5), (120.5, b"\1", -120.5), (120.5, None, 120.5),
     (IFDRational(1, 0), b"\0", None), (1e9, b"\0", None)],
)  # fmt: skip
def test_altitude(altitude, ref, metres):
    tags = {6: altitude} | ({5: ref} if ref is not None else {})
    assert read_tags({}, {}, tags).attributes.get("altitude_m") == metres


def test_time_has_fraction_and_offset_where_stated():
    photo = {36867: "2019:06:01 12:34:56", 37521: "25", 36881: "+02:00"}
    assert read_tags({}, photo, {}).time == datetime(
        2019, 6, 1, 12, 34, 56, 250_000, timezone(timedelta(hours=2))
    )
    assert read_tags({}, {36867: "2019:06:01 12:34:56"}, {}).time == datetime(
        2019, 6, 1, 12, 34, 56
    )


def test_time_falls_back_from_taken_to_digitised_to_satellites_to_changed():
    satellites = {29: "2019:06:04", 7: (23.0, 59.0, 59.5)}
    tags = [
        {36867: "2019:06:01 00:00:00"},
        {36868: "2019:06:02 00:00:00"},
        {306: "2019:06:03 00:00:00"},
    ]
    whole = {**tags[0], **tags[1]}
    assert read_tags(tags[2], whole, satellites).time.day == 1
    assert read_tags(tags[2], tags[1], satellites).time.day == 2
    facts = read_tags(tags[2], {}, satellites)
    assert facts.time == datetime(2019, 6, 4, 23, 59, 59, 500_000, tzinfo=UTC)
    assert facts.time_kind is TimeKind.SATELLITES
    facts = read_tags(tags[2], {}, {})
    assert (facts.time, facts.time_kind) == (datetime(2019, 6, 3), TimeKind.CHANGED)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        # Where clocks start that were never set, and what they show after a day of use.
        ("1970:01:01 00:00:00", None),
        ("1980:01:01 00:00:00", None),
        ("2000:01:01 00:00:00", None),
        ("0001:01:01 00:00:00", None),
        ("2000:01:01 03:12:45", TimeKind.UNSET_CLOCK),
        ("1979:12:31 18:00:09", TimeKind.UNSET_CLOCK),
        ("2000:01:02 00:00:00", TimeKind.TAKEN),
        ("1975:07:14 00:00:00", TimeKind.TAKEN),  # a print that was scanned and dated
    ],
)
def test_clocks_that_were_not_set(text, kind):
    facts = read_tags({}, {36867: text}, {})
    assert (facts.time_kind if facts.time else None) == kind
    assert bool(facts.warnings) == (kind is not TimeKind.TAKEN)
    # Anything else that is stated is likelier, be it only the time of a change.
    facts = read_tags({306: "2019:06:03 00:00:00"}, {36867: text}, {})
    assert facts.time.year == (2019 if kind is not TimeKind.TAKEN else int(text[:4]))


@pytest.mark.parametrize(
    "bad", ["0000:00:00 00:00:00", "2019:13:01 00:00:00", "yesterday", b"\xff"]
)
def test_bad_times_are_ignored_with_a_warning(bad):
    facts = read_tags({306: "2019:06:03 00:00:00"}, {36867: bad}, {})
    assert facts.time == datetime(2019, 6, 3)
    assert len(facts.warnings) == 1
    assert "its EXIF time is ignored" in facts.warnings[0]


def test_blank_times_mean_unknown_and_bad_offsets_are_named():
    assert read_tags({}, {36867: "    :  :     :  :  "}, {}).warnings == ()
    facts = read_tags({}, {36867: "2019:06:01 00:00:00", 36881: "later"}, {})
    assert facts.time == datetime(2019, 6, 1)
    assert facts.warnings == ("its EXIF offset from UTC is ignored: 'later'",)


@pytest.mark.parametrize("clock", [(25.0, 0.0, 0.0), (nan, 0.0, 0.0), (-1.0, 0.0, 0.0)])
def test_bad_satellite_times_are_named(clock):
    facts = read_tags({}, {}, {29: "2019:06:04", 7: clock})
    assert facts.time is None
    assert facts.warnings[0].startswith("its GPS time is ignored")


def test_attributes_and_text():
    main = {
        271: "NIKON\0junk", 272: "COOLPIX", 270: "Dom\u00c3\u00a9 of the church",
        0x9C9B: "Title".encode("utf-16-le") + b"\0\0", 0x9C9E: "sea; boat".encode("utf-16-le"),
        0x4746: 4,
    }  # fmt: skip
    facts = read_tags(main, {42036: "50mm"}, {})
    # UTF-8 bytes C3 A9 that Pillow gives as Latin-1 are an e with an acute accent.
    assert facts.text == "Title\nDom\u00e9 of the church"
    assert facts.attributes == {
        "camera_make": "NIKON", "camera_model": "COOLPIX", "lens": "50mm", "title": "Title",
        "keywords": ["sea", "boat"], "rating": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "MINOLTA DIGITAL CAMERA", "Exif_JPEG_PICTURE",
     "DCIM", "KONICA MINOLTA DIGITAL CAMERA", "<Digimax S500>", "default", "   "],
)  # fmt: skip
def test_what_cameras_write_by_themselves_is_no_description(text):
    assert read_tags({270: text}, {}, {}).text is None


@pytest.mark.parametrize("text", ["My first digital photo", "Sony building, Berlin", "A DSC boat"])
def test_what_people_write_is(text):
    assert read_tags({270: text}, {}, {}).text == text


def test_through_a_file(make_jpeg, prague_gps):
    data = make_jpeg(main={271: "Maker"}, photo={36867: "2019:06:01 12:34:56"}, gps=prague_gps)
    facts = read_exif(decode(data, None).info["exif"])
    # 5' 13.2" = 313.2 / 3600 = 0.087 degrees; 25' 15.6" = 1515.6 / 3600 = 0.421
    assert facts.place.lat == pytest.approx(50.087, abs=1e-9)
    assert facts.place.lon == pytest.approx(14.421, abs=1e-9)
    assert facts.place_source == "exif"
    assert facts.time == datetime(2019, 6, 1, 12, 34, 56)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_through_other_formats(make_picture, prague_gps, kind):
    exif = Image.Exif()
    exif[271] = "Maker"  # Pillow takes EXIF with a GPS directory alone for empty
    exif.get_ifd(0x8825).update(prague_gps)
    out = io.BytesIO()
    make_picture().save(out, kind, exif=exif.tobytes())
    facts = read_exif(decode(out.getvalue(), None).info["exif"])
    assert facts.place.lat == pytest.approx(50.087, abs=1e-9)


def test_damaged_directories_give_a_warning_and_the_rest(make_jpeg, prague_gps):
    data = make_jpeg(main={271: "Maker"}, gps=prague_gps)
    at = data.index(b"\x88\x25")  # the GPS directory's tag: type, count, then its offset
    broken = data[: at + 8] + b"\x7f\xff\xff\xff" + data[at + 12 :]
    facts = read_exif(decode(broken, None).info["exif"])
    assert facts.place is None
    assert facts.attributes["camera_make"] == "Maker"


def test_how_far_off_the_position_may_be(make_jpeg, prague_gps):
    data = make_jpeg(main={271: "Maker"}, gps={**prague_gps, 31: 4.5})
    assert read_exif(decode(data, None).info["exif"]).place_radius_m == 4.5


@pytest.mark.parametrize(
    ("error", "radius_m"),
    [
        (Fraction(9, 2), 4.5), (0, 0), ("12", 12), (1e6, 1e6),
        (-1, None), (float("nan"), None), (float("inf"), None), (1.1e6, None), ("", None),
        (None, None), (b"\xff", None), ((1, 2), None),
    ],
)  # fmt: skip
def test_an_error_that_is_nonsense_is_none(prague_gps, error, radius_m):
    facts = read_tags({}, {}, {**prague_gps, 31: error})
    assert facts.place is not None
    assert facts.place_radius_m == radius_m


def test_an_error_without_a_position_is_of_nothing():
    assert read_tags({}, {}, {31: 4.5}).place_radius_m is None


# From each file's GPS IFD by hand: 43 deg 28' 2.814" = 43 + 28/60 + 2.814/3600, and so on.
SAMPLES = {
    "DSCN0010": (43.467448, 11.885127, "2008-10-22T16:28:39"),
    "DSCN0012": (43.467157, 11.885395, "2008-10-22T16:29:49"),
    "DSCN0021": (43.467082, 11.884538, "2008-10-22T16:38:20"),
    "DSCN0025": (43.468365, 11.881635, "2008-10-22T16:43:21"),
    "DSCN0027": (43.468442, 11.881515, "2008-10-22T16:44:01"),
    "DSCN0029": (43.468243, 11.880172, "2008-10-22T16:46:53"),
    "DSCN0038": (43.467255, 11.879213, "2008-10-22T16:52:15"),
    "DSCN0040": (43.466012, 11.879112, "2008-10-22T16:55:37"),
    "DSCN0042": (43.464455, 11.881478, "2008-10-22T17:00:07"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_real_photos(shared_data, name):
    path = shared_data / "exif_samples" / "jpg" / "gps" / f"{name}.jpg"
    facts = read_exif(decode(path, None).info["exif"])
    lat, lon, time = SAMPLES[name]
    assert facts.place.lat == pytest.approx(lat, abs=1e-6)
    assert facts.place.lon == pytest.approx(lon, abs=1e-6)
    assert facts.time.isoformat() == time
    assert facts.attributes == {"camera_make": "NIKON", "camera_model": "COOLPIX P6000"}
    assert facts.text is None  # the description is blank
    assert facts.warnings == ()
