"""What the image side of ``lite`` computes, in numpy: the reference of the exported networks.

::

    trunk:  uint8 images -> activations (112, 14, 14) -> logit of being seen from above
    photo:  activations -> features of 7 x 7 regions (1280)
            linear = features @ M + b                    trained on captions
            conse  = softmax(logits / temperature) @ labels
            region = ((1 - blend) * linear / |mean linear| + blend * conse / |mean conse|) / c
    aerial: activations -> features of 7 x 7 regions (1280)
            region = (features @ M + b) / c

with c such that the sum of an image's regions, its vector, has length 1. So a cosine with the
image is the sum of its products with the regions, exactly.

ConSE [1]_ gives images of things that no training caption names a vector: the label names'
vectors, weighted by the ImageNet posteriors, here region by region. ImageNet's labels do not help
seen from above.

References
----------
.. [1] M. Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings",
   ICLR 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placelens.types import Float64Array

IMAGE_SIZE = 224
# The shape that the trunk leaves an image in.
TRUNK_SHAPE = (112, 14, 14)
# What the tail gives each of 7 x 7 regions.
GRID = (7, 7)
N_FEATURES = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearHead:
    """A linear map of the features.

    Attributes
    ----------
    weights : (1280, d).
    bias : (d,).
    """

    weights: Float64Array
    bias: Float64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class ConseHead:
    """A convex combination of label vectors.

    Attributes
    ----------
    classifier : (1280, 1000) of ImageNet.
    bias : (1000,).
    labels : (1000, d) unit vectors of the label names.
    temperature : divides the logits before the softmax.
    blend : its share of an image's vector, in [0, 1].
    """

    classifier: Float64Array
    bias: Float64Array
    labels: Float64Array
    temperature: float
    blend: float


def region_vectors(
    features: Float64Array, linear: LinearHead, conse: ConseHead | None = None
) -> Float64Array:
    """Regions of n images, (n, 7, 7, d), that sum to their unit vectors: the exported arithmetic.

    Parameters
    ----------
    features
        (n, 7, 7, 1280).
    linear, conse
        The heads of the side.
    """
    regions = _unit_sums(features @ linear.weights + linear.bias)
    if conse is not None:
        logits = (features @ conse.classifier + conse.bias) / conse.temperature
        posteriors = np.exp(logits - logits.max(axis=-1, keepdims=True))
        posteriors /= posteriors.sum(axis=-1, keepdims=True)
        named = _unit_sums(posteriors @ conse.labels)
        regions = _unit_sums((1 - conse.blend) * regions + conse.blend * named)
    return regions


def _unit_sums(regions: Float64Array) -> Float64Array:
    """Scale each image's regions so that their sum has length 1."""
    lengths = np.linalg.norm(regions.sum(axis=(1, 2)), axis=-1)
    return np.asarray(regions / np.maximum(lengths, 1e-12)[:, None, None, None], dtype=np.float64)


def gate_features(activations: Float64Array) -> Float64Array:
    """What the gate looks at, (n, 224): the means of the channels, and of their squares.

    Parameters
    ----------
    activations
        (n, 112, 14, 14).
    """
    return np.hstack([activations.mean(axis=(2, 3)), (activations**2).mean(axis=(2, 3))])
