"""Observation 1: whether the cosine of both granularities side by side stands for their mixture.

The paper mixes the cosines of two granularities, ``SIM = delta fine + (1 - delta) coarse`` (Eq. 5),
with a weight that each query chooses, and indexes both as one vector. Its Observation 1 says that
the one cosine differs from SIM by less than 0.05 with probability 0.9 for delta in [0.2, 0.8], and
shows it for three ranges of delta over the size of a sample (Fig. 2 and 3), with a t-test.

With parts of length 1 the cosine of both side by side is their mean, and so
``SIM - cosine = (delta - 1/2) (fine - coarse)``: the observation says no more than that the two
granularities agree, and the nearer delta is to a half, the less is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from placelens.types import Float64Array, Int64Array
from placelens_bench.mcqi.data import Grained, Photos

RANGES = ((0.2, 0.8), (0.3, 0.7), (0.4, 0.6))
LIMITS = (0.05, 0.1)
SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
# Of the t-test: the range and limit it is about, and the level of significance.
TESTED, LIMIT, LEVEL = (0.2, 0.8), 0.05, 0.1
# What the paper prints of it.
PRINTED = {"n": 100_000, "mean": 0.021, "variance": 0.00045, "t": -0.63}
# Answers to a caption whose differences are looked at apart.
NEAREST = 10


def observe(
    photos: Photos, rng: np.random.Generator, *, sizes: Sequence[int] = SIZES
) -> dict[str, Any]:
    """The share of random pairs whose difference is small, and a t-test of its mean.

    Parameters
    ----------
    photos
        Captions and images, of which pairs are drawn: any caption with any image.
    sizes
        Of the samples, rising; each begins with the one before.

    Returns
    -------
    dict
        ``accuracy`` by range of delta and limit, a share for each of ``sizes``; ``t_test`` over the
        largest sample; ``nearest``: shares among each caption's best images alone, by limit.
    """
    n = len(photos.images)
    texts, images = rng.integers(n, size=(2, sizes[-1]))
    fine, coarse = cosines(photos, texts, images)
    accuracy: dict[str, dict[str, list[float]]] = {}
    tested = np.zeros(0)
    for low, high in RANGES:
        apart = difference(fine, coarse, rng.uniform(low, high, len(fine)))
        if (low, high) == TESTED:
            tested = apart
        accuracy[f"{low}-{high}"] = {
            str(limit): [float(np.mean(apart[:size] < limit)) for size in sizes] for limit in LIMITS
        }
    return {
        "n_images": n,
        "sizes": list(sizes),
        "accuracy": accuracy,
        "t_test": t_test(tested),
        "nearest": _nearest(photos, rng, min(n, sizes[0])),
    }


def cosines(
    photos: Photos, texts: Int64Array, images: Int64Array
) -> tuple[Float64Array, Float64Array]:
    """Cosines of captions with images, pair by pair, in each granularity."""

    def of(one: Grained, other: Grained) -> tuple[Float64Array, Float64Array]:
        fine = np.einsum("ij,ij->i", one.fine[texts], other.fine[images], dtype=np.float64)
        coarse = np.einsum("ij,ij->i", one.coarse[texts], other.coarse[images], dtype=np.float64)
        return fine, coarse

    return of(photos.texts, photos.images)


def difference(fine: Float64Array, coarse: Float64Array, delta: Float64Array) -> Float64Array:
    """The paper's DIF: how far the cosine of both parts side by side lies from SIM (Eq. 5).

    >>> difference(np.array([0.4]), np.array([0.2]), np.array([0.8])).round(3).tolist()
    [0.06]
    """
    mixed = delta * fine + (1.0 - delta) * coarse
    return np.abs(mixed - 0.5 * (fine + coarse))


def t_test(apart: Float64Array) -> dict[str, Any]:
    """Student's t of the mean difference against the limit, and what both hypotheses say to it.

    The paper assumes a mean below the limit and keeps what it assumed unless it is refuted
    (``is_kept``). What would show it is that the contrary is refuted (``is_shown``). The statistic
    that the paper prints does not follow from its mean, variance and size; ``printed`` has both.
    """
    from scipy import stats

    against = stats.ttest_1samp(apart, LIMIT, alternative="greater")
    for_it = stats.ttest_1samp(apart, LIMIT, alternative="less")
    follows = (PRINTED["mean"] - LIMIT) / np.sqrt(PRINTED["variance"] / PRINTED["n"])
    return {
        "n": len(apart),
        "mean": float(apart.mean()),
        "variance": float(apart.var(ddof=1)),
        "limit": LIMIT,
        "t": float(against.statistic),
        "critical": float(stats.t.ppf(LEVEL, len(apart) - 1)),
        "is_kept": bool(against.pvalue >= LEVEL),
        "is_shown": bool(for_it.pvalue < LEVEL),
        "p": float(for_it.pvalue),
        "printed": {**PRINTED, "t_that_follows": float(follows)},
    }


def _nearest(photos: Photos, rng: np.random.Generator, n_asked: int) -> dict[str, Any]:
    """Shares of small differences among the best answers, where an index has to be right."""
    asked = rng.choice(len(photos.texts), n_asked, replace=False)
    texts, images = photos.texts.joined()[asked], photos.images.joined()
    k = min(NEAREST, len(images))
    best = np.argpartition(-(texts @ images.T), k - 1, axis=1)[:, :k]
    fine, coarse = cosines(photos, np.repeat(asked, k), best.ravel())
    apart = difference(fine, coarse, rng.uniform(*TESTED, len(fine)))
    shares = {str(limit): float(np.mean(apart < limit)) for limit in LIMITS}
    return {"k": k, "n": len(apart), "accuracy": shares, "mean": float(apart.mean())}
