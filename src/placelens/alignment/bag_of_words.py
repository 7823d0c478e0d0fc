"""What the GMR-tree's paper gives its rivals: texts to shares of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from placelens.alignment.extractor import checked_list, count_words
from placelens.types import Float64Array


class BagOfWords(TransformerMixin, BaseEstimator):
    """Shares of words, each text's counts divided by their sum; the most common ones do not count.

    Parameters
    ----------
    n_words
        The most frequent words that are kept.
    min_texts
        A word counts when so many texts use it.

    Attributes
    ----------
    words_ : scikit-learn's ``CountVectorizer``.

    Examples
    --------
    >>> words = BagOfWords(min_texts=1).fit(["a harbour with boats", "boats"])
    >>> words.transform(["boats in the harbour", "a zebra"])
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """

    def __init__(self, n_words: int = 500, *, min_texts: int = 2) -> None:
        self.n_words = n_words
        self.min_texts = min_texts

    def fit(self, X: Sequence[str], y: object = None) -> Self:
        """Learn the words from texts.

        Raises
        ------
        InputError
            If X is no sequence of texts, or no word is used by enough of them.
        """
        texts = checked_list(X, str, "texts", who=self)
        self.words_, _ = count_words(texts, max_words=self.n_words, min_texts=self.min_texts)
        return self

    def transform(self, X: Sequence[str]) -> Float64Array:
        """Shares of the words, (n, words); rows sum to 1, evenly for texts of unknown words."""
        check_is_fitted(self)
        texts = checked_list(X, str, "texts", who=self)
        if not texts:
            return np.empty((0, len(self.words_.vocabulary_)))
        counts = self.words_.transform(texts).toarray().astype(np.float64)
        counts[counts.sum(axis=1) == 0] = 1.0
        return np.asarray(counts / counts.sum(axis=1, keepdims=True), dtype=np.float64)
