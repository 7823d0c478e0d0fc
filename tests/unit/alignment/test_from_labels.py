"""Concepts from labels: what is learnt, left out, and measured on held-out items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placelens.alignment import LabelledVectors, fit_concepts, from_labels
from placelens.errors import InputError

LABELS = ("beach", "church", "harbour")


def labelled(
    n: int = 60, *, noise: float = 1.0, has_text: bool = True, seed: int = 0
) -> LabelledVectors:
    """Vectors of one space, in which each label has a direction of its own in each view."""
    rng = np.random.default_rng(seed)
    labels = [LABELS[i % 3] for i in range(n)]
    kinds = np.array([LABELS.index(label) for label in labels])
    centres = np.eye(8)[:3] + 0.1

    def view() -> np.ndarray:
        # Most of what varies has nothing to do with the labels.
        vectors = centres[kinds] + noise * 0.3 * rng.normal(size=(n, 8)) * [1, 1, 1, 3, 3, 3, 3, 3]
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    return LabelledVectors(
        images=view(),
        texts=view() if has_text else np.full((n, 8), np.nan, dtype=np.float32),
        has_image=np.ones(n, dtype=bool),
        has_text=np.full(n, has_text),
        labels=labels,
    )


def test_labels_become_concepts_and_do_better_than_the_vectors() -> None:
    fit = fit_concepts(labelled())
    assert fit.concepts.names == LABELS
    assert fit.labels == dict.fromkeys(LABELS, 20)
    assert set(fit.maps) == {(q, i) for q in ("image", "text") for i in ("image", "text")}
    for values in fit.maps.values():
        assert values["concepts"] > values["vectors"] + 5
    new = labelled(seed=1)
    best = fit.concepts.text.posteriors(new.texts).argmax(axis=1)
    assert np.mean([LABELS[i] for i in best] == np.array(new.labels)) > 0.9


def test_labels_that_nothing_shows_are_refused() -> None:
    """Measured on what was learnt from, also labels at random would seem to be told apart."""
    data = labelled(90)
    labels = np.random.default_rng(2).permutation(data.labels).tolist()
    with pytest.raises(InputError, match="do not tell these labels apart"):
        fit_concepts(replace(data, labels=labels))


def test_an_image_stands_in_for_a_text_that_is_missing() -> None:
    fit = fit_concepts(labelled(240, has_text=False))
    assert set(fit.maps) == {("image", "image")}
    new = labelled(seed=1)
    best = fit.concepts.text.posteriors(new.texts).argmax(axis=1)
    assert np.mean([LABELS[i] for i in best] == np.array(new.labels)) > 0.9
    assert ("text", "image") in fit.calibrations


def test_items_without_a_label_or_of_rare_labels_are_left_out() -> None:
    data = labelled()
    labels: list[str | None] = list(data.labels)
    labels[0], labels[3], labels[6], labels[9] = None, "ruin", "ruin", "mill"
    fit = fit_concepts(replace(data, labels=labels))
    assert fit.concepts.names == LABELS
    assert fit.left_out == {"ruin": 2, "mill": 1}
    assert fit.labels == {"beach": 16, "church": 20, "harbour": 20}


def test_a_sample_keeps_every_label(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_labels, "MOST", 30)
    fit = fit_concepts(labelled(90))
    assert fit.labels == dict.fromkeys(LABELS, 10)


def test_one_label_is_too_few() -> None:
    data = labelled(4)
    with pytest.raises(InputError, match="two labels or more of 5 items each; of 4 items 4 carry"):
        fit_concepts(data)


def test_a_calibration_tells_how_often_labels_agree() -> None:
    data = labelled(300, noise=2.0)
    fit = fit_concepts(data)
    new = labelled(300, noise=2.0, seed=5)
    cosines = fit.concepts.text.vectors(new.texts) @ fit.concepts.image.vectors(new.images).T
    probability = fit.calibrations["text", "image"].at_even_odds(cosines)
    same = np.equal.outer(new.labels, new.labels)
    # One that agrees against one that does not.
    weights = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    for low in (0.0, 0.5):
        chosen = (probability >= low) & (probability < low + 0.5)
        share = weights[chosen & same].sum() / weights[chosen].sum()
        mean = (probability * weights)[chosen].sum() / weights[chosen].sum()
        assert share == pytest.approx(mean, abs=0.08)
