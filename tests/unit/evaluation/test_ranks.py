"""Expected ranks against hand-worked cases."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.errors import InputError
from placelens.evaluation import Captions, best_ranks, image_to_text_ranks, text_to_image_ranks


def test_distinct_captions_and_scores_get_plain_ranks() -> None:
    captions = Captions.of([["a"], ["b"], ["c"]])
    scores = np.array([[0.9, 0.8, 0.1], [0.5, 0.7, 0.2], [0.6, 0.9, 0.3]])
    # Column b: images score .8, .7, .9, its own (.7) is third.
    np.testing.assert_array_equal(text_to_image_ranks(scores, captions), [1, 3, 1])
    # Row 2 (image c): texts score .6, .9, .3, its own (.3) is third.
    np.testing.assert_array_equal(image_to_text_ranks(scores, captions), [1, 1, 3])


def test_equal_scores_share_their_ranks() -> None:
    captions = Captions.of([["a"], ["b"], ["c"], ["d"]])
    scores = np.zeros((4, 4))
    # All four tie: (1 + 2 + 3 + 4) / 4.
    np.testing.assert_array_equal(text_to_image_ranks(scores, captions), [2.5] * 4)
    # One own among four equals: 1 + 3 / 2.
    np.testing.assert_array_equal(image_to_text_ranks(scores, captions), [2.5] * 4)


def test_a_caption_of_two_images_expects_the_mean_of_their_ranks() -> None:
    captions = Captions.of([["pier"], ["pier"], ["lake"]])
    scores = np.array([[0.9, 0.0], [0.1, 0.0], [0.5, 1.0]])
    # "pier" ranks its images 1 and 3; which was meant is unknown: 2.
    np.testing.assert_array_equal(text_to_image_ranks(scores, captions), [2, 1])
    # Image 1: "lake" (0.0) is behind "pier" (0.1), which occurs twice, once its own: 1 + 1 / 2.
    np.testing.assert_array_equal(image_to_text_ranks(scores, captions), [1.5, 1.5, 1])


def test_the_best_of_several_own_captions_counts() -> None:
    captions = Captions.of([["a", "b"], ["c", "d"]])
    scores = np.array([[0.1, 0.8, 0.9, 0.2], [0.5, 0.4, 0.3, 0.2]])
    # Image 0: c .9, then its b .8: rank 2. Image 1: a, b, then its c: rank 3.
    np.testing.assert_array_equal(image_to_text_ranks(scores, captions), [2, 3])


def test_a_repeated_caption_fills_as_many_places() -> None:
    captions = Captions.of([["a", "a", "a"], ["b"]])
    scores = np.array([[0.9, 0.1], [0.8, 0.3]])
    # Image 1: three times "a" come first, so "b" is fourth.
    np.testing.assert_array_equal(image_to_text_ranks(scores, captions), [1, 4])


def test_own_repeats_make_an_early_one_likely() -> None:
    captions = Captions.of([["a"] * 5, ["a"] * 2])
    scores = np.ones((2, 1))
    # Image 0: 5 own and 2 others tie: 1 + 2 / 6. Image 1: 1 + 5 / 3.
    np.testing.assert_allclose(image_to_text_ranks(scores, captions), [1 + 2 / 6, 1 + 5 / 3])


def test_the_ceiling_of_repeated_captions() -> None:
    captions = Captions.of([["a"] * 5, ["a", "b"], ["c"]])
    text_to_image, image_to_text = best_ranks(captions)
    # "a" has two images: (1 + 2) / 2. Image 0: 1 + 1 / 6. Image 1 leads with "b".
    np.testing.assert_allclose(text_to_image, [1.5, 1, 1])
    np.testing.assert_allclose(image_to_text, [1 + 1 / 6, 1, 1])


@pytest.mark.parametrize(
    ("captions", "message"), [([], "at least one"), ([["a"], []], "image 1 has no caption")]
)
def test_images_without_captions_are_refused(captions: list[list[str]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Captions.of(captions)


@pytest.mark.parametrize("ranks", [text_to_image_ranks, image_to_text_ranks])
def test_scores_that_cannot_be_ranked_are_refused(ranks) -> None:
    captions = Captions.of([["a"], ["b"]])
    with pytest.raises(InputError, match=r"= \(2, 2\), got \(2, 3\)"):
        ranks(np.zeros((2, 3)), captions)
    with pytest.raises(InputError, match="NaN"):
        ranks(np.array([[0.1, np.nan], [0.2, 0.3]]), captions)
