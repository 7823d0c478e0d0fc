"""Readers meet any bytes with a reading or a reason, and never state a place that is not one."""

import contextlib
import io
import json
import math
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from shapely.geometry import shape

from placelens.errors import CoordinateError, MissingExtraError, ReadError
from placelens.readers.base import Reading, Skipped, Source
from placelens.readers.coordinates import angle, parse_angle
from placelens.readers.discover import read_photos, read_table
from placelens.readers.exif import read_tags
from placelens.readers.images import decode
from placelens.readers.iptc import iptc_of_jpeg, read_iptc
from placelens.readers.metadata import Metadata
from placelens.readers.raw_exif import read_raw_exif
from placelens.readers.read import read
from placelens.readers.sidecars import sidecars_in
from placelens.readers.takeout import read_takeout
from placelens.readers.times import time_in_name
from placelens.readers.values import clean_text, parse_time, to_attribute
from placelens.readers.xmp import read_xmp
from placelens.types import ImageSpec

SPEC = ImageSpec(size=16)
MAGIC = [
    b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
    b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", b"FUJIFILMCCD-RAW ", b"IIRO\x08\0\0\0",
    b"IIU\0\x08\0\0\0", b"II*\0\x10\0\0\0CR\2\0", b"BM", b"8BPS", b"P6 ",
]  # fmt: skip
images = st.one_of(
    st.binary(max_size=400),
    st.builds(bytes.__add__, st.sampled_from(MAGIC), st.binary(max_size=400)),
)


def photograph() -> bytes:
    """A small JPEG with everything in it that the readers look at."""
    exif = Image.Exif()
    exif.update({271: "Maker", 270: "words", 274: 6, 0x9C9B: "t".encode("utf-16-le")})
    exif.get_ifd(0x8769).update({36867: "2019:06:01 12:00:00", 36881: "+02:00"})
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (50.0, 5.0, 13.2), 3: "E", 4: (14.0, 25.0, 15.6), 6: 210.0, 18: "WGS-84"}
    )
    out = io.BytesIO()
    Image.effect_noise((64, 48), 50).convert("RGB").save(out, "JPEG", exif=exif, xmp=XMP)
    return out.getvalue()


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    b'exif:GPSLatitude="50,5.22N" exif:GPSLongitude="14,25.26E" xmp:Rating="3" '
    b'exif:DateTimeOriginal="2019-06-01T12:00:00"/></rdf:RDF></x:xmpmeta>'
)
PHOTO = photograph()
# Everything before the first scan: markers, EXIF, XMP and tables.
HEAD = PHOTO.index(b"\xff\xda")


def check(facts: Metadata | Reading) -> None:
    """What every reader promises of what it returns."""
    if facts.place is not None:
        assert math.isfinite(facts.place.lat)
        assert math.isfinite(facts.place.lon)
        assert abs(facts.place.lat) <= 90
        assert abs(facts.place.lon) <= 180
        assert (facts.place.lat, facts.place.lon) != (0, 0)
    assert (facts.place is None) == (facts.place_source is None)
    for text in (facts.text, *facts.attributes, *facts.attributes.values(), *facts.warnings):
        if isinstance(text, str):
            text.encode("utf-8")  # storable
    if facts.time is not None:
        assert facts.time.isoformat()


@given(images, st.sampled_from(["", "a.jpg", "a.dng", "a.nef", "a.heic"]))
def test_any_bytes_decode_or_give_a_reason(data, name):
    try:
        decoded = decode(data, SPEC, name=name)
    except (ReadError, MissingExtraError) as error:
        assert str(error)  # noqa: PT017 - either outcome is right, but not an empty reason
    else:
        assert decoded.pixels.shape == (16, 16, 3)


@given(st.integers(0, len(PHOTO)))
@example(len(PHOTO))
def test_a_photo_cut_anywhere_decodes_or_gives_a_reason(cut):
    check_photo(PHOTO[:cut])


