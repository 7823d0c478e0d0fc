"""A query over one version of a collection: plan, search, and split each score into its terms."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from placelens import kernels
from placelens.deadline import NEVER, Deadline
from placelens.engine.cursor import Cursor
from placelens.engine.lists import Lists, known_then
from placelens.engine.nearness import N_NEAR, Nearness, reached
from placelens.engine.plan import ENGINES, Plan, make_plan
from placelens.engine.query import Query, QueryTerm, Similarity
from placelens.errors import QueryError
from placelens.geo.decay import KIND_CODES, Decay
from placelens.geo.distance import EARTH_RADIUS_M, SPACES, origin_of, positions_of
from placelens.geo.regions import Circle, Region
from placelens.index.base import (
    Certificate,
    Corpus,
    Index,
    MeaningTask,
    PlaceTask,
    Task,
    TopK,
    VectorColumn,
    cosines_of,
    farthest_m,
    meaning_values,
    place_values,
)
from placelens.index.gmr_tree import FilterFirst, GMRTree
from placelens.storage.manifest import Manifest
from placelens.storage.snapshot import Snapshot
from placelens.types import (
    BoolArray,
    FeatureName,
    Float32Array,
    Float64Array,
    Hit,
    Int64Array,
    Place,
    ScoreTerm,
    Shares,
)

# Concepts that a hit names, and the least share that is worth a name.
MOST_CONCEPTS, LEAST_SHARE = 3, 0.05
TINY = 1e-12
TINY_SHARE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Hits, best first, and how they were found.

    ``decay`` is the one that was used, ``notes`` what to say beside the hits, ``best`` how well the
    best item fits, wherever it lies, and by what; None where that was not asked for.
    """

    hits: list[Hit]
    plan: Plan
    certificate: Certificate | None
    cursor: str | None
    decay: Decay | None = None
    notes: tuple[str, ...] = ()
    best: tuple[float, FeatureName] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Ranking:
    """A query on its way to an index: what the index is asked, and what its answer needs."""

    query: Query
    task: Task
    plan: Plan
    index: Index
    cursor: Cursor | None
    d_max_m: float
    digest: str
    nearness: Nearness


def _top_k_of(rankings: Sequence[_Ranking]) -> list[TopK]:
    """What the indexes answer; several queries of one tree are handed to it together."""
    together: dict[int, list[int]] = {}
    for position, ranking in enumerate(rankings):
        together.setdefault(id(ranking.index), []).append(position)
    found: dict[int, TopK] = {}
    for positions in together.values():
        index = rankings[positions[0]].index
        tasks = [rankings[position].task for position in positions]
        if isinstance(index, GMRTree) and len(tasks) > 1:
            answers = index.top_k_batch(tasks)
        else:
            answers = [index.top_k(task) for task in tasks]
        found.update(zip(positions, answers, strict=True))
    return [found[position] for position in range(len(rankings))]


