"""Recall, mR, MAP and nDCG against hand-worked cases."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.errors import InputError
from placelens.evaluation import mean_average_precision, mean_recall, ndcg_at_k, recall_at_k


def test_recall_counts_expected_ranks_up_to_k() -> None:
    ranks = np.array([1.0, 1.5, 5.0, 5.5, 10.0, 11.0, 2.0, 30.0])
    assert recall_at_k(ranks, 1) == 12.5  # 1 of 8
    assert recall_at_k(ranks, 5) == 50.0  # 1, 1.5, 5, 2
    assert recall_at_k(ranks, 10) == 75.0  # and 5.5, 10


def test_mean_recall_is_the_mean_of_six() -> None:
    # Texts: R@1 0, R@5 50, R@10 100. Images: 100, 100, 100. Sum 450 / 6.
    assert mean_recall(np.array([3.0, 7.0]), np.array([1.0])) == 75.0


@pytest.mark.parametrize("call", [lambda: recall_at_k(np.ones(2), 0), lambda: recall_at_k([], 1)])
def test_recall_of_nothing_is_refused(call) -> None:
    with pytest.raises(InputError):
        call()


def test_average_precision_of_a_plain_ranking() -> None:
    # Relevant at ranks 2 and 4: (1/2 + 2/4) / 2. Second query: at rank 1.
    scores = [[0.9, 0.8, 0.7, 0.6], [0.1, 0.2, 0.3, 0.4]]
    relevant = [[False, True, False, True], [False, False, False, True]]
    assert mean_average_precision(scores, relevant) == pytest.approx(75.0)


def test_average_precision_over_ties() -> None:
    # Three equals, two relevant; orders RRN, RNR, NRR: 1, (1 + 2/3) / 2, (1/2 + 2/3) / 2.
    expected = 100 * np.mean([1, (1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2])
    assert mean_average_precision([[1, 1, 1]], [[1, 1, 0]]) == pytest.approx(expected)


def test_ndcg_of_graded_relevance() -> None:
    # Gains 2^1 - 1 = 1 at rank 1 and 2^2 - 1 = 3 at rank 2; ideal is 3, then 1.
    got = 1 + 3 / np.log2(3)
    ideal = 3 + 1 / np.log2(3)
    assert ndcg_at_k([[0.9, 0.5, 0.1]], [[1, 2, 0]]) == pytest.approx(100 * got / ideal)


def test_ndcg_over_ties_shares_the_discounts() -> None:
    # One relevant of two equals: the mean of 1 and 1 / log2(3).
    expected = 100 * (1 + 1 / np.log2(3)) / 2
    assert ndcg_at_k([[1, 1]], [[1, 0]]) == pytest.approx(expected)
    assert ndcg_at_k([[1, 1]], [[1, 0]], k=1) == pytest.approx(50.0)


@pytest.mark.parametrize("metric", [mean_average_precision, ndcg_at_k])
@pytest.mark.parametrize(
    ("scores", "relevance", "message"),
    [
        ([[1.0, 2.0]], [[1, 0, 0]], "of one shape"),
        (np.empty((0, 2)), np.empty((0, 2)), "not empty"),
        ([[1.0, 2.0]], [[0, 0]], "query 0 has no relevant"),
        ([[1.0, np.nan]], [[1, 0]], "NaN"),
        ([[1.0, 2.0]], [[-1, 1]], "0 or more"),
    ],
)
def test_what_cannot_be_ranked_is_refused(metric, scores, relevance, message) -> None:
    with pytest.raises(InputError, match=message):
        metric(scores, relevance)


def test_ndcg_of_no_results_is_refused() -> None:
    with pytest.raises(InputError, match="k = 0"):
        ndcg_at_k([[1.0]], [[1]], k=0)
