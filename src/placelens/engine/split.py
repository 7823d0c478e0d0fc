"""The score of a hit, split into what place and each term gave; everything is looked at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from placelens import kernels
from placelens.engine.extras import Extras
from placelens.engine.query import Query
from placelens.engine.terms import Term, shares_of
from placelens.geo.distance import SPACES
from placelens.index.base import Corpus, Task, corrections_of, cosines_of, place_values
from placelens.types import Evidence, FeatureName, Float64Array, Int64Array, Place, ScoreTerm

# Concepts that a hit names, and the least share that is worth a name.
MOST_CONCEPTS, LEAST_SHARE = 3, 0.05
TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What there is to say of m hits.

    Attributes
    ----------
    distances : metres to the query's place, (m,); NaN without one.
    matched : the feature that each counted with: the better of those asked for.
    terms : the summands of each one's score.
    evidence : the concepts that it shares with the query.
    """

    distances: Float64Array
    matched: list[FeatureName | None]
    terms: list[tuple[ScoreTerm, ...]]
    evidence: list[tuple[Evidence, ...]]


def split(
    query: Query,
    task: Task,
    corpus: Corpus,
    *,
    extras: Extras | None,
    rows: Int64Array,
    concepts: tuple[str, ...],
) -> Split:
    """Split the scores of a corpus of hits; ``rows`` (m,) are theirs in the version."""
    m = len(corpus)
    distances = np.full(m, np.nan)
    if task.place is not None:
        distances = kernels._distances(SPACES[corpus.space], corpus.positions, task.place.origin)
    every = np.arange(m)
    cosines = {
        feature: cosines_of(corpus, replace(terms, hub_weights=None), feature, every)
        for feature, terms in (task.meaning or {}).items()
    }
    corrections = {
        feature: corrections_of(corpus, terms, feature, every)
        for feature, terms in (task.meaning or {}).items()
    }
    corrected = {feature: cosines[feature] - corrections[feature] for feature in cosines}
    matched = _matched(task, corrected, m)
    similarities = extras.similarities(rows) if extras is not None else {}
    place = place_values(corpus, task)
    terms = [
        (
            *_place_terms(query, task, float(place[i])),
            *_meaning_terms(
                query,
                task,
                matched[i],
                {
                    feature: np.column_stack([of_terms[i], corrections[feature][i]])
                    for feature, of_terms in cosines.items()
                },
                {at: float(values[i]) for at, values in similarities.items()},
            ),
        )
        for i in range(m)
    ]
    evidence = _shared_concepts(concepts, task, corpus, matched)
    return Split(distances, matched, terms, evidence)


def _matched(
    task: Task, cosines: Mapping[FeatureName, Float64Array], m: int
) -> list[FeatureName | None]:
    if not cosines or task.meaning is None:
        return [None] * m
    values = [
        kernels._meanings(cosines[name], terms.weights, terms.slopes, terms.intercepts)
        for name, terms in task.meaning.items()
    ]
    names = list(task.meaning)
    table = np.nan_to_num(np.array(values), nan=-np.inf)
    return [names[i] for i in table.argmax(axis=0)]


def written(place: Place) -> str:
    """A place as people read it: "50.087, 14.421"."""
    return ", ".join(f"{c:g}" for c in reversed(place.lonlat))


def _place_terms(query: Query, task: Task, value: float) -> tuple[ScoreTerm, ...]:
    if query.near is None:
        return ()
    weight = task.weight_of_place
    label = query.near_label if query.near_label is not None else written(query.near)
    return (
        ScoreTerm(
            kind="place", label=label, weight=weight, value=value, contribution=weight * value
        ),
    )


def _meaning_terms(
    query: Query,
    task: Task,
    matched: FeatureName | None,
    cosines: Mapping[FeatureName, Float64Array],
    similarities: Mapping[int, float],
) -> list[ScoreTerm]:
    """The summands of one item's meaning, in the order of the query's terms.

    ``cosines`` (T, 2) by feature are those of the fused terms, and what they lose for hubness.
    """
    out: list[ScoreTerm] = []
    share = 1.0 - task.weight_of_place
    shares = shares_of(query.terms) if query.terms else ()
    fused = 0
    for at, term in enumerate(query.terms):
        if at in similarities:
            out.append(_score_term(term, share * float(shares[at]), similarities[at], None))
        elif matched is not None and task.meaning is not None:
            terms = task.meaning[matched]
            cosine, correction = map(float, cosines[matched][fused])
            slope, intercept = float(terms.slopes[fused]), float(terms.intercepts[fused])
            value = float(kernels._calibrate(cosine - correction, slope, intercept))
            weight = share * float(terms.weights[fused])
            lost = None if terms.hub_weights is None else correction
            out.append(replace(_score_term(term, weight, value, cosine), correction=lost))
            fused += 1
    return out


def _score_term(term: Term, weight: float, value: float, cosine: float | None) -> ScoreTerm:
    return ScoreTerm(
        kind=term.kind,
        label=term.label,
        weight=weight,
        value=value,
        contribution=weight * value,
        cosine=cosine,
    )


def _shared_concepts(
    names: tuple[str, ...], task: Task, corpus: Corpus, matched: Sequence[FeatureName | None]
) -> list[tuple[Evidence, ...]]:
    """Of each item, the concepts that it and the query both show more than usual.

    Their products are what the concepts add to the cosine. Those that both show less than usual
    add to it as well, but say nothing that a reader could see.
    """
    shared: list[tuple[Evidence, ...]] = [()] * len(corpus)
    for feature, terms in (task.meaning or {}).items() if names else ():
        wanted = terms.weights @ terms.queries
        column = corpus.vectors[feature]
        for row, vector in zip(column.rows.tolist(), column.matrix, strict=True):
            if matched[row] == feature:
                both = np.maximum(wanted, 0.0) * np.maximum(vector, 0.0)
                shares = both / max(float(both.sum()), TINY)
                best = np.argsort(-shares, kind="stable")[:MOST_CONCEPTS]
                shared[row] = tuple(
                    Evidence(kind="concept", label=names[c], share=float(shares[c]))
                    for c in best
                    if shares[c] >= LEAST_SHARE
                )
    return shared
