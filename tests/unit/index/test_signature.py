"""What codes promise: bounds that hold, errors that are spread as the tail says."""

import numpy as np
import pytest

from placelens.index.base import Corpus, MeaningTask, Task, VectorColumn
from placelens.index.gmr_tree import GMRTree
from placelens.index.kernel_calls import NO_DENSE, room_for
from placelens.index.limb import Limb
from placelens.index.scan import Scan
from placelens.index.signature import Codebook, plain_probe, tail_reach
from placelens.kernels.candidates import _fine_bounds, _sign_candidates

ZERO, ONE = np.zeros(1), np.ones(1)


def corpus_of(n, dim, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(20, dim))
    vectors = centers[rng.integers(0, 20, n)] + spread * rng.normal(size=(n, dim))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    positions = rng.normal(size=(n, 3))
    positions /= np.linalg.norm(positions, axis=1, keepdims=True)
    column = VectorColumn.of(vectors, np.arange(n), n)
    return Corpus("sphere", np.arange(n), positions, {"vector": column})


def queries_of(n, dim, seed=1):
    rng = np.random.default_rng(seed)
    queries = rng.normal(size=(n, dim))
    return queries / np.linalg.norm(queries, axis=1, keepdims=True)


def bounds(corpus, query, tail):
    """(sign bounds, fine bounds, true cosines) of all items in slot order."""
    limb = Limb.grow(corpus, "vector", leaf=64, signatures=np.random.default_rng(3))
    task = MeaningTask(query[None], ONE, ZERO, ZERO)
    probe = limb.codebook.probe(task, limb.radius_cos, limb.hub_range, tail=tail)
    signs, fine, true = [], [], []
    for leaf in range(limb.n_leaves):
        work = room_for(1, 64)
        work.leaves[0], work.needed[0] = leaf, -np.inf
        n = _sign_candidates(limb.slots, limb.codes, probe, work, 1)
        slots = work.slot[:n].copy()
        signs.append(work.similarity[:n].copy())
        _fine_bounds(limb.slots, limb.codes, probe, NO_DENSE, work, 0, n)
        keep = limb.slots.row[slots] >= 0
        signs[-1] = signs[-1][keep]
        fine.append(work.similarity[:n][keep])
        true.append(corpus.vectors["vector"].matrix[limb.slots.row[slots][keep]] @ query)
    return np.concatenate(signs), np.concatenate(fine), np.concatenate(true)


@pytest.mark.parametrize("dim", [1, 6, 32, 100, 384, 1100])
def test_bounds_without_doubt_always_hold(dim):
    corpus = corpus_of(600, dim)
    for query in queries_of(3, dim):
        signs, fine, true = bounds(corpus, query, None)
        assert (signs >= true).all()
        assert (fine >= true).all()
        # And four bits are much closer than one.
        assert dim == 1 or np.mean(fine - true) < 0.5 * np.mean(signs - true)


def test_errors_exceed_their_bound_as_often_as_the_tail_says():
    corpus = corpus_of(4000, 128)
    tail, over, n = 0.05, 0, 0
    for query in queries_of(10, 128):
        _, fine, true = bounds(corpus, query, tail)
        over += int(np.sum(fine < true))
        n += len(true)
    # Rounding is added to each bound, so fewer than 5 % and more than none.
    assert 0.02 < over / n < 0.055


def test_the_tail_is_that_of_a_sphere():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200_000, 23))
    coordinate = points[:, 0] / np.linalg.norm(points, axis=1)
    assert np.mean(coordinate > tail_reach(0.01, 24)) == pytest.approx(0.01, rel=0.1)
    assert tail_reach(1e-15, 512) * np.sqrt(511) == pytest.approx(7.7, abs=0.1)


def test_a_rotation_keeps_lengths_and_angles():
    codebook = Codebook.fit(corpus_of(500, 40).vectors["vector"].matrix, np.random.default_rng(0))
    product = codebook.rotation @ codebook.rotation.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-5)


@pytest.mark.parametrize("target", [0.7, 0.9, 0.99])
def test_a_recall_target_is_reached_on_average(target):
    corpus = corpus_of(20_000, 128, spread=2.0)
    tree, scan = GMRTree(corpus, seed=5), Scan(corpus)
    hits = 0
    queries = queries_of(60, 128)
    kinds = set()
    for query in queries:
        task = Task(10, 0.0, None, {"vector": MeaningTask(query[None], ONE, ZERO, ZERO)})
        true = set(scan.top_k(task).rows.tolist())
        found = tree.top_k(Task(10, 0.0, None, task.meaning, recall_target=target))
        hits += len(true & set(found.rows.tolist()))
        kinds.add(found.certificate.kind)
    assert hits / (10 * len(queries)) >= target - 0.02
    assert kinds == {"recall"}


def test_a_plain_bound_is_one_for_terms_that_push_away() -> None:
    # What counts against an item is next to nothing: the bound is no lower than that.
    query = np.array([[1.0, 0.0]])
    one = np.ones(1)
    task = MeaningTask(query, weights=-one, slopes=40 * one, intercepts=-one)
    bound = plain_probe(task, np.zeros((2, 1), dtype=np.float32)).cluster_bound[0]
    assert bound >= -1 / (1 + np.exp(41.0))
