"""Indexes of vectors alone: FAISS and USearch. Where place counts they fetch more than ten by
meaning and the caller scores those anew; in the box FAISS takes a mask, USearch fetches more.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placelens.types import Float32Array, Float64Array, Int64Array
from placelens_bench.engine.data import in_box
from placelens_bench.engine.methods.base import (
    FETCHES,
    Method,
    Opened,
    Setting,
    build_once,
    reranked,
)
from placelens_bench.engine.workloads import K, Query, Workload

Floats = Float32Array | Float64Array
# How wide a graph is searched.
WIDTHS = (30, 100, 300, 1000, 3000)
EDGES, BUILD_WIDTH = 32, 200


class VectorIndex(Method):
    """What FAISS and USearch share: fetch by meaning, score anew."""

    workloads = ("mu05_linear", "mu05_gauss25km", "mu0", "box1pct_mu0", "batch1000")
    # In batches, so that a slow one stops within its budget.
    batch_size = 100
    holds_vectors = True

    @abstractmethod
    def fetch(
        self, vectors: Float32Array, count: int, setting: Setting, mask: Any = None
    ) -> tuple[Int64Array, Floats]:
        """Rows and cosines, (queries, count) each; -1 for a row that was not found."""

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        mask = in_box(self.data.lat, self.data.lon, query.box) if workload.boxed else None
        count = min(setting.get("fetch", K), self.data.items)
        rows, cosines = self.fetch(query.vector[None, :], count, setting, mask)
        return self._reranked(workload, query, rows[0], cosines[0])

    def prepared_batch(
        self, workload: Workload, queries: Sequence[Query], setting: Setting
    ) -> Callable[[], list[Int64Array]]:
        """The vectors are searched together, then each query's rows are scored."""

        def call() -> list[Int64Array]:
            vectors = np.stack([query.vector for query in queries])
            count = min(setting["fetch"], self.data.items)
            found = zip(queries, *self.fetch(vectors, count, setting), strict=True)
            return [self._reranked(workload, query, rows, near) for query, rows, near in found]

        return call

    def _reranked(
        self, workload: Workload, query: Query, rows: Int64Array, cosines: Floats
    ) -> Int64Array:
        real = rows >= 0
        return reranked(self.data, workload, query, rows[real], cosines[real])


class FaissFlat(VectorIndex):
    """FAISS's exact inner products."""

    def open(self) -> Opened:
        """Copy the vectors into the index."""
        import faiss

        def build(path: Path) -> None:
            index = faiss.IndexFlatIP(self.data.dim)
            index.add(self.data.vectors)
            faiss.write_index(index, str(path))

        path = self.folder / "faiss_flat.index"
        opened = build_once(path, build)
        self.index = faiss.read_index(str(path))
        return opened

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """Exact by itself; with place, how many are fetched."""
        return [{"fetch": fetch} for fetch in FETCHES] if workload.has_place else ({},)

    def fetch(
        self, vectors: Float32Array, count: int, setting: Setting, mask: Any = None
    ) -> tuple[Int64Array, Floats]:
        """Rows and cosines."""
        import faiss

        del setting
        params = None
        if mask is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
            params = faiss.SearchParameters(sel=selector)
        cosines, rows = self.index.search(vectors, count, params=params)
        return rows, cosines


class FaissGraph(VectorIndex):
    """FAISS's HNSW graph over the vectors as they are."""

    def open(self) -> Opened:
        """Build the graph, or load it."""
        import faiss

        def build(path: Path) -> None:
            # By distance, which orders unit vectors as their cosine does and builds better graphs.
            index = faiss.IndexHNSWFlat(self.data.dim, EDGES, faiss.METRIC_L2)
            index.hnsw.efConstruction = BUILD_WIDTH
            index.add(self.data.vectors)
            faiss.write_index(index, str(path))

        path = self.folder / f"faiss_hnsw-{EDGES}-{BUILD_WIDTH}.index"
        opened = build_once(path, build)
        self.index = faiss.read_index(str(path))
        return opened

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """The width of the search; with place it is also how many are fetched."""
        if workload.has_place:
            return [{"fetch": fetch, "efSearch": fetch} for fetch in FETCHES]
        return [{"efSearch": width} for width in (FETCHES if workload.boxed else WIDTHS)]

    def fetch(
        self, vectors: Float32Array, count: int, setting: Setting, mask: Any = None
    ) -> tuple[Int64Array, Floats]:
        """Rows and cosines; fewer where the mask hides what the search met."""
        import faiss

        selector = None
        if mask is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        params = faiss.SearchParametersHNSW(efSearch=setting["efSearch"], sel=selector)
        squares, rows = self.index.search(vectors, count, params=params)
        return rows, 1.0 - squares / 2.0


class USearch(VectorIndex):
    """USearch's HNSW graph; it takes no mask, so that in the box more are fetched."""

    def open(self) -> Opened:
        """Build the graph, or load it."""
        from usearch.index import Index

        def build(path: Path) -> None:
            index = Index(
                ndim=self.data.dim,
                metric="cos",
                dtype="f32",
                connectivity=EDGES,
                expansion_add=BUILD_WIDTH,
            )
            index.add(np.arange(self.data.items), self.data.vectors)
            index.save(str(path))

        path = self.folder / f"usearch-{EDGES}-{BUILD_WIDTH}.index"
        opened = build_once(path, build)
        self.index = Index.restore(str(path))
        return opened

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """The width of the search; with place or box it is also how many are fetched."""
        if workload.has_place or workload.boxed:
            return [{"fetch": fetch, "expansion": fetch} for fetch in FETCHES]
        return [{"expansion": width} for width in WIDTHS]

    def fetch(
        self, vectors: Float32Array, count: int, setting: Setting, mask: Any = None
    ) -> tuple[Int64Array, Floats]:
        """Rows and cosines; with a mask, those of them that pass."""
        self.index.expansion_search = setting["expansion"]
        found = self.index.search(vectors, count)
        rows = found.keys.astype(np.int64).reshape(len(vectors), -1)
        distances = np.array(found.distances).reshape(rows.shape)
        if len(vectors) > 1:
            # Of a batch, what was not filled holds anything.
            unfilled = np.arange(rows.shape[1]) >= np.asarray(found.counts)[:, None]
            rows[unfilled], distances[unfilled] = -1, 2.0
        if mask is not None:
            rows[~mask[rows]] = -1
        return rows, 1.0 - distances
