"""Scores closer together than float32 can tell: the scan must still give the float64 order."""

import numpy as np
import pytest

from placelens.geo.distance import unit_vectors
from placelens.index.base import (
    Corpus,
    MeaningTask,
    PlaceTask,
    Task,
    VectorColumn,
    best_k,
    score_rows,
)
from placelens.index.gmr_tree import GMRTree, RTree
from placelens.index.scan import Scan
from placelens.kernels.layout import GAUSS

N, DIM = 3000, 384


def corpus_and_task(seed, slope):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=DIM)
    # The cosines differ by about 1e-6, and around the k-th by a hundredth of that.
    vectors = base / np.linalg.norm(base) + 1e-6 * rng.normal(size=(N, DIM))
    matrix = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    positions = unit_vectors(rng.uniform(0, 1e-4, N), rng.uniform(0, 1e-4, N))
    column = VectorColumn.of(matrix, np.arange(N), N)
    corpus = Corpus("sphere", rng.permutation(N), positions, {"vector": column})
    query = base + rng.normal(size=DIM)
    meaning = MeaningTask(
        (query / np.linalg.norm(query))[None], np.ones(1), np.array([slope]), np.zeros(1)
    )
    place = PlaceTask(positions[0], GAUSS, 1e5, 0.0)
    return corpus, Task(k=20, mu=0.3, place=place, meaning={"vector": meaning})


@pytest.mark.parametrize("slope", [0.0, 20.0], ids=["raw", "calibrated"])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("index", [Scan, RTree, GMRTree])
def test_the_order_is_that_of_float64(index, seed, slope):
    corpus, task = corpus_and_task(seed, slope)
    rows = np.arange(N)
    expected = best_k(task, corpus.iids, rows, score_rows(corpus, task, rows))
    found = index(corpus).top_k(task)
    assert found.rows.tolist() == expected.rows.tolist()
    assert found.scores.tolist() == expected.scores.tolist()


def test_the_slack_is_what_makes_it_so(monkeypatch):
    """Without it the same data gives another answer, so the test above can fail."""
    monkeypatch.setattr("placelens.index.scan.rounding_slack", lambda *_: 0.0)
    wrong = 0
    for seed in range(5):
        corpus, task = corpus_and_task(seed, 0.0)
        rows = np.arange(N)
        expected = best_k(task, corpus.iids, rows, score_rows(corpus, task, rows))
        wrong += Scan(corpus).top_k(task).rows.tolist() != expected.rows.tolist()
    assert wrong > 0