@given(
    st.lists(st.tuples(st.integers(2, HEAD - 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_photo_with_damaged_metadata_decodes_or_gives_a_reason(changes):
    data = bytearray(PHOTO)
    for at, value in changes:
        data[at] = value
    check_photo(bytes(data))


def check_photo(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        path.write_bytes(data)
        [source] = read_photos(path)
        with contextlib.suppress(ReadError):
            check(read(source, SPEC))


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_sidecar_costs_a_warning_at_most(xmp, takeout):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.jpg").write_bytes(PHOTO)
        (Path(folder) / "a.xmp").write_bytes(xmp)
        (Path(folder) / "a.jpg.json").write_bytes(takeout)
        [source] = read_photos(folder)
        reading = read(source, None)
        check(reading)
        assert reading.place is not None


@given(images)
def test_any_bytes_have_raw_exif_or_none(data):
    check(read_raw_exif(data))


rationals = st.one_of(
    st.builds(IFDRational, st.integers(-400, 2**32 - 1), st.integers(0, 1000)),
    st.floats(),
    st.integers(),
    st.text(max_size=4),
    st.binary(max_size=4),
    st.none(),
)
tag_values = st.one_of(
    rationals, st.lists(rationals, max_size=4), st.lists(rationals, max_size=4).map(tuple)
)
refs = st.one_of(st.sampled_from(["N", "S", "E", "W", b"S\0", ""]), tag_values)
time_texts = st.one_of(
    st.from_regex(r"\d{4}[:-]\d\d[:-]\d\d[ T]\d\d:\d\d:\d\d([+-]\d\d:?\d\d)?", fullmatch=True),
    tag_values,
)


@given(
    st.dictionaries(st.sampled_from([270, 271, 272, 306, 0x4746, 0x9C9B, 0x9C9E]), tag_values),
    st.dictionaries(st.sampled_from([36867, 36868, 37521, 36881, 42036]), time_texts),
    st.dictionaries(st.sampled_from([2, 4, 5, 6, 7, 18, 29]), tag_values),
    refs,
    refs,
)
def test_any_tags_give_a_place_or_a_warning(main, photo, gps, lat_ref, lon_ref):
    check(read_tags(main, photo, {**gps, 1: lat_ref, 3: lon_ref}))


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda t: t.encode("utf-8"))))
def test_any_bytes_are_xmp_or_give_a_reason(data):
    with contextlib.suppress(ReadError):
        check(read_xmp(data))


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x1c\x02\x37\0\x08", b"\xff\xd8\xff\xed\0\x30"]),
)
def test_any_bytes_have_an_iptc_record_or_none(data, start):
    check(read_iptc(start + data))
    for record in (
        iptc_of_jpeg(start + data),
        iptc_of_jpeg(start + b"Photoshop 3.0\x008BIM" + data),
    ):
        check(read_iptc(record or b""))


@given(st.text(max_size=30), st.sampled_from(["", "2019-06-23", "20190623_1011"]))
def test_any_name_has_a_time_or_none(name, start):
    time = time_in_name(start + name)
    assert time is None or time.isoformat()


@given(st.lists(st.tuples(st.integers(0, len(XMP) - 1), st.integers(0, 255)), max_size=6))
def test_damaged_xmp_is_read_or_gives_a_reason(changes):
    data = bytearray(XMP)
    for at, value in changes:
        data[at] = value
    with contextlib.suppress(ReadError):
        check(read_xmp(bytes(data)))


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=20))
def test_any_xmp_values_are_read(lat, lon, time):
    def quoted(text: str) -> bytes:
        return "".join(f"&#{ord(c)};" for c in text if c.isprintable()).encode()

    data = XMP.replace(b"50,5.22N", quoted(lat)).replace(b"14,25.26E", quoted(lon))
    check(read_xmp(data.replace(b"2019-06-01T12:00:00", quoted(time))))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
positions = st.one_of(
    json_values,
    st.fixed_dictionaries(
        {"latitude": json_values, "longitude": json_values}, optional={"altitude": json_values}
    ),
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "geoData": positions,
            "geoDataExif": positions,
            "photoTakenTime": json_values | st.fixed_dictionaries({"timestamp": json_values}),
            "description": json_values,
            "people": json_values | st.lists(st.fixed_dictionaries({"name": json_values})),
            "favorited": json_values,
        },
    )
)
def test_any_takeout_record_is_read(record):
    check(read_takeout(json.dumps(record).encode()))


@given(st.binary(max_size=200))
def test_any_bytes_are_takeout_or_give_a_reason(data):
    with contextlib.suppress(ReadError):
        check(read_takeout(data))


def found_in(name: str, data: bytes) -> list[Source | Skipped]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        found = list(read_table(path))
        for one in found:
            if isinstance(one, Source):
                reading = read(one, None)
                assert reading.text
                reading.text.encode("utf-8")
                one.key.encode("utf-8")
            else:
                assert one.reason
        return found


