"""No bound of a tree lies below what it bounds: of a node, of a candidate by its signs, and by its
four bits or its vector; with hubs, dense terms and uncertain places."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placelens.index.base import score_rows
from placelens.index.gmr_tree import GMRTree, RTree, _joined_range
from placelens.index.kernel_calls import place_query, room_for
from placelens.index.signature import no_terms, plain_probe
from placelens.kernels.bounds import _bound_nodes, _children
from placelens.kernels.candidates import (
    _all_candidates,
    _fine_bounds,
    _keep_near,
    _open_candidates,
    _sign_candidates,
    _sign_candidates_of_many,
)
from placelens.testing.strategies import corpora, tasks

LEAF = 32
# What sums of a few numbers near 1 may be rounded by: scores, as the bounds, are such sums.
ROUNDING = 1e-14


def probe_of(limb, task, feature):
    if task.meaning is None:
        return no_terms(len(limb.radius_cos))
    if limb.codebook is None:
        return plain_probe(task.meaning[feature], _joined_range([limb]))
    # Without doubt: no bound by chance.
    terms = task.meaning[feature]
    return limb.codebook.probe(terms, limb.radius_cos, limb.hub_range, tail=None)


def slots_below(nodes, node):
    """The slots of the leaves below a node."""
    first, last = node, node + 1
    while first >= nodes.starts[1]:
        first, last = _children(nodes, first)[0], _children(nodes, last - 1)[1]
    return slice(first * LEAF, last * LEAF)


@pytest.mark.parametrize("build", [GMRTree, RTree])
@settings(max_examples=200)
@given(data=st.data())
def test_no_bound_lies_below_what_it_bounds(build, data):
    corpus = data.draw(corpora(max_items=200))
    task = replace(data.draw(tasks(corpus)), allowed=None, areas=(), after=None)
    if not task.has_meaning:
        return  # by place alone: boxes, see test_areas and the contract
    tree = build(corpus, leaf=LEAF)
    for feature in task.meaning or (None,):
        (limb,) = tree.limbs[feature]
        alone = task
        if feature is not None:
            alone = replace(task, meaning={feature: task.meaning[feature]})
        scores = np.full(len(limb.slots.row), -np.inf)
        alive = limb.slots.row >= 0
        scores[alive] = score_rows(corpus, alone, limb.slots.row[alive])
        check_limb(corpus, alone, limb, probe_of(limb, alone, feature), scores)


def check_limb(corpus, task, limb, probe, scores):
    place, dense = place_query(corpus.space, task), limb._dense(task, by_node=True)
    filters, nodes = limb._filter(task), limb.nodes
    which = np.arange(nodes.starts[-1])
    proximity, bound = np.empty(len(which)), np.empty(len(which))
    _bound_nodes(nodes, place, probe, dense, which, proximity, bound)
    for node in which:
        assert bound[node] >= scores[slots_below(nodes, node)].max() - ROUNDING
    best = probe.cluster_bound[probe.cluster_order[0]]
    work = room_for(1, LEAF)
    for leaf in range(limb.n_leaves):
        work.leaves[0], work.leaf_proximity[0], work.needed[0] = leaf, proximity[leaf], -np.inf
        arguments = (limb.slots, limb.codes, probe, work, 1)
        if limb.codebook is None or not len(probe.weight):
            n = _all_candidates(limb.slots, probe, work, 1)
        elif len(probe.weight) == 1:
            n = _sign_candidates(*arguments)
        else:
            n = _sign_candidates_of_many(*arguments)
        n = _open_candidates(limb.slots, place, dense, filters, work, best, n)
        slots = work.slot[:n]
        assert sorted(slots.tolist()) == [
            slot for slot in range(leaf * LEAF, (leaf + 1) * LEAF) if limb.slots.row[slot] >= 0
        ]
        assert (work.bound[:n] >= scores[slots] - ROUNDING).all()
        _fine_bounds(limb.slots, limb.codes, probe, dense, work, 0, n)
        meaning = score_rows(corpus, replace(task, place=None), limb.slots.row[slots])
        assert (work.similarity[:n] >= meaning - ROUNDING).all()
        if task.place is not None:
            assert _keep_near(limb.slots, place, work, 0, n, -np.inf) == n
            assert (work.bound[:n] >= scores[work.slot[:n]] - ROUNDING).all()
