"""A tiny encoder without weights that gives all parts of an image: regions to keep, class maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from placelens.encoders.base import Calibration
from placelens.encoders.checks import check_images, check_parts, unit_rows
from placelens.encoders.class_map import stored_map
from placelens.encoders.parts import (
    CLASS_MAP,
    IMAGE,
    REGIONS,
    ImageRegions,
    Parts,
    TextPhrases,
    phrase_spans,
)
from placelens.encoders.region_code import RegionCode
from placelens.testing.fakes import HashEncoder
from placelens.types import FeatureName, Float32Array, Float64Array, ImageSpec, UInt8Array

_GRID, _CLASS_GRID, _SIZE = 7, 14, 28
# By their colours: an image is a picture of these, seen from far away.
_CLASSES = {
    "sky": ("blue", (70, 120, 230)),
    "vegetation": ("green", (40, 160, 50)),
    "road": ("grey", (128, 128, 128)),
    "building": ("red", (220, 30, 30)),
}
# Squared distances of bytes; red is then as like black as it is like white.
_SOFTNESS = 8_000.0
_OTHER = 40_000.0


class PartsEncoder(HashEncoder):
    """A deterministic encoder for tests: blue is sky, green vegetation, grey road, red building.

    Counts its passes, so that a test can tell that one gave everything.

    Attributes
    ----------
    n_passes : how often images were encoded, together or alone.
    n_images : how many images that were.

    Examples
    --------
    >>> encoder = PartsEncoder()
    >>> blue = np.zeros((1, 28, 28, 3), dtype=np.uint8) + np.uint8([70, 120, 230])
    >>> made = encoder.encode_parts(blue, ["image", "regions", "class_map"])
    >>> {name: array.shape for name, array in made.items()}
    {'image': (1, 16), 'regions': (1, 7, 7, 4), 'class_map': (1, 14, 14, 4)}
    >>> encoder.n_passes, encoder.class_names[made["class_map"][0, 0, 0].argmax()]
    (1, 'sky')
    """

    name = "parts"
    image_spec = ImageSpec(size=_SIZE, fit="squash", thumbnail_size=64)
    grid = (_GRID, _GRID)
    class_grid = (_CLASS_GRID, _CLASS_GRID)
    class_names = tuple(_CLASSES)
    vocabulary = ("blue", "green", "grey", "red", "dark purple")
    # A word fits by the cosine of the whole and that of its best region, together.
    word_calibration = Calibration(slope=8.0, intercept=-8.0)

    def __init__(self, dim: int = 16) -> None:
        super().__init__(dim)
        self.fingerprint = f"parts-v1:{dim}"
        self.n_passes = self.n_images = 0
        self._words = self.encode_texts([word for word, _ in _CLASSES.values()])
        self.region_code = RegionCode.fit(self._regions(_mosaics())[1], n_components=len(_CLASSES))

    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode (n, 28, 28, 3) uint8 RGB to (n, dim) unit vectors."""
        return self.encode_regions(images).vectors

    def encode_regions(self, images: UInt8Array) -> ImageRegions:
        """Encode (n, 28, 28, 3) uint8 RGB and 7 x 7 regions of each."""
        images = self._passed(images)
        vectors, regions = self._regions(images)
        return ImageRegions(vectors=vectors, regions=regions)

    def encode_parts(self, images: UInt8Array, names: Sequence[FeatureName]) -> Parts:
        """What is asked for of (n, 28, 28, 3) uint8 RGB, from one pass."""
        names = check_parts(names, self.parts, name=self.name)
        images = self._passed(images)
        vectors, regions = self._regions(images)
        made: Parts = {}
        if IMAGE in names:
            made[IMAGE] = vectors
        if REGIONS in names and self.region_code is not None:
            made[REGIONS] = self.region_code.encode(regions)
        if CLASS_MAP in names:
            made[CLASS_MAP] = stored_map(_classes(images, _CLASS_GRID)[..., :-1])
        return made

    def _passed(self, images: UInt8Array) -> UInt8Array:
        images = check_images(images, self.image_spec, name=self.name)
        self.n_passes += 1
        self.n_images += len(images)
        return images

    def _regions(self, images: UInt8Array) -> tuple[Float32Array, Float32Array]:
        """Unit vectors (n, dim), and the regions (n, 7, 7, dim) that sum to them."""
        shares = _classes(images, _GRID)[..., :-1]
        regions = shares.astype(np.float32) @ self._words
        sums = regions.sum(axis=(1, 2))
        lengths = np.linalg.norm(sums, axis=-1)[:, None, None, None]
        return unit_rows(sums), np.asarray(regions / lengths, dtype=np.float32)


class GrainedEncoder(PartsEncoder):
    """The same, with phrases, each read by itself."""

    def encode_phrases(self, texts: Sequence[str]) -> list[TextPhrases]:
        """Phrases are what stands between function words."""
        whole = self.encode_texts(texts)
        found = []
        for text, vector in zip(texts, whole, strict=True):
            spans = phrase_spans(text)
            words = [text[start:stop] for start, stop in spans]
            phrases = self.encode_texts(words) if words else np.zeros((0, self.dim), np.float32)
            found.append(
                TextPhrases(
                    vector=vector, spans=spans, phrases=phrases, rest=vector - phrases.sum(axis=0)
                )
            )
        return found


def _mosaics() -> UInt8Array:
    """Images of regions of the classes' colours, (16, 28, 28, 3): each colour alone, then mixed."""
    colours = np.array([colour for _, colour in _CLASSES.values()], dtype=np.uint8)
    drawn = np.random.default_rng(0).integers(0, len(colours), (16, _GRID, _GRID))
    drawn[: len(colours)] = np.arange(len(colours))[:, None, None]
    step = _SIZE // _GRID
    return colours[drawn].repeat(step, axis=1).repeat(step, axis=2)


def _classes(images: UInt8Array, side: int) -> Float64Array:
    """How much of each class, and of other, each cell shows, (n, side, side, c + 1)."""
    step = _SIZE // side
    cells = images.reshape(len(images), side, step, side, step, 3).mean(axis=(2, 4))
    colours = np.array([colour for _, colour in _CLASSES.values()], dtype=np.float64)
    distances = ((cells[..., None, :] - colours) ** 2).sum(axis=-1)
    other = np.full((*distances.shape[:-1], 1), _OTHER)
    weights = np.exp(-np.concatenate([distances, other], axis=-1) / _SOFTNESS)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float64)
