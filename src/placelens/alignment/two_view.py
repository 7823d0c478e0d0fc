"""What estimators over two views have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from placelens.errors import InputError
from placelens.types import Float64Array


class TwoViewEstimator(BaseEstimator, ABC):
    """Maps images and texts, each given by features of its own kind, to one space.

    Attributes
    ----------
    n_features_image_, n_features_text_ : how many features each view has.
    """

    n_features_image_: int
    n_features_text_: int

    @abstractmethod
    def fit(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike, y: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the space.

        Parameters
        ----------
        X_image, X_text
            (n, p) and (n, q) features; row i of both is one thing.
        y
            (n,) its class.

        Raises
        ------
        InputError
            If the views differ in their number of rows, or classes are needed and not given.
        ValueError
            If an array is not two-dimensional, or not finite.
        """

    @abstractmethod
    def transform_image(self, X: npt.ArrayLike) -> Float64Array:
        """Map features of images, (n, p), to the space, (n, d)."""

    @abstractmethod
    def transform_text(self, X: npt.ArrayLike) -> Float64Array:
        """Map features of texts, (n, q), to the space, (n, d)."""

    def embed_image(self, X: npt.ArrayLike) -> Float64Array:
        """Unit vectors of images, (n, d), to rank by their products with those of texts."""
        return unit_rows(self.transform_image(X))

    def embed_text(self, X: npt.ArrayLike) -> Float64Array:
        """Unit vectors of texts, (n, d)."""
        return unit_rows(self.transform_text(X))

    def _checked(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike
    ) -> tuple[Float64Array, Float64Array]:
        """Both views as float64, and their widths kept."""
        images = check_array(X_image, dtype=np.float64, input_name="X_image")
        texts = check_array(X_text, dtype=np.float64, input_name="X_text")
        if len(images) != len(texts):
            raise InputError(
                f"the views must show the same things row by row, and X_image has {len(images)} "
                f"rows, X_text {len(texts)}"
            )
        self.n_features_image_, self.n_features_text_ = images.shape[1], texts.shape[1]
        return images, texts

    def _checked_view(self, X: npt.ArrayLike, view: str) -> Float64Array:
        """Features to transform, as float64 of the width that was fitted."""
        check_is_fitted(self)
        checked: Float64Array = check_array(X, dtype=np.float64, input_name=f"X_{view}")
        expected = getattr(self, f"n_features_{view}_")
        if checked.shape[1] != expected:
            raise InputError(
                f"{type(self).__name__} was fitted to {expected} {view} features, and X has "
                f"{checked.shape[1]}"
            )
        return checked


def checked_classes(y: npt.ArrayLike | None, n: int, *, who: Any) -> np.ndarray:
    """The classes of n things, as numbers from 0.

    Raises
    ------
    InputError
        If there are none, or fewer than two.
    """
    if y is None:
        raise InputError(f"{type(who).__name__} learns from classes; give y")
    labels = np.asarray(y)
    check_consistent_length(labels, np.empty(n))
    names, numbers = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise InputError(f"{type(who).__name__} needs two classes or more, got {names.tolist()}")
    return numbers


def unit_rows(X: Float64Array) -> Float64Array:
    """Rows scaled to length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.where(lengths == 0, 1.0, lengths), dtype=np.float64)
