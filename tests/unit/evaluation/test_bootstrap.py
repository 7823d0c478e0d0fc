"""The interval of a gain in mR, against the plain definition and against theory."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.evaluation import Captions, mean_recall
from placelens.evaluation.bootstrap import N_DRAWS, Ranks, mean_recall_gain


def test_it_is_the_quantiles_of_the_gains_of_draws() -> None:
    rng = np.random.default_rng(0)
    captions = Captions.of([["a", "a", "b"], ["b", "c"], ["d"], ["e", "f", "g"]])

    def ranks() -> Ranks:
        return Ranks(
            text_to_image=rng.integers(1, 14, 7).astype(float),
            image_to_text=rng.integers(1, 14, 4).astype(float),
        )

    before, after = ranks(), ranks()

    def of_draw(ranks: Ranks, images: np.ndarray) -> float:
        rows = [
            row
            for image in images
            for row in np.repeat(
                captions.text[captions.image == image], captions.count[captions.image == image]
            )
        ]
        return mean_recall(ranks.text_to_image[rows], ranks.image_to_text[images])

    draws = np.random.default_rng(5)
    gains = []
    for _ in range(N_DRAWS):
        images = draws.integers(4, size=4)
        gains.append(of_draw(after, images) - of_draw(before, images))
    expected = np.quantile(gains, [0.025, 0.975])
    assert mean_recall_gain(before, after, captions, seed=5) == pytest.approx(tuple(expected))


def test_nothing_gained_has_no_interval() -> None:
    captions = Captions.of([["a"], ["b"]])
    same = Ranks(text_to_image=np.array([1.0, 7.0]), image_to_text=np.array([2.0, 20.0]))
    assert mean_recall_gain(same, same, captions, seed=0) == (0.0, 0.0)


def test_its_width_is_that_of_a_mean() -> None:
    # A tenth of 1,000 images is found at 1 and was not found at all, each way: a gain of 10, with a
    # standard error of 100 * sqrt(0.1 * 0.9 / 1000) = 0.949; the text of an image goes with it.
    n = 1000
    captions = Captions.of([[str(i)] for i in range(n)])
    lost = Ranks(text_to_image=np.full(n, 99.0), image_to_text=np.full(n, 99.0))
    ranks = np.where(np.arange(n) < n / 10, 1.0, 99.0)
    found = Ranks(text_to_image=ranks, image_to_text=ranks)
    low, high = mean_recall_gain(lost, found, captions, seed=0)
    assert (low + high) / 2 == pytest.approx(10, abs=0.15)
    assert high - low == pytest.approx(2 * 1.96 * 0.949, rel=0.06)
