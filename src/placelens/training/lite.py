"""Fit the head and the text map of ``lite`` to captioned photos and aerial images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placelens.training.image_tower import Head
from placelens.training.logistic import fit_logistic
from placelens.training.ridge import fit_ridge
from placelens.training.text_map import fit_text_map
from placelens.types import BoolArray, Float64Array, Int64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is chosen by validation (``train_lite.py --search`` prints how).

    Attributes
    ----------
    whitening : power of the text map, 0 (only centred) to 1.
    photo_weight : weight of a photo against an aerial image in the photo map's ridge: there are
        14 times as many aerial images.
    photo_strength, aerial_strength : of the two ridges.
    gate_penalty : of the gate's logistic fit.
    temperature, blend : of ConSE.
    """

    whitening: float = 0.3
    photo_weight: float = 30.0
    photo_strength: float = 1.0
    aerial_strength: float = 0.1
    gate_penalty: float = 0.01
    temperature: float = 1.5
    blend: float = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Images with captions, as the frozen networks see them.

    Attributes
    ----------
    pooled, logits : (n, 1280) and (n, 1000) of EfficientNet-Lite0.
    aerial : (n,) whether the image was taken from above.
    sentences : (m, 384) MiniLM vectors of all captions.
    image : (m,) the image of each caption, ascending; each image has one or more.
    """

    pooled: Float64Array
    logits: Float64Array
    aerial: BoolArray
    sentences: Float64Array
    image: Int64Array

    def take(self, rows: BoolArray) -> Samples:
        """Return the images where ``rows`` is true, with their captions."""
        kept = rows[self.image]
        new_number = np.cumsum(rows) - 1
        return Samples(
            pooled=self.pooled[rows],
            logits=self.logits[rows],
            aerial=self.aerial[rows],
            sentences=self.sentences[kept],
            image=new_number[self.image[kept]],
        )


def map_texts(sentences: Float64Array, text_map: Float64Array) -> Float64Array:
    """MiniLM vectors to unit vectors of the common space."""
    mapped = sentences @ text_map[:-1] + text_map[-1]
    return np.asarray(mapped / np.linalg.norm(mapped, axis=1, keepdims=True), dtype=np.float64)


def fit_lite(
    samples: Samples, labels: Float64Array, settings: Settings, *, gate: Float64Array | None = None
) -> tuple[Head, Float64Array]:
    """Fit everything that ``lite`` adds to the two frozen networks.

    Parameters
    ----------
    samples
        Training images, photos and aerial ones.
    labels
        (1000, 384) MiniLM vectors of ImageNet's label names.
    settings
        Chosen by validation.
    gate
        From ``fit_gate`` on the same samples, when it has been fitted already.

    Returns
    -------
    head, text_map
        The text map is (385, 384), its last row the bias.
    """
    text_map = _fit_text_map(samples, labels, settings.whitening)
    targets = _mean_by_image(samples, map_texts(samples.sentences, text_map))
    everyone = np.ones(len(samples.pooled))
    photo_weights = np.where(samples.aerial, 1.0, settings.photo_weight)
    photo = fit_ridge(
        samples.pooled, targets, weights=photo_weights, strength=settings.photo_strength
    )
    aerial = fit_ridge(samples.pooled, targets, weights=everyone, strength=settings.aerial_strength)
    # Centred, not mapped as texts are: an even posterior then gives no direction at all.
    centred = (labels - labels.mean(axis=0)) @ text_map[:-1]
    head = Head(
        photo=np.vstack(photo),
        aerial=np.vstack(aerial),
        gate=fit_gate(samples, settings.gate_penalty) if gate is None else gate,
        labels=centred / np.linalg.norm(centred, axis=1, keepdims=True),
        temperature=settings.temperature,
        blend=settings.blend,
    )
    return head, text_map


def _fit_text_map(samples: Samples, labels: Float64Array, whitening: float) -> Float64Array:
    """The text map for photo captions, aerial captions and bare names in equal shares."""
    aerial = samples.aerial[samples.image]
    groups = [samples.sentences[~aerial], samples.sentences[aerial], labels]
    weights = np.concatenate([np.full(len(group), 1.0 / len(group)) for group in groups])
    return fit_text_map(np.concatenate(groups), weights=weights, power=whitening)


def _mean_by_image(samples: Samples, vectors: Float64Array) -> Float64Array:
    """Mean of each image's caption vectors, (n, d)."""
    sums = np.zeros((len(samples.pooled), vectors.shape[1]))
    np.add.at(sums, samples.image, vectors)
    return np.asarray(sums / np.bincount(samples.image)[:, None], dtype=np.float64)


def fit_gate(samples: Samples, penalty: float) -> Float64Array:
    """Logit of being seen from above, (1281,), photos and aerial images counting the same."""
    scale = np.maximum(samples.pooled.std(axis=0), 1e-6)
    share = np.mean(samples.aerial)
    weights = np.where(samples.aerial, 1 / share, 1 / (1 - share))
    slope, intercept = fit_logistic(
        samples.pooled / scale, samples.aerial, weights=weights, penalty=penalty
    )
    return np.append(slope / scale, intercept)