class Searcher:
    """Answers queries over one snapshot; its corpus and indexes are built when first needed."""

    def __init__(self, snapshot: Snapshot, manifest: Manifest, tree: GMRTree | None = None) -> None:
        self.snapshot = snapshot
        self.lists = Lists(snapshot)
        self._manifest = manifest
        self._tree = tree
        self._lock = threading.Lock()
        self._columns: dict[FeatureName, VectorColumn] = {}
        self._positions: Float64Array | None = None
        self._indexes: dict[tuple[str, tuple[FeatureName, ...]], Index] = {}

    def search(self, query: Query, *, deadline: Deadline = NEVER) -> Answer:
        """Answer a query, or stop with the deadline.

        With nothing to rank by the answer is a page of the list, else the true top k.
        """
        return self.search_many([query], deadline=deadline)[0]

    def search_many(self, queries: Sequence[Query], *, deadline: Deadline = NEVER) -> list[Answer]:
        """`search` of each; what a tree answers is shared out among threads."""
        rankings = [None if query.lists else self._ranking(query, deadline) for query in queries]
        found = iter(_top_k_of([ranking for ranking in rankings if ranking is not None]))
        return [
            self._list(query, deadline) if ranking is None else self._ranked(ranking, next(found))
            for query, ranking in zip(queries, rankings, strict=True)
        ]

    def _list(self, query: Query, deadline: Deadline) -> Answer:
        page = self.lists.page(query, deadline)
        return Answer(page.hits, page.plan, None, page.cursor)

    def _ranking(self, query: Query, deadline: Deadline) -> _Ranking:
        deadline.check()
        features = query.features or self._manifest.features
        similarity, meaning = self._meaning(query, features)
        digest = query.digest()
        cursor = None
        if query.cursor is not None:
            cursor = Cursor.decode(query.cursor, digest=digest)
        allowed = self._allowed(query, cursor, deadline)
        query, nearness = self._reached(query, cursor, allowed)
        place, d_max_m = self._place(query, cursor)
        # One more than asked tells whether there is a next page.
        task = Task(
            k=query.k + 1,
            mu=query.mu,
            place=place,
            meaning=meaning,
            allowed=allowed,
            after=(cursor.score, cursor.iid) if cursor else None,
            regions=query.filters.regions,
            recall_target=query.recall_target,
            deadline=deadline,
        )
        plan = make_plan(
            engine=query.engine,
            n_items=self.snapshot.n_items,
            n_allowed=None if allowed is None else int(np.count_nonzero(allowed)),
            n_regions=len(task.regions),
            tree=None if self._tree is None else self._tree.shape(),
            similarity=similarity,
        )
        plan = replace(plan, reach=nearness.reach)
        index = self._index(plan.engine, features if query.terms else ())
        deadline.check()  # vectors may have been read from the disk
        return _Ranking(query, task, plan, index, cursor, d_max_m, digest, nearness)

    def _ranked(self, ranking: _Ranking, found: TopK) -> Answer:
        query, cursor, nearness = ranking.query, ranking.cursor, ranking.nearness
        more = len(found.rows) > query.k
        found = replace(found, rows=found.rows[: query.k], scores=found.scores[: query.k])
        hits = self._hits(query, ranking.task, found, cursor.rank if cursor else 0)
        if query.sort not in (None, "score"):
            hits = [hits[i] for i in self.lists.order(query.sort, query.near).positions(found.rows)]
        return Answer(
            hits=hits,
            plan=ranking.plan,
            certificate=found.certificate,
            cursor=self._next(query, found, cursor, ranking.d_max_m, ranking.digest)
            if more
            else None,
            decay=query.decay,
            notes=(nearness.note,) if nearness.note else (),
            best=self._best(query, ranking.task, ranking.plan) if cursor is None else None,
        )

    def _reached(
        self, query: Query, cursor: Cursor | None, allowed: BoolArray | None
    ) -> tuple[Query, Nearness]:
        """The query with the scale that its decay has here, and what to say of it."""
        if query.near is None:
            return query, Nearness(query.decay)
        if cursor is not None:
            # The page before decided the scale, or scores would move between pages.
            decay = query.decay
            if query.widens and cursor.d_max_m:
                decay = replace(decay, scale_m=cursor.d_max_m)
            return replace(query, decay=decay), Nearness(decay)
        circle = _circle_around(query)
        regions = tuple(region for region in query.filters.regions if region is not circle)
        nearness = reached(
            query.decay,
            self._nearest_m(query.near, allowed, regions),
            widens=query.widens,
            label=query.near_label or _written(query.near),
            within_m=query.reach_m if circle is None else circle.radius_m,
        )
        return replace(query, decay=nearness.decay), nearness

    def _nearest_m(
        self, near: Place, allowed: BoolArray | None, regions: tuple[Region, ...]
    ) -> Float64Array:
        """Distances of the nearest items that pass the filters, increasing; N_NEAR at most."""
        origin = origin_of(near, self.snapshot.space)
        # A scale that nothing reaches, so that every item with a place has a value above 0.
        is_sphere = self.snapshot.space == "sphere"
        scale_m = 1.0 + (math.pi * EARTH_RADIUS_M if is_sphere else 2.0 * self._farthest_m(origin))
        place = PlaceTask(origin, KIND_CODES["linear"], scale_m, 0.0)
        task = Task(N_NEAR, 1.0, place, None, allowed=allowed, regions=regions)
        found = self._index("gmrtree" if self._tree is not None else "scan", ()).top_k(task)
        return (1.0 - found.scores[found.scores > 0.0]) * scale_m

    def _best(self, query: Query, task: Task, plan: Plan) -> tuple[float, FeatureName] | None:
        """How well the best item fits, were there no place, and the feature it fits by."""
        if not query.is_judged or task.place is None or plan.similarity != "calibrated":
            return None
        task = replace(task, k=1, place=None)
        features = query.features or self._manifest.features
        found = self._index(plan.engine, features).top_k(task)
        if not len(found.rows):
            return None
        _, vectors = self.snapshot.hits(found.rows, task.meaning or ())
        (matched,) = _matched(self._corpus_of(found.rows, vectors), task)
        return None if matched is None else (float(found.scores[0]), matched)

    def _corpus(self, features: tuple[FeatureName, ...]) -> Corpus:
        with self._lock:
            snapshot = self.snapshot
            if self._positions is None:
                self._positions = positions_of(snapshot.space, *snapshot.coordinates)
            for feature in features:
                if feature not in self._columns:
                    self._columns[feature] = VectorColumn.of(
                        *snapshot.vectors(feature), snapshot.n_items
                    )
            columns = {feature: self._columns[feature] for feature in features}
            lonlat = snapshot.lonlat
            return Corpus(snapshot.space, snapshot.iids, self._positions, columns, lonlat)

    def _index(self, engine: str, features: tuple[FeatureName, ...]) -> Index:
        if self._tree is not None and engine in {"gmrtree", "filter"}:
            return self._tree if engine == "gmrtree" else FilterFirst(self._tree)
        corpus = self._corpus(features)
        with self._lock:
            key = (engine, features)
            if key not in self._indexes:
                self._indexes[key] = ENGINES[engine](corpus)
            return self._indexes[key]

    def _meaning(
        self, query: Query, features: tuple[FeatureName, ...]
    ) -> tuple[Similarity | None, Mapping[FeatureName, MeaningTask] | None]:
        """The meaning terms by item feature, with their calibrations."""
        if not query.terms:
            return None, None
        calibrations = self._manifest.calibrations
        missing = [
            f"{term.kind} with {feature}"
            for term in query.terms
            for feature in features
            if (term.kind, feature) not in calibrations
        ]
        similarity: Similarity = query.similarity or ("raw" if missing else "calibrated")
        if similarity == "calibrated" and missing:
            raise QueryError(
                f"the collection has no calibration for {missing[0]}; use similarity='raw'"
            )
        weights = np.array([term.weight for term in query.terms])
        weights = weights / np.abs(weights).max()  # first, or the sum of huge ones overflows
        shares = weights / np.abs(weights).sum()
        queries = np.array([term.vector for term in query.terms])
        tasks = {}
        for feature in features:
            maps = [
                calibrations[term.kind, feature] if similarity == "calibrated" else (0.0, 0.0)
                for term in query.terms
            ]
            tasks[feature] = MeaningTask(
                queries,
                shares,
                np.array([slope for slope, _ in maps]),
                np.array([intercept for _, intercept in maps]),
            )
        return similarity, tasks

    def _place(self, query: Query, cursor: Cursor | None) -> tuple[PlaceTask | None, float]:
        """The place term with its scale resolved, and d_max (0 where it is not needed)."""
        if query.near is None:
            return None, 0.0
        origin = origin_of(query.near, self.snapshot.space)
        decay = query.decay
        d_max_m = decay.scale_m if query.widens and decay.scale_m is not None else 0.0
        if decay.scale_m is None:
            # The page before decided the scale, or scores would move between pages.
            d_max_m = cursor.d_max_m if cursor else self._farthest_m(origin)
            if query.widens:
                # The farthest item comes before those without a place, which have a value of 0.
                d_max_m *= 1.0 if cursor else 1.0 + TINY_SHARE
        scale_m = d_max_m if decay.scale_m is None else decay.scale_m
        return PlaceTask(origin, KIND_CODES[decay.kind], scale_m, decay.offset_m), d_max_m

    def _farthest_m(self, origin: Float64Array) -> float:
        if self._tree is not None:
            return self._tree.farthest_m(origin)
        corpus = self._corpus(())
        return farthest_m(corpus, origin)

    def _allowed(
        self, query: Query, cursor: Cursor | None, deadline: Deadline
    ) -> np.ndarray | None:
        filters = replace(query.filters, regions=())
        if query.features:
            filters = replace(filters, only=query.features)
        return known_then(filters.mask(self.snapshot, deadline), self.snapshot.iids, cursor)

    def _next(
        self, query: Query, found: TopK, cursor: Cursor | None, d_max_m: float, digest: str
    ) -> str:
        iids = self.snapshot.iids
        end_iid = cursor.end_iid if cursor else int(iids.max()) + 1
        return Cursor(
            score=float(found.scores[-1]),
            iid=int(iids[found.rows[-1]]),
            end_iid=end_iid,
            d_max_m=d_max_m,
            rank=(cursor.rank if cursor else 0) + len(found.rows),
            digest=digest,
        ).encode()

    def _hits(self, query: Query, task: Task, found: TopK, rank: int) -> list[Hit]:
        rows = found.rows
        items, vectors = self.snapshot.hits(rows, task.meaning or ())
        corpus = self._corpus_of(rows, vectors)
        distances = np.full(len(rows), np.nan)
        if task.place is not None:
            distances = kernels._distances(
                SPACES[corpus.space], corpus.positions, task.place.origin
            )
        matched = _matched(corpus, task)
        terms = _score_terms(query, task, corpus, matched)
        concepts = _shared_concepts(self._manifest.concepts, task, corpus, matched)
        return [
            Hit(
                rank=rank + i + 1,
                id=item.id,
                score=float(found.scores[i]),
                terms=terms[i],
                distance_m=None if np.isnan(distances[i]) else float(distances[i]),
                matched=matched[i],
                item=item,
                concepts=concepts[i],
            )
            for i, item in enumerate(items)
        ]

    def _corpus_of(
        self, rows: Int64Array, vectors: Mapping[FeatureName, tuple[Float32Array, BoolArray]]
    ) -> Corpus:
        """A corpus of the hits alone: to split their scores, the others need not be in memory."""
        first, second = (column[rows] for column in self.snapshot.coordinates)
        columns = {}
        for feature, (matrix, is_there) in vectors.items():
            at = np.flatnonzero(is_there)
            columns[feature] = VectorColumn.of(matrix[at], at, len(rows))
        space = self.snapshot.space
        positions = positions_of(space, first, second)
        return Corpus(space, self.snapshot.iids[rows], positions, columns)


