"""CorrProj: projections that make two views correlate most, by regularised CCA."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular, svd

from placelens.alignment.moments import Moments
from placelens.alignment.two_view import TwoViewEstimator
from placelens.errors import InputError
from placelens.types import Float64Array


class CanonicalCorrelation(TwoViewEstimator):
    """Canonical correlation analysis with a ridge on both covariances.

    Finds directions ``g_I`` and ``g_T`` of largest correlation (Eq. 8 of the GMR-tree's paper)::

        g_T' S_TI g_I / sqrt(g_T' S_TT g_T) / sqrt(g_I' S_II g_I)

    with ``r * mean variance`` added to the diagonals of S_TT and S_II: as printed, directions that
    hardly vary correlate by chance, and with more features than rows all do. Only means and
    covariances are kept, so ``partial_fit`` takes any number of rows and ends where ``fit`` does.

    Parameters
    ----------
    n_components
        Directions to keep; as many as the narrower view has features, at most.
    regularization
        r above, 0 or more; one number, or one for images and one for texts.

    Attributes
    ----------
    correlations_ : (n_components,) the (regularised) canonical correlations, falling.
    weights_image_, weights_text_ : (p, n_components) and (q, n_components).
    mean_image_, mean_text_ : what is subtracted first.

    References
    ----------
    H. Hotelling, "Relations Between Two Sets of Variates", Biometrika 1936; D. Hardoon, S. Szedmak,
    J. Shawe-Taylor, "Canonical Correlation Analysis: An Overview with Application to Learning
    Methods", 2004, for the ridge.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> common, noise = rng.normal(size=(2, 100_000, 1))
    >>> cca = CanonicalCorrelation(n_components=1, regularization=0.0)
    >>> cca = cca.fit(common, 0.6 * common + 0.8 * noise)
    >>> round(float(cca.correlations_[0]), 2)
    0.6
    """

    def __init__(
        self, n_components: int = 10, *, regularization: float | tuple[float, float] = 0.1
    ) -> None:
        self.n_components = n_components
        self.regularization = regularization

    def fit(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike, y: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the directions from pairs; classes are not looked at."""
        self.__dict__.pop("moments_", None)
        return self.partial_fit(X_image, X_text, y)

    def partial_fit(
        self,
        X_image: npt.ArrayLike,
        X_text: npt.ArrayLike,
        y: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn from more pairs, beside those before."""
        images, texts = self._checked(X_image, X_text)
        seen = Moments.of(np.hstack([images, texts]))
        known: Moments | None = getattr(self, "moments_", None)
        if known is not None:
            if len(known.mean) != len(seen.mean):
                raise InputError(
                    f"these pairs have {len(seen.mean)} features in all, those before "
                    f"{len(known.mean)}"
                )
            seen = known.joined(seen)
        if seen.n < 2:
            raise InputError("correlations need two pairs or more, got 1")
        self.moments_ = seen
        self._solve()
        return self

    def transform_image(self, X: npt.ArrayLike) -> Float64Array:
        """Project images, (n, p), to (n, n_components); about unit variance each."""
        return (self._checked_view(X, "image") - self.mean_image_) @ self.weights_image_

    def transform_text(self, X: npt.ArrayLike) -> Float64Array:
        """Project texts, (n, q), to (n, n_components)."""
        return (self._checked_view(X, "text") - self.mean_text_) @ self.weights_text_

    def _solve(self) -> None:
        p = self.n_features_image_
        widest = min(p, self.n_features_text_)
        if not 1 <= self.n_components <= widest:
            raise InputError(
                f"n_components must lie in 1 to {widest}, the features of the narrower view, got "
                f"{self.n_components}"
            )
        covariance = self.moments_.scatter / (self.moments_.n - 1)
        shares = np.broadcast_to(np.asarray(self.regularization, dtype=np.float64), (2,))
        if not (np.isfinite(shares).all() and (shares >= 0).all()):
            raise InputError(f"regularization must be 0 or more, got {self.regularization!r}")
        lower = [
            _root(covariance[part, part], share)
            for part, share in zip((slice(0, p), slice(p, None)), shares, strict=True)
        ]
        # inv(L_I) S_IT inv(L_T)': its singular values are the correlations.
        inner = solve_triangular(lower[0], covariance[:p, p:], lower=True)
        inner = solve_triangular(lower[1], inner.T, lower=True).T
        U, correlations, Vt = svd(inner, full_matrices=False)
        kept = slice(0, self.n_components)
        U, V = U[:, kept], Vt[kept].T
        # A direction and its opposite are the same: the largest weight of the images is positive.
        signs = np.sign(U[np.abs(U).argmax(axis=0), np.arange(self.n_components)])
        self.correlations_ = correlations[kept]
        self.weights_image_ = solve_triangular(lower[0], U * signs, lower=True, trans="T")
        self.weights_text_ = solve_triangular(lower[1], V * signs, lower=True, trans="T")
        self.mean_image_, self.mean_text_ = self.moments_.mean[:p], self.moments_.mean[p:]


# The paper's name.
CorrProj = CanonicalCorrelation


def _root(covariance: Float64Array, share: float) -> Float64Array:
    """Lower Cholesky factor of a covariance with a share of its mean variance on the diagonal."""
    size = np.trace(covariance) / len(covariance)
    if size == 0:
        raise InputError("a view does not vary at all, so nothing correlates with it")
    # A little where nothing was asked for: features that are sums of others have no inverse.
    ridge = max(share, 1e-10) * size
    return np.asarray(cholesky(covariance + ridge * np.eye(len(covariance)), lower=True))
