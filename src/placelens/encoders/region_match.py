"""Phrases against stored regions of images: the best cosine of each, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from placelens import kernels
from placelens.encoders.region_code import LEVELS, ZERO, RegionCode
from placelens.types import Float32Array, Float64Array, Int16Array, Int64Array, UInt8Array

# Regions whose lengths are worked out together.
_AT_ONCE = 65_536


class AskedPhrases(NamedTuple):
    """Phrases as `kernels.best_regions._best_regions` takes them.

    A phrase's product with a region is ``sum(query * bytes) * step + offset``, up to the rounding
    of the query to 16 bits.
    """

    queries: Int16Array
    steps: Float64Array
    offsets: Float64Array

    @classmethod
    def of(cls, phrases: Float64Array, code: RegionCode) -> AskedPhrases:
        """Of unit vectors (p, dim)."""
        exact = (phrases @ code.basis.T) * (code.scale / LEVELS).astype(np.float64)
        # So that the products of all bytes with it add up to less than 2^31.
        largest = min(32_767, (2**31 - 1) // (255 * code.n_components))
        reach = np.maximum(np.abs(exact).max(axis=1, keepdims=True), 1e-30)
        queries = np.rint(exact * (largest / reach)).astype(np.int16)
        steps = reach[:, 0] / largest
        zero = ZERO * queries.sum(axis=1, dtype=np.int64) * steps
        return cls(queries, steps, phrases @ code.mean.astype(np.float64) - zero)


@dataclass(frozen=True, slots=True, eq=False)
class StoredRegions:
    """Regions of images as bytes, with what makes products with them cosines.

    Attributes
    ----------
    code : what makes regions of the bytes.
    codes : (m, cells, k) uint8.
    shrink : (m, cells) float32, one over the length of each region; 0 for one of length 0.

    Examples
    --------
    >>> regions = np.random.default_rng(0).normal(size=(3, 2, 2, 8)).astype(np.float32)
    >>> code = RegionCode.fit(regions, n_components=8)
    >>> stored = StoredRegions.of(code.encode(regions), code)
    >>> phrase = regions[1, 0, 1].astype(np.float64)
    >>> best, where = stored.best(np.arange(3), phrase[None] / np.linalg.norm(phrase))
    >>> int(best[:, 0].argmax()), int(where[1, 0]), bool(best[1, 0] > 0.99)
    (1, 1, True)
    """

    code: RegionCode
    codes: UInt8Array
    shrink: Float32Array

    @classmethod
    def of(cls, codes: UInt8Array, code: RegionCode) -> Self:
        """Of what a collection keeps, (m, rows, columns, k)."""
        n, rows, columns, k = codes.shape
        flat = codes.reshape(n, rows * columns, k)
        return cls(code, flat, shrink_of(codes, code))

    def best(self, at: Int64Array, phrases: Float64Array) -> tuple[Float64Array, Int64Array]:
        """Of some images and unit vectors (p, dim): the best cosine and its cell, (len(at), p)."""
        return self.best_of(at, AskedPhrases.of(phrases, self.code))

    def best_of(self, at: Int64Array, asked: AskedPhrases) -> tuple[Float64Array, Int64Array]:
        """The same of phrases that are used more than once."""
        shape = (len(at), len(asked.queries))
        best, where = np.empty(shape), np.empty(shape, dtype=np.int64)
        kernels._best_regions(self.codes, self.shrink, at, *asked, best, where)
        return best, where


def shrink_of(codes: UInt8Array, code: RegionCode) -> Float32Array:
    """One over the length of each region, (m, cells), of bytes (m, rows, columns, k)."""
    flat = codes.reshape(-1, code.n_components)
    scale = (code.scale / LEVELS).astype(np.float32)
    along_mean = 2.0 * (code.basis @ code.mean)
    squared = np.empty(len(flat), dtype=np.float32)
    for start in range(0, len(flat), _AT_ONCE):
        values = (flat[start : start + _AT_ONCE].astype(np.float32) - ZERO) * scale
        squared[start : start + _AT_ONCE] = (values * (values + along_mean)).sum(axis=1)
    squared += code.mean @ code.mean
    there = squared > 1e-12
    shrink = np.zeros(len(flat), dtype=np.float32)
    shrink[there] = 1.0 / np.sqrt(squared[there])
    return shrink.reshape(len(codes), codes.shape[1] * codes.shape[2])
