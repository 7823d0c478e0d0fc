"""CoSMat: correlation first, concepts second."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from placelens.alignment.corr_proj import CorrProj
from placelens.alignment.semantic_matching import SemanticMatching
from placelens.alignment.two_view import checked_classes
from placelens.types import Float64Array


class CoSMat(SemanticMatching):
    """``CorrProj``, then a ``LogsTran`` for each view on its projections (semantic correlation
    matching, SCM, of Rasiwasia et al. 2010; CoSMat of the GMR-tree's paper).

    Parameters
    ----------
    n_components, regularization
        Of ``CorrProj``.
    C, centre, random_state
        Of ``SemanticMatching``.

    Attributes
    ----------
    classes_ : (c,) the concepts, sorted.
    corr_proj_ : the fitted ``CorrProj``.
    image_, text_ : the fitted ``LogsTran``.
    """

    def __init__(
        self,
        n_components: int = 10,
        *,
        regularization: float | tuple[float, float] = 0.1,
        C: float | tuple[float, float] = 1.0,
        centre: bool = True,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(C, centre=centre, random_state=random_state)
        self.n_components = n_components
        self.regularization = regularization

    def fit(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike, y: npt.ArrayLike | None = None
    ) -> Self:
        """Learn projections from the pairs, and concepts y from the projections."""
        images, texts = self._checked(X_image, X_text)
        checked_classes(y, len(images), who=self)
        self.corr_proj_ = CorrProj(self.n_components, regularization=self.regularization)
        self.corr_proj_.fit(images, texts)
        self._fit_posteriors(
            self.corr_proj_.transform_image(images),
            self.corr_proj_.transform_text(texts),
            np.asarray(y),
        )
        return self

    def transform_image(self, X: npt.ArrayLike) -> Float64Array:
        """Posteriors of images, (n, c); rows sum to 1."""
        projected = self.corr_proj_.transform_image(self._checked_view(X, "image"))
        return self.image_.transform(projected)

    def transform_text(self, X: npt.ArrayLike) -> Float64Array:
        """Posteriors of texts, (n, c)."""
        projected = self.corr_proj_.transform_text(self._checked_view(X, "text"))
        return self.text_.transform(projected)
