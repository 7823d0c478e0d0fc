"""A painted class map compared with codes of class maps: less memory, and not exact.

The paper's way (section 3.3): distances to what the codes stand for, by tables that are made once a
query. The answer says that it is approximate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from placelens.encoders.map_quantizer import MapQuantizer
from placelens.engine.terms import DenseTerm
from placelens.sketch.term import WHOLE_SQUARED, SketchTerm
from placelens.storage.version import Version
from placelens.types import FeatureName, Float64Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantizedSketchTerm(DenseTerm):
    """A sketch by codes; nothing of the maps is read, and nothing is said of single classes.

    Attributes
    ----------
    exact : the term that it stands for.
    codes : the feature that holds the codes.
    quantizer : what made them.
    """

    is_approximate: ClassVar[bool] = True

    exact: SketchTerm
    codes: FeatureName
    quantizer: MapQuantizer

    @classmethod
    def of(
        cls, exact: SketchTerm, codes: FeatureName, quantizer: MapQuantizer
    ) -> QuantizedSketchTerm:
        """The term that stands for an exact one."""
        return cls(
            kind=exact.kind,
            label=exact.label,
            weight=exact.weight,
            exact=exact,
            codes=codes,
            quantizer=quantizer,
        )

    def digest(self) -> bytes:
        """That of the exact term, and of the quantizer."""
        return self.quantizer.fingerprint.encode() + self.exact.digest()

    def uncalibrated(self) -> QuantizedSketchTerm:
        """See `placelens.engine.terms.Term.uncalibrated`."""
        return replace(self, exact=self.exact.uncalibrated())

    def values(self, version: Version) -> Float64Array:
        """See `placelens.engine.terms.DenseTerm`; 0 for items without codes."""
        codes, rows = version.maps(self.codes)
        exact = self.exact
        distances = self.quantizer.distances(exact.query, exact.counts, codes)
        values = np.zeros(version.n_items)
        values[rows] = exact.of_distances(np.rint(distances * WHOLE_SQUARED))
        return exact.after_words(version, values, np.arange(version.n_items))
