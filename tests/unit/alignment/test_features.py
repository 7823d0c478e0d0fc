"""Topics and visual words."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from placelens.alignment import LdaTopics, VisualWords
from placelens.errors import InputError

HARBOUR = ["boats lie in the harbour", "a harbour full of boats", "ships and boats, a harbour"]
STADIUM = ["a football pitch in a stadium", "the stadium and its pitch", "football, a pitch"]


def textured(rng: np.random.Generator, *, spacing: int) -> np.ndarray:
    """Blobs of random brightness at this spacing, (160, 160, 3)."""
    y, x = np.mgrid[:160, :160]
    image = np.zeros((160, 160))
    for centre_y in range(spacing // 2, 160, spacing):
        for centre_x in range(spacing // 2, 160, spacing):
            square = (y - centre_y) ** 2 + (x - centre_x) ** 2
            image += rng.uniform(80, 250) * np.exp(-square / (spacing / 5) ** 2)
    return np.repeat(image.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_texts_of_one_kind_share_a_topic() -> None:
    topics = LdaTopics(2, min_texts=2, max_passes=50).fit(HARBOUR + STADIUM)
    shares = topics.transform(HARBOUR + STADIUM)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert len(set(shares[:3].argmax(axis=1))) == len(set(shares[3:].argmax(axis=1))) == 1
    assert shares[0].argmax() != shares[3].argmax()
    words = topics.top_words(2)
    assert {"harbour", "boats"} in [set(row) for row in words]
    np.testing.assert_allclose(topics.transform(["zebra"]), 0.5)
    assert topics.transform([]).shape == (0, 2)
    np.testing.assert_array_equal(
        clone(topics).fit(HARBOUR + STADIUM).transform(HARBOUR), shares[:3]
    )


def test_texts_that_do_not_fit_are_named() -> None:
    with pytest.raises(InputError, match="got one str"):
        LdaTopics().fit("harbour")
    with pytest.raises(InputError, match="as str, got int at position 1"):
        LdaTopics().fit(["harbour", 3])  # type: ignore[list-item]
    with pytest.raises(InputError, match="no word but the most common"):
        LdaTopics().fit(["the", "of and"])
    with pytest.raises(InputError, match="n_topics must be 2 or more, got 1"):
        LdaTopics(1).fit(HARBOUR)


def test_images_of_one_texture_use_the_same_words() -> None:
    pytest.importorskip("cv2")
    rng = np.random.default_rng(0)
    images = [textured(rng, spacing=spacing) for spacing in (16, 16, 16, 40, 40, 40)]
    words = VisualWords(8).fit(images)
    shares = words.transform(images)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    distances = np.linalg.norm(shares[:, None] - shares, axis=2)
    assert distances[:3, :3].max() < distances[:3, 3:].min()
    blank = np.zeros((50, 50, 3), dtype=np.uint8)
    np.testing.assert_allclose(words.transform([blank]), 1 / 8)
    sampled = VisualWords(8, max_descriptors=100).fit(images).transform(images)
    assert sampled.shape == (6, 8)


def test_images_that_do_not_fit_are_named() -> None:
    pytest.importorskip("cv2")
    blank = np.zeros((50, 50, 3), dtype=np.uint8)
    with pytest.raises(InputError, match=r"got \(50, 50\) uint8 at position 1"):
        VisualWords().fit([blank, blank[..., 0]])
    with pytest.raises(InputError, match="1 images gave 0 keypoints, too few for 128 words"):
        VisualWords().fit([blank])
    with pytest.raises(InputError, match="n_words must be 2 or more"):
        VisualWords(1).fit([blank])
