"""AUROC, reliability, calibrations and answerability on made-up forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placelens.encoders.base import Answerability, Calibration, logit_of
from placelens.encoders.fits import Fits, fits_file, load_fits, save_fits
from placelens.encoders.hubs import HubPool
from placelens.errors import EncoderError, InputError
from placelens.evaluation import Captions
from placelens.evaluation.answerable import ask
from placelens.evaluation.calibration import Described, fit, fit_corrected
from placelens.evaluation.reliability import auroc, calibration_error, reliability


def test_auroc_counts_pairs() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 12, 200).astype(np.float64)
    positive = rng.random(200) < 0.3
    a, b = scores[positive][:, None], scores[~positive]
    assert auroc(scores, positive) == pytest.approx(((a > b) + 0.5 * (a == b)).mean())
    with pytest.raises(InputError, match="both answers"):
        auroc(scores, np.ones(200, dtype=bool))


def test_a_forecast_that_keeps_its_word_has_no_error() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.random(50_000)
    kept = rng.random(50_000) < probabilities
    assert calibration_error(reliability(probabilities, kept)) < 0.01
    assert calibration_error(reliability(probabilities**3, kept)) > 0.1
    assert sum(row["n"] for row in reliability(probabilities, kept)) == 50_000


def test_questions_know_whether_their_image_was_kept() -> None:
    captions = Captions.of([[f"text {i}"] for i in range(10)])
    asked = ask(np.eye(10), captions, n_draws=7, share=0.3)
    assert len(asked.best) == 70
    assert set(asked.n_images) == {3}
    assert asked.is_answerable.sum() == 21
    np.testing.assert_array_equal(asked.best, asked.is_answerable)


def test_strangers_are_never_answered() -> None:
    captions = Captions.of([[f"text {i}"] for i in range(4)])
    asked = ask(np.eye(4), captions, strangers=np.full((4, 3), 0.5), n_draws=5)
    assert asked.is_strange.sum() == 15
    assert not (asked.is_strange & asked.is_answerable).any()
    assert set(asked.best[asked.is_strange]) == {0.5}


@pytest.fixture(scope="module")
def described() -> Described:
    """60 images with 3 captions each, near them."""
    rng = np.random.default_rng(2)

    def unit(vectors: np.ndarray) -> np.ndarray:
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    classes = np.arange(60) // 6
    meaning = rng.normal(size=(10, 24))[classes] + rng.normal(size=(60, 24))
    owner = np.repeat(np.arange(60), 3)
    return Described(
        images=unit(meaning + 0.7 * rng.normal(size=meaning.shape)),
        texts=unit(meaning[owner] + 0.7 * rng.normal(size=(180, 24))),
        owner=owner,
        captions=[f"caption {i}" for i in range(180)],
        classes=classes,
    )


def test_a_fit_tells_matches_and_answers(described: Described) -> None:
    fits = fit([described], seed=0)
    assert set(fits.calibrations) == {
        ("text", "image"), ("image", "text"), ("image", "image"), ("text", "text"),
    }  # fmt: skip
    calibration = fits.calibrations["text", "image"]
    matched = calibration(
        np.einsum("ij,ij->i", described.texts, described.images[described.owner]).astype(float)
    )
    assert np.mean(matched > 0.5) > 0.9
    answerability = fits.answerabilities["text", "image"]
    assert answerability.largest == 30
    likely, unlikely = answerability(np.array([0.99, 0.3]), np.array([30, 30]))
    assert likely > 0.5 > unlikely


def test_a_pool_that_takes_nothing_changes_no_fit(described: Described) -> None:
    pool = HubPool(vectors=described.texts[:20], k=5, weight=0.0)
    pools = {("text", "image"): pool, ("image", "text"): pool}
    plain, corrected = fit([described], seed=0), fit_corrected([described], pools, seed=0)
    assert corrected.calibrations == {kinds: plain.calibrations[kinds] for kinds in pools}
    assert corrected.answerabilities == plain.answerabilities


@pytest.mark.parametrize("item", ["image", "text"])
def test_an_even_chance_lies_lower_by_what_all_items_lose(described: Described, item: str) -> None:
    images, texts = (np.column_stack([0.8 * v, np.full(len(v), 0.6, np.float32)])
                     for v in (described.images, described.texts))  # fmt: skip
    moved = replace(described, images=images, texts=texts)
    last = np.eye(25, dtype=np.float32)[-1:]
    pools = {("text" if item == "image" else "image", item): HubPool(vectors=last, k=1, weight=0.5)}
    ((kinds, corrected),) = fit_corrected([moved], pools, seed=0).calibrations.items()
    plain = fit([moved], seed=0).calibrations[kinds]
    # Every item's cosine with the pool is 0.6, so every cosine loses 0.3.
    assert corrected.slope == pytest.approx(plain.slope, rel=1e-4)
    even = -corrected.intercept / corrected.slope
    assert even == pytest.approx(-plain.intercept / plain.slope - 0.3, abs=1e-4)


def test_strangers_are_asked_beside_the_captions(described: Described) -> None:
    pools = {("text", "image"): HubPool(vectors=described.texts[:20], k=5, weight=0.1)}
    near, far = (
        fit_corrected([described], pools, seed=0, strangers=strangers).answerabilities[
            "text", "image"
        ]
        for strangers in (described.texts, -described.texts)
    )
    # Where strangers fit as well as the captions do, a good match says less.
    good = np.array([0.99]), np.array([30])
    assert near(*good) < far(*good) - 0.05


def test_among_more_items_a_good_match_says_less() -> None:
    answerability = Answerability(slope=1.0, size_slope=-0.5, intercept=0.0, largest=1000)
    few, many = answerability(np.array([0.9, 0.9]), np.array([10, 10_000]))
    assert few > many
    thousand, million = answerability(np.array([0.9, 0.9]), np.array([1_000, 1_000_000]))
    assert thousand == million
    assert np.isfinite(answerability(np.array([0.0, 1.0]), np.array([1, 1]))).all()
    assert logit_of(np.array([0.5])) == pytest.approx(0)
    with pytest.raises(EncoderError, match="slope above 0"):
        Answerability(slope=0, size_slope=0, intercept=0, largest=1)


def test_images_that_all_share_a_caption_cannot_calibrate(described: Described) -> None:
    same = Described(
        images=described.images,
        texts=described.texts,
        owner=described.owner,
        captions=["a pier"] * 180,
        classes=None,
    )
    with pytest.raises(InputError, match="different captions"):
        fit([same], seed=0)


def test_fits_are_kept_by_fingerprint(
    monkeypatch: pytest.MonkeyPatch, tmp_path, described: Described
) -> None:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path))
    assert load_fits("hf:abc") == Fits()
    fits = fit([described], seed=0)
    path = save_fits("hf:abc", fits)
    assert path == fits_file("hf:abc")
    assert load_fits("hf:abc").to_json() == fits.to_json()
    assert load_fits("hf:other") == Fits()
    path.write_text("{}")
    with pytest.raises(EncoderError, match=r"cannot be read .* placelens calibrate"):
        load_fits("hf:abc")
    assert Calibration(slope=1, intercept=0)(np.array([0.0])) == 0.5
