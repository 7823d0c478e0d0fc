"""What is fitted for ``lite``, on small made-up samples."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.training.heads import Conse, LinearHead, gate_features, region_vectors
from placelens.training.lite import (
    blend,
    conse_of,
    distil,
    fit_gate,
    fit_head,
    fit_texts,
    map_texts,
)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def captions() -> np.ndarray:
    """Two sentence vectors for each of 120 images, (120, 2, 16)."""
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(120, 1, 16))
    return unit(meaning + 0.1 * rng.normal(size=(120, 2, 16)))


def test_images_land_near_their_captions(captions: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    pooled = captions.mean(axis=1) @ rng.normal(size=(16, 40)) + 0.01 * rng.normal(size=(120, 40))
    text_map = fit_texts([captions[:60].reshape(-1, 16), captions[60:].reshape(-1, 16)], 0.3)
    texts = map_texts(captions.reshape(-1, 16), text_map)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1)
    head = fit_head(pooled, list(texts.reshape(120, 2, 16)), 0.1)
    images = unit(pooled @ head.weights + head.bias)
    assert np.mean((texts @ images.T).argmax(axis=1) == np.repeat(np.arange(120), 2)) > 0.9


def test_groups_of_texts_count_the_same_whatever_their_size() -> None:
    rng = np.random.default_rng(2)
    many, few = rng.normal(size=(900, 4)) + 2, rng.normal(size=(30, 4)) - 2
    text_map = fit_texts([many, few], 0.0)
    middle = (many.mean(axis=0) + few.mean(axis=0)) / 2
    np.testing.assert_allclose(middle @ text_map[:-1] + text_map[-1], 0, atol=1e-9)


def test_the_gate_tells_aerial_images_from_photos() -> None:
    rng = np.random.default_rng(3)
    aerial = np.arange(60) >= 30
    activations = rng.normal(size=(60, 8, 3, 3)) * np.where(aerial, 3, 1)[:, None, None, None]
    features = gate_features(activations)
    assert features.shape == (60, 16)
    gate = fit_gate(features, aerial, penalty=0.01)
    assert np.array_equal(features @ gate[:-1] + gate[-1] > 0, aerial)


@pytest.mark.parametrize("share", [None, 0.0, 0.4, 1.0])
def test_regions_sum_to_a_unit_vector(share: float | None) -> None:
    rng = np.random.default_rng(4)
    features = rng.random((3, 7, 7, 20))
    head = LinearHead(weights=rng.normal(size=(20, 6)), bias=rng.normal(size=6))
    conse = None
    if share is not None:
        conse = Conse(
            classifier=rng.normal(size=(20, 9)),
            bias=rng.normal(size=9),
            labels=unit(rng.normal(size=(9, 6))),
            temperature=2.0,
            share=share,
        )
    vectors = region_vectors(features, head, conse).sum(axis=(1, 2))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    if share:
        return
    whole = features.mean(axis=(1, 2)) @ head.weights + head.bias
    np.testing.assert_allclose(vectors, unit(whole))


def test_a_distilled_head_says_what_conse_says() -> None:
    rng = np.random.default_rng(6)
    shown = rng.integers(9, size=900)
    features = 10 * np.eye(9)[shown] + 0.1 * rng.normal(size=(900, 9))
    labels = unit(rng.normal(size=(9, 6)))
    conse = Conse(classifier=np.eye(9), bias=np.zeros(9), labels=labels, temperature=0.5, share=1.0)
    taught = conse.vectors(features)
    np.testing.assert_allclose(taught, labels[shown], atol=1e-6)
    found = distil(features, taught, 1e-6)(features)
    # Up to what is common to all, which a ridge does not learn.
    np.testing.assert_allclose(found - found.mean(axis=0), taught - taught.mean(axis=0), atol=0.1)


def test_heads_are_blended_by_the_lengths_of_what_they_say() -> None:
    rng = np.random.default_rng(8)
    pooled = rng.normal(size=(30, 5))
    a = LinearHead(weights=100 * rng.normal(size=(5, 3)), bias=np.zeros(3))
    b = LinearHead(weights=rng.normal(size=(5, 3)), bias=np.ones(3))
    length_of = {
        share: np.linalg.norm(blend(a, b, share, pooled)(pooled), axis=1).mean()
        for share in (0.0, 1.0)
    }
    assert length_of == pytest.approx({0.0: 1.0, 1.0: 1.0})
    np.testing.assert_allclose(unit(blend(a, b, 0.0, pooled)(pooled)), unit(a(pooled)))
    np.testing.assert_allclose(unit(blend(a, b, 1.0, pooled)(pooled)), unit(b(pooled)))


def test_an_even_posterior_names_nothing() -> None:
    rng = np.random.default_rng(5)
    labels = unit(rng.normal(size=(50, 6)) + 3)
    head = conse_of(np.zeros((20, 50)), np.zeros(50), labels, np.eye(7, 6), temperature=1.0)
    np.testing.assert_allclose(np.linalg.norm(head.labels, axis=1), 1)
    lengths = np.linalg.norm((labels - labels.mean(axis=0)), axis=1)
    np.testing.assert_allclose((head.labels * lengths[:, None]).sum(axis=0), 0, atol=1e-9)
