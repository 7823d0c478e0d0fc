"""The codebook of one set of vectors, clusters and a random rotation, and probes of queries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from placelens import kernels
from placelens.index.base import MeaningTask
from placelens.kernels.layout import BLOCK, DIMS_PER_PAIR, Codes, MeaningQuery
from placelens.types import Float32Array, Float64Array, Int64Array

MAX_CLUSTERS = 256
ITEMS_PER_CLUSTER = 64
TRAINING_ROWS = 32_768
ROUNDS = 8
# What exp may round off a calibrated similarity: a bound is so much higher, whichever way its term
# counts.
_ROUNDING = 1e-15
CHUNK = 16_384

_RAW = np.array([[1.0], [1.0], [0.0], [0.0]])

FAILURE = 1e-9
"""How likely a query may be to lose an item by the random rotation, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """What codes are made with: ``centers`` (K, dim) and a Haar-random ``rotation`` (p, p).

    p is dim, rounded up to 8: vectors are padded with zeros.
    """

    centers: Float32Array
    rotation: Float32Array
    lengths: Float64Array
    """Lengths of the centres, (K,)."""

    @classmethod
    def of(cls, centers: Float32Array, rotation: Float32Array) -> Codebook:
        """From what is stored."""
        squares = np.sum(centers.astype(np.float64) ** 2, axis=1)
        return cls(centers, rotation, np.sqrt(squares))

    @classmethod
    def fit(cls, vectors: Float32Array, rng: np.random.Generator) -> Codebook:
        """Clusters of a sample of vectors, (m, dim), by Lloyd's rounds, and a rotation."""
        dim = vectors.shape[1]
        padded = -(-dim // DIMS_PER_PAIR) * DIMS_PER_PAIR
        n_clusters = max(1, min(MAX_CLUSTERS, len(vectors) // ITEMS_PER_CLUSTER))
        sample = vectors
        if len(vectors) > TRAINING_ROWS:
            sample = vectors[np.sort(rng.choice(len(vectors), TRAINING_ROWS, replace=False))]
        centers = _lloyd(sample, n_clusters, rng)
        return cls.of(centers, _haar(padded, rng))

    def encode(self, vectors: Float32Array, at: Int64Array) -> tuple[Codes, Float64Array]:
        """Codes of the vectors at ``at`` (S,), -1 for none, in slot order; and (K,), the smallest
        cosine of each cluster's members with its centre."""
        n, (n_clusters, dim), padded = len(at), self.centers.shape, len(self.rotation)
        radius_cos = np.ones(n_clusters)
        codes = Codes(
            cluster=np.zeros(n, dtype=np.uint8),
            signs=np.zeros(n * padded // 8, dtype=np.uint8),
            signs_scale=np.zeros(n, dtype=np.float32),
            signs_ratio=np.zeros(n // BLOCK, dtype=np.float32),
            second=np.zeros(n * padded // 8, dtype=np.uint8),
            second_scale=np.zeros(n, dtype=np.float32),
            second_ratio=np.zeros(n // BLOCK, dtype=np.float32),
            fine=np.zeros((n, fine_size(padded)), dtype=np.uint8),
            fine_scale=np.zeros(n, dtype=np.float32),
            fine_doubt=np.zeros(n, dtype=np.float32),
            hubness=np.zeros(0, dtype=np.float32),
            vectors=vectors,
            at=at,
        )
        rest = np.zeros((CHUNK, padded), dtype=np.float32)
        half_squares = (0.5 * self.lengths**2).astype(np.float32)
        unit = self.centers / np.maximum(self.lengths, 1e-12)[:, None].astype(np.float32)
        for start in range(0, n, CHUNK):
            rows = at[start : start + CHUNK]
            block = np.zeros((len(rows), dim), dtype=np.float32)
            block[rows >= 0] = vectors[rows[rows >= 0]]
            chosen = (block @ self.centers.T - half_squares).argmax(axis=1)
            codes.cluster[start : start + CHUNK] = chosen
            cosines = np.einsum("ij,ij->i", block, unit[chosen])
            np.minimum.at(radius_cos, chosen[rows >= 0], cosines[rows >= 0])
            part = rest[: len(rows)]
            part[:, :dim] = block - self.centers[chosen]
            part[rows < 0] = 0.0
            kernels._encode(part @ self.rotation.T, start, codes)
        return codes, radius_cos

    def probe(
        self,
        task: MeaningTask,
        radius_cos: Float64Array,
        hub_range: Float32Array,
        *,
        tail: float | None,
    ) -> MeaningQuery:
        """A query's side of the bounds.

        ``radius_cos`` is that of `encode`, ``hub_range`` that of `hub_range_of`. ``tail`` is
        how likely an item's error may be to exceed its bound; None for bounds that hold without
        doubt.
        """
        queries, calibrations = _bounding_terms(task)
        probe = _unbounded(task, calibrations, hub_range)
        n_terms, n_clusters, padded = len(queries), len(self.centers), len(self.rotation)
        tables = np.empty((n_terms, 4 * padded), dtype=np.uint8)
        levels = np.empty((n_terms, 4, fine_size(padded)), dtype=np.int8)
        numbers = np.empty((6, n_terms), dtype=np.float32)
        inner, bound = np.empty((n_terms, n_clusters), dtype=np.float32), np.empty(n_clusters)
        reach = 1.0 if tail is None else tail_reach(tail, padded)
        kernels._fill_probe(
            *(queries, calibrations, _of_each(probe.hub, n_terms), self.rotation, self.centers),
            *(self.lengths, radius_cos, hub_range, reach),
            *(tables, levels, numbers, inner, bound),
        )
        step, lowest, fine_step, offset, doubt, slack = numbers
        return probe._replace(
            tables=tables,
            step=step,
            lowest=lowest,
            centers=inner,
            levels=levels,
            fine_step=fine_step,
            offset=offset,
            doubt=doubt,
            slack=slack,
            cluster_bound=bound,
            cluster_order=np.argsort(-bound),
        )


def plain_probe(task: MeaningTask, hub_range: Float32Array) -> MeaningQuery:
    """A probe that bounds every similarity by the largest that a unit vector could have.

    ``hub_range`` is that of `hub_range_of`, for one cluster.
    """
    queries, calibrations = _bounding_terms(task)
    probe = _unbounded(task, calibrations, hub_range)
    n_terms, dim = queries.shape
    lengths = np.sqrt(np.sum(queries**2, axis=1)) * (1.0 + 1e-6)
    low, high = hub_range[:, 0].astype(np.float64)
    hub = probe.hub
    # Of no items the range is endless.
    taken = np.minimum(hub * low, hub * high) if len(hub) and low <= high else np.zeros(n_terms)
    largest = lengths - taken + 1e-6 * np.abs(taken)
    weight, sign, slope, intercept = calibrations
    bound = sum(
        weight[b] * sign[b] * _calibrated(sign[b] * largest[b], slope[b], intercept[b]) + _ROUNDING
        for b in range(n_terms)
    )
    rounding = 2.0**-24 * (dim + 8) * lengths
    return probe._replace(
        vectors=queries.astype(np.float32),
        slack=(4.0 * rounding).astype(np.float32),
        cluster_bound=np.array([bound]),
    )


def no_terms(n_clusters: int) -> MeaningQuery:
    """A probe for tasks whose meaning is dense alone: no item is similar to anything.

    >>> no_terms(2).cluster_bound.tolist()
    [0.0, 0.0]
    """
    none = np.zeros(0)
    task = MeaningTask(np.zeros((0, 1)), none, none, none)
    probe = plain_probe(task, np.zeros((2, 1), dtype=np.float32))
    return probe._replace(cluster_bound=np.zeros(n_clusters), cluster_order=np.arange(n_clusters))


def hub_range_of(hubness: Float32Array, clusters: Int64Array, n_clusters: int) -> Float32Array:
    """The smallest and the largest hubness in each cluster, (2, K); -1 is no cluster.

    Without any, in an empty array, all are 0; in a cluster without items the smallest is infinite
    and the largest minus that.

    >>> hub_range_of(np.float32([0.5, 0.25, 9.0]), np.array([0, 0, -1]), 2).tolist()
    [[0.25, inf], [0.5, -inf]]
    """
    if not len(hubness):
        return np.zeros((2, n_clusters), dtype=np.float32)
    out = np.full((2, n_clusters), np.inf, dtype=np.float32)
    out[1] = -np.inf
    np.minimum.at(out[0], clusters[clusters >= 0], hubness[clusters >= 0])
    np.maximum.at(out[1], clusters[clusters >= 0], hubness[clusters >= 0])
    return out


def fine_size(padded: int) -> int:
    """Bytes of an item's four-bit code: two levels a byte, in whole vector registers."""
    return -(-padded // 64) * 32


def _bounding_terms(task: MeaningTask) -> tuple[Float64Array, Float64Array]:
    """Queries (B, dim), and their weights, signs, slopes and intercepts, see `MeaningQuery`."""
    if len(task.weights) and not task.slopes.any():
        return (task.weights @ task.queries)[None], _RAW
    sign = np.where(task.weights < 0.0, -1.0, 1.0)
    calibrations = np.array([np.abs(task.weights), sign, task.slopes, task.intercepts])
    return sign[:, None] * task.queries, calibrations


def _unbounded(
    task: MeaningTask, calibrations: Float64Array, hub_range: Float32Array
) -> MeaningQuery:
    """The terms of a probe; what bounds them is empty or 0, of one cluster."""
    term_hub_weights, hub = _hub_weights(task, hub_range)
    weight, sign, slope, intercept = calibrations
    n_terms = len(weight)
    none, zeros = np.zeros((n_terms, 0), dtype=np.float32), np.zeros(n_terms, dtype=np.float32)
    return MeaningQuery(
        queries=task.queries,
        term_weights=task.weights,
        term_slopes=task.slopes,
        term_intercepts=task.intercepts,
        term_hub_weights=term_hub_weights,
        weight=weight,
        sign=sign,
        slope=slope,
        intercept=intercept,
        hub=hub,
        tables=np.zeros((n_terms, 0), dtype=np.uint8),
        step=zeros,
        lowest=zeros,
        centers=none,
        levels=np.zeros((n_terms, 4, 0), dtype=np.int8),
        vectors=none,
        fine_step=zeros,
        offset=zeros,
        doubt=zeros,
        slack=zeros,
        cluster_bound=np.zeros(1),
        cluster_order=np.zeros(1, dtype=np.int64),
    )


def _hub_weights(task: MeaningTask, hub_range: Float32Array) -> tuple[Float64Array, Float64Array]:
    """What hubness counts for in the terms (T,) and the bounding terms (B,), see `MeaningQuery`;
    nothing where it does not count."""
    if task.hub_weights is None or not task.hub_weights.any() or not hub_range.any():
        return np.zeros(0), np.zeros(0)
    if not task.slopes.any():
        return 1.0 * task.hub_weights, np.array([task.weights @ task.hub_weights])
    return 1.0 * task.hub_weights, np.where(task.weights < 0.0, -1.0, 1.0) * task.hub_weights


def _of_each(hub: Float64Array, n_terms: int) -> Float64Array:
    """What hubness takes off each bounding term, zeros where it does not count."""
    return hub if len(hub) else np.zeros(n_terms)


def _calibrated(cosines: Any, slope: float, intercept: float) -> Any:
    if slope == 0.0:
        return cosines
    return 1.0 / (1.0 + np.exp(-(slope * cosines + intercept)))


@lru_cache(maxsize=256)
def tail_reach(tail: float, dim: int) -> float:
    """The value that a coordinate of an even point on the unit sphere of dim - 1 dimensions
    exceeds with probability ``tail``: its square is Beta(1/2, (dim - 2) / 2)."""
    from scipy.special import betaincinv

    return float(np.sqrt(1.0 - betaincinv((dim - 2) / 2.0, 0.5, 2.0 * tail)))


def _haar(dim: int, rng: np.random.Generator) -> Float32Array:
    """A rotation drawn evenly: QR of a Gaussian matrix, with the signs of R (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return np.ascontiguousarray((q * np.sign(np.diag(r))).astype(np.float32))


def _lloyd(sample: Float32Array, n_clusters: int, rng: np.random.Generator) -> Float32Array:
    """Centres of k-means; an empty cluster keeps its centre."""
    if not len(sample):
        return np.zeros((1, sample.shape[1]), dtype=np.float32)
    centers = sample[np.sort(rng.choice(len(sample), n_clusters, replace=False))].copy()
    for _ in range(ROUNDS):
        nearest = np.concatenate(
            [
                (part @ centers.T - 0.5 * np.sum(centers**2, axis=1)).argmax(axis=1)
                for part in np.array_split(sample, -(-len(sample) // CHUNK))
            ]
        )
        order = np.argsort(nearest, kind="stable")
        sizes = np.bincount(nearest, minlength=n_clusters)
        filled = np.flatnonzero(sizes)
        first = np.cumsum(sizes)[filled] - sizes[filled]
        sums = np.add.reduceat(sample[order], first, axis=0)
        centers[filled] = sums / sizes[filled, None]
    return centers
