"""CoSMat and its rivals: closed forms worked by hand, and what must not change the answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import hadamard
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from placelens.alignment import (
    CanonicalCorrelation,
    CorrProj,
    CoSMat,
    GeneralizedMultiviewAnalysis,
    LogsTran,
    SemanticMatching,
    TwoViewEstimator,
)
from placelens.alignment.gma import _neighbour_scatter
from placelens.errors import InputError
from placelens.evaluation import mean_average_precision

ESTIMATORS = (
    CorrProj(3),
    SemanticMatching(),
    CoSMat(3),
    GeneralizedMultiviewAnalysis("lda", n_components=3),
    GeneralizedMultiviewAnalysis("mfa", n_components=3),
)
# All but SemanticMatching alone, which standardises each feature as it comes.
ROTATION_INVARIANT = [each for each in ESTIMATORS if type(each) is not SemanticMatching]


def name(value: object) -> str:
    return f"{type(value).__name__}{getattr(value, 'kind', '')}"


@pytest.fixture(scope="module")
def pairs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four classes seen in two noisy ways, (240, 6), (240, 5), (240,)."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(4), 60)
    images = rng.normal(size=(4, 6))[y] + 0.6 * rng.normal(size=(240, 6))
    texts = rng.normal(size=(4, 5))[y] + 0.6 * rng.normal(size=(240, 5))
    return images, texts, y


def products(estimator: TwoViewEstimator, images: np.ndarray, texts: np.ndarray) -> np.ndarray:
    return estimator.embed_image(images) @ estimator.embed_text(texts).T


@parametrize_with_checks([LogsTran()])
def test_logs_tran_is_a_transformer_of_scikit_learn(estimator, check) -> None:
    check(estimator)


def columns(*numbers: int) -> np.ndarray:
    """Columns of mean 0 and unit variance that do not correlate at all, (8, ...)."""
    return hadamard(8)[:, list(numbers)] * np.sqrt(7 / 8)


def test_cca_finds_the_correlations_that_were_put_in() -> None:
    images = columns(1, 2) * [1, 2]
    texts = np.stack(
        [
            0.6 * columns(1)[:, 0] + 0.8 * columns(3)[:, 0],
            0.28 * columns(2)[:, 0] + 0.96 * columns(4)[:, 0],
        ],
        axis=1,
    )
    cca = CanonicalCorrelation(2, regularization=0.0).fit(images, texts)
    np.testing.assert_allclose(cca.correlations_, [0.6, 0.28], atol=1e-9)
    # By hand: each direction is one column, scaled to unit variance.
    np.testing.assert_allclose(cca.weights_image_, [[1, 0], [0, 0.5]], atol=1e-7)
    np.testing.assert_allclose(cca.weights_text_, np.eye(2), atol=1e-7)
    np.testing.assert_allclose(cca.transform_image(images), columns(1, 2), atol=1e-7)


def test_a_ridge_shrinks_the_correlations_by_what_it_adds() -> None:
    images, texts = columns(1, 2), 0.6 * columns(1, 2) + 0.8 * columns(3, 4)
    cca = CanonicalCorrelation(2, regularization=(0.5, 0.0)).fit(images, texts)
    # Variances of 1 become 1.5 in one view: 0.6 / sqrt(1.5).
    np.testing.assert_allclose(cca.correlations_, 0.6 / np.sqrt(1.5), atol=1e-9)


def test_correlations_do_not_change_with_the_units(pairs: tuple) -> None:
    images, texts, _ = pairs
    rng = np.random.default_rng(1)
    before = CorrProj(5, regularization=0.0).fit(images, texts)
    mixed = images @ rng.normal(size=(6, 6)) + 7, texts @ rng.normal(size=(5, 5)) * 100
    after = CorrProj(5, regularization=0.0).fit(*mixed)
    np.testing.assert_allclose(after.correlations_, before.correlations_, atol=1e-6)


def test_pairs_may_come_in_parts(pairs: tuple) -> None:
    images, texts, _ = pairs
    whole = CorrProj(3).fit(images, texts)
    parts = CorrProj(3)
    for rows in (slice(0, 100), slice(100, 101), slice(101, None)):
        parts.partial_fit(images[rows], texts[rows]) if rows.start else parts.fit(
            images[rows], texts[rows]
        )
    np.testing.assert_allclose(
        products(parts, images, texts), products(whole, images, texts), atol=1e-9
    )
    assert len(CorrProj(3).fit(images[:50], texts[:50]).fit(images, texts).correlations_) == 3


def test_gmlda_of_one_feature_a_view_is_a_quadratic() -> None:
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], 50)
    images = (y + 0.3 * rng.normal(size=100))[:, None]
    texts = (2 * y + 0.3 * rng.normal(size=100))[:, None]
    gma = GeneralizedMultiviewAnalysis("lda", n_components=2, alpha=0.5, regularization=0.25)
    gma.fit(images, texts, y)
    # Every term has trace 1, so [[1, a r], [a r, 1]] v = e 1.25 v: e = (1 +- a r) / 1.25, and both
    # views weigh the same, but for their units.
    r = np.corrcoef(images[:, 0], texts[:, 0])[0, 1]
    np.testing.assert_allclose(gma.eigenvalues_, [(1 + 0.5 * r) / 1.25, (1 - 0.5 * r) / 1.25])
    # Their lengths are those of v' B v = 1: 2 * 1.25 * w^2 = 1.
    np.testing.assert_allclose(np.abs(gma.weights_image_), np.sqrt(1 / 2.5))
    np.testing.assert_allclose(np.abs(gma.weights_text_), np.sqrt(1 / 2.5))


def test_gmlda_without_agreement_is_a_discriminant_analysis_of_each_view(pairs: tuple) -> None:
    images, texts, y = pairs
    gma = GeneralizedMultiviewAnalysis("lda", n_components=6, alpha=0.0).fit(images, texts, y)
    # Every direction is of one view alone.
    used = np.stack([np.abs(gma.weights_image_).max(0), np.abs(gma.weights_text_).max(0)])
    np.testing.assert_allclose(used.min(axis=0), 0, atol=1e-9)


@pytest.mark.parametrize("within", [True, False])
def test_neighbours_are_those_that_a_loop_finds(within: bool) -> None:
    rng = np.random.default_rng(3)
    X, classes, k = rng.normal(size=(40, 3)), rng.integers(3, size=40), 4
    edges = set()
    for i in range(40):
        others = [j for j in range(40) if j != i and (classes[j] == classes[i]) == within]
        near = sorted(others, key=lambda j: np.linalg.norm(X[i] - X[j]))[:k]
        edges |= {frozenset((i, j)) for j in near}
    differences = np.array([X[i] - X[j] for i, j in map(tuple, edges)])
    found = _neighbour_scatter(X, classes, k, within=within)
    np.testing.assert_allclose(found, differences.T @ differences, atol=1e-9)


def test_a_class_of_one_has_no_neighbours_within() -> None:
    X = np.array([[0.0], [1.0], [3.0]])
    found = _neighbour_scatter(X, np.array([0, 0, 1]), 5, within=True)
    np.testing.assert_allclose(found, [[1.0]])


@pytest.mark.parametrize("estimator", ROTATION_INVARIANT, ids=name)
def test_turning_a_view_changes_nothing(estimator: TwoViewEstimator, pairs: tuple) -> None:
    images, texts, y = pairs
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(6, 6)))
    before = products(clone(estimator).fit(images, texts, y), images, texts)
    after = products(clone(estimator).fit(images @ turn, texts, y), images @ turn, texts)
    np.testing.assert_allclose(after, before, atol=1e-3)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name)
def test_the_order_of_the_pairs_changes_nothing(estimator: TwoViewEstimator, pairs: tuple) -> None:
    images, texts, y = pairs
    order = np.random.default_rng(5).permutation(len(y))
    before = products(clone(estimator).fit(images, texts, y), images, texts)
    after = products(clone(estimator).fit(images[order], texts[order], y[order]), images, texts)
    np.testing.assert_allclose(after, before, atol=1e-3)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name)
def test_images_find_texts_of_their_class(estimator: TwoViewEstimator, pairs: tuple) -> None:
    images, texts, y = pairs
    known = np.arange(len(y)) % 2 == 0
    fitted = clone(estimator).fit(images[known], texts[known], y[known])
    found = products(fitted, images[~known], texts[~known])
    relevant = np.equal.outer(y[~known], y[~known])
    assert mean_average_precision(found, relevant) > 50  # twice what chance gives
    np.testing.assert_allclose(np.linalg.norm(fitted.embed_image(images), axis=1), 1)


def test_cosmat_is_its_two_steps(pairs: tuple) -> None:
    images, texts, y = pairs
    cosmat = CoSMat(3, C=0.5, centre=False).fit(images, texts, y)
    projections = CorrProj(3).fit(images, texts)
    step = LogsTran(C=0.5).fit(projections.transform_text(texts), y)
    by_hand = step.transform(projections.transform_text(texts))
    np.testing.assert_allclose(cosmat.transform_text(texts), by_hand, atol=1e-9)
    np.testing.assert_allclose(by_hand.sum(axis=1), 1)
    assert cosmat.classes_.tolist() == [0, 1, 2, 3]


def test_centred_posteriors_point_away_from_the_mean(pairs: tuple) -> None:
    images, texts, y = pairs
    centred = SemanticMatching().fit(images, texts, y)
    posteriors = centred.transform_image(images)
    expected = posteriors - posteriors.mean(axis=0)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(centred.embed_image(images), expected, atol=1e-9)
    raw = SemanticMatching(centre=False).fit(images, texts, y)
    assert (raw.embed_image(images) >= 0).all()


def test_very_many_rows_are_sampled_class_by_class() -> None:
    rng = np.random.default_rng(6)
    y = np.repeat(["rare", "common"], [100, 9_900])
    X = (y == "rare")[:, None] + 0.3 * rng.normal(size=(10_000, 1))
    some = LogsTran(max_samples=1_000).fit(X, y)
    np.testing.assert_allclose(some.mean_, [0.99, 0.01], atol=2e-3)
    everything = LogsTran(max_samples=None).fit(X, y)
    assert np.abs(some.transform(X) - everything.transform(X)).max() < 0.25


def test_what_does_not_fit_is_named(pairs: tuple) -> None:
    images, texts, y = pairs
    with pytest.raises(InputError, match="X_image has 240 rows, X_text 239"):
        CorrProj().fit(images, texts[1:])
    with pytest.raises(InputError, match="CoSMat learns from classes; give y"):
        CoSMat(3).fit(images, texts)
    with pytest.raises(InputError, match="needs two classes or more, got"):
        SemanticMatching().fit(images, texts, np.zeros(240))
    with pytest.raises(InputError, match=r"n_components must lie in 1 to 5.*got 6"):
        CorrProj(6).fit(images, texts)
    with pytest.raises(InputError, match="regularization must be 0 or more, got -1"):
        CorrProj(2, regularization=-1).fit(images, texts)
    with pytest.raises(InputError, match="does not vary at all"):
        CorrProj(1).fit(np.ones((240, 1)), texts)
    with pytest.raises(InputError, match="two pairs or more"):
        CorrProj(1).fit(images[:1], texts[:1])
    with pytest.raises(InputError, match="was fitted to 6 image features, and X has 5"):
        CorrProj(2).fit(images, texts).transform_image(texts)
    with pytest.raises(InputError, match="features in all, those before 11"):
        CorrProj(2).fit(images, texts).partial_fit(images[:, :4], texts)
    with pytest.raises(InputError, match="kind must be one of"):
        GeneralizedMultiviewAnalysis("pca").fit(images, texts, y)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="n_components must lie in 1 to 11"):
        GeneralizedMultiviewAnalysis(n_components=12).fit(images, texts, y)
    with pytest.raises(InputError, match="alpha must be 0 or more"):
        GeneralizedMultiviewAnalysis(alpha=-1).fit(images, texts, y)
    with pytest.raises(ValueError, match="NaN"):
        CorrProj(2).fit(np.where(images > 0, np.nan, images), texts)
