"""Phrases of a text, each by the region of a picture that fits it best, on the bytes that are kept.

The fine half of the MCQI paper's multi-grained similarity (its Eq. 5; section 3.2 has phrases and
regions in one space, of which the best of a bag counts): where the cosine of the whole says how
much a picture shows on the whole, this says whether all that was named is somewhere in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from placelens import kernels
from placelens.encoders.base import Calibration
from placelens.encoders.region_code import LEVELS, ZERO, RegionCode
from placelens.engine.terms import Account, RefineTerm
from placelens.explain.pointed import Part
from placelens.explain.pointing import Box, box_of_cells
from placelens.storage.version import Version
from placelens.types import (
    Evidence,
    FeatureName,
    Float32Array,
    Float64Array,
    ImageSpec,
    Int16Array,
    Int64Array,
    UInt8Array,
)

# Bytes of regions up to which all are looked at: sooner done than they are asked for in rounds.
LOOKED_AT = 4_000_000
# Regions whose lengths are worked out together.
_AT_ONCE = 65_536
# A cosine of what was rounded may be above 1 by a little.
_MOST = 1.01


@dataclass(frozen=True, slots=True, eq=False)
class KeptRegions:
    """The regions of a version's images, as bytes.

    Attributes
    ----------
    codes : (m, cells, k) uint8.
    shrink : (m, cells) float32, one over the length of each region.
    position : (n,) of each row of the version its place in ``codes``; -1 without regions.
    """

    codes: UInt8Array
    shrink: Float32Array
    position: Int64Array

    @classmethod
    def of(cls, version: Version, feature: FeatureName, code: RegionCode) -> KeptRegions:
        """Those of a version; made once."""
        maps, rows = version.maps(feature)
        codes = maps.reshape(len(maps), -1, code.n_components)

        def made() -> tuple[Float32Array, Int64Array]:
            position = np.full(version.n_items, -1, dtype=np.int64)
            position[rows] = np.arange(len(rows))
            return _shrink(codes, code), position

        return cls(codes, *version.made_once(f"lengths of {feature}", made))


def _shrink(codes: UInt8Array, code: RegionCode) -> Float32Array:
    """One over the length of each region, (m, cells); 0 for a region of length 0."""
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
    return shrink.reshape(codes.shape[:2])


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Phrases as `kernels.best_regions._best_regions` takes them.

    A phrase's product with a region is ``sum(query * bytes) * step + offset``, up to the rounding
    of the query to 16 bits.
    """

    queries: Int16Array
    steps: Float64Array
    offsets: Float64Array

    @classmethod
    def of(cls, phrases: Float64Array, code: RegionCode) -> Asked:
        """Of unit vectors (p, dim)."""
        exact = (phrases @ code.basis.T) * (code.scale / LEVELS).astype(np.float64)
        # So that the products of all bytes with it add up to less than 2^31.
        largest = min(32_767, (2**31 - 1) // (255 * code.n_components))
        reach = np.maximum(np.abs(exact).max(axis=1, keepdims=True), 1e-30)
        queries = np.rint(exact * (largest / reach)).astype(np.int16)
        steps = reach[:, 0] / largest
        zero = ZERO * queries.sum(axis=1, dtype=np.int64) * steps
        return cls(queries, steps, phrases @ code.mean.astype(np.float64) - zero)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhrasesTerm(RefineTerm):
    """Likes items of which some region fits each phrase: the mean of the phrases' best cosines.

    Attributes
    ----------
    feature : the regions that phrases are compared with.
    code : what makes regions of their bytes.
    parts : the phrases, one or more.
    grid, spec : rows and columns of the regions, and how images become the square that they lie
        in, for boxes.
    calibration : of that mean; None for the mean itself.
    """

    feature: FeatureName
    code: RegionCode
    parts: tuple[Part, ...]
    grid: tuple[int, int]
    spec: ImageSpec | None = None
    calibration: Calibration | None = None

    def digest(self) -> bytes:
        """The phrases as they are compared, what is compared, and the calibration."""
        told = repr((self.feature, self.code.fingerprint, self.calibration)).encode()
        asked = self._asked()
        # Coarser than it is compared: an encoder may differ in the last bits from run to run.
        return told + (asked.queries // 16).tobytes() + np.round(asked.steps, 7).tobytes()

    def uncalibrated(self) -> PhrasesTerm:
        """See `placelens.engine.terms.Term.uncalibrated`."""
        return replace(self, calibration=None)

    def bounds(self, version: Version) -> tuple[Float64Array, Float64Array]:
        """See `placelens.engine.terms.RefineTerm`.

        What regions there may be in a picture, its own vector does not say: most are between -1
        and 1. It is enough where the other terms and the place leave few items.
        """
        kept = KeptRegions.of(version, self.feature, self.code)
        if kept.codes.size <= LOOKED_AT:
            values = self.similarity(version, np.arange(version.n_items))
            return values, values
        low, high = self._curve(np.array([-_MOST, _MOST])).tolist()
        there = kept.position >= 0
        return np.where(there, low, 0.0), np.where(there, high, 0.0)

    def similarity(self, version: Version, rows: Int64Array) -> Float64Array:
        """See `placelens.engine.terms.RefineTerm`; 0 for items without regions."""
        best, _ = self._best(version, rows)
        there = ~np.isnan(best[:, 0])
        values = np.zeros(len(rows))
        values[there] = self._curve(best[there].mean(axis=1))
        return values

    def account(self, version: Version, rows: Int64Array) -> Account:
        """See `placelens.engine.terms.Term.account`."""
        best, _ = self._best(version, rows)
        return Account(best.mean(axis=1), float(self._curve(np.zeros(1))[0]))

    def evidence(
        self, version: Version, rows: Int64Array, matched: Sequence[FeatureName | None]
    ) -> list[tuple[Evidence, ...]]:
        """Of each phrase its share of the mean, and the region that fits it best."""
        best, where = self._best(version, rows)
        found: list[tuple[Evidence, ...]] = []
        for item, cosines, cells in zip(version.items(rows), best, where, strict=True):
            total = float(cosines.sum())
            if not abs(total) > 1e-6:  # nor where there are no regions
                found.append(())
                continue
            size = (item.width or 0, item.height or 0)
            entries = [
                Evidence(
                    kind="phrase",
                    label=part.label,
                    share=float(cosine) / total,
                    of=self.label,
                    span=part.span,
                    box=self._box(int(cell), size),
                )
                for part, cosine, cell in zip(self.parts, cosines, cells, strict=True)
            ]
            found.append(tuple(sorted(entries, key=lambda entry: -(entry.share or 0.0))))
        return found

    def _box(self, cell: int, size: tuple[int, int]) -> Box | None:
        if self.spec is None or not all(size):
            return None
        cells = np.zeros(self.grid, dtype=np.bool_)
        cells[np.unravel_index(cell, self.grid)] = True
        return box_of_cells(cells, size, self.spec)

    def _asked(self) -> Asked:
        vectors = np.array([part.vector for part in self.parts], dtype=np.float64)
        lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
        return Asked.of(vectors / np.maximum(lengths, 1e-30), self.code)

    def _best(self, version: Version, rows: Int64Array) -> tuple[Float64Array, Int64Array]:
        """The best cosine of each phrase with a region, and which region, (len(rows), p) each.

        NaN for items without regions.
        """
        kept = KeptRegions.of(version, self.feature, self.code)
        asked = self._asked()
        at = kept.position[rows]
        there = at >= 0
        shape = (int(there.sum()), len(self.parts))
        best, where = np.empty(shape), np.empty(shape, dtype=np.int64)
        kernels._best_regions(
            *(kept.codes, kept.shrink, at[there]),
            *(asked.queries, asked.steps, asked.offsets, best, where),
        )
        of_all = (
            np.full((len(rows), len(self.parts)), np.nan),
            np.zeros((len(rows), len(self.parts)), dtype=np.int64),
        )
        of_all[0][there], of_all[1][there] = best, where
        return of_all

    def _curve(self, means: Float64Array) -> Float64Array:
        if self.calibration is None:
            return means
        slope, intercept = (
            np.array([number]) for number in (self.calibration.slope, self.calibration.intercept)
        )
        return kernels._meanings(means[:, None], np.ones(1), slope, intercept)
