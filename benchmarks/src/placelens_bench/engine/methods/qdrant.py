"""Qdrant Edge, the embedded Qdrant: HNSW, an index of places, and a formula for the mix.

The formula scores what was fetched by meaning, under a Gaussian perhaps within a circle; a query
that then finds fewer than ten asks again without the circle and takes the best of both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placelens.types import Int64Array
from placelens_bench.engine.methods.base import Method, Opened, Setting, build_once, filtered_first
from placelens_bench.engine.methods.graphs import BUILD_WIDTH, EDGES, WIDTHS
from placelens_bench.engine.workloads import Box, K, Query, Workload


class Qdrant(Method):
    """Qdrant Edge with its own defaults but for the graph, which is as that of the others."""

    workloads = ("mu05_linear", "mu05_gauss25km", "mu0", "box1pct_mu0", "batch1000")
    batch_size = 100
    holds_vectors = True

    def open(self) -> Opened:
        """Write the shard and let it build its indexes, or load it."""
        from qdrant_edge import EdgeShard

        path = self.folder / f"qdrant-{EDGES}-{BUILD_WIDTH}"
        opened = build_once(path, self._build)
        self.shard = EdgeShard.load(str(path))
        return opened

    def _build(self, path: Path) -> None:
        import qdrant_edge as edge

        path.mkdir()
        vectors = edge.EdgeVectorParams(size=self.data.dim, distance=edge.Distance.Dot)
        # 10,000 KB is the server's own threshold below which it scans.
        graph = edge.HnswIndexConfig(EDGES, BUILD_WIDTH, 10_000)
        shard = edge.EdgeShard.create(
            str(path), edge.EdgeConfig(vectors=vectors, hnsw_config=graph, wal_enabled=False)
        )
        places = list(zip(self.data.lat.tolist(), self.data.lon.tolist(), strict=True))
        source = self.data.vectors
        update = edge.UpdateOperation
        for start in range(0, self.data.items, 1000):
            points = [
                edge.Point(row, vector, {"place": {"lat": places[row][0], "lon": places[row][1]}})
                for row, vector in enumerate(source[start : start + 1000].tolist(), start)
            ]
            shard.update(update.upsert_points(points))
        shard.update(update.create_field_index("place", edge.PayloadSchemaType.Geo))
        shard.optimize()
        shard.flush()
        shard.close()

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """The width of the search; with place it is also how many are fetched."""
        if workload.has_place:
            return filtered_first(workload)
        return [*({"hnsw_ef": width} for width in WIDTHS), {"exact": True}]

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        return self.prepared_batch(workload, [query], setting)()[0]

    def prepared_batch(
        self, workload: Workload, queries: Sequence[Query], setting: Setting
    ) -> Callable[[], list[Int64Array]]:
        """As one planned batch."""
        from qdrant_edge import QueryBatchRequest

        def ask(asked: Sequence[Query], chosen: Setting) -> list[dict[Any, float]]:
            requests = [self._request(workload, query, chosen) for query in asked]
            answers = self.shard.query_batch(QueryBatchRequest(requests))
            return [{point.id: point.score for point in answer} for answer in answers]

        def call() -> list[Int64Array]:
            found = ask(queries, setting)
            few = [i for i, scores in enumerate(found) if len(scores) < K]
            if few and "reach" in setting:
                everywhere = {key: value for key, value in setting.items() if key != "reach"}
                again = ask([queries[i] for i in few], everywhere)
                for i, scores in zip(few, again, strict=True):
                    found[i] |= scores
            return [
                np.array(sorted(scores, key=scores.__getitem__, reverse=True)[:K], np.int64)
                for scores in found
            ]

        return call

    def _request(self, workload: Workload, query: Query, setting: Setting) -> Any:
        import qdrant_edge as edge

        nearest = edge.Query.Nearest(query.vector.tolist())
        if not workload.has_place:
            params = edge.SearchParams(
                hnsw_ef=setting.get("hnsw_ef"), exact=setting.get("exact", False)
            )
            within = _qdrant_box(query.box) if workload.boxed else None
            return edge.QueryRequest(limit=K, query=nearest, filter=within, params=params)
        circle = None
        if "reach" in setting:
            metres = setting["reach"] * workload.scale_m
            circle = _qdrant_filter(geo_radius=edge.GeoRadius(_qdrant_point(query), metres))
        fetch = setting["fetch"]
        prefetch = edge.Prefetch(
            limit=fetch, query=nearest, filter=circle, params=edge.SearchParams(hnsw_ef=fetch)
        )
        formula = edge.Formula(_qdrant_score(workload, query))
        return edge.QueryRequest(limit=K, query=formula, prefetches=[prefetch])


def _qdrant_point(query: Query) -> Any:
    from qdrant_edge import GeoPoint

    return GeoPoint(query.lon, query.lat)


def _qdrant_filter(**condition: Any) -> Any:
    from qdrant_edge import FieldCondition, Filter

    return Filter(must=[FieldCondition("place", **condition)])


def _qdrant_box(box: Box) -> Any:
    from qdrant_edge import GeoBoundingBox, GeoPoint

    south, west, north, east = box
    return _qdrant_filter(
        geo_bounding_box=GeoBoundingBox(GeoPoint(west, north), GeoPoint(east, south))
    )


def _qdrant_score(workload: Workload, query: Query) -> Any:
    """The score as a formula; Qdrant's ``scale`` is where a decay has fallen to ``midpoint``."""
    from qdrant_edge import DecayKind, Expression

    linear = workload.kind == "linear"
    near = Expression.Decay(
        DecayKind.Lin if linear else DecayKind.Gauss,
        Expression.GeoDistance(_qdrant_point(query), "place"),
        None,
        0.5 if linear else math.exp(-0.5),
        workload.scale_m * (0.5 if linear else 1.0),
    )
    parts = ((workload.mu, near), (1.0 - workload.mu, Expression.Variable("$score")))
    return Expression.Sum([Expression.Mult([Expression.Constant(w), part]) for w, part in parts])
