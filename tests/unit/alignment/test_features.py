"""Topics and visual words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from placelens.alignment import BagOfWords, EncoderFeatures, LdaTopics, NetworkFeatures, VisualWords
from placelens.errors import InputError, ReadError
from placelens.testing.fakes import HashEncoder

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


def test_words_are_counted_in_shares() -> None:
    words = BagOfWords(min_texts=3).fit(HARBOUR + STADIUM)
    assert sorted(words.words_.vocabulary_) == ["boats", "harbour", "pitch"]
    shares = words.transform(["boats and boats in a harbour", "the pitch", "zebra"])
    np.testing.assert_allclose(shares, [[2 / 3, 1 / 3, 0], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]])
    assert words.transform([]).shape == (0, 3)
    assert BagOfWords(1).fit(HARBOUR).transform(HARBOUR).shape == (3, 1)
    with pytest.raises(InputError, match="is used by 7 of these 6 texts; lower min_texts"):
        BagOfWords(min_texts=7).fit(HARBOUR + STADIUM)


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


@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_a_layer_inside_a_network_gives_features(
    tmp_path: Path, batch: int | str, make_network: Callable[..., np.ndarray]
) -> None:
    weights = make_network(tmp_path / "net.onnx", batch=batch)
    rng = np.random.default_rng(0)
    # Of one colour each, so that a crop changes nothing.
    colours = rng.integers(0, 256, (6, 3)).astype(np.uint8)
    images = [np.broadcast_to(c, (20 + 3 * i, 30, 3)).copy() for i, c in enumerate(colours)]
    caffe = NetworkFeatures(tmp_path / "net.onnx", "fc7").fit_transform(images)
    expected = (colours[:, ::-1].astype(np.float64) - [104, 117, 123]) @ weights
    np.testing.assert_allclose(caffe, expected, rtol=1e-4, atol=1e-3)
    torchvision = NetworkFeatures(tmp_path / "net.onnx", "fc7", scaling="torchvision")
    expected = (colours / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] @ weights
    np.testing.assert_allclose(torchvision.transform(images), expected, rtol=1e-4, atol=1e-3)
    last = clone(torchvision).set_params(layer=None).fit_transform(images)
    np.testing.assert_allclose(last.sum(axis=1), 1, rtol=1e-5)


def test_networks_that_do_not_fit_are_named(
    tmp_path: Path, make_network: Callable[..., np.ndarray]
) -> None:
    image = [np.zeros((9, 9, 3), dtype=np.uint8)]
    (tmp_path / "no.onnx").write_bytes(b"no network")
    for path in (tmp_path / "no.onnx", tmp_path / "missing.onnx"):
        with pytest.raises(ReadError, match="cannot be read as an ONNX network"):
            NetworkFeatures(path).fit(image)
    make_network(tmp_path / "net.onnx")
    with pytest.raises(InputError, match=r"no layer 'fc8'; its last ones are .*'fc7', 'prob'"):
        NetworkFeatures(tmp_path / "net.onnx", "fc8").fit(image)
    with pytest.raises(InputError, match="scaling 'keras' is not one of caffe, torchvision"):
        NetworkFeatures(tmp_path / "net.onnx", scaling="keras").fit(image)
    with pytest.raises(InputError, match="wants 8 pixels a side, and size is 224"):
        NetworkFeatures(tmp_path / "net.onnx", size=224).fit(image)
    with pytest.raises(InputError, match="got no image"):
        NetworkFeatures(tmp_path / "net.onnx").transform([])
    with pytest.raises(InputError, match="NetworkFeatures takes images as"):
        NetworkFeatures(tmp_path / "net.onnx").transform([image[0][..., 0]])
    make_network(tmp_path / "open.onnx", size="side")
    with pytest.raises(InputError, match="leaves open pixels a side, and size is None"):
        NetworkFeatures(tmp_path / "open.onnx").fit(image)
    assert NetworkFeatures(tmp_path / "open.onnx", size=16).fit_transform(image).shape == (1, 5)
    make_network(tmp_path / "two.onnx", inputs=2)
    with pytest.raises(InputError, match="one input is needed, and this one has 'data', 'more'"):
        NetworkFeatures(tmp_path / "two.onnx").fit(image)


def test_vectors_of_an_encoder_are_features() -> None:
    encoder = HashEncoder()
    red = np.broadcast_to(np.array([220, 30, 30], dtype=np.uint8), (40, 50, 3)).copy()
    images = EncoderFeatures(encoder).fit_transform([red] * 40)
    texts = EncoderFeatures(encoder, "text").fit_transform(["red", "blue"])
    assert images.shape == (40, 64)
    assert texts.dtype == np.float64
    scores = images @ texts.T
    assert (scores[:, 0] > scores[:, 1] + 0.3).all()
    assert EncoderFeatures(encoder).transform([]).shape == (0, 64)
    with pytest.raises(InputError, match="EncoderFeatures takes texts as str"):
        EncoderFeatures(encoder, "text").transform([1])
