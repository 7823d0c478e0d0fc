"""One answer of several: of the features that an item is compared by, of the parts it may be in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from placelens.index.base import Task, TopK, best_k, joined
from placelens.types import FeatureName, Int64Array

Search = Callable[[Task, FeatureName, float], TopK]
"""The best k by one feature, of those that reach a threshold."""


def merged(task: Task, iids: Int64Array, answers: Sequence[TopK]) -> TopK:
    """The best k of several answers; an item in two of them counts with its better score.

    ``iids`` (n,) are the internal ids of the rows.
    """
    rows = np.concatenate([answer.rows for answer in answers])
    scores = np.concatenate([answer.scores for answer in answers])
    order = np.lexsort((iids[rows], -scores))
    # An item's first place is its best; the others go.
    _, first = np.unique(rows[order], return_index=True)
    best = order[np.sort(first)][: task.k]
    return TopK(rows[best], scores[best], joined([a.certificate for a in answers]))


def best_of_features(task: Task, iids: Int64Array, search: Search) -> TopK:
    """The best over all features of a task: an item counts with the better of them.

    What is among the best is so by one feature, and among that one's best k.
    """
    features = list(task.meaning or ())
    if len(features) == 1:
        return search(task, features[0], task.threshold)
    if task.after is None:
        return _of_several(task, iids, features, search)
    # Which page an item belongs to is known from all its features only.
    k = 2 * task.k
    while True:
        found = _of_several(replace(task, k=k, after=None), iids, features, search)
        page = best_k(task, iids, found.rows, found.scores)
        if len(page.rows) == task.k or len(found.rows) < k:
            return replace(page, certificate=found.certificate)
        k *= 4


def _of_several(
    task: Task, iids: Int64Array, features: Sequence[FeatureName], search: Search
) -> TopK:
    answers: list[TopK] = []
    threshold = task.threshold
    for feature in features:
        answers.append(search(task, feature, threshold))
        if len(answers[-1].rows) == task.k:
            threshold = max(threshold, float(answers[-1].scores[-1]))
    return merged(task, iids, answers)
