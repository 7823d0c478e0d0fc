"""A second opinion on the first hits: its place is after the merge, and it certifies nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from placelens.errors import QueryError
from placelens.types import Float64Array, Hit


class Reranker(ABC):
    """Orders the first hits of an answer anew.

    Attributes
    ----------
    name : what the plan calls it.
    depth : how many of the best are looked at; a page asks for no fewer than its own k.
    """

    name: str
    depth: int = 100

    @abstractmethod
    def scores(self, hits: Sequence[Hit]) -> Float64Array:
        """New scores of hits, (len(hits),), finite; larger is better."""


def reranked(hits: Sequence[Hit], reranker: Reranker, k: int) -> list[Hit]:
    """The best k hits by new scores; equal ones keep their order.

    Raises
    ------
    QueryError
        If the scores are not one finite number a hit.
    """
    scores = np.asarray(reranker.scores(hits), dtype=np.float64)
    if scores.shape != (len(hits),) or not np.isfinite(scores).all():
        raise QueryError(
            f"reranker {reranker.name} must give {len(hits)} finite scores; "
            f"it gave an array of shape {scores.shape}"
        )
    order = np.argsort(-scores, kind="stable")[:k]
    return [
        replace(hits[at], rank=rank, score=float(scores[at]))
        for rank, at in enumerate(order.tolist(), start=1)
    ]
