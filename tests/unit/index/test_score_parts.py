"""What hubness, dense terms and uncertain places do to a score, by hand."""

import numpy as np
import pytest

from placelens.index.base import (
    Corpus,
    MeaningTask,
    PlaceTask,
    Task,
    VectorColumn,
    farthest_m,
    score_rows,
)
from placelens.index.gmr_tree import GMRTree
from placelens.index.scan import Scan
from placelens.kernels.layout import LINEAR

EAST = np.array([1.0, 0.0])
# Cosines with EAST: 1, 0.6 and 0.
VECTORS = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], dtype=np.float32)
HUBNESS = np.array([0.5, np.nan, -0.25], dtype=np.float32)


def corpus_of(radius_m=None):
    """Items 10, 20 and 40 m east of the origin of a plane."""
    positions = np.array([[10.0, 0.0, 0.0], [20.0, 0.0, 0.0], [40.0, 0.0, 0.0]])
    column = VectorColumn.of(VECTORS, np.arange(3), 3, HUBNESS)
    return Corpus("plane", np.arange(3), positions, {"vector": column}, radius_m=radius_m)


def meaning_of(hub_weight, slope=0.0, weight=1.0):
    one = np.ones(1)
    hub_weights = None if hub_weight is None else hub_weight * one
    return {"vector": MeaningTask(EAST[None], weight * one, slope * one, 0.0 * one, hub_weights)}


def scores(task, corpus=None):
    """Scores by row, which scan and tree agree on."""
    corpus = corpus or corpus_of()
    found = score_rows(corpus, task, np.arange(3))
    for index in (Scan(corpus), GMRTree(corpus, leaf=32, seed=0, threads=1)):
        answer = index.top_k(task)
        assert answer.scores.tolist() == found[answer.rows].tolist()
    return found


@pytest.mark.parametrize(
    ("hub_weight", "expected"),
    [
        (None, [1.0, 0.6, 0.0]),
        (0.0, [1.0, 0.6, 0.0]),
        (0.4, [1.0 - 0.2, 0.6, 0.1]),  # the second's is not known, and counts as 0
    ],
)
def test_hubness_is_taken_off_the_cosine(hub_weight, expected):
    assert scores(Task(3, 0.0, None, meaning_of(hub_weight))) == pytest.approx(expected, abs=1e-7)


def test_hubness_is_taken_off_before_the_calibration_and_before_the_weight():
    found = scores(Task(3, 0.0, None, meaning_of(0.4, slope=2.0, weight=-1.0)))
    expected = [-1 / (1 + np.exp(-2.0 * cosine)) for cosine in (0.8, 0.6, 0.1)]
    assert found == pytest.approx(expected, abs=1e-7)


def test_dense_terms_are_added_to_the_meaning():
    dense = np.array([-0.5, 0.25, 0.5])
    found = scores(Task(3, 0.0, None, meaning_of(None), dense=dense))
    assert found == pytest.approx([0.5, 0.85, 0.5], abs=1e-7)


def test_dense_terms_alone_are_the_meaning():
    dense = np.array([-0.5, 0.25, 0.5])
    assert scores(Task(3, 0.9, None, None, dense=dense)).tolist() == [-0.5, 0.25, 0.5]
    place = PlaceTask(np.zeros(3), LINEAR, 100.0, 0.0)
    task = Task(3, 0.5, place, None, dense=dense)
    assert task.weight_of_place == 0.5
    # Half of 0.9, 0.8, 0.6 and half of the dense ones.
    assert scores(task) == pytest.approx([0.2, 0.525, 0.55])


def test_the_certificate_of_dense_terms_alone_holds_without_doubt():
    rng = np.random.default_rng(1)
    n = 2_000
    vectors = rng.normal(size=(n, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    positions = np.column_stack([rng.normal(size=(n, 2)), np.zeros(n)])
    column = VectorColumn.of(vectors, np.arange(n), n)
    tree = GMRTree(Corpus("plane", np.arange(n), positions, {"vector": column}), leaf=32)
    # One leaf has all that is high: no other is opened.
    dense = np.where(np.isin(np.arange(n), tree.limbs[None][0].slots.row[:32]), 1.0, 0.0)
    certificate = tree.top_k(Task(5, 0.0, None, None, dense=dense)).certificate
    assert certificate.kind == "proven"
    assert certificate.bound == 0.0
    assert certificate.n_items == 32


def test_an_uncertain_place_is_never_nearer_than_its_radius():
    radius_m = np.array([30.0, np.nan, 5.0], dtype=np.float32)
    place = PlaceTask(np.zeros(3), LINEAR, 100.0, 0.0)
    found = scores(Task(3, 1.0, place, None), corpus_of(radius_m))
    assert found == pytest.approx([0.7, 0.8, 0.6])  # 30, 20 and 40 m


@pytest.mark.parametrize(
    ("radius_m", "expected"),
    [
        (None, 40.0),
        ([0.0, 0.0, 0.0], 40.0),
        ([0.0, np.nan, 5.0], 20.0),  # the last is not measured
        ([1.0, 1.0, 1.0], 40.0),  # none is: all count
    ],
)
def test_d_max_counts_measured_places(radius_m, expected):
    corpus = corpus_of(None if radius_m is None else np.array(radius_m, dtype=np.float32))
    assert farthest_m(corpus, np.zeros(3)) == expected
    assert GMRTree(corpus, leaf=32).farthest_m(np.zeros(3)) == expected
