"""Semantic matching (SM): both views to posteriors of the same concepts, each on its own."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from placelens.alignment.logs_tran import LogsTran
from placelens.alignment.two_view import TwoViewEstimator, checked_classes, unit_rows
from placelens.types import Float64Array


class SemanticMatching(TwoViewEstimator):
    """A ``LogsTran`` for each view: abstraction without correlation.

    Parameters
    ----------
    C
        Of both ``LogsTran``; one number, or one for images and one for texts.
    centre
        Whether ``embed_image`` and ``embed_text`` subtract the mean posterior before they scale
        to length 1. Published figures of SM and SCM do; raw posteriors are all positive, and the
        cosine then ranks by how sure a view is as much as by what it says.
    random_state
        Of the sampling that ``LogsTran`` does with very many rows.

    Attributes
    ----------
    classes_ : (c,) the concepts, sorted.
    image_, text_ : the fitted ``LogsTran``.

    References
    ----------
    N. Rasiwasia et al., "A New Approach to Cross-Modal Multimedia Retrieval", ACM MM 2010.
    """

    def __init__(
        self,
        C: float | tuple[float, float] = 1.0,
        *,
        centre: bool = True,
        random_state: int | None = 0,
    ) -> None:
        self.C = C
        self.centre = centre
        self.random_state = random_state

    def fit(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike, y: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the concepts y from each view."""
        images, texts = self._checked(X_image, X_text)
        checked_classes(y, len(images), who=self)
        self._fit_posteriors(images, texts, np.asarray(y))
        return self

    def transform_image(self, X: npt.ArrayLike) -> Float64Array:
        """Posteriors of images, (n, c); rows sum to 1."""
        return self.image_.transform(self._checked_view(X, "image"))

    def transform_text(self, X: npt.ArrayLike) -> Float64Array:
        """Posteriors of texts, (n, c)."""
        return self.text_.transform(self._checked_view(X, "text"))

    def embed_image(self, X: npt.ArrayLike) -> Float64Array:
        """Unit vectors of images, (n, c)."""
        return self._embedded(self.transform_image(X), self.image_)

    def embed_text(self, X: npt.ArrayLike) -> Float64Array:
        """Unit vectors of texts, (n, c)."""
        return self._embedded(self.transform_text(X), self.text_)

    def _fit_posteriors(self, images: Float64Array, texts: Float64Array, y: np.ndarray) -> None:
        strengths = np.broadcast_to(np.asarray(self.C, dtype=np.float64), (2,))
        self.image_, self.text_ = (
            LogsTran(C=float(strength), random_state=self.random_state).fit(X, y)
            for X, strength in zip((images, texts), strengths, strict=True)
        )
        self.classes_ = self.image_.classes_

    def _embedded(self, posteriors: Float64Array, view: LogsTran) -> Float64Array:
        return unit_rows(posteriors - view.mean_ if self.centre else posteriors)
