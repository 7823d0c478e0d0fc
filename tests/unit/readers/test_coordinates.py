from decimal import Decimal

import pytest

from placelens.errors import CoordinateError
from placelens.readers.coordinates import parse_angle


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
    ],
)
def test_latitudes(value, degrees):
    assert parse_angle(value, "latitude") == degrees


@pytest.mark.parametrize(
    "value",
    ["", "north", "50 30", "50,30,10", "50N30", "1.2.3", "50°30'10\"5", True, None, [5], "--5",
     "50..5", "0x10", "٥٠N x"],
)  # fmt: skip
def test_what_is_no_angle_names_axis_and_value(value):
    with pytest.raises(CoordinateError, match=r"latitude .* is not"):
        parse_angle(value, "latitude")


def test_a_letter_of_the_other_axis_is_refused():
    with pytest.raises(CoordinateError, match="longitude has the hemisphere 'N', not E or W"):
        parse_angle("14N", "longitude")


def test_not_a_number_passes_for_the_place_to_name():
    assert str(parse_angle("NaN", "latitude")) == "nan"
    with pytest.raises(CoordinateError, match="a number of 401 digits"):
        parse_angle(10**400, "latitude")
