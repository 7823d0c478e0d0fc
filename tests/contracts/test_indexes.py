"""Every index keeps the contract."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placelens.index.r_tree import RTree
from placelens.index.scan import Scan
from placelens.testing.index_contract import check_index
from placelens.testing.strategies import corpora, tasks

INDEXES = {
    "scan": Scan,
    "rtree": RTree,
    # Leaves of 2, so that small corpora have many.
    "rtree, small leaves": partial(RTree, leaf_size=2),
}


@pytest.mark.parametrize("name", INDEXES)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_index(name, data):
    corpus = data.draw(corpora())
    check_index(INDEXES[name], corpus, data.draw(tasks(corpus)))
