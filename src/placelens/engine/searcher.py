"""A query over the shards of a collection: facts, reach, the best of each, one merge, one fetch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from placelens.deadline import NEVER, Deadline
from placelens.engine.account import accounted
from placelens.engine.clusters import Grid, View
from placelens.engine.cursor import Cursor
from placelens.engine.heat import Heat, heat_of
from placelens.engine.lists import Lists
from placelens.engine.local_shard import LocalShard, circle_around
from placelens.engine.nearness import N_NEAR, Nearness, reached
from placelens.engine.plan import Plan
from placelens.engine.query import Query
from placelens.engine.rerank import reranked
from placelens.engine.shard import Ask, Facts, Found, Shard, merged
from placelens.engine.split import written
from placelens.engine.terms import FusedTerm
from placelens.engine.timeline import Periods
from placelens.errors import QueryError
from placelens.geo.decay import Decay
from placelens.index.base import Certificate, Index
from placelens.index.gmr_tree import rows_of
from placelens.storage.manifest import Manifest
from placelens.storage.version import Version
from placelens.types import Evidence, FeatureName, Float64Array, Hit, Int64Array, NothingNear

TINY_SHARE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Hits, best first, and how they were found.

    ``decay`` is the one that was used, ``notes`` what to say beside the hits, ``best`` how well the
    best item fits, wherever it lies, and by what; None where that was not asked for.
    ``nothing_near`` says that nothing lies near the place asked for.
    """

    hits: list[Hit]
    plan: Plan
    certificate: Certificate | None
    cursor: str | None
    decay: Decay | None = None
    notes: tuple[str, ...] = ()
    best: tuple[float, FeatureName] | None = None
    nothing_near: NothingNear | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Ranking:
    """A query on its way to the shards, and what its answer needs."""

    ask: Ask
    cursor: Cursor | None
    digest: str
    nearness: Nearness
    last_iid: int


