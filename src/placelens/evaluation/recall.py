"""Recall at k: how often what was looked for is among the first k."""

from __future__ import annotations

import numpy as np

from placelens.errors import InputError
from placelens.types import Float64Array


def recall_at_k(ranks: Float64Array, k: int) -> float:
    """Share of the queries, in percent, whose expected rank is k or better.

    Parameters
    ----------
    ranks
        (n,) expected rank of each query's answer, 1 the best; a tie gives fractions
        (``placelens.evaluation.ranks``).
    k
        How many results are looked at, 1 or more.

    Raises
    ------
    InputError
        If there is no rank, or k is below 1.

    Examples
    --------
    >>> recall_at_k(np.array([1.0, 3.0, 12.0, 5.0]), 5)
    75.0

    Two results that tie for the first place have the expected rank 1.5: neither is the first.

    >>> recall_at_k(np.array([1.5, 1.5]), 1)
    0.0
    """
    if k < 1:
        raise InputError(f"recall looks at k >= 1 results, got k = {k}")
    ranks = np.asarray(ranks, dtype=np.float64)
    if ranks.size == 0:
        raise InputError("recall needs at least one query, got none")
    return float(100.0 * np.mean(ranks <= k))
