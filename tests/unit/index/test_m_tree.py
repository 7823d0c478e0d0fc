"""The M-tree: what its nodes say is true of the items below, and no answer differs from the scan's.

That it answers all kinds of tasks is tested by `tests/contracts`; here are the vectors that an
index in angles may get wrong: many that are nearly the same, opposite, far more than few.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples

import placelens as pl
from placelens import kernels
from placelens.engine.indexes.kinds import KINDS
from placelens.index.base import Corpus, MeaningTask, Task, VectorColumn
from placelens.index.m_kind import MTreeKind, check_balls
from placelens.index.m_tree import MTree, VectorTree, angle_slack
from placelens.index.scan import Scan
from placelens.testing.index_contract import check_index
from placelens.testing.strategies import unit

ONE, ZERO = np.ones(1), np.zeros(1)
DIMS = (2, 3, 30, 384)


def corpus_of(vectors, hubness=None):
    n = len(vectors)
    column = VectorColumn.of(np.ascontiguousarray(vectors), np.arange(n), n, hubness)
    iids = np.random.default_rng(n).permutation(n).astype(np.int64)
    return Corpus("sphere", iids, np.full((n, 3), np.nan), {"vector": column}, (ZERO, ZERO))


def task_of(query, k, **given):
    terms = MeaningTask(query[None].astype(np.float64), ONE, ZERO, ZERO)
    return Task(k, 0.0, None, {"vector": terms}, **given)


@st.composite
def clouds(draw, max_items=150):
    """Unit vectors: even, in tight clusters, all but the same, or with many duplicates."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, dim = draw(st.integers(1, max_items)), draw(st.sampled_from(DIMS))
    centers = unit(rng.normal(size=(draw(st.sampled_from([1, 4, n])), dim)))
    noise = draw(st.sampled_from([0.0, 1e-7, 1e-3, 0.3]))
    vectors = centers[rng.integers(len(centers), size=n)] + noise * rng.normal(size=(n, dim))
    return unit(vectors).astype(np.float32), rng


def tree_of(vectors, **given):
    return VectorTree.grow(corpus_of(vectors), "vector", **given)


@examples(150)
@given(clouds(), st.sampled_from([(2, 2), (4, 3), (32, 16)]), st.data())
def test_it_equals_the_scan(cloud, sizes, data):
    vectors, rng = cloud
    # Of an item itself, next to one, opposite to one, and of any other.
    near = vectors[rng.integers(len(vectors))].astype(np.float64)
    query = data.draw(
        st.sampled_from([near, near + 1e-6, -near, rng.normal(size=vectors.shape[1])])
    )
    allowed = data.draw(st.sampled_from([None, rng.random(len(vectors)) < 0.3]))
    k = data.draw(st.sampled_from([1, 10, len(vectors), len(vectors) + 5]))
    task = task_of(unit(query[None])[0], k, allowed=allowed)

    def build(corpus):
        return MTree.over(corpus, leaf=sizes[0], fanout=sizes[1])

    check_index(build, corpus_of(vectors), task)


@examples(150)
@given(clouds(), st.sampled_from([0.0, 1e-4, 0.3, 1.2, np.pi / 2, 3.0, np.pi]))
def test_a_range_holds_what_is_within_it(cloud, angle):
    vectors, rng = cloud
    query = unit(rng.normal(size=(1, vectors.shape[1])) + vectors[:1])[0]
    tree = tree_of(vectors, leaf=4, fanout=3)
    rows, seen = tree.within(query, angle)
    cosines = kernels._cosines(vectors, np.arange(len(vectors)), query[None])[:, 0]
    least = np.cos(angle) if angle < np.pi else -np.inf
    assert sorted(rows.tolist()) == np.flatnonzero(cosines >= least).tolist()
    assert len(rows) <= seen.n_items <= seen.n_in_leaves <= len(vectors)


