"""A term that is an inner product, and says which of its parts is which part of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from placelens.encoders.base import Encoder
from placelens.engine.terms import FusedTerm
from placelens.errors import EncoderError
from placelens.explain.pointing import box_of_cells, strongest_cells
from placelens.explain.regions import RegionsOf
from placelens.storage.version import Version
from placelens.types import (
    Evidence,
    FeatureName,
    Float32Array,
    Float64Array,
    ImageSpec,
    Int64Array,
)

IMAGE, TEXT = "image", "text"
REST = "the rest"
# A cosine that is nothing but rounding has no parts.
_NOTHING = 1e-6


class Part(NamedTuple):
    """A part of what is looked for: what it is called, where it stands in the words, its vector."""

    label: str
    span: tuple[int, int] | None
    vector: Float32Array | Float64Array


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """What tells a term's parts apart; asked for when somebody wants to know.

    Attributes
    ----------
    parts : of the term, which sum to its vector, but for what words between them give.
    regions : of items.
    spec : how images become the square that the regions lie in.
    common : (dim,) the unit vector of what all texts have in common, which points nowhere; None
        where that is not known.
    """

    parts: Callable[[], Sequence[Part]]
    regions: RegionsOf
    spec: ImageSpec | None
    common: Float64Array | None = None

    def heat(self, part: Part, regions: Float32Array) -> Float64Array:
        """Where a part is: its products with regions, without what all texts have in common."""
        vector = np.asarray(part.vector, dtype=np.float64)
        if self.common is not None:
            vector = vector - (vector @ self.common) * self.common
        return np.asarray(regions.astype(np.float64) @ vector)


def phrases_of(text: str, encoder: Encoder) -> list[Part]:
    """The phrases of a text with their vectors; none where the encoder tells none."""
    try:
        (read,) = encoder.encode_phrases([text])
    except EncoderError:
        return []
    return [
        Part(text[start:end], (start, end), vector)
        for (start, end), vector in zip(read.spans, read.phrases, strict=True)
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointedTerm(FusedTerm):
    """A fused term whose evidence is phrases and regions, with what each adds to the cosine.

    ``pointer`` is asked for when the evidence is: it may load an encoder. It is None where the
    encoder tells no parts.
    """

    pointer: Callable[[], Pointer | None]

    def evidence(
        self, version: Version, rows: Int64Array, matched: Sequence[FeatureName | None]
    ) -> list[tuple[Evidence, ...]]:
        """See `placelens.engine.terms.Term.evidence`: what adds most first, the rest last."""
        pointer = self.pointer() if len(rows) else None
        if pointer is None:
            return [() for _ in rows]
        parts = pointer.parts()
        return [
            self._evidence(version, row, feature, parts, pointer)
            for row, feature in zip(rows.tolist(), matched, strict=True)
        ]

    def _evidence(
        self,
        version: Version,
        row: int,
        feature: FeatureName | None,
        parts: Sequence[Part],
        pointer: Pointer,
    ) -> tuple[Evidence, ...]:
        if feature not in (IMAGE, TEXT):
            return ()
        vector = version.vector_of(row, feature)
        cosine = 0.0 if vector is None else float(vector.astype(np.float64) @ self.vector)
        if vector is None or abs(cosine) < _NOTHING:
            return ()
        if feature == TEXT:
            found = [self._of_words(part, vector, cosine) for part in parts]
        else:
            regions = pointer.regions(version, row)
            if regions is None:
                return ()
            (item,) = version.items([row])
            size = (item.width or 0, item.height or 0)
            found = [self._of_region(part, regions, cosine, size, pointer) for part in parts]
        found.sort(key=lambda entry: -(entry.share or 0.0))
        left = 1.0 - sum(entry.share or 0.0 for entry in found)
        return (*found, Evidence(kind="rest", label=REST, share=left, of=self.label))

    def _of_words(self, part: Part, vector: Float32Array, cosine: float) -> Evidence:
        """What a part adds to the cosine with an item's text."""
        share = float(vector.astype(np.float64) @ part.vector) / cosine
        kind = "region" if part.span is None else "phrase"
        return Evidence(kind=kind, label=part.label, share=share, of=self.label, span=part.span)

    def _of_region(
        self,
        part: Part,
        regions: Float32Array,
        cosine: float,
        size: tuple[int, int],
        pointer: Pointer,
    ) -> Evidence:
        """What a part adds to the cosine with an item's image, and where most of it comes from."""
        heat = (regions.astype(np.float64) @ part.vector) / cosine
        cells = strongest_cells(pointer.heat(part, regions))
        is_seen = pointer.spec is not None and all(size)
        return Evidence(
            kind="region" if part.span is None else "phrase",
            label=part.label,
            share=float(heat.sum()),
            of=self.label,
            span=part.span,
            box=box_of_cells(cells, size, pointer.spec) if is_seen and pointer.spec else None,
            heat=tuple(tuple(row) for row in heat.tolist()),
        )
