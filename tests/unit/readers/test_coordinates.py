from decimal import Decimal

import pytest

from placelens.errors import CoordinateError
from placelens.readers.coordinates import Pair, parse_angle, parse_hemisphere, parse_pair
from placelens.types import Place


@pytest.mark.parametrize(
    ("value", "degrees"),
    [
        (50.5, 50.5),
        (-50, -50.0),
        (Decimal("50.5"), 50.5),
        ("50.5", 50.5),
        (" -50.5 ", -50.5),
        ("+50.5", 50.5),
        ("50,5", 50.5),  # decimal comma
        ("5.05e1", 50.5),
        ("50.5 S", -50.5),
        ("50.5s", -50.5),
        ("50,30N", 50.5),  # XMP: degrees and minutes
        ("50°30'0\"S", -50.5),
        ("-50°30′", -50.5),
        ("-0°30'", -0.5),
        ("50º 29' 60''", 50.5),
        ("50 deg 30' 0.00\" S", -50.5),
        ("−50.5", -50.5),  # U+2212
        ("–50,5°", -50.5),  # en dash
        ("S50.5", -50.5),
        ("S 50° 30", -50.5),
        ("N 50° 05,4′", 50.09),
        ("50°05,4' N", 50.09),
        ("50º30ʹ0ʺ s", -50.5),
        ("50˚30’00”S.", -50.5),
        ("50d30m0s", 50.5),  # seconds, after minutes with a letter
        ("50d30m0sS", -50.5),
        ("50°30'0s", -50.5),  # south
        ("50:30:00", 50.5),
        ("50.000,30.000,0.000S", -50.5),  # rationals written out
        ("50 30 00", 50.5),
        ("50 degrees 30 minutes 0 seconds south", -50.5),
        ("50,5° Süd", -50.5),
        ("Lat: 50.5", 50.5),
        ("５０．５", 50.5),  # full width
        ("\u200e50.5\u202f° N\u200e", 50.5),
    ],
)
def test_latitudes(value, degrees):
    assert parse_angle(value, "latitude") == degrees


@pytest.mark.parametrize(
    "value",
    ["", "north", "50 30", "50,30,10", "50N30", "1.2.3", "50°30'10\"5", True, None, [5], "--5",
     "50..5", "0x10", "٥٠N x", "50.5 14.4", "50.5 30 N", "50.5O", "N 50 S", "u2fkbnhu",
     "9F2P3CPC+RG", "33UVR58004800", "50/2", "50-30"],
)  # fmt: skip
def test_what_is_no_angle_names_axis_and_value(value):
    with pytest.raises(CoordinateError, match=r"latitude .* is not"):
        parse_angle(value, "latitude")


@pytest.mark.parametrize(
    "text", ["1" + " " * 100_000 + "x", "1," * 50_000, "'" * 100_000, "9" * 400]
)
def test_texts_of_any_length_are_read_or_named_at_once(text):
    with pytest.raises(CoordinateError):
        Place(lat=parse_angle(text, "latitude"), lon=0)
    assert parse_pair(text) is None


def test_a_letter_of_the_other_axis_is_refused():
    with pytest.raises(CoordinateError, match="longitude has the hemisphere 'N', not E or W"):
        parse_angle("14N", "longitude")


def test_not_a_number_passes_for_the_place_to_name():
    assert str(parse_angle("NaN", "latitude")) == "nan"
    with pytest.raises(CoordinateError, match="a number of 401 digits"):
        parse_angle(10**400, "latitude")


@pytest.mark.parametrize(
    ("value", "hemisphere", "degrees"),
    [
        ("33.85", "S", -33.85), (33.85, "S", -33.85), ("-33.85", "S", -33.85),
        (-33.85, "S", -33.85), ("33.85 S", "S", -33.85),
        ("33 51", "S", -33.85), ("33.85", None, 33.85), (0, "S", 0),
    ],
)  # fmt: skip
def test_a_hemisphere_beside_the_number(value, hemisphere, degrees):
    assert parse_angle(value, "latitude", hemisphere=hemisphere) == degrees


