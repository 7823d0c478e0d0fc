"""The Encoder contract: images and texts to unit vectors in one space.

A new encoder inherits this class and passes ``placelens.testing.encoder_contract``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from placelens.errors import EncoderError
from placelens.types import Float32Array, Float64Array, ImageSpec, Modality, UInt8Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """An increasing map of a cosine to [0, 1]: ``1 / (1 + exp(-(slope * cosine + intercept)))``.

    Cosines of text with image, image with image and text with text live in different ranges;
    calibrated, they estimate the probability that the two belong together (one match against
    one random pair), and one ``mu`` means one thing.
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


class Encoder(ABC):
    """Turns images and texts into unit vectors of one space.

    Attributes
    ----------
    name : what a user types to get it, e.g. ``lite``.
    fingerprint : changes whenever the same input could give another vector.
    dim : length of the vectors.
    image_spec : how images must be prepared, or None when it takes no images.
    takes_text : whether it takes texts.
    calibrations : by (query modality, item modality); empty when raw cosines are used.
    info : facts for ``placelens encoders``: size_bytes, licence, languages, ...
    """

    name: str
    fingerprint: str
    dim: int
    image_spec: ImageSpec | None
    takes_text: bool
    calibrations: Mapping[tuple[Modality, Modality], Calibration]
    info: Mapping[str, Any]

    @abstractmethod
    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode prepared images, (n, size, size, 3) uint8 RGB, to (n, dim) unit vectors."""

    @abstractmethod
    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Encode n texts to (n, dim) unit vectors."""