SUFFIXES = ["csv", "tsv", "json", "jsonl", "geojson", "parquet"]
starts = st.sampled_from(
    [b"", b"text,lat,lon\n", b'{"text": "a"}\n', b'[{"text": "a"}', b"PAR1", b"\xff\xfe",
     b'{"type": "FeatureCollection", "features": [']
)  # fmt: skip


@given(st.sampled_from(SUFFIXES), starts, st.binary(max_size=200))
def test_any_bytes_are_a_table_or_give_a_reason(suffix, start, rest):
    found_in(f"t.{suffix}", start + rest)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"text": json_values},
            optional=dict.fromkeys(("lat", "lon", "x", "y", "time", "id", "image"), json_values),
        ),
        max_size=4,
    )
)
def test_any_rows_become_sources_or_are_named(rows):
    found = found_in("t.json", json.dumps(rows).encode())
    assert len([f for f in found if isinstance(f, Source)]) <= len(rows)
    # A table that is refused as a whole gives one reason; every row else gives one or the other.
    assert len(found) in (1, len(rows))


@given(st.fixed_dictionaries({"type": st.sampled_from(
    ["Point", "LineString", "Polygon", "MultiPoint", "GeometryCollection", "Blob"])},
    optional={"coordinates": json_values, "geometries": json_values}))  # fmt: skip
def test_any_geometry_becomes_a_place_is_empty_or_is_named(geometry):
    feature = {"type": "Feature", "geometry": geometry, "properties": {"name": "a"}}
    [found] = found_in("t.geojson", json.dumps(feature).encode())
    if isinstance(found, Source) and found.place is None:
        assert geometry.get("coordinates") == [] or shape(geometry).is_empty


@given(st.floats(-90, 90), st.floats(-180, 180))
@example(90.0, 180.0)
@example(-90.0, -180.0)
def test_a_position_survives_every_spelling(lat, lon):
    def parts(value: float) -> tuple[float, float, float]:
        minutes = (abs(value) % 1) * 60
        return float(int(abs(value))), float(int(minutes)), (minutes % 1) * 60

    for value, letters, axis in ((lat, "NS", "latitude"), (lon, "EW", "longitude")):
        letter = letters[math.copysign(1, value) < 0]
        d, m, s = parts(value)
        # A thousand-millionth of a degree is a tenth of a millimetre.
        assert angle((d, m, s), letter, axis) == pytest.approx(value, abs=1e-9)
        assert parse_angle(f"{d:.0f},{m + s / 60:.12f}{letter}", axis) == pytest.approx(
            value, abs=1e-9
        )
        assert parse_angle(f"{d:.0f}°{m:.0f}'{s:.10f}\"{letter}", axis) == pytest.approx(
            value, abs=1e-9
        )
        assert parse_angle(repr(value), axis) == value


@given(st.one_of(json_values, st.binary(max_size=5)), st.sampled_from(["latitude", "longitude"]))
def test_any_value_is_an_angle_or_named(value, axis):
    with contextlib.suppress(CoordinateError):
        assert isinstance(parse_angle(value, axis), float)


@given(st.one_of(st.text(max_size=25), st.integers(), st.floats(), st.none()))
@example("9999-12-31 23:59:59.9999999")
@example("2019-06-01T00:00:00+24:00")
def test_any_value_is_a_time_or_named(value):
    with contextlib.suppress(ValueError):
        assert parse_time(value).isoformat()


@given(st.text(st.characters(codec=None, categories=None), max_size=20) | st.binary(max_size=20))
def test_any_text_becomes_storable(value):
    text = clean_text(value)
    assert text is None or text.encode("utf-8").strip()


@given(json_values)
def test_any_value_becomes_an_attribute(value):
    attribute = to_attribute(value)
    for member in attribute if isinstance(attribute, list) else [attribute]:
        assert member is None or isinstance(member, str | int | float | bool)
        if isinstance(member, int):
            struct.pack("q", member)
    assert attribute != []


names = st.text(min_size=1, max_size=60).filter(lambda name: "/" not in name)


names = names | st.builds(
    "{}{}{}".format,
    st.text("aA1(). -\u00e9\U0001f600", max_size=50),
    st.sampled_from(["", "(1)", ".jpg", "-edited.jpg"]),
    st.sampled_from([".jpg", ".json", ".xmp", ".supplemental-metadata.json", "(1).json", ".MP4"]),
)


@given(st.lists(names, max_size=8), st.text(max_size=9) | st.none())
def test_any_names_have_sidecars_or_none(found, title):
    for image, sidecars in sidecars_in(found, lambda name: title).items():
        assert {image, *sidecars} <= set(found)
