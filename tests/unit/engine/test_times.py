"""Periods as people write them."""

from datetime import date, datetime, timedelta, timezone

import pytest

from placelens.engine.times import EPOCH, parse_period, parse_time_range, split_range
from placelens.errors import FilterError


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2020", datetime(2020, 1, 1), datetime(2021, 1, 1)),
        ("2020-02", datetime(2020, 2, 1), datetime(2020, 3, 1)),
        ("2020-02-29", datetime(2020, 2, 29), datetime(2020, 3, 1)),
        (date(2020, 2, 29), datetime(2020, 2, 29), datetime(2020, 3, 1)),
        ("2020-02-29T12:30", datetime(2020, 2, 29, 12, 30), datetime(2020, 2, 29, 12, 30, 0, 1)),
        ("9999", datetime(9999, 1, 1), datetime.max),
    ],
)
def test_a_time_is_the_period_it_names(text, start, end):
    assert parse_period(text) == (start, end)


def test_a_zone_is_dropped_since_the_wall_clock_counts():
    zoned = datetime(2020, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert parse_period(zoned)[0] == datetime(2020, 1, 1, 12)


def test_the_last_instant_there_is_ends_with_itself():
    assert parse_period(datetime.max)[1] == datetime.max


def test_ranges_hold_both_ends():
    start, end = parse_time_range(("2019-05", "2019-06"))
    assert EPOCH + timedelta(microseconds=start) == datetime(2019, 5, 1)
    assert EPOCH + timedelta(microseconds=end) == datetime(2019, 7, 1)
    assert parse_time_range((None, None)) is not None
    assert parse_time_range(None) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "19",
        "２０１９",
        "2" * 10**5,
        b"20",
        10**400,
        [1, 2],
        "2019-13",
        "2019-02-30",
        ("2020", "2019"),
        ("2020",),
    ],
)
def test_others_are_refused(value):
    with pytest.raises(FilterError):
        parse_time_range(value)


def test_a_range_as_it_is_typed():
    assert split_range("2019") == "2019"
    assert split_range("..2019-06") == (None, "2019-06")
    assert split_range("2018 .. 2019") == ("2018", "2019")
