"""Searching a collection."""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from placelens.collection.reading import Reading
from placelens.deadline import NEVER, Deadline
from placelens.display import shown
from placelens.engine.clusters import View
from placelens.engine.heat import Heat
from placelens.engine.mistyped import mistyped
from placelens.engine.query import Query, Similarity
from placelens.engine.rerank import Reranker
from placelens.engine.searcher import Answer, Searcher
from placelens.engine.terms import Term
from placelens.errors import InputError, ItemNotFoundError
from placelens.geo.uncertain import Uncertain
from placelens.geo.understood import Understood
from placelens.query.request import SearchRequest, requests_of
from placelens.storage.faults import naming_faults, on_newest
from placelens.types import Evidence, FeatureName, Hit

# What reads files and what shows hits is imported when it is used: many commands only look.
if TYPE_CHECKING:
    from placelens.export.evidence import Explanation
    from placelens.results import Hits


@naming_faults
class Searching(Reading):
    """Searches, and why an item ranks where it does."""

    def search(
        self,
        query: str | Term | Mapping[str, Any] | Sequence[Any] | None = None,
        *,
        image: Any = None,
        like: Any = None,
        vector: Any = None,
        near: Any = None,
        decay: str | None = None,
        mu: float = 0.5,
        k: int = 10,
        bbox: Sequence[float] | None = None,
        radius: str | float | None = None,
        polygon: Any = None,
        time: Any = None,
        where: Mapping[str, Any] | None = None,
        modality: FeatureName | Sequence[FeatureName] | None = None,
        located_only: bool = False,
        unlocated_only: bool = False,
        uncertain: Uncertain = "centre",
        sort: str | None = None,
        parse: bool = True,
        similarity: Similarity | None = None,
        hubs: bool = True,
        delta: float | None = None,
        rerank: Reranker | None = None,
        cursor: str | None = None,
        engine: str | None = None,
        recall_target: float | None = None,
        deadline: Deadline = NEVER,
    ) -> Hits:
        """The true top k by meaning and place: ``mu * place + (1 - mu) * meaning``.

        With nothing to compare with nothing is ranked: all items, or those that pass the filters,
        are listed, newest first or in the order of ``sort``, and their scores are None.

        Parameters
        ----------
        query
            Words; or a sequence of words and (words, weight) pairs. Negative weights push away.
            Terms of any kind may stand among them: a `placelens.engine.terms.Term`, or a mapping
            like ``{"kind": "text", "value": "a bridge"}``; see `placelens.query.kinds`.
        image
            A path, bytes, a PIL image, or (one of these, weight); or a sequence of them.
        like
            Id of an item as the example, or (id, weight); or a sequence. The item is left out.
        vector
            (dim,) numbers, or (numbers, weight); or a list of such pairs.
        near
            A `Place`, "50.087,14.421", a name like "Lyon", a mapping with lat and lon, or a shapely
            or GeoJSON point.
        decay
            How nearness falls with distance: "gauss:5km", "exp:5km", "linear:5km", or the paper's
            "linear"; see `placelens.geo.decay`. Default "gauss:25km", wider near a country and
            where fewer than ten items lie so near, and "linear" when nothing but a place is asked
            for.
        mu
            What place counts for, in [0, 1].
        bbox
            (west, south, east, north); west > east crosses the antimeridian.
        radius
            "5km" or metres: nothing farther from ``near`` is found.
        polygon
            A GeoJSON mapping or a shapely geometry.
        time
            "2019", "2019-06", or (from, to) with None for an open end.
        where
            Attribute conditions: ``{"city": "Paris", "rating": {"gte": 3}}``; see
            `placelens.engine.filters.conditions`.
        modality
            Which vectors are compared; an item counts with its best.
        located_only, unlocated_only
            Only items with a place, or without.
        uncertain
            Of places that are known to within a radius, whether the "centre" must lie in an area,
            "surely" all of the circle, or "maybe" any of it.
        sort
            The order of a list: "time" (newest first, the default), "oldest", "name", or "distance"
            from ``near``; what has no time or no place comes last, by name. With words, images or
            vectors the k best are found first and then put in this order; "score", the default
            then, leaves them best first.
        parse
            Whether places and times in the words ("near Lyon", "not in Peru", "summer 2019") become
            place and filters. What stands in quotes is never read.
        similarity
            "calibrated" (the default where the encoder says how) or "raw" cosines.
        hubs
            Whether calibrated cosines are corrected for hubs, items that are near every query,
            where the encoder says how; see `placelens.encoders.hubs`.
        delta
            In [0, 1]: how much it counts whether each phrase of the words is somewhere in a
            picture, beside how well the words as a whole fit it; the collection must keep regions.
            By default what the encoder was found to gain by, where the collection keeps them and
            compares nothing but images; else 0.
        rerank
            A `placelens.engine.rerank.Reranker` that orders the first hits anew. Nothing certifies
            its answer, which has one page.
        cursor
            From the page before.
        engine
            The index to use: "scan", "gmrtree", "filter", "rtree" or "mtree"; by default it is
            planned.
        recall_target
            In [0.5, 1): that share of the true best is found on average, sooner. By default all.
        deadline
            When to give up: `Deadline(seconds)`, whose ``cancel`` any thread may call.

        Raises
        ------
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used; `placelens.limits` says how much one query may hold.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> photos.search("a red square", k=1)[0].id
        'red'
        >>> photos.search("a red square", near="Lyon", decay="gauss:100km", mu=0.7, k=1)[0].id
        'blue'
        >>> [hit.id for hit in photos.search(where={"rating": {"gte": 4}})]
        ['green', 'red']
        >>> [hit.id for hit in photos.search(sort="oldest")]
        ['red', 'green', 'blue', 'black']
        """

        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        request = SearchRequest(
            query=query,
            image=image,
            like=like,
            vector=vector,
            near=near,
            decay=decay,
            mu=mu,
            k=k,
            bbox=bbox,
            radius=radius,
            polygon=polygon,
            time=time,
            where=where,
            modality=modality,
            located_only=located_only,
            unlocated_only=unlocated_only,
            uncertain=uncertain,
            sort=sort,
            parse=parse,
            similarity=similarity,
            hubs=hubs,
            delta=delta,
            rerank=rerank,
            cursor=cursor,
            engine=engine,
            recall_target=recall_target,
        )
        return self._answer([request], deadline)[0]

    @on_newest
    def explain(
        self, item_id: str, query: Any = None, *, deadline: Deadline = NEVER, **search: Any
    ) -> Explanation:
        """Why an item ranks where it does in a search, on its first page or far behind.

        Parameters
        ----------
        item_id
            The item.
        query, search
            The arguments of `search`.
        deadline
            When to give up.

        Raises
        ------
        ItemNotFoundError
            If there is no such item, or the filters leave it out.
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> import tempfile
        >>> boats = Collection.create(tempfile.mkdtemp() + "/boats.pl", dim=2)
        >>> _ = boats.add_vectors(["a", "b"], [[1, 0], [0.6, 0.8]])
        >>> boats.explain("b", vector=[1, 0]).hit.rank
        2
        """
        from placelens.export.evidence import Explanation

        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        self._find(item_id)
        (request,) = requests_of([{"query": query, **search}], {})
        searcher = self._versions.searcher
        asked, _ = self._resolver(searcher).resolve(request, deadline=deadline)
        found = searcher.rank_of(asked, item_id, deadline=deadline)
        if found is None:
            raise ItemNotFoundError(
                f"the filters leave out {shown(item_id)}, or nothing asked for compares with it"
            )
        hit, above = found
        ((own, thumbnail),) = _explained(searcher, asked, [hit], deadline)
        return Explanation(
            hit=hit, above=above, evidence=(*hit.evidence, *own), thumbnail=thumbnail
        )

    @on_newest
    def heat(
        self,
        query: Any = None,
        *,
        zoom: float,
        west: float = -180.0,
        south: float = -90.0,
        east: float = 180.0,
        north: float = 90.0,
        deadline: Deadline = NEVER,
        **search: Any,
    ) -> Heat:
        """Where in a view of a web map the scores of a search lie, of all located items that pass.

        The map is cut into cells of 32 pixels, a tile being 512 pixels wide: a quarter of those of
        `clusters`, and whole like them. The best come first. There are at most 4,000, on a coarser
        grid where need be; see `placelens.engine.heat.Heat`.

        Parameters
        ----------
        query, search
            The arguments of `search`; those that say how hits are sorted, counted and paged make no
            difference.
        zoom, west, south, east, north
            The view, as in `clusters`.
        deadline
            When to give up.

        Raises
        ------
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used; also if nothing ranks the items, or the collection lies on
            a plane.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> heat = photos.heat("a red square", zoom=6)
        >>> [(cell.id, cell.n_items) for cell in heat.cells]
        [('red', 1), ('green', 1), ('blue', 1)]
        >>> heat.highest == heat.cells[0].best == photos.search("a red square")[0].score
        True
        """
        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        view = View(zoom=zoom, west=west, south=south, east=east, north=north)
        (request,) = requests_of([{"query": query, **search}], {})
        searcher = self._versions.searcher
        asked, _ = self._resolver(searcher).resolve(request, deadline=deadline)
        return searcher.heat(asked, view, deadline=deadline)

    def search_many(self, queries: Iterable[str | Mapping[str, Any]], **common: Any) -> list[Hits]:
        """`search` for each of several queries, over one version, their words encoded together.

        Parameters
        ----------
        queries
            Each a text, or a mapping of the arguments of `search`.
        common
            Arguments that all queries share unless they say otherwise.

        Raises
        ------
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used; nothing is searched then.

        Examples
        --------
        >>> answers = photos.search_many(["red", {"like": "red", "where": {"city": "Lyon"}}], k=1)
        >>> [hits[0].id for hits in answers]
        ['red', 'blue']
        """
        return self._answer(requests_of(queries, common), NEVER)

    @on_newest
    def _answer(self, requests: Sequence[SearchRequest], deadline: Deadline) -> list[Hits]:
        from placelens.results import Hits

        started = clock.perf_counter()
        searcher = self._versions.searcher
        resolved = self._resolver(searcher).resolve_many(requests, deadline=deadline)
        answers = searcher.search_many([query for query, _ in resolved], deadline=deadline)
        elapsed_ms = (clock.perf_counter() - started) * 1_000
        return [
            Hits(
                hits=answer.hits,
                query=request.to_dict(),
                understood=_with_reach(understood, answer),
                plan=answer.plan,
                certificate=answer.certificate,
                cursor=answer.cursor,
                elapsed_ms=elapsed_ms / len(requests),
                thumbnails=self.thumbnail,
                answerabilities=self._encoder_of(searcher.manifest).answerabilities(
                    is_corrected=answer.plan.is_corrected
                ),
                evidence=[entry for term in query.terms for entry in term.reading()],
                notes=(
                    *mistyped(searcher.version, query.filters.where),
                    *answer.notes,
                    *(understood.notes if understood is not None else ()),
                ),
                best=answer.best,
                nothing_near=answer.nothing_near,
                unfit=query.unfit,
                explainer=partial(_explained, searcher, query),
            )
            for request, (query, understood), answer in zip(
                requests, resolved, answers, strict=True
            )
        ]


def _explained(
    searcher: Searcher, query: Query, hits: Sequence[Hit], deadline: Deadline
) -> list[tuple[tuple[Evidence, ...], bytes | None]]:
    """What speaks for each hit, and its small JPEG."""
    evidence = searcher.evidence(query, hits, deadline=deadline)
    return list(zip(evidence, searcher.thumbnails(hits), strict=True))


def _with_reach(understood: Understood | None, answer: Answer) -> Understood | None:
    """What was understood, with the decay that the collection gave a place."""
    if understood is None or understood.decay is None or answer.plan.reach is None:
        return understood
    return replace(understood, decay=answer.decay.write()) if answer.decay else understood
