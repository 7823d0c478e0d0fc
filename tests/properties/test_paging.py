"""Pages laid end to end are the one long list, also while the collection grows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import placelens as pl


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Many equal scores: vectors from a pool of 5, places from a pool of 7."""
    rng = np.random.default_rng(5)
    n = 60
    made = pl.Collection.create(tmp_path_factory.mktemp("paging") / "c.pl", dim=4)
    pool = rng.normal(size=(5, 4))
    lats = rng.choice([-90, -10.0, 0.0, 10.0, np.nan, 20, 90], n)
    lons = np.where(np.isnan(lats), np.nan, rng.choice([-180.0, 0.0, 180.0], n))
    made.add_vectors([str(i) for i in range(n)], pool[rng.integers(0, 5, n)], lat=lats, lon=lons)
    return made


QUERIES = {
    "meaning": {"vector": [1.0, 2.0, 3.0, 4.0]},
    "place": {"near": "0,0", "decay": "linear"},
    "both": {"vector": [1.0, -2.0, 3.0, 4.0], "near": "10,180", "decay": "gauss:2000km"},
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("engine", ["scan", "rtree"])
@settings(max_examples=25)
@given(size=st.integers(1, 70))
def test_pages_make_up_the_whole(collection, name, engine, size):
    whole = collection.search(**QUERIES[name], k=1000, engine=engine)
    assert whole.cursor is None
    pages, cursor = [], None
    while True:
        page = collection.search(**QUERIES[name], k=size, cursor=cursor, engine=engine)
        pages += list(page)
        cursor = page.cursor
        if cursor is None:
            break
    assert [(h.rank, h.id, h.score) for h in pages] == [(h.rank, h.id, h.score) for h in whole]


def test_a_cursor_stays_valid_while_the_collection_grows(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(["near", "mid", "far"], np.eye(2)[[0, 0, 0]], lat=[0, 1, 2], lon=[0, 0, 0])
    ask = {"near": pl.Place(lat=0, lon=0), "decay": "linear", "k": 2}
    first = made.search(**ask)
    # Nearer than all, and so far away that the linear decay's scale would change.
    made.add_vectors(["nearest", "antipode"], np.eye(2), lat=[0.5, 0], lon=[0, 180])
    second = made.search(**ask, cursor=first.cursor)
    assert [hit.id for hit in first] == ["near", "mid"]
    assert [hit.id for hit in second] == ["far"]
    assert second[0].rank == 3
    assert second[0].score == 0.0  # still the farthest, as on the first page


def test_a_cursor_of_another_query_is_refused(collection):
    cursor = collection.search(**QUERIES["meaning"], k=1).cursor
    with pytest.raises(pl.QueryError, match="another query"):
        collection.search(**QUERIES["both"], k=1, cursor=cursor)
    with pytest.raises(pl.QueryError, match="cannot be read"):
        collection.search(**QUERIES["meaning"], k=1, cursor="no cursor")
