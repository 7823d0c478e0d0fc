"""What a careful user writes with numpy and SciPy: the product with BLAS, with and without a
circle around the place that leaves fewer rows to multiply.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from placelens.geo.distance import EARTH_RADIUS_M
from placelens.types import Float32Array, Float64Array, Int64Array
from placelens_bench.engine.data import Data, in_box
from placelens_bench.engine.methods.base import (
    REACHES,
    Method,
    Opened,
    Setting,
    best,
    proximities,
    reranked,
    squared_chords,
)
from placelens_bench.engine.workloads import WORKLOADS, K, Query, Workload

# Rows of a batch that are multiplied at once: 8,192 x 1,000 float32 scores are 33 MB.
BLOCK = 8192
# Rows kept of a query's approximate scores, to be scored anew.
KEPT = 64


class Product:
    """The product in float32, the decay of all distances in numpy, and ``argpartition``.

    Other processes time it beside themselves, over the matrix that they hold anyway.
    """

    def __init__(self, data: Data, matrix: Float32Array) -> None:
        self._data = data
        self._matrix = matrix

    def answer(self, workload: Workload, query: Query) -> Int64Array:
        """Rows of the best ten, best first."""
        data = self._data
        if not workload.has_meaning:
            return best(-squared_chords(data, query))
        scores = self._matrix @ query.vector
        if workload.boxed:
            rows = np.flatnonzero(in_box(data.lat, data.lon, query.box))
            return rows[best(scores[rows])]
        if not workload.has_place:
            return best(scores)
        near = proximities(workload, data.positions @ query.origin)
        near *= workload.mu
        scores *= 1.0 - workload.mu
        near += scores
        return best(near)

    def answer_batch(self, workload: Workload, queries: Sequence[Query]) -> list[Int64Array]:
        """The best ten of each query under a Gaussian, by products of blocks of rows with all.

        A block is scored in float32; what reaches a query's `KEPT`-th best score of the first
        block is kept and scored anew.
        """
        vectors = np.stack([query.vector for query in queries], axis=1)
        vectors *= np.float32(1.0 - workload.mu)
        origins = np.stack([query.origin for query in queries], axis=1)
        bars = np.full(len(queries), -np.inf, dtype=np.float32)
        kept = []
        for start in range(0, len(self._matrix), BLOCK):
            block = slice(start, start + BLOCK)
            scores = _gaussians(workload, self._data.positions[block], origins)
            scores *= np.float32(workload.mu)
            scores += self._matrix[block] @ vectors
            if start == 0 and len(scores) > KEPT:
                bars = np.partition(scores, len(scores) - KEPT, axis=0)[-KEPT]
            rows, asked = np.nonzero(scores >= bars)
            kept.append((rows + start, asked, scores[rows, asked]))
        rows, asked, approximate = (np.concatenate(parts) for parts in zip(*kept, strict=True))
        order = np.argsort(asked, kind="stable")
        ends = np.cumsum(np.bincount(asked, minlength=len(queries)))[:-1]
        parts = zip(queries, np.split(order, ends), strict=True)
        return [self._rescored(workload, q, rows[p][best(approximate[p], KEPT)]) for q, p in parts]

    def _rescored(self, workload: Workload, query: Query, rows: Int64Array) -> Int64Array:
        return reranked(self._data, workload, query, rows, self._matrix[rows] @ query.vector)


def _gaussians(workload: Workload, positions: Float64Array, origins: Float64Array) -> Float32Array:
    """Gaussian decays, (rows, queries), of chords: within 1e-5 of those of arcs at city scale."""
    powers = positions @ origins
    powers -= 1.0
    powers *= (EARTH_RADIUS_M / workload.scale_m) ** 2
    low = powers.astype(np.float32)
    return np.exp(low, out=low)


class Blas(Method):
    """The product, over the matrix in memory."""

    workloads = tuple(WORKLOADS)
    batch_size = 1000

    def open(self) -> Opened:
        """Read the matrix; there is nothing to build."""
        self.product = Product(self.data, self.data.read_vectors())
        return Opened(0.0, None)

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        del setting
        return self.product.answer(workload, query)

    def prepared_batch(
        self, workload: Workload, queries: Sequence[Query], setting: Setting
    ) -> Callable[[], list[Int64Array]]:
        """All of them in one pass over the matrix."""
        del setting
        return lambda: self.product.answer_batch(workload, queries)


class GeoPrefilter(Method):
    """First the place, then the product: a k-d tree's circle, or the box, then the rows gathered.

    With fewer than ten items in the circle it multiplies all. A decay that reaches round the
    Earth leaves no circle, so it has no answer of its own there.
    """

    workloads = ("mu05_gauss25km", "box1pct_mu0", "batch1000")
    paired = True

    def open(self) -> Opened:
        """Read the matrix and build the tree."""
        from scipy.spatial import cKDTree

        self.matrix = self.data.read_vectors()
        self.product = Product(self.data, self.matrix)
        start = time.perf_counter()
        self.tree = cKDTree(self.data.positions)
        return Opened(time.perf_counter() - start, None)

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """Radii in scales of the decay; the box is what it is."""
        return ({},) if workload.boxed else [{"reach": reach} for reach in REACHES]

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        data = self.data
        if workload.boxed:
            rows = np.flatnonzero(in_box(data.lat, data.lon, query.box))
        else:
            angle = setting["reach"] * workload.scale_m / EARTH_RADIUS_M
            chord = 2.0 * math.sin(angle / 2.0)
            rows = np.array(self.tree.query_ball_point(query.origin, chord), dtype=np.int64)
        if len(rows) < K:
            return self.product.answer(workload, query)
        return reranked(data, workload, query, rows, self.matrix[rows] @ query.vector)
