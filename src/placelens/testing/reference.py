"""The score in plain Python, as it is defined: slow, obvious, and what every index must equal."""

from __future__ import annotations

import math

from placelens.geo.distance import EARTH_RADIUS_M
from placelens.index.base import Corpus, MeaningTask, PlaceTask, Task, with_areas_as_mask
from placelens.kernels.layout import EXP, GAUSS, LINEAR
from placelens.types import FeatureName


def plain_top_k(corpus: Corpus, task: Task) -> list[tuple[int, float]]:
    """(row, score) of the best k, best first; equal scores by internal id."""
    scored = []
    task = with_areas_as_mask(corpus, task)
    for row in range(len(corpus)):
        if task.allowed is not None and not task.allowed[row]:
            continue
        score = plain_score(corpus, task, row)
        if score is None:
            continue
        iid = int(corpus.iids[row])
        if task.after is not None:
            last_score, last_iid = task.after
            if score > last_score or (score == last_score and iid <= last_iid):
                continue
        scored.append((-score, iid, row))
    return [(row, -negative) for negative, _, row in sorted(scored)[: task.k]]


def plain_score(corpus: Corpus, task: Task, row: int) -> float | None:
    """The score of one item; None when it has no vector to compare."""
    place = None if task.place is None else _place(corpus, task.place, row)
    if task.meaning is None and task.dense is None:
        return 0.0 if place is None else place
    values = [0.0]
    if task.meaning is not None:
        values = [
            value
            for feature, terms in task.meaning.items()
            if (value := _meaning(corpus, feature, terms, row)) is not None
        ]
    if not values:
        return None
    meaning = max(values) + (0.0 if task.dense is None else float(task.dense[row]))
    if place is None:
        return meaning
    return task.mu * place + (1.0 - task.mu) * meaning


def _place(corpus: Corpus, place: PlaceTask, row: int) -> float:
    position = [float(c) for c in corpus.positions[row]]
    if math.isnan(position[0]):
        return 0.0
    squares = [(a - float(b)) ** 2 for a, b in zip(position, place.origin, strict=True)]
    chord = math.sqrt(squares[0] + squares[1] + squares[2])
    on_sphere = corpus.space == "sphere"
    distance = 2 * EARTH_RADIUS_M * math.asin(min(1.0, chord / 2)) if on_sphere else chord
    radius_m = 0.0 if corpus.radius_m is None else float(corpus.radius_m[row])
    distance = max(distance, radius_m)
    beyond = max(0.0, distance - place.offset_m)
    if place.kind == LINEAR:
        return max(0.0, 1.0 - beyond / place.scale_m) if place.scale_m > 0 else 1.0
    if place.kind == GAUSS:
        return math.exp(-0.5 * (beyond / place.scale_m) ** 2)
    if place.kind == EXP:
        return math.exp(-beyond / place.scale_m)
    raise ValueError(f"decay code {place.kind} is not known")


def _meaning(corpus: Corpus, feature: FeatureName, terms: MeaningTask, row: int) -> float | None:
    column = corpus.vectors[feature]
    at = int(column.position[row])
    if at < 0:
        return None
    vector = [float(component) for component in column.matrix[at]]
    hubness = 0.0 if column.hubness is None else float(column.hubness[at])
    hubness = 0.0 if math.isnan(hubness) else hubness
    total = 0.0
    for t, query in enumerate(terms.queries):
        value = 0.0
        for a, b in zip(vector, query, strict=True):
            value += a * float(b)
        if terms.hub_weights is not None:
            value -= float(terms.hub_weights[t]) * hubness
        if terms.slopes[t] != 0.0:
            value = 1.0 / (1.0 + math.exp(-(terms.slopes[t] * value + terms.intercepts[t])))
        total += float(terms.weights[t]) * value
    return total
