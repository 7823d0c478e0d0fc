"""LogsTran: features to posterior probabilities of concepts, by multinomial logistic regression."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from placelens.types import Float64Array


class LogsTran(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Posterior probabilities of the classes (Eq. 9 of the GMR-tree's paper).

    ``P(c | x) = exp(w_c' x) / sum_k exp(w_k' x)``: Eq. 9 with its sum over all classes, on
    standardised features with an intercept, and a ridge on the weights.

    Parameters
    ----------
    C
        Inverse of the ridge's strength, above 0.
    max_samples
        More rows than this are sampled, each class in its share: the posteriors of a linear model
        hardly change from there on. None takes all.
    max_iter
        Steps of the solver.
    random_state
        Of the sampling.

    Attributes
    ----------
    classes_ : (c,) the concepts, sorted.
    mean_ : (c,) mean posterior of the rows it was fitted to.
    n_iter_ : steps that the solver took.
    model_, scaler_ : scikit-learn's.

    Examples
    --------
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> posteriors = LogsTran().fit(X, ["sea", "sea", "town", "town"]).transform([[2.0]])
    >>> posteriors.shape, bool(posteriors[0, 1] > 0.7)
    ((1, 2), True)
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        max_samples: int | None = 200_000,
        max_iter: int = 1000,
        random_state: int | None = 0,
    ) -> None:
        self.C = C
        self.max_samples = max_samples
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """Learn the classes.

        Parameters
        ----------
        X
            (n, p) features.
        y
            (n,) classes, two or more different ones.

        Raises
        ------
        ValueError
            If X or y is not finite, their lengths differ, or there is one class only.
        """
        checked: Float64Array
        checked, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        if self.max_samples is not None and len(checked) > self.max_samples:
            checked, _, y, _ = train_test_split(
                checked, y, train_size=self.max_samples, stratify=y, random_state=self.random_state
            )
        self.scaler_ = StandardScaler().fit(checked)
        scaled = self.scaler_.transform(checked)
        self.model_ = LogisticRegression(C=self.C, max_iter=self.max_iter).fit(scaled, y)
        self.classes_ = self.model_.classes_
        self.n_iter_ = int(np.max(self.model_.n_iter_))
        self.mean_: Float64Array = self.model_.predict_proba(scaled).mean(axis=0)
        return self

    def transform(self, X: npt.ArrayLike) -> Float64Array:
        """Posteriors of rows (n, p), (n, c), in the order of ``classes_``."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(self.model_.predict_proba(self.scaler_.transform(X)), dtype=np.float64)

    @property
    def _n_features_out(self) -> int:
        return len(self.classes_)

    def __sklearn_tags__(self) -> Any:
        """It cannot be fitted without classes."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = False
        return tags
