"""Answers stay what they were, to the bit."""

import numpy as np
from tests.golden.queries import ANSWERS, N_QUERIES, answers, probe


def test_every_old_query_has_its_old_answer():
    with np.load(ANSWERS) as stored:
        kept = dict(stored)
    now = list(answers())
    assert len(now) == N_QUERIES
    assert [len(answer.ids) for answer in now] == kept["sizes"].tolist()
    scores = np.array([score for answer in now for score in answer.scores])
    distances = np.array([metres for answer in now for metres in answer.distances])
    assert [item for answer in now for item in answer.ids] == kept["ids"].tolist()
    if np.array_equal(probe(), kept["probe"]):
        assert np.array_equal(scores, kept["scores"], equal_nan=True)
        assert np.array_equal(distances, kept["distances"], equal_nan=True)
    else:  # another mathematics library: the last bits of exp or asin may differ
        np.testing.assert_allclose(scores, kept["scores"], rtol=1e-12)
        np.testing.assert_allclose(distances, kept["distances"], rtol=1e-9, atol=1e-6)