class Searcher:
    """Answers queries over one version, from its shards."""

    def __init__(
        self,
        version: Version,
        manifest: Manifest,
        kept: Mapping[str, Index] | None = None,
        *,
        shards: Sequence[Shard] | None = None,
    ) -> None:
        """``kept`` are the indexes that need not be built, by kind.

        ``shards`` are those of the version; by default it is one, on this machine.
        """
        self.version, self.manifest = version, manifest
        self.lists = Lists(version)
        self.periods = Periods(version)
        self.grid = Grid(version)
        self.kept = dict(kept or {})
        self._shards = tuple(shards or (LocalShard(version, manifest, self.kept),))

    def search(self, query: Query, *, deadline: Deadline = NEVER) -> Answer:
        """Answer a query, or stop with the deadline.

        With nothing to rank by the answer is a page of the list, else the true top k.
        """
        return self.search_many([query], deadline=deadline)[0]

    def search_many(self, queries: Sequence[Query], *, deadline: Deadline = NEVER) -> list[Answer]:
        """`search` of each; what a tree answers is shared out among threads."""
        rankings = [None if query.lists else self._ranking(query, deadline) for query in queries]
        found = iter(self._top_k([ranking.ask for ranking in rankings if ranking is not None]))
        return [
            self._list(query, deadline) if ranking is None else self._ranked(ranking, next(found))
            for query, ranking in zip(queries, rankings, strict=True)
        ]

    def scores(
        self, query: Query, *, deadline: Deadline = NEVER
    ) -> tuple[Int64Array, Float64Array]:
        """Internal ids and scores, (m,) each, of all items that pass and can be compared.

        In no order; equal to what a search gives the same items, to the bit.
        """
        if query.lists:
            raise QueryError("nothing ranks the items, so that they have no scores; say what for")
        ask = self._ranking(replace(query, cursor=None), deadline).ask
        parts = [shard.scores(ask) for shard in self._shards]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def heat(self, query: Query, view: View, *, deadline: Deadline = NEVER) -> Heat:
        """Where in a view of the map the scores of a query lie.

        Raises
        ------
        QueryError
            If nothing ranks the items, or they lie on a plane.
        """
        iids, scores = self.scores(query, deadline=deadline)
        deadline.check()
        return heat_of(self.grid, view, rows_of(self.version.iids, iids), scores)

    def rank_of(
        self, query: Query, item_id: str, *, deadline: Deadline = NEVER
    ) -> tuple[Hit, Hit | None] | None:
        """An item as a hit of a query, wherever it ranks, and the hit above it, if there is one.

        None when the filters leave it out, or nothing compares with it.

        Raises
        ------
        QueryError
            If nothing ranks the items.
        """
        iids, scores = self.scores(query, deadline=deadline)
        row = self.version.row_of(item_id)
        own_iid = self.version.iids[row] if row is not None else -1
        at = np.flatnonzero(iids == own_iid)
        if not len(at):
            return None
        own, score = iids[at[0]], scores[at[0]]
        before = np.flatnonzero((scores > score) | ((scores == score) & (iids < own)))
        wanted = [int(at[0])]
        if len(before):
            wanted = [int(before[np.lexsort((-iids[before], scores[before]))[0]]), *wanted]
        ask = self._ranking(replace(query, cursor=None), deadline).ask
        hits = self._fetch(ask, iids[wanted], scores[wanted])
        hits = [replace(hit, rank=hit.rank + len(before) + 1 - len(wanted)) for hit in hits]
        return hits[-1], hits[0] if len(hits) > 1 else None

    def evidence(
        self, query: Query, hits: Sequence[Hit], *, deadline: Deadline = NEVER
    ) -> list[tuple[Evidence, ...]]:
        """What in each hit's item speaks for each term of a query, but what hits carry themselves.

        Nothing for an item that is gone, and for one that has no vector of what is asked for.
        """
        n = len(query.terms)
        scores = [[s for s in hit.terms if s.kind != "place"] for hit in hits]
        rows = [self.version.row_of(hit.id) for hit in hits]
        there = [at for at in range(len(hits)) if rows[at] is not None and len(scores[at]) == n]
        found: list[tuple[Evidence, ...]] = [() for _ in hits]
        at_rows = np.array([rows[at] for at in there], dtype=np.int64)
        for number, term in enumerate(query.terms if there else ()):
            deadline.check()
            matched = [hits[at].matched for at in there]
            for at, own in zip(there, term.evidence(self.version, at_rows, matched), strict=True):
                found[at] += accounted(scores[at][number], own)
        return found

    def thumbnails(self, hits: Sequence[Hit]) -> list[bytes | None]:
        """The small JPEGs of hits; None where there is no picture, or the item is gone."""
        rows = [self.version.row_of(hit.id) for hit in hits]
        there = [row for row in rows if row is not None]
        found = iter(self.version.take(there, ["thumbnail"])["thumbnail"].to_pylist())
        return [None if row is None else next(found) for row in rows]

    def _top_k(self, asks: Sequence[Ask]) -> list[Found]:
        if not asks:
            return []
        by_shard: list[list[Found]] = []
        for shard in self._shards:
            if by_shard:  # what is found already need not be beaten by less
                asks = [
                    replace(ask, threshold=max(ask.threshold, _threshold(ask, found)))
                    for ask, found in zip(asks, by_shard[-1], strict=True)
                ]
            by_shard.append(shard.top_k(asks))
        return [merged([found[at] for found in by_shard], asks[at].k) for at in range(len(asks))]

    def _fetch(self, ask: Ask, iids: Int64Array, scores: Float64Array) -> list[Hit]:
        if len(self._shards) == 1:
            return self._shards[0].fetch(ask, iids, scores)
        hits: dict[int, Hit] = {}
        for shard in self._shards:
            own = np.flatnonzero(shard.holds(iids))
            found = shard.fetch(ask, iids[own], scores[own])
            hits.update(zip(own.tolist(), found, strict=True))
        return [replace(hits[at], rank=at + 1) for at in range(len(iids))]

    def _list(self, query: Query, deadline: Deadline) -> Answer:
        page = self.lists.page(query, deadline)
        nearness = self._beyond(query, deadline) if not page.plan.n_allowed else None
        return Answer(
            page.hits,
            page.plan,
            None,
            page.cursor,
            notes=(nearness.note,) if nearness is not None and nearness.note else (),
            nothing_near=nearness.nothing_near if nearness is not None else None,
        )

    def _beyond(self, query: Query, deadline: Deadline) -> Nearness | None:
        """What is nearest beyond the circle that nothing lies in; None where none was drawn."""
        circle = circle_around(query)
        if query.near is None or circle is None:
            return None
        areas = tuple(area for area in query.filters.areas if area is not circle)
        open_query = replace(query, filters=replace(query.filters, areas=areas))
        nearest = self.lists.nearest_m(open_query, deadline)
        return reached(
            query.decay,
            np.array([] if nearest is None else [nearest]),
            widens=False,
            label=query.near_label or written(query.near),
            within_m=circle.radius_m,
        )

    def _ranking(self, query: Query, deadline: Deadline) -> _Ranking:
        deadline.check()
        digest = query.digest()
        cursor = None
        if query.cursor is not None:
            if query.rerank is not None:
                raise QueryError("a reranked answer has one page; ask for a larger k instead")
            cursor = Cursor.decode(query.cursor, digest=digest)
        ask = Ask(
            query,
            # One more than asked tells whether there is a next page.
            k=max(query.k + 1, query.rerank.depth if query.rerank is not None else 0),
            after=(cursor.score, cursor.iid) if cursor else None,
            end_iid=cursor.end_iid if cursor else None,
            deadline=deadline,
        )
        facts = [shard.facts(ask) for shard in self._shards]
        query, nearness = self._reached(ask, cursor)
        ask = replace(ask, query=query, d_max_m=_d_max_m(query, cursor, facts))
        return _Ranking(ask, cursor, digest, nearness, max(fact.last_iid for fact in facts))

    def _reached(self, ask: Ask, cursor: Cursor | None) -> tuple[Query, Nearness]:
        """The query with the scale that its decay has here, and what to say of it."""
        query = ask.query
        if query.near is None:
            return query, Nearness(query.decay)
        if cursor is not None:
            # The page before decided the scale, or scores would move between pages.
            decay = query.decay
            if query.widens and cursor.d_max_m and decay.scale_m is not None:
                decay = replace(decay, scale_m=cursor.d_max_m)
            return replace(query, decay=decay), Nearness(decay)
        circle = circle_around(query)
        nearest = np.concatenate([shard.nearest_m(ask, N_NEAR) for shard in self._shards])
        nearness = reached(
            query.decay,
            np.sort(nearest)[:N_NEAR],
            widens=query.widens,
            label=query.near_label or written(query.near),
            within_m=query.reach_m if circle is None else circle.radius_m,
        )
        return replace(query, decay=nearness.decay), nearness

    def _ranked(self, ranking: _Ranking, found: Found) -> Answer:
        ask, cursor, nearness = ranking.ask, ranking.cursor, ranking.nearness
        query = ask.query
        n = len(found.iids) if query.rerank is not None else query.k
        more = len(found.iids) > query.k
        iids, scores = found.iids[:n], found.scores[:n]
        fetched = self._fetch(ask, iids, scores)
        start = cursor.rank if cursor else 0
        hits = [replace(hit, rank=start + hit.rank) for hit in fetched] if start else fetched
        plan = replace(found.plan, reach=nearness.reach)
        if query.rerank is not None:
            hits = reranked(hits, query.rerank, query.k)
            plan = replace(plan, reranker=query.rerank.name)
        if query.sort not in (None, "score"):
            at = rows_of(self.version.iids, iids).tolist()
            rows = {hit.id: row for hit, row in zip(fetched, at, strict=True)}
            order = self.lists.order(query.sort, query.near)
            hits = [hits[i] for i in order.positions(np.array([rows[hit.id] for hit in hits]))]
        following = None
        if more and query.rerank is None:
            following = _next(ranking, iids, scores)
        return Answer(
            hits=hits,
            plan=plan,
            # A second opinion vouches for nothing that it was not shown.
            certificate=found.certificate if query.rerank is None else None,
            cursor=following,
            decay=query.decay,
            notes=(nearness.note,) if nearness.note else (),
            best=self._best(ask, plan) if cursor is None else None,
            nothing_near=nearness.nothing_near,
        )

    def _best(self, ask: Ask, plan: Plan) -> tuple[float, FeatureName] | None:
        """How well the best item fits, were there no place, and the feature it fits by."""
        query = ask.query
        whole = tuple(term for term in query.terms if isinstance(term, FusedTerm))
        is_page = query.near is None and len(whole) == len(query.terms)
        if not query.is_judged or is_page or plan.similarity != "calibrated":
            return None
        alone = replace(query, near=None, engine=plan.engine, terms=whole)
        kept = ask.kept if len(whole) == len(query.terms) else {}
        ask = replace(ask, query=alone, k=1, kept=kept)
        (found,) = self._top_k([ask])
        if not len(found.iids):
            return None
        (hit,) = self._fetch(ask, found.iids, found.scores)
        return None if hit.matched is None else (float(found.scores[0]), hit.matched)


def _threshold(ask: Ask, found: Found) -> float:
    return float(found.scores[-1]) if len(found.scores) == ask.k else ask.threshold


def _d_max_m(query: Query, cursor: Cursor | None, facts: Sequence[Facts]) -> float:
    """The paper's d_max, or the scale that a decay has grown to: what a page hands to the next."""
    decay = query.decay
    if query.near is None:
        return 0.0
    if decay.scale_m is not None:
        return decay.scale_m if query.widens else 0.0
    if cursor is not None:
        # The page before decided the scale, or scores would move between pages.
        return cursor.d_max_m
    d_max_m = max(fact.farthest_m for fact in facts)
    # The farthest item comes before those without a place, which have a value of 0.
    return d_max_m * (1.0 + TINY_SHARE) if query.widens else d_max_m


def _next(ranking: _Ranking, iids: Int64Array, scores: Float64Array) -> str:
    cursor = ranking.cursor
    return Cursor(
        score=float(scores[-1]),
        iid=int(iids[-1]),
        end_iid=cursor.end_iid if cursor else ranking.last_iid + 1,
        d_max_m=ranking.ask.d_max_m,
        rank=(cursor.rank if cursor else 0) + len(iids),
        digest=ranking.digest,
    ).encode()
