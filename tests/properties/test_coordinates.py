"""A known coordinate, written in every spelling that people use, is read back as it was."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from placelens.readers.coordinates import AXES, parse_angle, parse_pair
from placelens.readers.positions import PositionColumn

# A hundred-thousandth of a second is a third of a millimetre.
EXACT = 1e-8
MINUSES = "-−–‒﹣－"
DEGREE_MARKS = ["°", "º", "˚", " deg ", "d", "° ", " degrees "]
MINUTE_MARKS = ["'", "′", "’", "ʹ", "´", "' ", "m"]
SECOND_MARKS = ['"', "″", "”", "''", "′′", '" ']
LETTERS = {"latitude": ("NS", ("North", "South")), "longitude": ("EW", ("East", "West"))}

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
positions = st.tuples(latitudes, longitudes)


@st.composite
def angles(draw, axis, value, *, lettered=False):
    """One angle in a spelling of its own, with a sign or a letter."""
    kind = draw(st.sampled_from(["degrees", "minutes", "seconds", "colons"]))
    seconds = round(abs(value) * 3600, 5)
    degrees, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    d, m, s = int(degrees), int(minutes), rest
    pad = draw(st.booleans())
    marks = [draw(st.sampled_from(marks)) for marks in (DEGREE_MARKS, MINUTE_MARKS, SECOND_MARKS)]
    if kind == "degrees":
        body = f"{abs(value):.10f}" + draw(st.sampled_from(["", "°", " °", "º"]))
    elif kind == "minutes":
        body = f"{d}{marks[0]}{m + s / 60:{'013.10f' if pad else '.10f'}}{marks[1]}"
    elif kind == "seconds":
        body = f"{d}{marks[0]}{m:{'02' if pad else ''}}{marks[1]}{s:.5f}{marks[2]}"
    else:
        body = f"{d}:{m:02}:{s:.5f}"
    if draw(st.booleans()):
        body = body.replace(".", ",")
    letter, word = (names[math.copysign(1, value) < 0] for names in LETTERS[axis])
    blank = draw(st.sampled_from(["", " ", "\u00a0", "\u202f"]))
    ways = ["letter", "lower", "word", "before", *([] if lettered else ["sign"])]
    written = draw(st.sampled_from(ways))
    if written == "sign":
        minus = draw(st.sampled_from(MINUSES))
        return (minus if math.copysign(1, value) < 0 else draw(st.sampled_from(["", "+"]))) + body
    if written == "before":
        return letter + blank + body
    # After a mark for minutes, a small s would be seconds where minutes have a letter.
    after = {"letter": letter, "lower": letter.lower(), "word": word}[written]
    return body + (blank or " ") + after


@given(st.data(), positions)
@example(None, (90.0, 180.0))
@example(None, (-0.0, -180.0))
def test_an_angle_survives_every_spelling(data, position):
    for axis, value in zip(AXES, position, strict=True):
        text = repr(value) if data is None else data.draw(angles(axis, value))
        assert parse_angle(text, axis, comma="decimal") == pytest.approx(value, abs=EXACT)


@given(st.data(), positions)
def test_a_sign_beside_the_number_is_that_of_the_number(data, position):
    for axis, value in zip(AXES, position, strict=True):
        letter = LETTERS[axis][0][math.copysign(1, value) < 0]
        text = data.draw(st.sampled_from([f"{abs(value):.10f}", f"{value:.10f}"]))
        for cell in (text, float(text), text.replace(".", ",").replace("-", "−")):
            read = parse_angle(cell, axis, hemisphere=letter, comma="decimal")
            assert read == pytest.approx(value, abs=EXACT)


@given(st.data(), positions, st.sampled_from([", ", "; ", " / ", " | ", " , "]), st.booleans())
def test_a_pair_with_letters_survives_every_spelling_and_order(data, position, between, swapped):
    drawn = [data.draw(angles(a, v, lettered=True)) for a, v in zip(AXES, position, strict=True)]
    pair = parse_pair(between.join(drawn[::-1] if swapped else drawn))
    assert pair is not None
    place = pair.place(latitude_first=True)
    assert place.lonlat == pytest.approx(position[::-1], abs=EXACT)


@given(
    st.lists(st.tuples(latitudes, longitudes), min_size=1, max_size=10),
    st.tuples(latitudes, st.floats(90.1, 180) | st.floats(-180, -90.1)),
    st.booleans(),
    st.sampled_from(["{}, {}", "({} {})", "{};{}", "[{}, {}]", "{} / {}"]),
)
def test_one_longitude_beyond_90_tells_the_order_of_a_whole_column(rows, wide, swapped, form):
    rows = [*rows, wide]
    cells = [form.format(*(f"{v:.9f}" for v in (row[::-1] if swapped else row))) for row in rows]
    column = PositionColumn("location", cells)
    for (lat, lon), cell in zip(rows, cells, strict=True):
        assert column.place_of(cell).lonlat == pytest.approx((lon, lat), abs=EXACT)


@given(st.lists(positions, min_size=1, max_size=5))
def test_well_known_text_and_binary_say_their_order(rows):
    shapely = pytest.importorskip("shapely")
    for lat, lon in rows:
        point = shapely.Point(lon, lat)
        for cell in (shapely.to_wkt(point, rounding_precision=-1), point.wkb, point.wkb_hex,
                     f"SRID=4326;POINT Z ({lon!r} {lat!r} 5)"):  # fmt: skip
            place = PositionColumn("geom", [cell]).place_of(cell)
            assert place.lonlat == pytest.approx((lon, lat), abs=EXACT)
