"""MAP of the first k, as the paper's Eq. 12 has it, with the expectation over ties."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from placelens.evaluation.average_precision import check_graded
from placelens.types import BoolArray, Float64Array

K = 30


def average_precisions(
    scores: npt.ArrayLike, relevant: npt.ArrayLike, k: int = K
) -> tuple[Float64Array, Float64Array]:
    """AP of the first k results of each query, by two counts of what is relevant, in [0, 1].

    Eq. 12 is ``AP = 1 / |R| sum of p_i rel_i over i = 1 .. k``, with p_i the precision of the first
    i. |R| is "the number of ground-truth relevant instances"; with more of them than k even a
    perfect ranking stays below 1, so the first result has |R| = min(number of relevant items, k),
    the second the count as printed. Equal scores get the expectation over their random order.

    Parameters
    ----------
    scores
        (queries, results), larger is better.
    relevant
        (queries, results); each query has one at least.
    k
        How many results count.

    Returns
    -------
    tuple
        Two arrays (queries,).

    Raises
    ------
    InputError
        If the shapes differ, there is no query, or a query has no relevant result.

    Examples
    --------
    Relevant at ranks 1 and 3, and at 4, which is not looked at: (1/1 + 2/3) / 3, both ways.

    >>> by_least, as_printed = average_precisions([[4, 3, 2, 1]], [[1, 0, 1, 1]], k=3)
    >>> by_least.round(3).tolist(), as_printed.round(3).tolist()
    ([0.556], [0.556])

    Only the first two are looked at: 1/1 over 2, or over 3.

    >>> by_least, as_printed = average_precisions([[4, 3, 2, 1]], [[1, 0, 1, 1]], k=2)
    >>> by_least.round(3).tolist(), as_printed.round(3).tolist()
    ([0.5], [0.333])
    """
    checked, grades = check_graded(scores, relevant)
    found = grades > 0
    sums = np.array([_expected(*row, k) for row in zip(checked, found, strict=True)])
    count = found.sum(axis=1).astype(np.float64)
    return sums / np.minimum(count, k), sums / count


def _expected(scores: Float64Array, relevant: BoolArray, k: int) -> float:
    """The sum of p_i rel_i over the first k, expected over the random order of equal scores."""
    if len(scores) > k:  # only what may come among the first k
        kept = scores >= np.partition(scores, -k)[-k]
        scores, relevant = scores[kept], relevant[kept]
    _, group = np.unique(-scores, return_inverse=True)
    size = np.bincount(group)  # (groups,), best score first
    hits = np.bincount(group, weights=relevant)
    before = np.repeat(np.cumsum(size) - size, size)  # results ahead of the group
    hits_before = np.repeat(np.cumsum(hits) - hits, size)
    size, hits = np.repeat(size, size), np.repeat(hits, size)
    place = np.arange(len(scores)) - before
    # As in `placelens.evaluation.average_precision`: a place holds a relevant one with probability
    # hits / size, and given that, an earlier one of its group does with (hits - 1) / (size - 1).
    earlier = place * (hits - 1) / np.maximum(size - 1, 1)
    precision = (1 + hits_before + earlier) / (before + place + 1)
    return float(np.sum((hits / size * precision)[:k]))
