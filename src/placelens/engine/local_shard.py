"""A version of a table as a shard: its filters, its similarities, its indexes, its items."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from placelens import kernels
from placelens.engine.extras import Extras
from placelens.engine.indexes.kinds import KINDS
from placelens.engine.meaning import Meaning, meaning_of
from placelens.engine.plan import Plan, engines, make_plan
from placelens.engine.query import Query
from placelens.engine.shard import Ask, Facts, Found
from placelens.engine.split import Split, split
from placelens.engine.terms import shares_of
from placelens.geo.areas import Area, Circle
from placelens.geo.decay import KIND_CODES
from placelens.geo.distance import EARTH_RADIUS_M, SPACES, origin_of, positions_of
from placelens.index.base import (
    Certificate,
    Corpus,
    Index,
    PlaceTask,
    Task,
    TopK,
    VectorColumn,
    best_k,
    farthest_m,
    score_rows,
    with_areas_as_mask,
)
from placelens.index.gmr_tree import FilterFirst, GMRTree, rows_of
from placelens.index.scan import Scan
from placelens.storage.manifest import Hubs, Manifest
from placelens.storage.version import Version
from placelens.types import (
    BoolArray,
    FeatureName,
    Float64Array,
    Hit,
    Int64Array,
)

# Of items with the largest bounds, how many are asked for each hit that is wanted.
FIRST_ASKED = 4


@dataclass(slots=True, eq=False)
class _Prepared:
    """What a version makes of a query, whatever its place: kept between its answers."""

    features: tuple[FeatureName, ...]
    meaning: Meaning
    extras: Extras | None
    allowed: BoolArray | None
    rows: dict[int, int] = field(default_factory=dict)


class LocalShard:
    """One version and the indexes kept of it; corpus and other indexes are built when needed."""

    def __init__(
        self, version: Version, manifest: Manifest, kept: Mapping[str, Index] | None = None
    ) -> None:
        self.version = version
        self._manifest = manifest
        self._kept = dict(kept or {})
        tree = self._kept.get(GMRTree.name)
        self._tree = tree if isinstance(tree, GMRTree) else None
        self._lock = threading.Lock()
        self._columns: dict[FeatureName, VectorColumn] = {}
        self._positions: Float64Array | None = None
        self._hubness_known: dict[FeatureName, bool] = {}
        self._indexes: dict[tuple[str, tuple[FeatureName, ...]], Index] = {}

    def facts(self, ask: Ask) -> Facts:
        """See `placelens.engine.shard.Shard`."""
        ask.deadline.check()
        self._prepared(ask)  # what cannot be answered is refused here
        query = ask.query
        needs_d_max = query.near is not None and query.decay.scale_m is None
        origin = origin_of(query.near, self.version.space) if query.near is not None else None
        farthest_m = self._farthest_m(origin) if needs_d_max and origin is not None else 0.0
        return Facts(self._last_iid, farthest_m)

    @cached_property
    def _last_iid(self) -> int:
        return int(self.version.iids.max()) if self.version.n_items else -1

    def holds(self, iids: Int64Array) -> BoolArray:
        """See `placelens.engine.shard.Shard`."""
        return np.isin(iids, self.version.iids)

    def nearest_m(self, ask: Ask, k: int) -> Float64Array:
        """See `placelens.engine.shard.Shard`."""
        query = ask.query
        if query.near is None:
            return np.empty(0)
        space = self.version.space
        origin = origin_of(query.near, space)
        circle = circle_around(query)
        areas = tuple(r for r in self._areas(query) if r is not circle)
        # A scale that nothing reaches, so that every item with a place has a value above 0.
        scale_m = 1.0 + (math.pi * EARTH_RADIUS_M if space == "sphere" else self._widest_m(origin))
        place = PlaceTask(origin, KIND_CODES["linear"], scale_m, 0.0)
        allowed = self._prepared(ask).allowed
        task = Task(k, 1.0, place, None, allowed=allowed, areas=areas, deadline=ask.deadline)
        found = self._index("gmrtree" if self._tree is not None else "scan", ()).top_k(task)
        return (1.0 - found.scores[found.scores > 0.0]) * scale_m

    def top_k(self, asks: Sequence[Ask]) -> list[Found]:
        """The best of each; several asks of one tree are handed to it together."""
        planned = [(self._task(ask), self._plan(ask)) for ask in asks]
        answers: dict[int, TopK] = {}
        together: dict[int, tuple[Index, list[int]]] = {}
        for at, (ask, (task, plan)) in enumerate(zip(asks, planned, strict=True)):
            prepared = self._prepared(ask)
            index = self._index(plan.engine, prepared.features)
            ask.deadline.check()  # vectors may have been read from the disk
            if prepared.extras is not None and not prepared.extras.is_exact:
                answers[at] = self._refined(index, task, prepared.extras, prepared.features)
            else:
                together.setdefault(id(index), (index, []))[1].append(at)
        for index, places in together.values():
            tasks = [planned[at][0] for at in places]
            if isinstance(index, GMRTree) and len(tasks) > 1:
                found = index.top_k_batch(tasks)
            else:
                found = [index.top_k(task) for task in tasks]
            answers.update(zip(places, found, strict=True))
        return [self._found(asks[at], answers[at], planned[at][1]) for at in range(len(asks))]

    def fetch(self, ask: Ask, iids: Int64Array, scores: Float64Array) -> list[Hit]:
        """See `placelens.engine.shard.Shard`."""
        prepared, task = self._prepared(ask), self._task(ask)
        rows = self._rows(prepared, iids)
        items, vectors = self.version.hits(rows, task.meaning or ())
        columns = {}
        for feature, (matrix, is_there) in vectors.items():
            at = np.flatnonzero(is_there)
            hubness = self.version.hubness(feature) if prepared.meaning.is_corrected else None
            own = None if hubness is None else hubness[rows[at]]
            columns[feature] = VectorColumn.of(matrix[at], at, len(rows), own)
        space, radius_m = self.version.space, self.version.radius_m
        places = positions_of(space, *(column[rows] for column in self.version.coordinates))
        # Of the hits alone: the others need not be in memory.
        corpus = Corpus(
            space,
            iids,
            places,
            columns,
            radius_m=None if radius_m is None else radius_m[rows],
        )
        parts: Split = split(
            ask.query,
            task,
            corpus,
            extras=prepared.extras,
            rows=rows,
            concepts=self._manifest.concepts,
        )
        return [
            Hit(
                rank=i + 1,
                id=item.id,
                score=float(scores[i]),
                terms=parts.terms[i],
                distance_m=None if np.isnan(parts.distances[i]) else float(parts.distances[i]),
                matched=parts.matched[i],
                item=item,
                evidence=parts.evidence[i],
            )
            for i, item in enumerate(items)
        ]

    def scores(self, ask: Ask) -> tuple[Int64Array, Float64Array]:
        """See `placelens.engine.shard.Shard`."""
        prepared = self._prepared(ask)
        corpus = self._corpus(prepared.features)
        task = with_areas_as_mask(corpus, self._task(ask))
        rows = np.arange(len(corpus)) if task.allowed is None else np.flatnonzero(task.allowed)
        scores = score_rows(corpus, self._exact(task, prepared.extras, rows), rows)
        is_there = ~np.isnan(scores)
        return self.version.iids[rows[is_there]], scores[is_there]

    def _found(self, ask: Ask, top: TopK, plan: Plan) -> Found:
        iids = self.version.iids[top.rows]
        self._prepared(ask).rows.update(zip(iids.tolist(), top.rows.tolist(), strict=True))
        certificate = top.certificate
        if any(term.is_approximate for term in ask.query.terms):
            certificate = replace(certificate, kind="approximate")
        return Found(iids, top.scores, certificate, plan)

    def _rows(self, prepared: _Prepared, iids: Int64Array) -> Int64Array:
        known = prepared.rows
        if all(iid in known for iid in iids.tolist()):
            return np.array([known[iid] for iid in iids.tolist()], dtype=np.int64)
        return rows_of(self.version.iids, iids)

    def _refined(
        self, index: Index, task: Task, extras: Extras, features: tuple[FeatureName, ...]
    ) -> TopK:
        """The best by similarities that are only asked for where their bounds reach.

        Items come by falling bound, more each time, until no bound of the others reaches the k-th
        score (Seidl and Kriegel 1998, optimal multi-step k-nearest neighbours).
        """
        corpus, k = self._corpus(features if task.meaning is not None else ()), 2 * task.k
        if task.meaning is None and isinstance(index, Scan):
            return self._refined_of_all(corpus, task, extras)
        added = np.full(len(corpus), np.nan)  # by the terms, to rows that were asked for before
        while True:
            found = index.top_k(replace(task, k=k, after=None))
            rows = found.rows
            asked = rows[np.isnan(added[rows])]
            added[asked] = extras.added(asked)
            scores = score_rows(corpus, replace(task, dense=added), rows)
            best = best_k(task, corpus.iids, rows, scores)
            if len(rows) < k:  # these are all
                return replace(best, certificate=found.certificate)
            # No item that comes after them has a larger bound than the last of them.
            bound = float(found.scores[-1])
            if len(best.rows) == task.k and float(best.scores[-1]) > bound:
                looked = found.certificate
                bound = bound if looked.bound is None else max(bound, looked.bound)
                return replace(best, certificate=replace(looked, bound=bound))
            task.deadline.check()
            k *= 4

    def _refined_of_all(self, corpus: Corpus, task: Task, extras: Extras) -> TopK:
        """The same where the bounds of all items are at hand: their scores are worked out once.

        The exact scores of those with the largest bounds give a score that the k-th best has at
        least; then all are asked for whose bounds reach it.
        """
        task = with_areas_as_mask(corpus, task)
        rows = np.arange(len(corpus)) if task.allowed is None else np.flatnonzero(task.allowed)
        bounds = score_rows(corpus, task, rows)
        n_first = FIRST_ASKED * task.k
        while True:
            task.deadline.check()
            n_first = min(n_first, len(rows))
            order = (
                np.argpartition(-bounds, n_first - 1) if 0 < n_first < len(rows) else slice(None)
            )
            first = rows[order][:n_first]
            best = best_k(task, corpus.iids, first, self._scores(corpus, task, extras, first))
            if len(best.rows) == task.k or n_first == len(rows):
                break
            n_first *= FIRST_ASKED  # what a page before held is not counted
        if n_first < len(rows):
            left = bounds >= best.scores[-1]
            asked = rows[left]
            scores = self._scores(corpus, task, extras, asked)
            best = best_k(task, corpus.iids, asked, scores)
            bound = None if left.all() else float(bounds[~left].max())
            return replace(best, certificate=Certificate("proven", bound, 0, len(rows)))
        return replace(best, certificate=Certificate("proven", None, 0, len(rows)))

    def _scores(self, corpus: Corpus, task: Task, extras: Extras, rows: Int64Array) -> Float64Array:
        """Final scores of some rows, whatever their terms cost."""
        return score_rows(corpus, self._exact(task, extras, rows), rows)

    @staticmethod
    def _exact(task: Task, extras: Extras | None, rows: Int64Array) -> Task:
        """The task with what its terms add to some rows, instead of the most that they may."""
        if extras is None or task.dense is None:
            return task
        dense = task.dense.copy()
        dense[rows] = extras.added(rows)
        return replace(task, dense=dense)

    def _prepared(self, ask: Ask) -> _Prepared:
        prepared: _Prepared | None = ask.kept.get(id(self))
        if prepared is None:
            prepared = ask.kept[id(self)] = self._prepare(ask)
        return prepared

    def _prepare(self, ask: Ask) -> _Prepared:
        query = ask.query
        features = query.features or self._manifest.vector_names
        hubs = self._hubs(features) if query.hubs and query.similarity != "raw" else {}
        meaning = meaning_of(query, self._manifest, features, hubs)
        filters = query.filters
        if self._areas(query):  # those are left to the index
            filters = replace(filters, areas=())
        if query.features:
            filters = replace(filters, only=query.features)
        allowed = filters.mask(self.version, ask.deadline)
        if ask.end_iid is not None:
            known = self.version.iids < ask.end_iid
            allowed = known if allowed is None else allowed & known
        extras = None
        if query.terms:
            extras = Extras(meaning.terms, shares_of(query.terms), self.version) or None
        return _Prepared(tuple(meaning.tasks or ()), meaning, extras, allowed)

    def _areas(self, query: Query) -> tuple[Area, ...]:
        """What the index is to look for itself: areas that look at places alone."""
        filters = query.filters
        is_certain = filters.uncertain == "centre" or self.version.radius_m is None
        return filters.areas if is_certain else ()

    def _task(self, ask: Ask) -> Task:
        query, prepared = ask.query, self._prepared(ask)
        extras = prepared.extras
        return Task(
            k=ask.k,
            mu=query.mu,
            place=self._place(ask),
            meaning=prepared.meaning.tasks,
            allowed=prepared.allowed,
            after=ask.after,
            areas=self._areas(query),
            recall_target=query.recall_target,
            deadline=ask.deadline,
            threshold=ask.threshold,
            dense=extras.upper() if extras is not None else None,
        )

    def _plan(self, ask: Ask) -> Plan:
        prepared = self._prepared(ask)
        allowed, extras = prepared.allowed, prepared.extras
        return make_plan(
            engine=ask.query.engine,
            n_items=self.version.n_items,
            n_allowed=None if allowed is None else int(np.count_nonzero(allowed)),
            n_areas=len(self._areas(ask.query)),
            tree=None if self._tree is None else self._tree.shape(),
            similarity=prepared.meaning.similarity,
            is_corrected=prepared.meaning.is_corrected,
            unbounded=extras.unbounded if extras is not None else None,
            is_fused=prepared.meaning.tasks is not None or extras is None,
        )

    def _hubs(self, features: tuple[FeatureName, ...]) -> Hubs:
        """What cosines lose for hubness, where that of every item is known: else those of which it
        is not would come first."""
        known = {feature for feature in features if self._is_all_known(feature)}
        return {pair: hub for pair, hub in self._manifest.hubs.items() if pair[1] in known}

    def _is_all_known(self, feature: FeatureName) -> bool:
        with self._lock:
            if feature not in self._hubness_known:
                hubness = self.version.hubness(feature)
                is_known = (
                    hubness is not None
                    and not np.isnan(hubness[self.version.present(feature)]).any()
                )
                self._hubness_known[feature] = is_known
            return self._hubness_known[feature]

    def _place(self, ask: Ask) -> PlaceTask | None:
        """The place term, its scale resolved."""
        query = ask.query
        if query.near is None:
            return None
        decay, origin = query.decay, origin_of(query.near, self.version.space)
        scale_m = ask.d_max_m if decay.scale_m is None else decay.scale_m
        return PlaceTask(origin, KIND_CODES[decay.kind], scale_m, decay.offset_m)

    def _farthest_m(self, origin: Float64Array) -> float:
        if self._tree is not None:
            return self._tree.farthest_m(origin)
        corpus = self._corpus(())
        return farthest_m(corpus, origin)

    def _widest_m(self, origin: Float64Array) -> float:
        """More than any item's distance on a plane, however uncertain its place is."""
        corpus = self._corpus(())
        farthest_m = kernels._max_distance(SPACES[corpus.space], corpus.positions, origin)
        radius_m = 0.0 if corpus.radius_m is None else float(corpus.radius_m.max())
        return 2.0 * float(farthest_m) + radius_m

    def _corpus(self, features: tuple[FeatureName, ...]) -> Corpus:
        with self._lock:
            version = self.version
            if self._positions is None:
                self._positions = positions_of(version.space, *version.coordinates)
            for feature in features:
                if feature not in self._columns:
                    self._columns[feature] = self._column(feature)
            columns = {feature: self._columns[feature] for feature in features}
            return Corpus(
                version.space,
                version.iids,
                self._positions,
                columns,
                version.lonlat,
                radius_m=version.radius_m,
            )

    def _column(self, feature: FeatureName) -> VectorColumn:
        matrix, rows = self.version.vectors(feature)
        hubness = self.version.hubness(feature)
        own = None if hubness is None else hubness[rows]
        return VectorColumn.of(matrix, rows, self.version.n_items, own)

    def _index(self, engine: str, features: tuple[FeatureName, ...]) -> Index:
        if engine in self._kept and set(features) <= set(KINDS[engine].needs(features)):
            return self._kept[engine]
        if self._tree is not None and engine == FilterFirst.name:
            return FilterFirst(self._tree)
        corpus = self._corpus(features)
        with self._lock:
            key = (engine, features)
            if key not in self._indexes:
                self._indexes[key] = engines()[engine](corpus)
            return self._indexes[key]


def circle_around(query: Query) -> Circle | None:
    """The circle around the place that nothing may leave: "within 5 km of", or a radius."""
    circles = [
        area
        for area in query.filters.areas
        if isinstance(area, Circle) and area.center == query.near
    ]
    return min(circles, key=lambda circle: circle.radius_m, default=None)
