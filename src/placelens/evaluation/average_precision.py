"""MAP: mean average precision of whole rankings, with the expectation over ties."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from placelens.errors import InputError
from placelens.types import BoolArray, Float64Array

# Queries at once, where no scores are equal: a million scores take 30 MB.
_BLOCK = 256


def _average_precision(scores: Float64Array, relevant: BoolArray) -> float:
    """Average precision of one ranking, expected over the random order of equal scores."""
    _, group = np.unique(-scores, return_inverse=True)
    size = np.bincount(group)  # (groups,), best score first
    hits = np.bincount(group, weights=relevant)
    before = np.repeat(np.cumsum(size) - size, size)  # results ahead of the group, (n,)
    hits_before = np.repeat(np.cumsum(hits) - hits, size)
    size, hits = np.repeat(size, size), np.repeat(hits, size)
    place = np.arange(len(scores)) - before  # 0 for the first place within the group
    # A place holds a relevant result with probability hits / size; given that, each earlier
    # place of the group holds one of the other hits - 1 with probability (hits - 1) / (size - 1).
    earlier = place * (hits - 1) / np.maximum(size - 1, 1)
    precision = (1 + hits_before + earlier) / (before + place + 1)
    return float(np.sum(hits / size * precision) / relevant.sum())


def mean_average_precision(scores: npt.ArrayLike, relevant: npt.ArrayLike) -> float:
    """Mean over the queries of average precision over the whole ranking, in percent.

    Equal scores get the expectation over their random order, in closed form [1]_.

    Parameters
    ----------
    scores
        (queries, results), larger is better.
    relevant
        (queries, results), true where the result answers the query.

    Raises
    ------
    InputError
        If the shapes differ, there is no query, or a query has no relevant result.

    References
    ----------
    .. [1] F. McSherry and M. Najork, "Computing Information Retrieval Performance Measures
       Efficiently in the Presence of Tied Scores", ECIR 2008.

    Examples
    --------
    Relevant at ranks 1 and 3: (1/1 + 2/3) / 2.

    >>> round(mean_average_precision([[0.9, 0.5, 0.1]], [[True, False, True]]), 3)
    83.333

    One relevant of two equals: rank 1 or 2, so (1 + 1/2) / 2.

    >>> mean_average_precision([[0.5, 0.5]], [[True, False]])
    75.0
    """
    checked_scores, checked_relevant = check_graded(scores, relevant)
    values = np.empty(len(checked_scores))
    tied = np.ones(len(values), dtype=np.bool_)
    for start in range(0, len(values), _BLOCK):
        rows = slice(start, start + _BLOCK)
        order = np.argsort(-checked_scores[rows], axis=1)
        tied[rows] = (np.diff(np.take_along_axis(checked_scores[rows], order, axis=1)) == 0).any(1)
        hits = np.take_along_axis(checked_relevant[rows] > 0, order, axis=1)
        precision = hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)
        values[rows] = (precision * hits).sum(axis=1) / hits.sum(axis=1)
    for row in np.flatnonzero(tied):
        values[row] = _average_precision(checked_scores[row], checked_relevant[row] > 0)
    return 100.0 * float(np.mean(values))


def check_graded(
    scores: npt.ArrayLike, relevance: npt.ArrayLike
) -> tuple[Float64Array, Float64Array]:
    """Return both as float64 (queries, results); raise InputError when they cannot be ranked."""
    score_array = np.asarray(scores, dtype=np.float64)
    grades = np.asarray(relevance, dtype=np.float64)
    if score_array.ndim != 2 or score_array.shape != grades.shape or score_array.size == 0:
        raise InputError(
            "scores and relevance must be two (queries, results) arrays of one shape and not "
            f"empty, got {score_array.shape} and {grades.shape}"
        )
    if np.isnan(score_array).any():
        raise InputError("scores hold NaN; give finite scores")
    if not np.isfinite(grades).all() or (grades < 0).any():
        raise InputError("relevance must be finite and 0 or more")
    without = np.flatnonzero(grades.max(axis=1) == 0)
    if len(without):
        raise InputError(f"query {without[0]} has no relevant result; leave such queries out")
    return score_array, grades
