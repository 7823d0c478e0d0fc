"""Ridge, logistic, calibration and text map against closed forms and known answers."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.encoders.base import logit_of
from placelens.errors import InputError
from placelens.evaluation.calibration import fit_calibration
from placelens.evaluation.logistic import fit_logistic
from placelens.training.ridge import fit_ridge
from placelens.training.text_map import fit_text_map


def test_a_weak_ridge_recovers_the_line() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5)) + 3
    W = rng.normal(size=(5, 2))
    mean = X.mean(axis=0)
    fitted, bias = fit_ridge(X, (X - mean) @ W, weights=np.ones(200), strength=1e-9)
    np.testing.assert_allclose(fitted, W, atol=1e-6)
    np.testing.assert_allclose(bias, -mean @ W, atol=1e-6)


def test_a_weight_counts_like_copies() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    copies = np.array([0, 0, 0, 1, 2, 3, 4, 5])
    weighted = fit_ridge(X, Y, weights=np.array([3.0, 1, 1, 1, 1, 1]), strength=0.5)
    copied = fit_ridge(X[copies], Y[copies], weights=np.ones(8), strength=0.5)
    np.testing.assert_allclose(weighted[0], copied[0])
    np.testing.assert_allclose(weighted[1], copied[1])


def test_ridge_without_strength_is_refused() -> None:
    with pytest.raises(InputError, match="above 0, got 0"):
        fit_ridge(np.ones((2, 1)), np.ones((2, 1)), weights=np.ones(2), strength=0)


def test_logistic_recovers_the_odds_of_two_cells() -> None:
    # At x = 0 one of four is positive, at x = 1 three of four: log odds -ln 3 and +ln 3.
    X = np.repeat([[0.0], [1.0]], 4, axis=0)
    positive = np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=bool)
    slope, intercept = fit_logistic(X, positive, weights=np.ones(8), penalty=1e-12)
    assert intercept == pytest.approx(-np.log(3), abs=1e-6)
    assert slope[0] == pytest.approx(2 * np.log(3), abs=1e-6)


def test_logistic_of_separable_answers_stays_finite() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 30))
    positive = X[:, 0] > 0
    slope, intercept = fit_logistic(X, positive, weights=np.ones(60), penalty=0.01)
    assert np.isfinite(slope).all()
    assert np.array_equal(X @ slope + intercept > 0, positive)


@pytest.mark.parametrize(
    ("positive", "penalty", "message"), [([True, True], 1.0, "both"), ([True, False], 0, "above 0")]
)
def test_logistic_that_cannot_be_is_refused(positive, penalty, message) -> None:
    with pytest.raises(InputError, match=message):
        fit_logistic(np.eye(2), np.array(positive), weights=np.ones(2), penalty=penalty)


def test_calibration_gives_each_data_set_the_same_say() -> None:
    rng = np.random.default_rng(3)
    matched = [rng.normal(0.4, 0.1, 500), rng.normal(0.8, 0.1, 50)]
    random = [rng.normal(0.0, 0.1, 500), rng.normal(0.4, 0.1, 50)]
    fit = fit_calibration(matched, random)
    tenfold = fit_calibration([matched[0], np.tile(matched[1], 10)], random)
    assert fit.slope == pytest.approx(tenfold.slope, rel=1e-6)
    # Halfway between all matches and all random pairs: 0.4.
    assert fit.at_even_odds(np.array([0.4]))[0] == pytest.approx(0.5, abs=0.05)
    # Ten random pairs stand against a match, not one.
    even, fitted = (logit_of(p(np.array([0.4]))) for p in (fit.at_even_odds, fit))
    assert (even - fitted)[0] == pytest.approx(np.log(10))


def test_full_whitening_makes_the_covariance_a_multiple_of_one() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(400, 3)) @ np.diag([3.0, 1.0, 0.5]) + [1, 2, 3]
    text_map = fit_text_map(vectors, weights=np.ones(400), power=1.0)
    mapped = vectors @ text_map[:-1] + text_map[-1]
    covariance = np.cov(mapped.T)
    np.testing.assert_allclose(covariance, np.eye(3) * covariance[0, 0], atol=1e-8)
    np.testing.assert_allclose(mapped.mean(axis=0), 0, atol=1e-9)


def test_power_zero_only_centres_and_powers_beyond_are_refused() -> None:
    vectors = np.random.default_rng(5).normal(size=(50, 4))
    text_map = fit_text_map(vectors, weights=np.ones(50), power=0.0)
    np.testing.assert_allclose(text_map[:-1], np.eye(4), atol=1e-12)
    np.testing.assert_allclose(text_map[-1], -vectors.mean(axis=0))
    with pytest.raises(InputError, match=r"\[0, 1\], got 2"):
        fit_text_map(vectors, weights=np.ones(50), power=2)
