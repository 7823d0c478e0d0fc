"""mR: the mean of R@1, R@5 and R@10 in both directions."""

from __future__ import annotations

from placelens.evaluation.recall import recall_at_k
from placelens.types import Float64Array

RECALL_KS = (1, 5, 10)


def mean_recall(text_to_image_ranks: Float64Array, image_to_text_ranks: Float64Array) -> float:
    """Mean of the six recalls at 1, 5 and 10, in percent.

    The one number that the literature on remote-sensing retrieval compares (Yuan et al. 2022,
    "Remote Sensing Cross-Modal Text-Image Retrieval Based on Global and Local Information").

    Raises
    ------
    InputError
        If a direction has no query.

    Examples
    --------
    >>> import numpy as np
    >>> mean_recall(np.array([1.0, 11.0]), np.array([1.0]))
    75.0
    """
    recalls = [
        recall_at_k(ranks, k)
        for ranks in (text_to_image_ranks, image_to_text_ranks)
        for k in RECALL_KS
    ]
    return sum(recalls) / len(recalls)
