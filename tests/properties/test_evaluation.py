"""Expected ranks and metrics against what random tie-breaking gives on average."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from placelens.evaluation import (
    Captions,
    best_ranks,
    image_to_text_ranks,
    mean_average_precision,
    mean_recall,
    ndcg_at_k,
    text_to_image_ranks,
)

# Few distinct captions and scores, so that repeats and ties abound.
captions_of_images = st.lists(
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3), min_size=1, max_size=5
)


def draw_scores(data: st.DataObject, captions: Captions) -> np.ndarray:
    shape = (captions.n_images, len(captions.texts))
    values = data.draw(
        st.lists(st.integers(0, 3), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))
    )
    return np.array(values, dtype=np.float64).reshape(shape)


def sampled_ranks(scores: np.ndarray, captions: Captions, rng: np.random.Generator, n: int):
    """Mean ranks over n random orders of ties, written as plainly as they are defined."""
    lines = [  # every caption line: (image, text)
        (int(i), int(t))
        for i, t, c in zip(captions.image, captions.text, captions.count, strict=True)
        for _ in range(c)
    ]
    text_sum = np.zeros(len(captions.texts))
    image_sum = np.zeros(captions.n_images)
    for _ in range(n):
        for text in range(len(captions.texts)):
            order = sorted(range(captions.n_images), key=lambda i: (-scores[i, text], rng.random()))
            carriers = sorted({i for i, t in lines if t == text})
            text_sum[text] += order.index(rng.choice(carriers)) + 1
        for image in range(captions.n_images):
            ranking = sorted(lines, key=lambda line: (-scores[image, line[1]], rng.random()))
            image_sum[image] += next(
                place for place, line in enumerate(ranking, start=1) if line[0] == image
            )
    return text_sum / n, image_sum / n


@settings(max_examples=15)
@given(own=captions_of_images, data=st.data())
def test_ranks_are_the_means_over_random_orders(own: list[list[str]], data: st.DataObject) -> None:
    captions = Captions.of(own)
    scores = draw_scores(data, captions)
    n = 1500
    texts, images = sampled_ranks(scores, captions, np.random.default_rng(0), n)
    # A rank of at most 15 has a standard deviation below 5; 6 standard errors of the mean.
    np.testing.assert_allclose(text_to_image_ranks(scores, captions), texts, atol=30 / n**0.5)
    np.testing.assert_allclose(image_to_text_ranks(scores, captions), images, atol=30 / n**0.5)


@given(own=captions_of_images, data=st.data())
def test_no_scores_beat_the_ceiling(own: list[list[str]], data: st.DataObject) -> None:
    captions = Captions.of(own)
    scores = draw_scores(data, captions)
    best_texts, best_images = best_ranks(captions)
    texts = text_to_image_ranks(scores, captions)
    images = image_to_text_ranks(scores, captions)
    assert np.all(texts >= best_texts - 1e-12)
    assert np.all(images >= best_images - 1e-12)
    assert mean_recall(texts, images) <= mean_recall(best_texts, best_images)


def all_orders(scores: list[int]) -> list[list[int]]:
    """Every order of the results that agrees with the scores."""
    return [
        list(order)
        for order in itertools.permutations(range(len(scores)))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]


graded = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=5).filter(
    lambda rows: any(grade for _, grade in rows)
)


@given(rows=graded)
def test_average_precision_is_the_mean_over_all_orders(rows: list[tuple[int, int]]) -> None:
    scores = [score for score, _ in rows]
    relevant = [grade > 0 for _, grade in rows]
    values = []
    for order in all_orders(scores):
        hits = np.array([relevant[i] for i in order], dtype=np.float64)
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        values.append(float((precision * hits).sum() / hits.sum()))
    got = mean_average_precision([scores], [relevant])
    np.testing.assert_allclose(got, 100 * np.mean(values), rtol=1e-9)


@given(rows=graded, k=st.integers(1, 6))
def test_ndcg_is_the_mean_over_all_orders(rows: list[tuple[int, int]], k: int) -> None:
    scores = [score for score, _ in rows]
    gains = [2.0**grade - 1 for _, grade in rows]
    discounts = [1 / np.log2(place + 2) if place < k else 0.0 for place in range(len(rows))]

    def dcg(ordered: list[float]) -> float:
        return sum(gain * discount for gain, discount in zip(ordered, discounts, strict=True))

    ideal = dcg(sorted(gains, reverse=True))
    values = [dcg([gains[i] for i in order]) / ideal for order in all_orders(scores)]
    got = ndcg_at_k([scores], [[grade for _, grade in rows]], k=k)
    np.testing.assert_allclose(got, 100 * np.mean(values), rtol=1e-9)