def _matched(corpus: Corpus, task: Task) -> list[FeatureName | None]:
    """Which feature each item of a corpus counted with: the better of those asked for."""
    values = meaning_values(corpus, task, np.arange(len(corpus)))
    if not values:
        return [None] * len(corpus)
    names = list(values)
    table = np.nan_to_num(np.array([values[name] for name in names]), nan=-np.inf)
    return [names[i] for i in table.argmax(axis=0)]


def _score_terms(
    query: Query, task: Task, corpus: Corpus, matched: list[FeatureName | None]
) -> list[tuple[ScoreTerm, ...]]:
    place = place_values(corpus, task)
    rows = np.arange(len(corpus))
    cosines = {
        feature: cosines_of(corpus, terms, feature, rows)
        for feature, terms in (task.meaning or {}).items()
    }
    out = []
    for i in range(len(corpus)):
        terms = []
        if query.near is not None:
            terms.append(_place_term(query, task.weight_of_place, float(place[i])))
        feature = matched[i]
        if feature is not None and task.meaning is not None:
            share = 1.0 - task.weight_of_place
            for t, term in enumerate(query.terms):
                terms.append(
                    _meaning_term(
                        term, share, float(cosines[feature][i, t]), task.meaning[feature], t
                    )
                )
        out.append(tuple(terms))
    return out


