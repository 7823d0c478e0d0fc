"""The Encoder contract: images and texts to unit vectors in one space.

A new encoder inherits this class and passes ``placelens.testing.encoder_contract``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from placelens.encoders.checks import check_classes, check_images, check_parts, check_texts
from placelens.encoders.class_names import channels_of
from placelens.encoders.hubs import HubPool
from placelens.encoders.parts import (
    CLASS_MAP,
    IMAGE,
    REGIONS,
    ImageRegions,
    Parts,
    TextPhrases,
    class_maps,
    shares_of,
)
from placelens.encoders.region_code import RegionCode
from placelens.errors import EncoderError
from placelens.types import (
    RANDOM_PER_MATCH,
    FeatureName,
    Float32Array,
    Float64Array,
    ImageSpec,
    Int64Array,
    Shares,
    UInt8Array,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """An increasing map of a cosine to [0, 1]: ``1 / (1 + exp(-(slope * cosine + intercept)))``.

    Cosines of text with image, image with image and text with text live in different ranges;
    calibrated, they estimate the probability that the two belong together (one match against
    `RANDOM_PER_MATCH` random pairs), and one ``mu`` means one thing.
    """

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.slope) and self.slope > 0 and np.isfinite(self.intercept)):
            raise EncoderError(
                f"a calibration needs a finite slope above 0 and a finite intercept, "
                f"got {self.slope}, {self.intercept}"
            )

    def __call__(self, cosine: Float64Array) -> Float64Array:
        """Return the probability for each cosine."""
        return 1.0 / (1.0 + np.exp(-(self.slope * cosine + self.intercept)))

    def at_even_odds(self, cosine: Float64Array) -> Float64Array:
        """The same for one match against one random pair.

        Examples
        --------
        >>> fit = Calibration(slope=10.0, intercept=-np.log(RANDOM_PER_MATCH))
        >>> fit(np.array([0.0])).round(4), fit.at_even_odds(np.array([0.0]))
        (array([0.0909]), array([0.5]))
        """
        return 1.0 / (1.0 + np.exp(-(self.slope * cosine + self.intercept)) / RANDOM_PER_MATCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerability:
    """The probability that a collection holds what was asked for, from the best match in it.

    ``1 / (1 + exp(-(slope * logit(best) + size_slope * ln(n) + intercept)))``: among more items,
    the best of those that do not match fits better by luck. More than ``largest`` items, the most
    that it was fitted to, count as that many: what is further away was never seen.
    """

    slope: float
    size_slope: float
    intercept: float
    largest: int

    def __post_init__(self) -> None:
        values = self.slope, self.size_slope, self.intercept
        if not (np.isfinite(values).all() and self.slope > 0 and self.largest >= 1):
            raise EncoderError(
                f"an answerability needs a slope above 0, finite numbers and a largest size of 1 "
                f"or more, got {values}, {self.largest}"
            )

    def __call__(self, best: Float64Array, n_items: Int64Array) -> Float64Array:
        """Return the probability.

        Parameters
        ----------
        best
            Calibrated similarity of the best item, in [0, 1].
        n_items
            How many items were compared, 1 or more.
        """
        size = np.log(np.minimum(n_items, self.largest))
        logit = self.slope * logit_of(best) + self.size_slope * size + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def logit_of(probability: Float64Array) -> Float64Array:
    """``ln(p / (1 - p))``, finite also at 0 and 1."""
    inside = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)


class Encoder(ABC):
    """Turns images and texts into unit vectors of one space.

    Attributes
    ----------
    name : what a user types to get it, e.g. ``lite``.
    fingerprint : changes whenever the same input could give another vector, and only then.
    dim : length of the vectors.
    image_spec : how images must be prepared, or None when it takes no images.
    takes_text : whether it takes texts.
    grid : rows and columns of the regions that ``encode_regions`` gives; None when it gives none.
    region_code : how regions are stored, of encoders whose regions collections may keep.
    phrase_calibration : of the mean over phrases of their best cosine with such regions; None
        when that is used as it is.
    delta : what that counts for beside the cosine of the whole, where nobody says; 0 where it was
        not found to help.
    vocabulary : words that can be looked for in such regions of every image; empty for none.
    word_calibration : of how well one of them fits, to the probability that a caption would name
        it; None where it is not known.
    class_names : the classes that its class maps tell; empty when it has none of its own.
    class_grid : rows and columns of these maps; None when it has none.
    class_temperature : what to divide cosines by for ``class_maps``.
    calibrations : by (query modality, item modality); empty when raw cosines are used.
    answerabilities : by (query modality, item modality), for "no good match"; empty where unknown.
    hub_pools : by (query kind, item feature), what shows which items are near every query; empty
        when cosines are not corrected.
    hub_calibrations, hub_answerabilities : the same as without ``hub_``, of corrected cosines.
    info : facts for ``placelens encoders``: size_bytes, licence, languages, ...
    concepts : names of the vectors' components where each means something; else empty.
    files : small files by name that a collection keeps, for ``name`` to refer to.
    """

    name: str
    fingerprint: str
    dim: int
    image_spec: ImageSpec | None
    takes_text: bool
    grid: tuple[int, int] | None = None
    region_code: RegionCode | None = None
    phrase_calibration: Calibration | None = None
    delta: float = 0.0
    vocabulary: tuple[str, ...] = ()
    word_calibration: Calibration | None = None
    class_names: tuple[str, ...] = ()
    class_grid: tuple[int, int] | None = None
    class_temperature: float = 0.1
    calibrations: Mapping[tuple[FeatureName, FeatureName], Calibration]
    answerabilities: Mapping[tuple[FeatureName, FeatureName], Answerability] = MappingProxyType({})
    hub_pools: Mapping[tuple[FeatureName, FeatureName], HubPool] = MappingProxyType({})
    hub_calibrations: Mapping[tuple[FeatureName, FeatureName], Calibration] = MappingProxyType({})
    hub_answerabilities: Mapping[tuple[FeatureName, FeatureName], Answerability] = MappingProxyType(
        {}
    )
    info: Mapping[str, Any]
    concepts: tuple[str, ...] = ()
    files: Mapping[str, bytes] = MappingProxyType({})

    @abstractmethod
    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode prepared images, (n, size, size, 3) uint8 RGB, to (n, dim) unit vectors."""

    @abstractmethod
    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Encode n texts to (n, dim) unit vectors."""

    def unread(self, text: str) -> str | None:
        """Why the encoder cannot be trusted to read a text, in words; None when it can."""
        return None

    def describe_images(self, images: UInt8Array, *, k: int = 3) -> list[Shares]:
        """The k most probable concepts of prepared images; none where components mean nothing."""
        return [() for _ in check_images(images, self.image_spec, name=self.name)]

    def describe_texts(self, texts: Sequence[str], *, k: int = 3) -> list[Shares]:
        """The k most probable concepts of texts; none where components mean nothing."""
        return [() for _ in check_texts(texts, name=self.name)]

    def encode_regions(self, images: UInt8Array) -> ImageRegions:
        """Encode prepared images and, in the same pass, the regions of a grid over each.

        Raises
        ------
        EncoderError
            If the encoder gives no regions.
        """
        raise EncoderError(f"encoder {self.name!r} gives no regions; use one that does: lite")

    @property
    def parts(self) -> tuple[FeatureName, ...]:
        """What `encode_parts` can give of an image: some of "image", "regions", "class_map"."""
        has = {
            IMAGE: self.image_spec is not None,
            REGIONS: self.grid is not None and self.region_code is not None,
            CLASS_MAP: self.class_grid is not None and bool(self.class_names),
        }
        return tuple(name for name, is_there in has.items() if is_there)

    def encode_parts(self, images: UInt8Array, names: Sequence[FeatureName]) -> Parts:
        """What is asked for of prepared images, and nothing else, from one pass over them.

        Parameters
        ----------
        images
            (n, size, size, 3) uint8 RGB.
        names
            Some of `parts`, each once.

        Returns
        -------
        dict
            By name: "image" (n, dim) float32, as `encode_images` gives; "regions" (n, rows,
            columns, k) uint8, which ``region_code`` makes regions of; "class_map" (n, rows,
            columns, c) uint8, a byte for each of ``class_names``: see
            `placelens.encoders.class_map`. Each is to the bit what it is when asked for alone.

        Raises
        ------
        EncoderError
            If the encoder does not give one of them.
        """
        names = check_parts(names, self.parts, name=self.name)
        made: Parts = {}
        if REGIONS in names and self.region_code is not None:
            found = self.encode_regions(images)
            made[REGIONS] = self.region_code.encode(found.regions)
            if IMAGE in names:
                made[IMAGE] = found.vectors
        elif IMAGE in names:
            made[IMAGE] = self.encode_images(images)
        if CLASS_MAP in names:
            raise NotImplementedError(
                f"{type(self).__name__} has class_names, and must override encode_parts"
            )
        return made

    def class_map_source(self, classes: Sequence[str]) -> Literal["head", "zero-shot"]:
        """How `encode_class_maps` tells these classes apart.

        "head": all stand for different ones of ``class_names``, by these names or by others of
        `placelens.encoders.class_names`, which the encoder was trained to tell. "zero-shot": by
        the cosines of regions with the names.
        """
        classes = check_classes(classes, name=self.name)
        is_known = CLASS_MAP in self.parts and channels_of(classes, self.class_names) is not None
        return "head" if is_known else "zero-shot"

    def encode_class_maps(self, images: UInt8Array, classes: Sequence[str]) -> Float32Array:
        """How probably each region of prepared images shows each class, (n, rows, columns, c).

        The probabilities of a region sum to 1: they say which of these classes fits best, not
        whether any does. Rows and columns are those of ``class_grid`` where `class_map_source` is
        "head", else those of ``grid``.

        Raises
        ------
        EncoderError
            If the encoder gives no regions, or there is no class.
        """
        classes = check_classes(classes, name=self.name)
        channels = channels_of(classes, self.class_names)
        if CLASS_MAP in self.parts and channels is not None:
            stored = self.encode_parts(images, [CLASS_MAP])[CLASS_MAP]
            return shares_of(stored[..., channels])
        regions = self.encode_regions(images).regions
        texts = self.encode_texts(classes)
        return class_maps(regions, texts, temperature=self.class_temperature)

    def encode_phrases(self, texts: Sequence[str]) -> list[TextPhrases]:
        """Encode texts and, in the same pass, the phrases in each.

        Raises
        ------
        EncoderError
            If the encoder gives no phrases.
        """
        raise EncoderError(f"encoder {self.name!r} gives no phrases; use one that does: lite")
