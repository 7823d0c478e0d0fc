"""Every index keeps the contract."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples

from placelens.geo.distance import SPACES
from placelens.index.base import Corpus, VectorColumn, farthest_m
from placelens.index.gmr_tree import FilterFirst, GMRTree, RTree
from placelens.index.limb import Limb
from placelens.index.m_tree import MTree, MTreePart
from placelens.index.scan import Scan
from placelens.kernels.place import _max_distance
from placelens.testing.index_contract import check_index
from placelens.testing.strategies import corpora, tasks

pytestmark = pytest.mark.repeated


def from_arrays(corpus):
    return GMRTree.from_arrays(GMRTree(corpus, leaf=32, seed=4).to_arrays(), corpus)


def grown(corpus):
    """Two trees with one codebook, and a part that has no tree yet."""
    thirds = np.arange(len(corpus)) % 3
    limbs = {feature: [] for feature in (None, *corpus.vectors)}
    rng, codebooks = np.random.default_rng(5), {}
    for third in range(3):
        rows = np.flatnonzero(thirds == third)
        part = part_of(corpus, rows)
        for feature, limbs_of in limbs.items():
            signatures = None
            if feature is not None and third < 2:
                signatures = codebooks.get(feature, rng)
            limb = Limb.grow(part, feature, leaf=32, signatures=signatures)
            codebooks.setdefault(feature, limb.codebook)
            slots = np.full(len(limb.slots.row), -1)
            slots[limb.slots.row >= 0] = rows[limb.slots.row[limb.slots.row >= 0]]
            limbs_of.append(limb.with_rows(slots))
    return GMRTree.of_limbs(corpus.space, corpus.iids, limbs)


def in_three(corpus):
    """Three M-trees, each over a third of the items."""
    parts = []
    for third in range(3):
        rows = np.arange(third, len(corpus), 3)
        part = MTreePart.grow(corpus.take(rows), leaf=4, fanout=3)
        parts.append(part.bound(rows, corpus.iids))
    return MTree(corpus.space, corpus.iids, parts)


def part_of(corpus, rows):
    columns = {}
    for feature, column in corpus.vectors.items():
        at = column.position[rows]
        at, there = at[at >= 0], np.flatnonzero(at >= 0)
        hubness = None if column.hubness is None else column.hubness[at]
        columns[feature] = VectorColumn.of(column.matrix[at], there, len(rows), hubness)
    lonlat = tuple(values[rows] for values in corpus.lonlat)
    radius_m = None if corpus.radius_m is None else corpus.radius_m[rows]
    positions = corpus.positions[rows]
    return Corpus(corpus.space, corpus.iids[rows], positions, columns, lonlat, radius_m)


INDEXES = {
    "scan": Scan,
    "rtree": RTree,
    "gmrtree": partial(GMRTree, seed=1),
    # The smallest leaves, so that small corpora have many.
    "rtree, small leaves": partial(RTree, leaf=32),
    "gmrtree, small leaves": partial(GMRTree, leaf=32, seed=2),
    "gmrtree, two threads": partial(GMRTree, leaf=32, seed=3, threads=2),
    "gmrtree, from arrays": from_arrays,
    "gmrtree, grown": grown,
    "filter first": FilterFirst.build,
    "mtree": MTree.over,
    # The smallest leaves, so that small corpora have many.
    "mtree, small leaves": partial(MTree.over, leaf=2, fanout=2),
    "mtree, of parts": in_three,
}


@pytest.mark.parametrize("name", INDEXES)
@examples(100)
@given(data=st.data())
def test_index(name, data):
    corpus = data.draw(corpora(max_items=400))
    check_index(INDEXES[name], corpus, data.draw(tasks(corpus)))


@examples(100)
@given(data=st.data())
def test_the_farthest_item(data):
    corpus = data.draw(corpora(max_items=200))
    task = data.draw(tasks(corpus))
    origin = np.array([1.0, 0.0, 0.0]) if task.place is None else task.place.origin
    space, positions = SPACES[corpus.space], corpus.positions
    if corpus.radius_m is not None:
        located = ~np.isnan(positions[:, 0])
        measured = positions[located & ((corpus.radius_m == 0) | np.isnan(corpus.radius_m))]
        positions = measured if len(measured) else positions
    expected = _max_distance(space, positions, origin)
    assert farthest_m(corpus, origin) == expected
    assert GMRTree(corpus, leaf=32, seed=6).farthest_m(origin) == expected
    assert grown(corpus).farthest_m(origin) == expected
