"""A toy feature in one file: the mean byte of each quarter of an image, as a map of 2 x 2 cells.

Tests put it into `placelens.ingest.extractor.EXTRACTORS`; nothing else of placelens knows of it.
"""

from __future__ import annotations

import numpy as np

from placelens.encoders.base import Encoder
from placelens.ingest.extractor import PIXELS, Made, Recipe
from placelens.types import Feature, UInt8Array

NAME = "byte_mean"


def quarters(images: UInt8Array) -> UInt8Array:
    """The mean byte of each quarter of images, (n, size, size, 3) to (n, 2, 2)."""
    n, size = images.shape[:2]
    half = size // 2
    cells = images[:, : 2 * half, : 2 * half].reshape(n, 2, half, 2, half, 3)
    return cells.mean(axis=(2, 4, 5)).astype(np.uint8)


def _build(encoder: Encoder) -> Made | None:
    if encoder.image_spec is None:
        return None
    feature = Feature(name=NAME, kind="map", length=4, shape=(2, 2), fingerprint="byte-mean-1")
    return feature, quarters


RECIPE = Recipe(PIXELS, _build)
