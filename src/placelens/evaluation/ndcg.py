"""nDCG: normalised discounted cumulative gain, with the expectation over ties."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from placelens.errors import InputError
from placelens.evaluation.average_precision import check_graded
from placelens.types import Float64Array


def _dcg(scores: Float64Array, gains: Float64Array, discounts: Float64Array) -> float:
    """DCG of one ranking; equal scores share the mean of their places' discounts."""
    _, group = np.unique(-scores, return_inverse=True)
    size = np.bincount(group)
    ends = np.cumsum(size)
    summed = np.concatenate([[0.0], np.cumsum(discounts)])
    mean_discount = (summed[ends] - summed[ends - size]) / size
    return float(np.sum(gains * mean_discount[group]))


def ndcg_at_k(scores: npt.ArrayLike, relevance: npt.ArrayLike, k: int | None = None) -> float:
    """Mean over the queries of nDCG over the first k results, in percent.

    Gain ``2**relevance - 1``, discount ``1 / log2(rank + 1)``; equal scores get the expectation
    over their random order [1]_.

    Parameters
    ----------
    scores
        (queries, results), larger is better.
    relevance
        (queries, results), 0 for no relevance, larger for more (a boolean counts as 0 or 1).
    k
        How many results count; None for all.

    Raises
    ------
    InputError
        If the shapes differ, k is below 1, or a query has no relevant result.

    References
    ----------
    .. [1] F. McSherry and M. Najork, "Computing Information Retrieval Performance Measures
       Efficiently in the Presence of Tied Scores", ECIR 2008.

    Examples
    --------
    The only relevant result at rank 2 of 2: 1 / log2(3).

    >>> round(ndcg_at_k([[0.9, 0.1]], [[0, 1]]), 2)
    63.09
    >>> ndcg_at_k([[0.9, 0.1]], [[0, 1]], k=1)
    0.0
    """
    if k is not None and k < 1:
        raise InputError(f"nDCG looks at k >= 1 results, got k = {k}")
    checked_scores, grades = check_graded(scores, relevance)
    places = np.arange(checked_scores.shape[1])
    discounts = np.where(places < (k or len(places)), 1.0 / np.log2(places + 2.0), 0.0)
    values = []
    for row, grade in zip(checked_scores, grades, strict=True):
        gains = np.exp2(grade) - 1.0
        values.append(_dcg(row, gains, discounts) / _dcg(grade, gains, discounts))
    return 100.0 * float(np.mean(values))
