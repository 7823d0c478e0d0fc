"""Months and days: counted as Python would count them, under the filters of a search."""

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import placelens as pl
from placelens.engine.periods import NO_TIME
from placelens.engine.timeline import Period, Periods, Timeline
from placelens.engine.times import EPOCH


class Times:
    """As much of a version as periods are made of."""

    def __init__(self, times: list[datetime | None]) -> None:
        unit = timedelta(microseconds=1)
        numbers = [NO_TIME if time is None else (time - EPOCH) // unit for time in times]
        self.times_us = np.array(numbers, dtype=np.int64)


def counted(times: list[datetime | None], by: str) -> Timeline:
    """The slow way."""
    length = {"month": 7, "day": 10}[by]
    counts = Counter(time.isoformat()[:length] for time in times if time is not None)
    periods = tuple(Period(period, counts[period]) for period in sorted(counts))
    return Timeline(periods, n_undated=times.count(None), by=by)


# Few years, so that months repeat; and all there are.
some = st.none() | st.datetimes(datetime(1968, 11, 1), datetime(1971, 2, 28)) | st.datetimes()


@given(st.lists(some, max_size=30), st.sampled_from(["month", "day"]), st.data())
def test_periods_are_those_that_python_counts(times, by, data):
    periods = Periods(Times(times))
    assert periods.timeline(None, by) == counted(times, by)
    passing = data.draw(st.lists(st.booleans(), min_size=len(times), max_size=len(times)))
    left = [time for time, passes in zip(times, passing, strict=True) if passes]
    assert periods.timeline(np.array(passing, dtype=np.bool_), by) == counted(left, by)


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    made = pl.Collection.create(tmp_path_factory.mktemp("timeline") / "c.pl", dim=2)
    berlin = timezone(timedelta(hours=2))
    made.add_vectors(
        list("abcde"),
        np.ones((5, 2)),
        lat=[48.0, 49.0, None, 50.0, 0.0],
        lon=[2.0, 2.0, None, 14.0, 0.0],
        time=[
            datetime(2019, 6, 30, 23, 59, tzinfo=berlin),
            datetime(2019, 7, 1, 0, 30, tzinfo=berlin),  # in June still, in UTC
            datetime(2019, 6, 1),
            None,
            datetime(2021, 1, 1, tzinfo=UTC),
        ],
        attributes=[{"n": 1}, {"n": 2}, {"n": 1}, {"n": 1}, {"n": 2}],
    )
    return made


@pytest.mark.parametrize(
    ("filters", "months", "n_undated"),
    [
        ({}, {"2019-06": 2, "2019-07": 1, "2021-01": 1}, 1),
        ({"where": {"n": 1}}, {"2019-06": 2}, 1),
        ({"bbox": (0, 45, 5, 52)}, {"2019-06": 1, "2019-07": 1}, 0),
        ({"time": "2019"}, {"2019-06": 2, "2019-07": 1}, 0),
        ({"near": "48,2", "radius": "1km"}, {"2019-06": 1}, 0),
        ({"unlocated_only": True}, {"2019-06": 1}, 0),
        ({"where": {"n": 3}}, {}, 0),
        ({"modality": "vector"}, {"2019-06": 2, "2019-07": 1, "2021-01": 1}, 1),
    ],
)
def test_filters_are_those_of_a_search(items, filters, months, n_undated):
    timeline = items.timeline(**filters)
    assert {each.period: each.n_items for each in timeline.periods} == months
    assert timeline.n_undated == n_undated
    assert sum(months.values()) + n_undated == len(list(items.items(**filters)))
    assert timeline.to_dict() == {
        "by": "month",
        "periods": [{"period": month, "n_items": n} for month, n in months.items()],
        "n_undated": n_undated,
    }


def test_what_was_found_of_a_version_is_kept_and_a_commit_is_seen(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(["a"], [[1, 0]], time=[datetime(2019, 6, 1)])
    periods = made._versions.searcher.periods
    assert made.timeline().periods == (Period("2019-06", 1),)
    numbered = periods._kept["month"]
    made.timeline(time="2019")
    assert made._versions.searcher.periods._kept["month"] is numbered
    made.add_vectors(["b"], [[1, 0]], time=[datetime(2020, 6, 1)])
    assert made.timeline().periods == (Period("2019-06", 1), Period("2020-06", 1))


def test_an_empty_collection_has_no_months(tmp_path):
    empty = pl.Collection.create(tmp_path / "c.pl", dim=2)
    assert empty.timeline() == Timeline((), n_undated=0)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"time": "June"}, pl.FilterError, "time 'June' cannot be read"),
        ({"radius": "5km"}, pl.FilterError, "needs a place"),
        ({"by": "week"}, pl.InputError, "by 'week' is no kind of period; give month or day"),
        ({"deadline": 5}, pl.InputError, "deadline 5 is not a Deadline"),
    ],
)
def test_what_is_wrong_is_said(items, arguments, error, said):
    with pytest.raises(error, match=said):
        items.timeline(**arguments)


def test_a_deadline_that_passed_stops_it(items):
    with pytest.raises(pl.SearchStoppedError):
        items.timeline(where={"n": 1}, deadline=pl.Deadline(1e-9))
