"""The contract of feature extractors: things of one kind to rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from placelens.errors import InputError
from placelens.types import Float64Array, UInt8Array

T_contra = TypeVar("T_contra", contravariant=True)
Thing = TypeVar("Thing")


class FeatureExtractor(Protocol[T_contra]):
    """What turns texts, or images, into the features that a ``TwoViewEstimator`` takes.

    Texts are str; images are (height, width, 3) uint8 RGB, of any size.
    """

    def fit(self, X: Sequence[T_contra], y: object = None) -> Self:
        """Learn from things."""

    def transform(self, X: Sequence[T_contra]) -> Float64Array:
        """Features of n things, (n, d)."""


def count_words(
    texts: Sequence[str], *, max_words: int, min_texts: int
) -> tuple[CountVectorizer, csr_matrix]:
    """The most frequent words of texts but the most common of the language, and their counts.

    Raises
    ------
    InputError
        If no such word is used by ``min_texts`` of them.
    """
    words = CountVectorizer(stop_words="english", max_features=max_words, min_df=min_texts)
    try:
        return words, words.fit_transform(texts)
    except ValueError as error:  # its words: "empty vocabulary", "After pruning, no terms"
        raise InputError(
            f"no word but the most common ones is used by {min_texts} of these {len(texts)} "
            "texts; lower min_texts or give more"
        ) from error


def checked_images(X: Sequence[UInt8Array], *, who: Any) -> list[UInt8Array]:
    """X as a list of images, (height, width, 3) uint8 each.

    Raises
    ------
    InputError
        If X holds something else; the message names the position.
    """
    images = checked_list(X, np.ndarray, "images", who=who)
    for position, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise InputError(
                f"{type(who).__name__} takes images as (height, width, 3) uint8, got "
                f"{image.shape} {image.dtype} at position {position}"
            )
    return images


def checked_list(X: Sequence[Thing], kind: type, what: str, *, who: Any) -> list[Thing]:
    """X as a list, all of one kind.

    Raises
    ------
    InputError
        If X is one thing instead of several, or holds something else.
    """
    name = type(who).__name__
    if isinstance(X, str):
        raise InputError(f"{name} takes a sequence of {what}, got one str; write [text] instead")
    things = list(X)
    for position, thing in enumerate(things):
        if not isinstance(thing, kind):
            raise InputError(
                f"{name} takes {what} as {kind.__name__}, got {type(thing).__name__} at position "
                f"{position}"
            )
    return things
