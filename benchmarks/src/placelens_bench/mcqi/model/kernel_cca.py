"""KCCA, the paper's kernel rival: canonical correlations of what Gaussian kernels see."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from placelens.alignment import CanonicalCorrelation
from placelens.alignment.two_view import TwoViewEstimator
from placelens.types import Float64Array


class KernelCCA(TwoViewEstimator):
    """Regularised CCA between the feature spaces of two Gaussian kernels.

    Each view is brought to coordinates of its kernel's space by Nystroem's method: the part of it
    that some of the training rows, the landmarks, span. With all rows as landmarks that is all that
    the training rows span, and the result is KCCA itself; with fewer it takes n m^2 steps instead
    of n^3.

    Parameters
    ----------
    n_components
        Directions to keep; at most as many as there are landmarks.
    width
        Of the kernels exp(-d^2 / (width s)), with s the mean squared distance of training rows in
        the view.
    regularization
        As that of `CanonicalCorrelation`.
    n_landmarks
        At most as many as there are rows.
    seed
        Of the draw of landmarks.

    References
    ----------
    D. Hardoon, S. Szedmak, J. Shawe-Taylor, "Canonical Correlation Analysis: An Overview with
    Application to Learning Methods", 2004; C. Williams and M. Seeger, "Using the Nystroem Method to
    Speed Up Kernel Machines", NIPS 2000.
    """

    def __init__(
        self,
        n_components: int = 64,
        *,
        width: float = 1.0,
        regularization: float = 0.01,
        n_landmarks: int = 1000,
        seed: int = 0,
    ) -> None:
        self.n_components = n_components
        self.width = width
        self.regularization = regularization
        self.n_landmarks = n_landmarks
        self.seed = seed

    def fit(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike, y: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the directions from pairs; classes are not looked at."""
        images, texts = self._checked(X_image, X_text)
        self.map_image_ = self._map_of(images)
        self.map_text_ = self._map_of(texts)
        self.cca_ = CanonicalCorrelation(self.n_components, regularization=self.regularization)
        self.cca_.fit(self.map_image_.transform(images), self.map_text_.transform(texts))
        self.correlations_ = self.cca_.correlations_
        return self

    def transform_image(self, X: npt.ArrayLike) -> Float64Array:
        """Project images, (n, p), to (n, n_components)."""
        seen = self.map_image_.transform(self._checked_view(X, "image"))
        return self.cca_.transform_image(seen)

    def transform_text(self, X: npt.ArrayLike) -> Float64Array:
        """Project texts, (n, q), to (n, n_components)."""
        seen = self.map_text_.transform(self._checked_view(X, "text"))
        return self.cca_.transform_text(seen)

    def _map_of(self, X: Float64Array) -> Any:
        """Nystroem's map to coordinates of the kernel's space."""
        from sklearn.kernel_approximation import Nystroem

        # The mean squared distance of two rows is twice the sum of the variances.
        gamma = 1.0 / (self.width * 2.0 * float(X.var(axis=0).sum()))
        count = min(self.n_landmarks, len(X))
        made = Nystroem(
            kernel="rbf",
            gamma=gamma,
            n_components=count,
            random_state=np.random.RandomState(self.seed),
        )
        return made.fit(X)
