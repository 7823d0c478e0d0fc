"""A term that is an inner product, and says which of its parts is which part of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.detectors.boxes import in_pixels
from placelens.encoders.parts import TextPhrases
from placelens.engine.terms import FusedTerm
from placelens.errors import EncoderError
from placelens.explain.keyphrases import keyphrases
from placelens.explain.objects import Named, best_object, objects_at
from placelens.explain.pointing import Box, box_of_cells, in_square, strongest_cells
from placelens.explain.regions import RegionsOf
from placelens.storage.version import Version
from placelens.types import (
    DetectedObject,
    Evidence,
    FeatureName,
    Float32Array,
    Float64Array,
    ImageSpec,
    Int64Array,
    Objects,
)

IMAGE, TEXT = "image", "text"
REST = "the rest"
# More phrases than these nobody reads: of a long text those that say most of it are told apart.
MOST_PHRASES = 8
# A cosine that is nothing but rounding has no parts.
_NOTHING = 1e-6


class Part(NamedTuple):
    """A part of what is looked for: what it is called, where it stands in the words, its vector."""

    label: str
    span: tuple[int, int] | None
    vector: Float32Array | Float64Array


class Seen(NamedTuple):
    """What is known of an image: its regions, its objects if a detector looked, its size.

    ``pointed`` holds where parts are, by their words and vectors, once somebody has looked.
    """

    regions: Float32Array
    objects: Objects | None
    width: int
    height: int
    pointed: dict[tuple[str, bytes], tuple[Box | None, DetectedObject | None]]


class Images:
    """What is known of items' images: read together, and once for all terms of a search.

    Attributes
    ----------
    named : classes of the objects that a detector found in items; None where none has looked.
    """

    def __init__(self, regions: RegionsOf, named: Named | None = None) -> None:
        self.named = named
        self._regions = regions
        # Terms are asked one after the other about the same hits.
        self._last: tuple[Version, list[int], list[Seen | None]] | None = None

    def seen(self, version: Version, rows: Int64Array) -> list[Seen | None]:
        """What is known of the images of some items; None where there are no regions."""
        numbers, last = rows.tolist(), self._last
        if last is not None and last[0] is version and last[1] == numbers:
            return last[2]
        found = self._read(version, numbers)
        self._last = (version, numbers, found)
        return found

    def _read(self, version: Version, rows: list[int]) -> list[Seen | None]:
        none: list[Objects | None] = [None] * len(rows)
        sizes = version.take(rows, ["width", "height"]).to_pylist()
        return [
            None if own is None else Seen(own, found, size["width"] or 0, size["height"] or 0, {})
            for own, found, size in zip(
                self._regions(version, rows),
                none if self.named is None else objects_at(version, rows),
                sizes,
                strict=True,
            )
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """What tells a term's parts apart; asked for when somebody wants to know.

    Attributes
    ----------
    parts : of the term, which sum to its vector, but for what words between them give.
    images : of items.
    spec : how images become the square that the regions lie in.
    common : (dim,) the unit vector of what all texts have in common, which points nowhere; None
        where that is not known.
    """

    parts: Callable[[], Sequence[Part]]
    images: Images
    spec: ImageSpec | None
    common: Float64Array | None = None

    def heat(self, part: Part, regions: Float32Array) -> Float64Array:
        """Where a part is: its products with regions, without what all texts have in common."""
        vector = np.asarray(part.vector, dtype=np.float64)
        if self.common is not None:
            vector = vector - (vector @ self.common) * self.common
        return np.asarray(regions.astype(np.float64) @ vector)

    def where(self, part: Part, image: Seen) -> tuple[Box | None, DetectedObject | None]:
        """Where a part is in an image, in pixels, and the object it means, if one was found."""
        key = (part.label, part.vector.tobytes())
        if key not in image.pointed:
            image.pointed[key] = self._where(part, image)
        return image.pointed[key]

    def _where(self, part: Part, image: Seen) -> tuple[Box | None, DetectedObject | None]:
        size = (image.width, image.height)
        if self.spec is None or not all(size):
            return None, None
        heat = self.heat(part, image.regions)
        detected = self.detected(part, image.objects, heat, size)
        if detected is not None:
            return detected.box, detected
        return box_of_cells(strongest_cells(heat), size, self.spec), None

    def detected(
        self, part: Part, objects: Objects | None, heat: Float64Array, size: tuple[int, int]
    ) -> DetectedObject | None:
        """The object that a phrase means, of those found in an image of a width and a height."""
        named = self.images.named
        if named is None or objects is None or self.spec is None or part.span is None:
            return None
        boxes = in_square(objects.boxes.astype(np.float64), size, self.spec)
        at = best_object(objects, named.fits(part.label), boxes, heat)
        if at is None:
            return None
        return DetectedObject(
            label=named.classes[objects.classes[at]],
            score=round(float(objects.scores[at]), 3),
            box=in_pixels(objects.boxes[at], size),
        )


def phrases_of(text: str, encoder: Encoder, read: TextPhrases | None = None) -> list[Part]:
    """The phrases of a text with their vectors; none where the encoder tells none.

    ``read`` is what the encoder made of it, where that is known already.

    Of a text with more than `MOST_PHRASES` those that `keyphrases` takes.
    """
    try:
        if read is None:
            (read,) = encoder.encode_phrases([text])
    except EncoderError:
        return []
    parts = [
        Part(text[start:end], (start, end), vector)
        for (start, end), vector in zip(read.spans, read.phrases, strict=True)
    ]
    if len(parts) <= MOST_PHRASES:
        return parts
    kept = {phrase.span for phrase in keyphrases(text, encoder, k=MOST_PHRASES)}
    return [part for part in parts if part.span in kept]


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
        found: list[tuple[Evidence, ...]] = [() for _ in rows]
        for feature in (IMAGE, TEXT):
            at = [i for i, name in enumerate(matched) if name == feature]
            if at:
                of_feature = self._of_items(version, rows[at], feature, parts, pointer)
                for i, evidence in zip(at, of_feature, strict=True):
                    found[i] = evidence
        return found

    def _of_items(
        self,
        version: Version,
        rows: Int64Array,
        feature: FeatureName,
        parts: Sequence[Part],
        pointer: Pointer,
    ) -> list[tuple[Evidence, ...]]:
        """Of items that counted with one feature."""
        vectors, _ = version.vectors_at(rows, feature)
        cosines = vectors.astype(np.float64) @ self.vector
        if feature == TEXT:
            return [
                self._with_rest([self._of_words(part, vector, cosine) for part in parts])
                if abs(cosine) >= _NOTHING
                else ()
                for vector, cosine in zip(vectors, cosines.tolist(), strict=True)
            ]
        return [
            self._with_rest([self._of_region(part, image, cosine, pointer) for part in parts])
            if image is not None and abs(cosine) >= _NOTHING
            else ()
            for image, cosine in zip(
                pointer.images.seen(version, rows), cosines.tolist(), strict=True
            )
        ]

    def _with_rest(self, found: list[Evidence]) -> tuple[Evidence, ...]:
        """The parts, those that add most first, and what they leave over."""
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
        image: Seen,
        cosine: float,
        pointer: Pointer,
    ) -> Evidence:
        """What a part adds to the cosine with an item's image, and where most of it comes from."""
        heat = (image.regions.astype(np.float64) @ part.vector) / cosine
        box, detected = pointer.where(part, image)
        return Evidence(
            kind="region" if part.span is None else "phrase",
            label=part.label,
            share=float(heat.sum()),
            of=self.label,
            span=part.span,
            box=box,
            heat=tuple(tuple(row) for row in heat.tolist()),
            detected=detected,
        )