@pytest.mark.parametrize(
    ("value", "hemisphere", "reason"),
    [
        ("20,30.5N", "S", "says N, but the field beside it S"),
        ("-33.85", "N", "latitude -33.85 is negative, and yet N"),
        (-33.85, "N", "is negative, and yet N"),
        ("-33.85 N", None, "is negative, and yet N"),
        ("33.85 N", "E", "says N, but the field beside it E"),
        ("33.85", "E", "latitude has the hemisphere 'E', not N or S"),
        ("lon 33.85", None, "is labelled a longitude"),
    ],
)
def test_contradictions_are_named(value, hemisphere, reason):
    with pytest.raises(CoordinateError, match=reason):
        parse_angle(value, "latitude", hemisphere=hemisphere)


def test_the_words_of_hemispheres():
    assert [parse_hemisphere(word, "latitude") for word in ("n", "South", "Süd", "", None)] == [
        "N", "S", "S", None, None
    ]  # fmt: skip
    assert [parse_hemisphere(word, "longitude") for word in ("E.", "Ost", "ouest")] == [
        "E", "E", "W"
    ]  # fmt: skip
    with pytest.raises(CoordinateError, match="longitude has the hemisphere 'O', not E or W"):
        parse_hemisphere("O", "longitude")  # east in German, west in French


def test_a_lone_comma_is_decimal_in_tables_and_separates_in_xmp():
    assert parse_angle("50,30 N", "latitude") == 50.5
    assert parse_angle("50,30 N", "latitude", comma="decimal") == 50.3
    # With a point, three parts or a mark, there is nothing to choose.
    for comma in ("decimal", "separator"):
        assert parse_angle("50,30.0N", "latitude", comma=comma) == 50.5
        assert parse_angle("50,29,60N", "latitude", comma=comma) == 50.5
        assert parse_angle("50,5°N", "latitude", comma=comma) == 50.5


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("50.25, 14.5", (50.25, 14.5, None)),
        ("-33.25 151.5", (-33.25, 151.5, None)),
        ("50,25; 14,5", (50.25, 14.5, None)),
        ("50,25 14,5", (50.25, 14.5, None)),
        ("50,25, 14,5", (50.25, 14.5, None)),
        ("(50.25, 14.5)", (50.25, 14.5, None)),
        ("[14.5, 50.25]", (14.5, 50.25, None)),
        ("50.25,14.5", (50.25, 14.5, None)),
        ("50.25/14.5", (50.25, 14.5, None)),
        ("50.25N, 14.5E", (50.25, 14.5, True)),
        ("14.5E 50.25N", (14.5, 50.25, False)),
        ("S33.25 W70.5", (-33.25, -70.5, True)),
        ("N50.25E14.5", (50.25, 14.5, True)),
        ("N 50° 15.000 E 014° 30.000", (50.25, 14.5, True)),
        ("50°15'0\"N 14°30'0\"E", (50.25, 14.5, True)),
        ("50° 15,0' N, 14° 30,0' E", (50.25, 14.5, True)),
        ("50 deg 15' 0.00\" N, 14 deg 30' 0.00\" E", (50.25, 14.5, True)),
        ("50,15.0N,14,30.0E", (50.25, 14.5, True)),
        ("Lat: 50.25 Lon: 14.5", (50.25, 14.5, True)),
        ("lng=14.5, lat=50.25", (14.5, 50.25, False)),
        ("geo:50.25,14.5;u=35", (50.25, 14.5, True)),
        ("+50.25+014.5/", (50.25, 14.5, True)),
    ],
)
def test_pairs(text, pair):
    assert parse_pair(text) == Pair(*pair)


@pytest.mark.parametrize(
    "text",
    ["", "50.25", "50,25", "1,5", "Prague", "Prague, 3", "14,49,15,50", "14, 49, 15, 50",
     "14 49 15 50", "14.1,49.2,15.3,50.4", "50 05 14 25", "33U 458000 5548000", "9F2P3CPC+RG",
     "33UVR5800048000", "12/05/2019", "10-12", "50.25, 14.5, 200", "50.25N, 14.5N", "x" * 200],
)  # fmt: skip
def test_what_is_not_exactly_two_angles_is_none(text):
    assert parse_pair(text) is None


def test_a_pair_that_contradicts_itself_is_named():
    with pytest.raises(CoordinateError, match="negative, and yet N"):
        parse_pair("-50.25 N, 14.5 E")
