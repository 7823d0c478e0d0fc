"""A few seconds of what ``make soak`` does for minutes, and that it sees what is wrong."""

import sys

import numpy as np
import pytest
from tests.soak.__main__ import _flatness, soak
from tests.soak.model import (
    COMES,
    GOES,
    HAS_MOVED,
    IS_GONE,
    IS_THERE,
    MOVES,
    Items,
    Plan,
    Query,
    wrong_with,
)

PLAN = Plan(n_kept=100, n_passing=4)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_answers_are_right_beside_a_writer(tmp_path):
    found = soak(tmp_path, seconds=3, n_clients=16, n_items=1_500)
    # Memory is not judged: so short a time is all warming up.
    assert found["is_well"], found
    assert found["searches"] > 0
    assert found["written"]["added"] > 0


@pytest.fixture
def asked():
    """A search among all items that was asked at 10 s, with k = 10."""
    items = Items(PLAN)
    query = Query(items, np.random.default_rng(0))
    query.k, query.half = 10, 2
    return items, query


def answered(items, query, there, moved=()):
    """The right answer when so many items are there."""
    scores = items.scores(query, 0, slice(None))
    scores[list(moved)] = items.scores(query, 1, np.array(moved, np.int64))
    best = sorted(there, key=lambda row: -scores[row])[: query.k]
    return [
        {"id": str(row), "score": scores[row], "text": "moved" if row in moved else "first"}
        for row in best
    ]


def times_of(seconds=None):
    """Times of the first item that comes and goes: row 100."""
    times = np.full((4, 6), np.inf)
    for column, second in (seconds or {}).items():
        times[0, column] = second
    return times


def said(asked, times, there, moved=()):
    items, query = asked
    query.vector, query.place = items.vectors[100].astype(float), items.places[len(moved)][100]
    return wrong_with(PLAN, items, times, query, answered(items, query, there, moved), 10.0)


def test_right_answers_pass(asked):
    always = range(100)
    assert said(asked, times_of(), always) is None
    assert said(asked, times_of({COMES: 1, IS_THERE: 2}), range(101)) is None
    assert said(asked, times_of({COMES: 1, IS_THERE: 2, GOES: 3, IS_GONE: 4}), always) is None
    # While it comes, and while it goes, both are right.
    for between in (times_of({COMES: 9, IS_THERE: 11}), times_of({COMES: 1, IS_THERE: 2, GOES: 9})):
        assert said(asked, between, always) is None
        assert said(asked, between, range(101)) is None
    gone_and_moved = times_of({COMES: 1, IS_THERE: 2, MOVES: 3, HAS_MOVED: 4})
    assert said(asked, gone_and_moved, range(101), [100]) is None


def test_wrong_answers_are_seen(asked):
    assert "missing" in said(asked, times_of({COMES: 1, IS_THERE: 2}), range(100))
    assert "not there" in said(asked, times_of(), range(101))
    gone = times_of({COMES: 1, IS_THERE: 2, GOES: 3, IS_GONE: 4})
    assert "not there" in said(asked, gone, range(101))
    moved = times_of({COMES: 1, IS_THERE: 2, MOVES: 3, HAS_MOVED: 4})
    assert "other place" in said(asked, moved, range(101))


def _best(asked):
    items, query = asked
    return int(items.scores(query, 0, slice(100)).argmax())


def test_an_item_of_those_that_stay_is_missed(asked):
    there = [row for row in range(100) if row != _best(asked)]
    items, query = asked
    hits = answered(items, query, there)
    assert "missing" in wrong_with(PLAN, items, times_of(), query, hits, 10.0)


def test_a_score_that_is_not_its_own_is_seen(asked):
    items, query = asked
    hits = answered(items, query, range(100))
    hits[3]["score"] = hits[4]["score"]
    assert "by its definition" in wrong_with(PLAN, items, times_of(), query, hits, 10.0)


def test_memory_that_grows_is_not_flat():
    # 100 MB while warming up, then 200 MB; 5% and 20 MB are allowed: 230 MB.
    assert _flatness([(100, 9)] * 3 + [(200, 9)] * 3 + [(230, 9)] * 3)["flat"]
    assert not _flatness([(100, 9)] * 3 + [(200, 9)] * 3 + [(231, 9)] * 3)["flat"]
    assert not _flatness([(100, 9)] * 3 + [(200, 9)] * 3 + [(200, 30)] * 3)["flat"]