def _shared_concepts(
    names: tuple[str, ...], task: Task, corpus: Corpus, matched: list[FeatureName | None]
) -> list[Shares]:
    """Of each item, the concepts that it and the query both show more than usual.

    Their products are what the concepts add to the cosine. Those that both show less than usual
    add to it as well, but say nothing that a reader could see.
    """
    shared: list[Shares] = [()] * len(corpus)
    for feature, terms in (task.meaning or {}).items() if names else ():
        wanted = terms.weights @ terms.queries
        column = corpus.vectors[feature]
        for row, vector in zip(column.rows.tolist(), column.matrix, strict=True):
            if matched[row] == feature:
                both = np.maximum(wanted, 0.0) * np.maximum(vector, 0.0)
                shares = both / max(float(both.sum()), TINY)
                best = np.argsort(-shares, kind="stable")[:MOST_CONCEPTS]
                shared[row] = tuple(
                    (names[c], float(shares[c])) for c in best if shares[c] >= LEAST_SHARE
                )
    return shared


def _written(place: Place) -> str:
    return ", ".join(f"{c:g}" for c in reversed(place.lonlat))


def _circle_around(query: Query) -> Circle | None:
    """The circle around the place that nothing may leave: "within 5 km of", or a radius."""
    circles = [r for r in query.filters.regions if isinstance(r, Circle) and r.center == query.near]
    return min(circles, key=lambda circle: circle.radius_m, default=None)


def _place_term(query: Query, weight: float, value: float) -> ScoreTerm:
    label = query.near_label
    if label is None:
        label = "" if query.near is None else _written(query.near)
    return ScoreTerm(
        kind="place", label=label, weight=weight, value=value, contribution=weight * value
    )


def _meaning_term(
    term: QueryTerm, share: float, cosine: float, task: MeaningTask, t: int
) -> ScoreTerm:
    slope, intercept = float(task.slopes[t]), float(task.intercepts[t])
    value = float(kernels._calibrate(cosine, slope, intercept))
    weight = share * float(task.weights[t])
    return ScoreTerm(
        kind=term.kind,
        label=term.label,
        weight=weight,
        value=value,
        contribution=weight * value,
        cosine=cosine,
    )
