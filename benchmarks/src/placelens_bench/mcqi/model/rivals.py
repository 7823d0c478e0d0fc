"""CCA and KCCA on the same vectors as the model, each with the settings that suit it best.

Settings are chosen by MAP on the validation part; the test part is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from placelens.alignment import CanonicalCorrelation
from placelens.types import Float32Array, Float64Array
from placelens_bench.mcqi.model.kernel_cca import KernelCCA
from placelens_bench.mcqi.model.material import Material, unit

RIDGES = (0.3, 0.1, 0.03, 0.01)
WIDTHS = (0.5, 2.0)
COMPONENTS = (64, 128, 256)
# Directions count by this power of their correlation: with 0, those that hardly correlate count as
# much as the others (Gong et al., "A Multi-View Embedding Space for Modeling Internet Images,
# Tags, and Their Semantics", IJCV 2014).
POWERS = (0, 1, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A fitted space, and how many of its directions count how much."""

    space: CanonicalCorrelation | KernelCCA
    settings: Mapping[str, Any]

    def scores(self, material: Material) -> Float32Array:
        """Cosines of images and texts, (n, m)."""
        images = self.space.transform_image(material.images)
        texts = self.space.transform_text(material.vectors)
        return weighed(images, texts, self.space.correlations_, self.settings)


def best_rival(
    name: str,
    train: Material,
    validation: Material,
    judge: Callable[[Float32Array], float],
    *,
    ridges: Sequence[float] = RIDGES,
) -> tuple[Rival, float]:
    """The space that is best on the validation part, and how good it is.

    Parameters
    ----------
    name
        "cca" or "kcca".
    judge
        Of scores of the validation part.
    """
    found: list[tuple[float, Rival]] = []
    for made, settings in _spaces(name, train, ridges):
        images = made.transform_image(validation.images)
        texts = made.transform_text(validation.vectors)
        for components in sorted({min(each, images.shape[1]) for each in COMPONENTS}):
            for power in POWERS:
                own = {**settings, "n_components": components, "power": power}
                value = judge(weighed(images, texts, made.correlations_, own))
                found.append((value, Rival(space=made, settings=own)))
    value, rival = max(found, key=lambda each: each[0])
    return rival, value


def weighed(
    images: Float64Array,
    texts: Float64Array,
    correlations: Float64Array,
    settings: Mapping[str, Any],
) -> Float32Array:
    """Cosines in the first directions, by a power of their correlations."""
    kept = settings["n_components"]
    weights = np.maximum(correlations[:kept], 0.0) ** settings["power"]
    scores = unit(images[:, :kept] * weights) @ unit(texts[:, :kept] * weights).T
    return np.asarray(scores, dtype=np.float32)


def _spaces(
    name: str, train: Material, ridges: Sequence[float]
) -> Iterator[tuple[CanonicalCorrelation | KernelCCA, dict[str, Any]]]:
    """A space for each ridge, and of KCCA each width; learnt from images and single captions."""
    images = train.images[train.captions.image]
    texts = train.vectors[train.captions.text]
    n = min(max(COMPONENTS), images.shape[1], texts.shape[1], len(images))
    for ridge in ridges:
        if name == "cca":
            cca = CanonicalCorrelation(n, regularization=ridge)
            yield cca.fit(images, texts), {"regularization": ridge}
            continue
        for width in WIDTHS:
            kcca = KernelCCA(n, width=width, regularization=ridge)
            yield kcca.fit(images, texts), {"regularization": ridge, "width": width}
