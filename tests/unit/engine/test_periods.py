"""Periods against the plain definition."""

from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from placelens.engine.periods import NO_TIME, Periods, merged_us
from placelens.engine.times import EPOCH

days = st.integers(-100, 100)
spans = st.lists(st.tuples(days, st.integers(1, 30)), max_size=6)


def as_dates(pairs):
    return [(EPOCH + timedelta(days=a), EPOCH + timedelta(days=a + n)) for a, n in pairs]


def microseconds(day):
    return (day * timedelta(days=1)) // timedelta(microseconds=1)


@given(north=spans, south=spans, times=st.lists(st.one_of(st.none(), days)), negated=st.booleans())
def test_an_item_lies_in_the_periods_of_its_hemisphere(north, south, times, negated):
    lat = np.array([(-10.0, np.nan, 0.0, 45.0)[i % 4] for i in range(len(times))])
    times_us = np.array([NO_TIME if day is None else microseconds(day) for day in times], np.int64)
    periods = Periods(merged_us(as_dates(north)), merged_us(as_dates(south)), negated)
    for row, day in enumerate(times):
        own = south if lat[row] < 0 else north
        inside = day is not None and any(a <= day < a + n for a, n in own)
        assert periods.mask(times_us, lat)[row] == (inside != negated)


def test_open_ends_hold_the_first_and_last_times():
    (span,) = merged_us([(datetime.min, datetime.max)])
    periods = Periods((span,), (span,))
    assert periods.mask(np.array([microseconds(-719_000), NO_TIME]), np.zeros(2)).tolist() == [
        True,
        False,
    ]
