"""How much of a difference in mR is luck: images drawn anew, each with its captions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placelens.evaluation.mean_recall import RECALL_KS
from placelens.evaluation.ranks import Captions
from placelens.types import Float64Array

N_DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Expected ranks both ways: (n distinct texts,) and (n images,)."""

    text_to_image: Float64Array
    image_to_text: Float64Array


def mean_recall_gain(
    before: Ranks, after: Ranks, captions: Captions, *, seed: int
) -> tuple[float, float]:
    """The interval that holds the gain in mR, in percent, in 95% of draws of the images.

    Both rankings are judged on the same draws (a paired bootstrap [1]_). The images that were
    ranked stay the same; how often each counts, with its captions, is drawn.

    Parameters
    ----------
    before, after
        Of the same images and texts.
    captions
        Who carries what.
    seed
        Of the draws.

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993.

    Examples
    --------
    >>> captions = Captions.of([["a pier"], ["a lake"]])
    >>> right = Ranks(text_to_image=np.ones(2), image_to_text=np.ones(2))
    >>> wrong = Ranks(text_to_image=np.full(2, 11.0), image_to_text=np.full(2, 11.0))
    >>> mean_recall_gain(wrong, right, captions, seed=0)
    (100.0, 100.0)
    """
    n = captions.n_images
    n_captions = np.bincount(captions.image, weights=captions.count, minlength=n)
    gains_of_texts = _text_hits(after, captions) - _text_hits(before, captions)
    gains_of_images = _hits(after.image_to_text) - _hits(before.image_to_text)
    rng = np.random.default_rng(seed)
    gains = np.empty(N_DRAWS)
    for draw in range(N_DRAWS):
        times = np.bincount(rng.integers(n, size=n), minlength=n)
        gains[draw] = times @ gains_of_texts / (times @ n_captions) + times @ gains_of_images / n
    low, high = np.quantile(50 * gains, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _text_hits(ranks: Ranks, captions: Captions) -> Float64Array:
    """For each image, the hits of its captions, repeated ones as often as they occur."""
    hits = captions.count * _hits(ranks.text_to_image)[captions.text]
    summed = np.bincount(captions.image, weights=hits, minlength=captions.n_images)
    return np.asarray(summed, dtype=np.float64)


def _hits(ranks: Float64Array) -> Float64Array:
    """The mean over 1, 5 and 10 of whether a rank is within."""
    return np.asarray(np.mean([ranks <= k for k in RECALL_KS], axis=0), dtype=np.float64)
