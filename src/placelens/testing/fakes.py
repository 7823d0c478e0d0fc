"""A tiny encoder without weights, so that storage, engine and server tests run fast."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.checks import check_images, check_texts, unit_rows
from placelens.encoders.hubs import HubPool
from placelens.errors import EncoderError
from placelens.types import FeatureName, Float32Array, Float64Array, ImageSpec, UInt8Array

_SIZE = 32

# The colours an image can be named after, with their sRGB values.
_PALETTE: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "black": (0, 0, 0),
        "white": (255, 255, 255),
        "grey": (128, 128, 128),
        "red": (220, 30, 30),
        "green": (40, 160, 50),
        "blue": (40, 70, 200),
        "yellow": (240, 220, 40),
        "orange": (240, 140, 30),
        "brown": (120, 75, 40),
        "purple": (130, 50, 160),
        "pink": (245, 160, 190),
        "cyan": (60, 200, 220),
    }
)
# Lightness gradients over a 4 x 4 grid tell images of the same colours apart; their weight is
# small enough that the colour decides which text an image matches.
_GRID = 4
_GRADIENT_WEIGHT = 0.3

_CALIBRATION = Calibration(slope=10.0, intercept=-4.0)


class HashEncoder(Encoder):
    """A deterministic encoder with no weights: for tests, never for users.

    A text is the sum of one random vector per distinct word. An image is the sum of the vectors
    of its colours' names ("red", "green", ...), by their share of the pixels, and of a little of
    its coarse gradients. So "a red square" is closest to red images, which lets a test of a
    search expect something.

    Parameters
    ----------
    dim
        Length of the vectors, at least 8.
    hub_texts
        Texts whose vectors are the pool that images' cosines with texts are corrected by: half
        of an image's mean cosine with all of them. None: no pool.
    version
        Another one has other vectors, and another fingerprint, under the same name: as an encoder
        with new weights has.

    Examples
    --------
    >>> encoder = HashEncoder()
    >>> red = np.zeros((1, 32, 32, 3), dtype=np.uint8) + np.uint8([220, 30, 30])
    >>> texts = encoder.encode_texts(["a red square", "the blue sea"])
    >>> bool((texts @ encoder.encode_images(red).T).argmax() == 0)
    True
    """

    name = "hash"
    takes_text = True
    image_spec = ImageSpec(size=_SIZE, fit="squash", thumbnail_size=64)
    calibrations: Mapping[tuple[FeatureName, FeatureName], Calibration] = MappingProxyType(
        {
            ("text", "image"): _CALIBRATION,
            ("image", "image"): _CALIBRATION,
            ("text", "text"): _CALIBRATION,
            ("image", "text"): _CALIBRATION,
        }
    )

    def __init__(self, dim: int = 64, *, hub_texts: Sequence[str] = (), version: int = 1) -> None:
        if dim < 8:
            raise EncoderError(f"HashEncoder needs dim of 8 or more, got {dim}")
        self.dim = dim
        self.fingerprint = f"hash-v{version}:{dim}"
        self._salt = f"\0v{version} " if version > 1 else ""
        self.info: Mapping[str, Any] = MappingProxyType(
            {"size_bytes": 0, "licence": "Apache-2.0", "languages": "any"}
        )
        if hub_texts:
            pool = HubPool(vectors=self.encode_texts(hub_texts), k=len(hub_texts), weight=0.5)
            self.hub_pools = MappingProxyType({("text", "image"): pool})
            self.hub_calibrations = MappingProxyType({("text", "image"): _CALIBRATION})

    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode (n, 32, 32, 3) uint8 RGB to (n, dim) unit vectors."""
        images = check_images(images, self.image_spec, name=self.name)
        colours = np.stack([self._word_vector(word) for word in _PALETTE])
        gradients = np.stack(
            [self._word_vector(f"\0gradient {i}") for i in range(2 * _GRID * _GRID)]
        )
        vectors = np.empty((len(images), self.dim))
        for row, image in enumerate(images):
            shares = _colour_shares(image)
            vectors[row] = shares @ colours + _GRADIENT_WEIGHT * (_gradients(image) @ gradients)
        return unit_rows(vectors)

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Encode n texts to (n, dim) unit vectors; word order and case do not count."""
        texts = check_texts(texts, name=self.name)
        vectors = np.empty((len(texts), self.dim))
        for row, text in enumerate(texts):
            words = sorted(set(re.findall(r"\w+", text.casefold()))) or [""]
            vectors[row] = np.sum([self._word_vector(word) for word in words], axis=0)
        return unit_rows(vectors)

    def _word_vector(self, word: str) -> Float64Array:
        return _word_vector(f"{self._salt}{word}", self.dim)


@lru_cache(maxsize=65536)
def _word_vector(word: str, dim: int) -> Float64Array:
    """Unit vector of random bytes drawn by the word's hash: the same on every machine."""
    digest = hashlib.shake_256(word.encode("utf-8", "surrogatepass")).digest(dim)
    centred = np.frombuffer(digest, dtype=np.uint8).astype(np.float64) - 127.5
    vector: Float64Array = centred / np.sqrt(np.sum(centred**2))
    vector.setflags(write=False)
    return vector


def _colour_shares(image: UInt8Array) -> Float64Array:
    """Share of the pixels nearest to each colour of the palette, (len(_PALETTE),)."""
    palette = np.array(list(_PALETTE.values()), dtype=np.int32)
    pixels = image.reshape(-1, 1, 3).astype(np.int32)
    nearest = np.sum((pixels - palette) ** 2, axis=2).argmin(axis=1)
    return np.bincount(nearest, minlength=len(palette)) / len(nearest)


def _gradients(image: UInt8Array) -> Float64Array:
    """Mean lightness steps to the right and down in a 4 x 4 grid, each in [-1, 1], (32,)."""
    lightness = image.astype(np.float64).mean(axis=2) / 255
    step = _SIZE // _GRID
    cells = lightness.reshape(_GRID, step, _GRID, step).mean(axis=(1, 3))
    right = np.diff(cells, axis=1, append=cells[:, :1])
    down = np.diff(cells, axis=0, append=cells[:1])
    return np.concatenate([right.ravel(), down.ravel()])
