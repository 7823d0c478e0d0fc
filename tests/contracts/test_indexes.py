"""Every index keeps the contract."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placelens.index.gmr_tree import GMRTree, RTree
from placelens.index.scan import Scan
from placelens.testing.index_contract import check_index
from placelens.testing.strategies import corpora, tasks

INDEXES = {
    "scan": Scan,
    "rtree": RTree,
    "gmrtree": partial(GMRTree, seed=1),
    # The smallest leaves, so that small corpora have many.
    "rtree, small leaves": partial(RTree, leaf=32),
    "gmrtree, small leaves": partial(GMRTree, leaf=32, seed=2),
}


@pytest.mark.parametrize("name", INDEXES)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_index(name, data):
    corpus = data.draw(corpora(max_items=400))
    check_index(INDEXES[name], corpus, data.draw(tasks(corpus)))
