"""What the GMR-tree's paper gives its rivals: images to shares of visual words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils.validation import check_is_fitted

from placelens.alignment.extractor import checked_images
from placelens.errors import InputError, MissingExtraError
from placelens.types import Float32Array, Float64Array, UInt8Array

# Of a SIFT descriptor.
_DIM = 128


class VisualWords(TransformerMixin, BaseEstimator):
    """Shares of visual words: SIFT descriptors (Lowe 2004), each counted at its nearest k-means
    centre (Sivic and Zisserman 2003).

    Parameters
    ----------
    n_words
        Centres, 2 or more.
    max_points
        Strongest keypoints of an image that count.
    max_descriptors
        Descriptors that the centres are learnt from; more are sampled, the same share of each
        image's.
    random_state
        Of the sampling and the clustering.

    Attributes
    ----------
    kmeans_ : scikit-learn's ``MiniBatchKMeans``.
    """

    def __init__(
        self,
        n_words: int = 128,
        *,
        max_points: int = 500,
        max_descriptors: int = 200_000,
        random_state: int | None = 0,
    ) -> None:
        self.n_words = n_words
        self.max_points = max_points
        self.max_descriptors = max_descriptors
        self.random_state = random_state

    def fit(self, X: Sequence[UInt8Array], y: object = None) -> Self:
        """Learn the words from images, (height, width, 3) uint8 RGB each.

        Raises
        ------
        InputError
            If X holds something else, or there are fewer keypoints than words.
        MissingExtraError
            If OpenCV is not installed.
        """
        if self.n_words < 2:
            raise InputError(f"n_words must be 2 or more, got {self.n_words}")
        found = self._descriptors(X)
        total = sum(map(len, found))
        if total < self.n_words:
            raise InputError(
                f"{len(found)} images gave {total} keypoints, too few for {self.n_words} words; "
                "give more images or fewer words"
            )
        rng = np.random.default_rng(self.random_state)
        share = min(1.0, self.max_descriptors / total)
        sample = np.concatenate([rows[rng.random(len(rows)) < share] for rows in found])
        if len(sample) < self.n_words:
            sample = np.concatenate(found)
        self.kmeans_ = MiniBatchKMeans(
            self.n_words, random_state=self.random_state, n_init=3, batch_size=4096
        ).fit(sample)
        return self

    def transform(self, X: Sequence[UInt8Array]) -> Float64Array:
        """Shares of the words, (n, n_words); rows sum to 1, evenly for images without keypoints."""
        check_is_fitted(self)
        found = self._descriptors(X)
        counts = np.zeros((len(found), self.n_words))
        for number, descriptors in enumerate(found):
            if len(descriptors):
                words = self.kmeans_.predict(descriptors)
                counts[number] = np.bincount(words, minlength=self.n_words)
            else:
                counts[number] = 1
        return np.asarray(counts / counts.sum(axis=1, keepdims=True), dtype=np.float64)

    def _descriptors(self, X: Sequence[UInt8Array]) -> list[Float32Array]:
        """SIFT descriptors of each image, (points, 128)."""
        cv2 = _opencv()
        sift = cv2.SIFT_create(nfeatures=self.max_points)
        found = []
        for image in checked_images(X, who=self):
            _, descriptors = sift.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None)
            none = np.empty((0, _DIM), dtype=np.float32)
            found.append(none if descriptors is None else descriptors)
        return found


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("SIFT keypoints", "sift") from error
    return cv2
