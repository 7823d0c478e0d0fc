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
from placelens.index.base import Corpus, MeaningTask, Task, corrections_of, cosines_of, place_values
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
    compared = {
        feature: _Compared(corpus, terms, feature)
        for feature, terms in (task.meaning or {}).items()
    }
    matched = _matched(compared, m)
    place, meaning = _places(query, task, corpus), _Summands(query, task, extras, rows)
    terms = [
        (*place[i], *meaning.of(i, compared[name] if (name := matched[i]) is not None else None))
        for i in range(m)
    ]
    evidence = _shared_concepts(concepts, task, corpus, matched)
    return Split(distances, matched, terms, evidence)


class _Compared:
    """The fused terms against one feature of m hits: cosines, what they lose, and values."""

    def __init__(self, corpus: Corpus, terms: MeaningTask, feature: FeatureName) -> None:
        every = np.arange(len(corpus))
        self.name = feature
        self.is_corrected = terms.hub_weights is not None
        cosines = cosines_of(corpus, replace(terms, hub_weights=None), feature, every)
        corrections, corrected = None, cosines
        if self.is_corrected:
            corrections = corrections_of(corpus, terms, feature, every)
            corrected = cosines - corrections
        self.meanings = kernels._meanings(corrected, terms.weights, terms.slopes, terms.intercepts)
        self.weights = terms.weights.tolist()
        self.maps = list(zip(terms.slopes.tolist(), terms.intercepts.tolist(), strict=True))
        self.cosines, self.corrected = cosines.tolist(), corrected.tolist()
        self.corrections = None if corrections is None else corrections.tolist()

    def term(self, i: int, t: int, term: Term, share: float) -> ScoreTerm:
        """The summand of hit i by fused term t."""
        value = float(kernels._calibrate(self.corrected[i][t], *self.maps[t]))
        weight = share * self.weights[t]
        return ScoreTerm(
            kind=term.kind,
            label=term.label,
            weight=weight,
            value=value,
            contribution=weight * value,
            cosine=self.cosines[i][t],
            baseline=float(kernels._calibrate(0.0, *self.maps[t])),
            correction=None if self.corrections is None else self.corrections[i][t],
        )


class _Summands:
    """The summands of the meaning of hits, in the order of the query's terms."""

    def __init__(self, query: Query, task: Task, extras: Extras | None, rows: Int64Array) -> None:
        self._share = 1.0 - task.weight_of_place
        found = extras.similarities(rows) if extras is not None else {}
        self._extras = {at: values.tolist() for at, values in found.items()}
        self._accounts = extras.accounts(rows) if extras is not None else {}
        shares = shares_of(query.terms).tolist() if self._extras else [0.0] * len(query.terms)
        self._terms = list(zip(query.terms, shares, strict=True))

    def of(self, i: int, compared: _Compared | None) -> list[ScoreTerm]:
        """Those of hit i, which counted with a feature, or with none."""
        out: list[ScoreTerm] = []
        fused = 0
        for at, (term, share) in enumerate(self._terms):
            if at in self._extras:
                value, weight = self._extras[at][i], self._share * share
                account = self._accounts.get(at)
                out.append(
                    ScoreTerm(
                        kind=term.kind,
                        label=term.label,
                        weight=weight,
                        value=value,
                        contribution=weight * value,
                        cosine=None if account is None else float(account.cosines[i]),
                        baseline=None if account is None else account.baseline,
                    )
                )
            elif compared is not None:
                out.append(compared.term(i, fused, term, self._share))
                fused += 1
        return out


def _matched(compared: Mapping[FeatureName, _Compared], m: int) -> list[FeatureName | None]:
    if not compared:
        return [None] * m
    names = list(compared)
    table = np.array([compared[name].meanings for name in names])
    return [names[i] for i in np.nan_to_num(table, nan=-np.inf).argmax(axis=0)]


def written(place: Place) -> str:
    """A place as people read it: "50.087, 14.421"."""
    return ", ".join(f"{c:g}" for c in reversed(place.lonlat))


def _places(query: Query, task: Task, corpus: Corpus) -> list[tuple[ScoreTerm, ...]]:
    """What the place gave each hit; nothing where there is none."""
    if query.near is None:
        return [()] * len(corpus)
    weight = task.weight_of_place
    label = query.near_label if query.near_label is not None else written(query.near)
    return [
        (
            ScoreTerm(
                kind="place", label=label, weight=weight, value=value, contribution=weight * value
            ),
        )
        for value in place_values(corpus, task).tolist()
    ]


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
