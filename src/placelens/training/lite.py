"""Closed-form and convex fits of what ``lite`` adds to its networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from placelens.evaluation.logistic import fit_logistic
from placelens.training.heads import Conse, LinearHead
from placelens.training.ridge import fit_ridge
from placelens.training.text_map import fit_text_map
from placelens.types import BoolArray, Float64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was chosen by validation; the model card says how.

    Attributes
    ----------
    whitening : power of the text map that training starts from, 0 (only centred) to 1.
    photo_strength, aerial_strength : of the ridges that the heads start from.
    photo_temperature, aerial_temperature : of ConSE.
    conse_share : of ConSE itself in a photo's vector.
    aerial_share : of a head that learns from ConSE in the aerial side's.
    distillation_strength : of the ridge that learns from ConSE.
    gate_penalty : of the gate's logistic fit.
    """

    whitening: float = 0.3
    photo_strength: float = 0.5
    photo_temperature: float = 1.0
    conse_share: float = 0.4
    aerial_strength: float = 0.1
    aerial_temperature: float = 3.0
    aerial_share: float = 0.2
    distillation_strength: float = 1.0
    gate_penalty: float = 0.01


def map_texts(sentences: Float64Array, text_map: Float64Array) -> Float64Array:
    """MiniLM vectors to unit vectors of the common space."""
    mapped = sentences @ text_map[:-1] + text_map[-1]
    return np.asarray(mapped / np.linalg.norm(mapped, axis=1, keepdims=True), dtype=np.float64)


def fit_texts(groups: Sequence[Float64Array], whitening: float) -> Float64Array:
    """The text map, (d + 1, d), for groups of MiniLM vectors in equal shares.

    The groups are photo captions, aerial captions and bare names: what people will type.
    """
    weights = np.concatenate([np.full(len(group), 1.0 / len(group)) for group in groups])
    return fit_text_map(np.concatenate(groups), weights=weights, power=whitening)


def fit_head(pooled: Float64Array, captions: Sequence[Float64Array], strength: float) -> LinearHead:
    """The ridge map from pooled features to the mean of each image's caption vectors.

    Parameters
    ----------
    pooled
        (n, 1280).
    captions
        For each image, (m, d) unit vectors of its captions.
    strength
        Of the ridge.
    """
    targets = np.stack([vectors.mean(axis=0) for vectors in captions]).astype(np.float64)
    weights, bias = fit_ridge(pooled, targets, weights=np.ones(len(pooled)), strength=strength)
    return LinearHead(weights=weights, bias=bias)


def distil(features: Float64Array, taught: Float64Array, strength: float) -> LinearHead:
    """The linear map from features to what ConSE says of them.

    Parameters
    ----------
    features
        (n, 1280) of regions, by the tail that the head is for.
    taught
        (n, d) ``Conse.vectors`` of the features that ImageNet's classifier was trained on.
    strength
        Of the ridge.
    """
    weights, bias = fit_ridge(features, taught, weights=np.ones(len(features)), strength=strength)
    return LinearHead(weights=weights, bias=bias)


def blend(a: LinearHead, b: LinearHead, share: float, pooled: Float64Array) -> LinearHead:
    """``1 - share`` of one head and ``share`` of another, counted by the lengths of their vectors.

    Parameters
    ----------
    pooled
        (n, 1280) on which these lengths are taken.
    """
    first = scaled(a, (1 - share) / _mean_length(a(pooled)))
    second = scaled(b, share / _mean_length(b(pooled)))
    return LinearHead(weights=first.weights + second.weights, bias=first.bias + second.bias)


def scaled(head: LinearHead, factor: float) -> LinearHead:
    """The head times a number."""
    return LinearHead(weights=head.weights * factor, bias=head.bias * factor)


def _mean_length(vectors: Float64Array) -> float:
    return float(np.linalg.norm(vectors, axis=-1).mean())


def conse_of(
    classifier: Float64Array,
    bias: Float64Array,
    labels: Float64Array,
    text_map: Float64Array,
    *,
    temperature: float,
    share: float = 1.0,
) -> Conse:
    """ConSE of ImageNet's classifier, (1280, 1000), and the MiniLM vectors of its label names."""
    # Centred, not mapped as texts are: an even posterior then gives no direction at all.
    centred = (labels - labels.mean(axis=0)) @ text_map[:-1]
    return Conse(
        classifier=classifier,
        bias=bias,
        labels=centred / np.linalg.norm(centred, axis=1, keepdims=True),
        temperature=temperature,
        share=share,
    )


def fit_gate(features: Float64Array, aerial: BoolArray, penalty: float) -> Float64Array:
    """Logit of being seen from above, (p + 1,), photos and aerial images counting the same."""
    scale = np.maximum(features.std(axis=0), 1e-6)
    share = np.mean(aerial)
    weights = np.where(aerial, 1 / share, 1 / (1 - share))
    slope, intercept = fit_logistic(features / scale, aerial, weights=weights, penalty=penalty)
    return np.append(slope / scale, intercept)