@examples(100)
@given(clouds())
def test_every_ball_holds_its_items(cloud):
    vectors, rng = cloud
    hubness = rng.normal(size=len(vectors)).astype(np.float32)
    corpus = corpus_of(vectors, hubness)
    tree = VectorTree.grow(corpus, "vector", leaf=3, fanout=4)
    balls, slack = tree.balls, angle_slack(vectors.shape[1])
    directions = unit(vectors[tree.at].astype(np.float64))
    assert sorted(tree.at.tolist()) == list(range(len(vectors)))
    spans = {}
    for node in reversed(range(len(balls.radius))):
        first, last = int(balls.first[node]), int(balls.last[node])
        own = directions[balls.center[node]]
        if balls.is_leaf[node]:
            spans[node] = range(first, last)
            angles = angles_to(directions[first:last], own)
            np.testing.assert_allclose(balls.to_center[first:last], angles, atol=slack)
        else:
            spans[node] = range(spans[first].start, spans[last - 1].stop)
            centers = directions[balls.center[first:last]]
            np.testing.assert_allclose(
                balls.to_parent[first:last], angles_to(centers, own), atol=slack
            )
        slots = np.array(spans[node])
        assert balls.center[node] in slots
        assert angles_to(directions[slots], own).max() <= balls.radius[node] + slack
        assert balls.min_iid[node] == corpus.iids[tree.at[slots]].min()
        below = hubness[tree.at[slots]]
        assert balls.hub_range[:, node].tolist() == [below.min(), below.max()]
    assert spans[0] == range(len(vectors))
    check_balls(balls._asdict(), n_slots=len(vectors), dim=vectors.shape[1])


def angles_to(directions, one):
    """Without loss next to 0: from the chord, not from the cosine."""
    return 2.0 * np.arcsin(np.minimum(1.0, 0.5 * np.linalg.norm(directions - one, axis=1)))


def test_far_clusters_are_not_looked_at():
    rng = np.random.default_rng(0)
    centers = np.eye(30)[rng.integers(30, size=3000)]
    vectors = unit(centers + 0.02 * rng.normal(size=(3000, 30))).astype(np.float32)
    tree = tree_of(vectors)
    task = task_of(vectors[7], 5)
    found, seen = tree.search("sphere", task, task.meaning["vector"], -np.inf)
    assert found.rows.tolist() == Scan(corpus_of(vectors)).top_k(task).rows.tolist()
    assert seen.n_in_leaves < 0.1 * len(vectors)
    assert found.certificate.kind == "proven"
    assert found.certificate.bound <= found.scores[-1]


def test_what_is_closest_grows_to_k():
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(100, 5))).astype(np.float32)
    tree = tree_of(vectors, leaf=4, fanout=3)
    query = vectors[3].astype(np.float64)
    few, _ = tree.closest(query, 1)
    many, _ = tree.closest(query, 40)
    everything, _ = tree.closest(query, 1000)
    assert len(few) <= 4
    assert set(few.tolist()) <= set(many.tolist())
    assert len(many) >= 40
    assert sorted(everything.tolist()) == list(range(100))


def test_without_vectors_there_is_nothing_to_find():
    tree = tree_of(np.zeros((0, 4), dtype=np.float32))
    query = np.eye(4)[0]
    assert tree.closest(query, 3)[0].tolist() == tree.within(query, 1.0)[0].tolist() == []
    task = task_of(query, 3)
    assert len(tree.search("sphere", task, task.meaning["vector"], -np.inf)[0].rows) == 0


@pytest.mark.parametrize(
    ("name", "at", "value", "told"),
    [
        ("center", 0, 100, "center has places"),
        ("center", 0, -1, "center has places"),
        ("first", 0, 0, "nodes"),
        ("last", 0, 10**12, "nodes"),
        ("last", -1, 99, "slots"),
        ("first", -1, -1, "slots"),
        ("is_leaf", -1, False, "nodes"),
    ],
)
def test_places_in_other_arrays_are_checked(name, at, value, told):
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(100, 5))).astype(np.float32)
    arrays = tree_of(vectors, leaf=4, fanout=3).balls._asdict()
    check_balls(arrays, n_slots=100, dim=5)
    changed = arrays[name].copy()
    changed[at] = value
    with pytest.raises(ValueError, match=told):
        check_balls({**arrays, name: changed}, n_slots=100, dim=5)


def test_a_collection_searches_by_it_when_asked_and_keeps_none(tmp_path, monkeypatch):
    monkeypatch.setattr("placelens.engine.plan.SCAN_BELOW", 1)
    assert KINDS["mtree"] == MTreeKind()
    rng = np.random.default_rng(0)
    photos = pl.Collection.create(tmp_path / "c.pl", dim=8)
    photos.add_vectors([f"i{n}" for n in range(300)], rng.normal(size=(300, 8)))
    photos.delete(["i3", "i4"])
    photos.compact()
    vector = rng.normal(size=8)
    found = photos.search(vector=vector, engine="mtree", k=20)
    true = photos.search(vector=vector, engine="scan", k=20)
    assert [(hit.id, hit.score) for hit in found] == [(hit.id, hit.score) for hit in true]
    assert (found.plan.engine, found.certificate.kind) == ("mtree", "proven")
    assert photos.search(vector=vector).plan.engine != "mtree"
    assert not photos._versions.indexes.shelf.of("mtree")
