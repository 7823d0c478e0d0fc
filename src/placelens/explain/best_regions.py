"""Phrases of a text, each by the region of a picture that fits it best, on the bytes that are kept.

The fine half of the MCQI paper's multi-grained similarity (its Eq. 5; section 3.2 has phrases and
regions in one space, of which the best of a bag counts): where the cosine of the whole says how
much a picture shows on the whole, this says whether all that was named is somewhere in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from placelens import kernels
from placelens.encoders.base import Calibration
from placelens.encoders.region_code import RegionCode
from placelens.encoders.region_match import AskedPhrases, StoredRegions, shrink_of
from placelens.engine.terms import Account, RefineTerm
from placelens.explain.pointed import Part, Pointer
from placelens.storage.version import Version
from placelens.types import (
    Evidence,
    FeatureName,
    Float64Array,
    Int64Array,
)

# Bytes of regions up to which all are looked at: sooner done than they are asked for in rounds.
LOOKED_AT = 4_000_000
# A cosine of what was rounded may be above 1 by a little.
_MOST = 1.01
# Cosines that add up to nothing but rounding have no shares.
_NOTHING = 1e-6


class KeptRegions(NamedTuple):
    """The regions of a version's images, and of each row its place among them; -1 without any."""

    stored: StoredRegions
    position: Int64Array

    @classmethod
    def of(cls, version: Version, feature: FeatureName, code: RegionCode) -> KeptRegions:
        """Those of a version; made once."""

        def made() -> KeptRegions:
            codes, rows = version.maps(feature)
            shrink = version.made_of_maps(
                f"{feature} lengths", feature, partial(shrink_of, code=code)
            )
            position = np.full(version.n_items, -1, dtype=np.int64)
            position[rows] = np.arange(len(rows))
            flat = codes.reshape(shrink.shape + codes.shape[3:])
            return cls(StoredRegions(code, flat, shrink), position)

        found: KeptRegions = version.made_once(f"regions of {feature}", made)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhrasesTerm(RefineTerm):
    """Likes items of which some region fits each phrase: the mean of the phrases' best cosines.

    Attributes
    ----------
    feature : the regions that phrases are compared with.
    code : what makes regions of their bytes.
    parts : the phrases, one or more.
    pointer : what tells where a phrase is; asked for when that is asked for.
    calibration : of that mean; None for the mean itself.
    """

    feature: FeatureName
    code: RegionCode
    parts: tuple[Part, ...]
    pointer: Callable[[], Pointer | None]
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
        if kept.stored.codes.size <= LOOKED_AT:
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
        """Of each phrase its share of the mean, and where it is."""
        best, _ = self._best(version, rows)
        pointer = self.pointer() if len(rows) else None
        images = [None] * len(rows) if pointer is None else pointer.images.seen(version, rows)
        found: list[tuple[Evidence, ...]] = []
        for image, cosines in zip(images, best, strict=True):
            total = float(cosines.sum())
            if not abs(total) > _NOTHING:  # nor where there are no regions
                found.append(())
                continue
            entries = []
            for part, cosine in zip(self.parts, cosines.tolist(), strict=True):
                # Of the region alone that fits best the place says little: many fit nearly as well.
                box, detected = (
                    (None, None) if pointer is None or image is None else pointer.where(part, image)
                )
                entries.append(
                    Evidence(
                        kind="phrase",
                        label=part.label,
                        share=cosine / total,
                        of=self.label,
                        span=part.span,
                        box=box,
                        detected=detected,
                    )
                )
            found.append(tuple(sorted(entries, key=lambda entry: -(entry.share or 0.0))))
        return found

    def _asked(self) -> AskedPhrases:
        vectors = np.array([part.vector for part in self.parts], dtype=np.float64)
        lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
        return AskedPhrases.of(vectors / np.maximum(lengths, 1e-30), self.code)

    def _best(self, version: Version, rows: Int64Array) -> tuple[Float64Array, Int64Array]:
        """The best cosine of each phrase with a region, and which region, (len(rows), p) each.

        NaN for items without regions.
        """
        kept = KeptRegions.of(version, self.feature, self.code)
        at = kept.position[rows]
        there = at >= 0
        best = np.full((len(rows), len(self.parts)), np.nan)
        where = np.zeros(best.shape, dtype=np.int64)
        best[there], where[there] = kept.stored.best_of(at[there], self._asked())
        return best, where

    def _curve(self, means: Float64Array) -> Float64Array:
        if self.calibration is None:
            return means
        slope, intercept = (
            np.array([number]) for number in (self.calibration.slope, self.calibration.intercept)
        )
        return kernels._meanings(means[:, None], np.ones(1), slope, intercept)
