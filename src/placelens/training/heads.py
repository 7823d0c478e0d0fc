"""What the image side of ``lite`` computes, in numpy: the reference of the exported networks.

::

    trunk:  uint8 images -> activations (112, 14, 14) -> logit of being seen from above
    side:   activations -> features of 7 x 7 regions (1280)
    photo:  linear = features @ M + b
            conse  = softmax(logits / temperature) @ labels     of a tail as ImageNet left it
            region = ((1 - share) * linear / |mean linear| + share * conse / |mean conse|) / c
    aerial: region = (features @ M + b) / c

with c such that the sum of an image's regions, its vector, has length 1. So a cosine with the
image is the sum of its products with the regions, exactly.

ConSE [1]_ gives images of things that no training caption names a vector: the label names'
vectors, weighted by ImageNet's posteriors, here region by region. Seen from above, its labels help
little, and a share of what they tell is in M.

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
# The grid of the trunk, on which classes are told.
CELLS = TRUNK_SHAPE[1:]


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

    def __call__(self, features: Float64Array) -> Float64Array:
        """Map features (..., 1280) to vectors (..., d)."""
        return np.asarray(features @ self.weights + self.bias, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conse:
    """A convex combination of label vectors.

    Attributes
    ----------
    classifier : (1280, 1000) of ImageNet.
    bias : (1000,).
    labels : (1000, d) unit vectors of the label names.
    temperature : divides the logits before the softmax.
    share : of an image's vector that it gives, in [0, 1].
    """

    classifier: Float64Array
    bias: Float64Array
    labels: Float64Array
    temperature: float
    share: float

    def vectors(self, features: Float64Array) -> Float64Array:
        """Of features (..., 1280), the label vectors weighted by the posteriors, (..., d)."""
        logits = (features @ self.classifier + self.bias) / self.temperature
        posteriors = np.exp(logits - logits.max(axis=-1, keepdims=True))
        posteriors /= posteriors.sum(axis=-1, keepdims=True)
        return np.asarray(posteriors @ self.labels, dtype=np.float64)


def region_vectors(
    features: Float64Array,
    head: LinearHead,
    conse: Conse | None = None,
    conse_features: Float64Array | None = None,
) -> Float64Array:
    """Regions of n images, (n, 7, 7, d), that sum to their unit vectors: the exported arithmetic.

    Parameters
    ----------
    features
        (n, 7, 7, 1280).
    head, conse
        Of the side.
    conse_features
        Of the same shape, those that ConSE reads; the same when not given.
    """
    regions = unit_sums(head(features))
    if conse is not None:
        named = unit_sums(conse.vectors(features if conse_features is None else conse_features))
        regions = unit_sums((1 - conse.share) * regions + conse.share * named)
    return regions


def unit_sums(regions: Float64Array) -> Float64Array:
    """Scale each image's regions, (n, 7, 7, d), so that their sum has length 1."""
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
