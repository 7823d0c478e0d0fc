"""The terms of a query by the features that they are compared with, with their calibrations.

What is compared by an inner product is of one space: that of the collection's first vectors, which
its indexes cover. A term of another space that the collection keeps vectors of has its similarities
worked out for all items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from placelens import kernels
from placelens.display import shown
from placelens.engine.query import Query, Similarity
from placelens.engine.terms import DenseTerm, FusedTerm, Term, shares_of
from placelens.errors import QueryError
from placelens.index.base import MeaningTask
from placelens.storage.manifest import Hub, Hubs, Manifest
from placelens.storage.version import Version
from placelens.types import FeatureName, Float64Array

NO_MAP = Hub(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What an index is asked of the fused terms.

    Attributes
    ----------
    terms : the query's terms; those of another space than the first are dense now.
    similarity : which form of the cosine counts; None without fused terms.
    tasks : by feature; None without fused terms.
    is_corrected : whether cosines are corrected for hubs.
    """

    terms: tuple[Term, ...]
    similarity: Similarity | None
    tasks: Mapping[FeatureName, MeaningTask] | None
    is_corrected: bool


def meaning_of(
    query: Query, manifest: Manifest, features: Sequence[FeatureName], hubs: Hubs
) -> Meaning:
    """The fused terms of a query against features; ``hubs`` are those that may be corrected.

    Raises
    ------
    QueryError
        If a calibration is asked for that the collection does not have, or nothing that is compared
        has the space of a term.
    """
    first = manifest.feature(manifest.vector_names[0]).space
    spaces = {feature: manifest.feature(feature).space for feature in features}
    own = [feature for feature in features if spaces[feature] == first]
    fused = [
        (at, term)
        for at, term in enumerate(query.terms)
        if isinstance(term, FusedTerm) and term.space in (None, first)
    ]
    similarity = _similarity(query, manifest, [term for _, term in fused], own)
    is_raw = query.similarity == "raw"
    terms = [term.uncalibrated() if is_raw else term for term in query.terms]
    for at, term in enumerate(query.terms):
        if isinstance(term, FusedTerm) and term.space not in (None, first):
            terms[at] = _elsewhere(term, manifest, [f for f in features if spaces[f] == term.space])
    if not fused:
        return Meaning(tuple(terms), similarity, None, False)
    if not own:
        raise QueryError(
            f"{shown(fused[0][1].label)} is compared with {', '.join(_of(manifest, first))}, "
            f"and not with {', '.join(features)}"
        )
    if not query.hubs or similarity != "calibrated":
        hubs = {}
    shares = shares_of(query.terms)[[at for at, _ in fused]]
    tasks = {
        feature: _task([term for _, term in fused], shares, _maps(feature, fused, manifest, hubs))
        if similarity == "calibrated"
        else _task([term for _, term in fused], shares, [NO_MAP] * len(fused))
        for feature in own
    }
    is_corrected = any(task.hub_weights is not None for task in tasks.values())
    return Meaning(tuple(terms), similarity, tasks, is_corrected)


def _similarity(
    query: Query, manifest: Manifest, fused: Sequence[FusedTerm], features: Sequence[FeatureName]
) -> Similarity | None:
    if not fused:
        return None
    missing = [
        f"{term.kind} with {feature}"
        for term in fused
        for feature in features
        if (term.kind, feature) not in manifest.calibrations
    ]
    if query.similarity == "calibrated" and missing:
        raise QueryError(
            f"the collection has no calibration for {missing[0]}; use similarity='raw'"
        )
    return query.similarity or ("raw" if missing else "calibrated")


def _maps(
    feature: FeatureName, fused: Sequence[tuple[int, FusedTerm]], manifest: Manifest, hubs: Hubs
) -> list[Hub]:
    return [
        hubs.get((term.kind, feature)) or Hub(0.0, *manifest.calibrations[term.kind, feature])
        for _, term in fused
    ]


def _task(fused: Sequence[FusedTerm], shares: Float64Array, maps: Sequence[Hub]) -> MeaningTask:
    lengths = np.array([term.length for term in fused])
    slopes = np.array([each.slope for each in maps])
    weights = np.array([each.weight for each in maps])
    return MeaningTask(
        np.array([term.vector for term in fused]),
        # An inner product is the length times a cosine: in the map, or as it is.
        np.where(slopes == 0.0, shares * lengths, shares),
        slopes * lengths,
        np.array([each.intercept for each in maps]),
        hub_weights=weights / lengths if weights.any() else None,
    )


def _of(manifest: Manifest, space: str) -> list[FeatureName]:
    return [name for name in manifest.vector_names if manifest.feature(name).space == space]


def _elsewhere(term: FusedTerm, manifest: Manifest, features: Sequence[FeatureName]) -> Elsewhere:
    if not features:
        raise QueryError(
            f"nothing that is compared has vectors of the space of {shown(term.label)}, "
            f"{shown(term.space)}"
        )
    maps = {f: manifest.calibrations.get((term.kind, f), (0.0, 0.0)) for f in features}
    return Elsewhere(kind=term.kind, label=term.label, weight=term.weight, term=term, maps=maps)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elsewhere(DenseTerm):
    """A fused term of another space than the indexes': the better of its features for each item.

    An item that has a vector of none of them has the similarity 0.
    """

    term: FusedTerm
    maps: Mapping[FeatureName, tuple[float, float]]

    def digest(self) -> bytes:
        """That of the term."""
        return self.term.digest()

    def values(self, version: Version) -> Float64Array:
        """Calibrated cosines where there is a calibration, else inner products, (n,)."""
        best = np.full(version.n_items, -np.inf)
        queries = self.term.vector[None, :]
        for feature, (slope, intercept) in self.maps.items():
            matrix, rows = version.vectors(feature)
            cosines = kernels._cosines(matrix, np.arange(len(rows)), queries)
            weight = np.array([1.0 if slope else self.term.length])
            maps = np.array([slope * self.term.length]), np.array([intercept])
            best[rows] = np.maximum(best[rows], kernels._meanings(cosines, weight, *maps))
        return np.where(np.isinf(best), 0.0, best)
