"""Times in the words of a query, by a clock that stands still."""

from datetime import datetime

import pytest

from placelens.geo.time_words import parse_times

NOW = datetime(2026, 11, 29, 12)  # a Sunday


def read(query, *, southern=False):
    """The only mention of a query, and its spans from 2018 to 2019 as days."""
    (mention,) = parse_times(query, NOW)
    spans = mention.in_years(2018, 2019, southern=southern)
    return mention, [f"{start:%Y-%m-%d} {end:%Y-%m-%d}" for start, end in spans]


@pytest.mark.parametrize(
    ("query", "phrase", "span"),
    [
        ("church in 2019", "in 2019", "2019-01-01 2020-01-01"),
        ("photos from 2019", "from 2019", "2019-01-01 2020-01-01"),
        ("May 2019", "May 2019", "2019-05-01 2019-06-01"),
        ("trip, June 12, 2019", "June 12, 2019", "2019-06-12 2019-06-13"),
        ("12th of June 2019", "12th of June 2019", "2019-06-12 2019-06-13"),
        ("2019-06-30 lake", "2019-06-30", "2019-06-30 2019-07-01"),
        ("30.06.2019 lake", "30.06.2019", "2019-06-30 2019-07-01"),
        ("summer 2019", "summer 2019", "2019-06-01 2019-09-01"),
        ("the summer of 2019 in Rome", "the summer of 2019", "2019-06-01 2019-09-01"),
        ("Christmas 2019", "Christmas 2019", "2019-12-24 2019-12-27"),
        ("Easter 2024", "Easter 2024", "2024-03-29 2024-04-02"),  # Easter Sunday: 31 March
        ("New Year's Eve 2020", "New Year's Eve 2020", "2020-12-31 2021-01-01"),
        ("between 2015 and 2018", "between 2015 and 2018", "2015-01-01 2019-01-01"),
        ("from 2015 to 2018", "from 2015 to 2018", "2015-01-01 2019-01-01"),
        ("dog yesterday", "yesterday", "2026-11-28 2026-11-29"),
        ("last week", "last week", "2026-11-16 2026-11-23"),
        ("last weekend", "last weekend", "2026-11-21 2026-11-23"),
        ("last Monday", "last Monday", "2026-11-23 2026-11-24"),
        ("last month", "last month", "2026-10-01 2026-11-01"),
        ("last year", "last year", "2025-01-01 2026-01-01"),
        ("this year", "this year", "2026-01-01 2027-01-01"),
        ("last May", "last May", "2026-05-01 2026-06-01"),
        ("last December", "last December", "2025-12-01 2026-01-01"),
        ("last summer", "last summer", "2026-06-01 2026-09-01"),
        ("last Christmas", "last Christmas", "2025-12-24 2025-12-27"),
        ("Christmas last year", "Christmas last year", "2025-12-24 2025-12-27"),
        ("two weeks ago", "two weeks ago", "2026-11-09 2026-11-16"),
        ("3 years ago", "3 years ago", "2023-01-01 2024-01-01"),
        ("the last 10 days", "the last 10 days", "2026-11-19 2026-11-30"),
    ],
)
def test_explicit_times_are_read(query, phrase, span):
    mention, spans = read(query)
    assert (mention.phrase, mention.is_weak, mention.unread) == (phrase, False, "")
    assert spans == [span]


def test_a_phrase_is_where_it_stands():
    query = "dog in May 2019 at the lake"
    mention, _ = read(query)
    assert query[mention.start : mention.end] == mention.phrase == "in May 2019"


def test_decades_and_ranges_are_all_their_years():
    for query, first, last in [("in the 90s", 1990, 1999), ("2015-2018", 2015, 2018)]:
        mention, _ = read(query)
        assert mention.years == (first, last)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("since 2015", datetime(2015, 1, 1), datetime.max),
        ("after May 2019", datetime(2019, 6, 1), datetime.max),
        ("before 2000", datetime.min, datetime(2000, 1, 1)),
        ("until 2010", datetime.min, datetime(2011, 1, 1)),
    ],
)
def test_open_periods(query, start, end):
    (mention,) = parse_times(query, NOW)
    assert mention.in_years(0, 0, southern=False) == [(start, end)]


def test_seasons_are_turned_around_south_of_the_equator():
    assert read("summer 2019", southern=True)[1] == [
        "2019-01-01 2019-03-01",
        "2019-12-01 2020-03-01",
    ]
    assert read("winter 2019", southern=True)[1] == ["2019-06-01 2019-09-01"]
    # Written of the winter before and of the one after.
    assert read("winter 2019")[1] == ["2019-01-01 2019-03-01", "2019-12-01 2020-03-01"]
    assert read("May 2019", southern=True)[1] == read("May 2019")[1]


@pytest.mark.parametrize("query", ["in May", "at Christmas", "every summer", "on Halloween"])
def test_what_comes_back_does_so_every_year(query):
    mention, spans = read(query)
    assert mention.years is None
    assert len(spans) == 2


@pytest.mark.parametrize(
    "query",
    [
        "2000 people", "in 2000 steps", "at 2000 m", "1066", "3019", "march of soldiers", "March",
        "May the force", "Christmas tree", "summer dress", "90s party", "tomorrow", "2019-02-30",
        "31.02.2019", "room 12", "", "spring in the step", "fall from a bike",
    ],
)  # fmt: skip
def test_what_is_no_time(query):
    assert parse_times(query, NOW) == ()


@pytest.mark.parametrize("query", ["dog 2021", "2021", "2021 lake"])
def test_a_bare_year_is_weak(query):
    assert read(query)[0].is_weak


@pytest.mark.parametrize("query", ["dogs in winter", "leaves in the Fall", "summer"])
def test_a_season_alone_may_be_what_is_seen(query):
    mention, _ = read(query)
    assert mention.is_weak
    assert "season" in mention.unread


@pytest.mark.parametrize("query", ["not in 2019", "except 2019", "never in May", "not from 2019"])
def test_a_negation_asks_for_other_times(query):
    mention, _ = read(query)
    assert mention.negated
    assert mention.describe().startswith("not ")


@pytest.mark.parametrize("query", ["not a photo in 2019", "not only in 2019"])
def test_a_negation_that_is_not_clear_must_not_act(query):
    assert "negation" in read(query)[0].unread


def test_last_is_before_now_on_any_day():
    for month in range(1, 13):
        for word in ("May", "December", "summer", "Christmas"):
            now = datetime(2024, month, 15)
            (mention,) = parse_times(f"last {word}", now)
            spans = mention.in_years(0, 0, southern=False)
            assert max(end for _, end in spans) <= now
            assert (now - max(end for _, end in spans)).days < 366
