"""The reference index: looks at every item. The other indexes are tested against it.

It multiplies in float32, which BLAS does at the speed of memory, keeps whatever could still be
among the best within the rounding of that product, and gives the final score in float64.
"""

from __future__ import annotations

import numpy as np

from placelens.index.base import (
    Certificate,
    Corpus,
    MeaningTask,
    Task,
    TopK,
    VectorColumn,
    best_k,
    combine,
    known_hubness,
    place_values,
    score_rows,
    with_areas_as_mask,
)
from placelens.types import BoolArray, Float64Array, Int64Array

# Below this share of allowed items, gathering their vectors beats multiplying all of them.
GATHER_BELOW = 0.25


class Scan:
    """Exact top k by brute force."""

    name = "scan"

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def top_k(self, task: Task) -> TopK:
        """The best k of the allowed items, by looking at all of them."""
        task = with_areas_as_mask(self._corpus, task)
        scores = self._approximate(task)
        rows = _candidates(task, scores, rounding_slack(self._corpus, task))
        task.deadline.check()
        found = best_k(task, self._corpus.iids, rows, score_rows(self._corpus, task, rows))
        certificate = Certificate("proven", None, 0, len(scores))
        return TopK(found.rows, found.scores, certificate)

    def _approximate(self, task: Task) -> Float64Array:
        """Scores of all items within the slack; -inf where not allowed or not comparable."""
        corpus = self._corpus
        if not task.has_meaning:
            scores = place_values(corpus, task)
            if task.allowed is not None:
                scores[~task.allowed] = -np.inf
            return scores
        meaning = self._meaning(task)
        if task.place is None:
            return meaning
        found = np.flatnonzero(meaning > -np.inf)
        if len(found) == len(corpus):
            return combine(task.mu, place_values(corpus, task), meaning)
        scores = np.full(len(corpus), -np.inf)
        scores[found] = combine(task.mu, place_values(corpus, task, found), meaning[found])
        return scores

    def _meaning(self, task: Task) -> Float64Array:
        """Approximate meanings of all items; -inf where not allowed or not comparable."""
        corpus, n = self._corpus, len(self._corpus)
        meaning = None
        for feature, terms in (task.meaning or {}).items():
            task.deadline.check()
            rows, values = _similarities(corpus.vectors[feature], terms, task.allowed)
            if len(rows) < n:
                some, values = values, np.full(n, -np.inf)
                values[rows] = some
            meaning = values if meaning is None else np.maximum(meaning, values)
        if task.meaning is None:
            meaning = np.zeros(n)
            if task.allowed is not None:
                meaning[~task.allowed] = -np.inf
        elif meaning is None:
            return np.full(n, -np.inf)
        return meaning if task.dense is None else meaning + task.dense


def _similarities(
    column: VectorColumn, terms: MeaningTask, allowed: BoolArray | None
) -> tuple[Int64Array, Float64Array]:
    """Rows with a vector that are allowed, and their float32 similarities."""
    matrix, rows = column.matrix, column.rows
    if allowed is not None:
        chosen = np.flatnonzero(allowed[rows])
        rows = rows[chosen]
        gather = len(chosen) < GATHER_BELOW * len(matrix)
        if gather:
            matrix = matrix[chosen]
    # One query is a matrix-vector product, for which BLAS has the faster routine.
    queries = terms.queries.astype(np.float32)
    cosines = (matrix @ queries[0])[:, None] if len(queries) == 1 else matrix @ queries.T
    if allowed is not None and not gather:
        cosines = cosines[chosen]
    hubness = None
    if terms.hub_weights is not None and column.hubness is not None:
        hubness = known_hubness(column.hubness if allowed is None else column.hubness[chosen])
    total = np.zeros(len(rows))
    for t in range(len(queries)):
        values = cosines[:, t].astype(np.float64)
        if hubness is not None and terms.hub_weights is not None:
            values -= terms.hub_weights[t] * hubness
        if terms.slopes[t]:
            values = 1.0 / (1.0 + np.exp(-(terms.slopes[t] * values + terms.intercepts[t])))
        total += terms.weights[t] * values
    return rows, total


def rounding_slack(corpus: Corpus, task: Task) -> float:
    """How far an approximate score may lie from the final one.

    A float32 inner product of d terms, in any order, errs by at most d·u·Σ|a_i·b_i| with
    u = 2⁻²⁴ (Higham, Accuracy and Stability, section 3.1), the query's rounding adds u, and
    Σ|a_i·b_i| is at most the product of the lengths, which float32 rounding leaves within 1e-6
    of 1. A logistic map's derivative is at most slope / 4.
    """
    slack = 1e-14  # float64 sums of a few terms in [-1, 1]
    for terms in (task.meaning or {}).values():
        dot = (terms.queries.shape[1] + 2) * 2.0**-24 * 1.01
        steepness = np.where(terms.slopes == 0.0, 1.0, terms.slopes / 4.0)
        slack = max(slack, 1e-14 + dot * float(np.sum(np.abs(terms.weights) * steepness)))
    slack = slack * (1.0 - task.weight_of_place) + 1e-14
    if task.dense is not None:
        # Sums with it are rounded to its own scale.
        slack += 1e-14 * float(np.abs(task.dense).max(initial=0.0))
    return slack


def _candidates(task: Task, scores: Float64Array, slack: float) -> Int64Array:
    """Rows that the float64 kernel must look at to be sure of the best k."""
    k = task.k
    if task.after is not None:
        # What lies within the slack of the cursor may fall on either side of it.
        last = task.after[0]
        scores = np.where(scores <= last + slack, scores, -np.inf)
        k += int(np.count_nonzero(scores >= last - slack))
    rows = np.flatnonzero(scores > -np.inf)
    if len(rows) <= k:
        return rows
    values = scores if len(rows) == len(scores) else scores[rows]
    kth = np.partition(values, len(values) - k)[len(values) - k]
    return rows[values >= kth - 2.0 * slack]
