"""TxtNet of the GMR-tree's paper: texts to shares of latent topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.utils.validation import check_is_fitted

from placelens.alignment.extractor import checked_list, count_words
from placelens.errors import InputError
from placelens.types import Float64Array


class LdaTopics(TransformerMixin, BaseEstimator):
    """Shares of the topics of latent Dirichlet allocation (Blei, Ng and Jordan 2003).

    scikit-learn's vocabulary and online variational inference, in batches, so that texts by the
    million fit.

    Parameters
    ----------
    n_topics
        Topics, 2 or more.
    max_words
        The most frequent words that are kept.
    min_texts
        A word counts when so many texts use it.
    max_passes
        Passes over the texts.
    random_state
        The same seed gives the same topics.

    Attributes
    ----------
    words_ : scikit-learn's ``CountVectorizer``.
    lda_ : scikit-learn's ``LatentDirichletAllocation``.

    Examples
    --------
    >>> texts = ["a harbour with boats", "boats in the harbour", "a stadium with a football pitch"]
    >>> shares = LdaTopics(2, min_texts=1).fit_transform(texts)
    >>> shares.shape, bool(np.allclose(shares.sum(axis=1), 1))
    ((3, 2), True)
    """

    def __init__(
        self,
        n_topics: int = 10,
        *,
        max_words: int = 5000,
        min_texts: int = 2,
        max_passes: int = 20,
        random_state: int | None = 0,
    ) -> None:
        self.n_topics = n_topics
        self.max_words = max_words
        self.min_texts = min_texts
        self.max_passes = max_passes
        self.random_state = random_state

    def fit(self, X: Sequence[str], y: object = None) -> Self:
        """Learn vocabulary and topics from texts.

        Raises
        ------
        InputError
            If X is no sequence of texts, or no word is used by enough of them.
        """
        texts = checked_list(X, str, "texts", who=self)
        if self.n_topics < 2:
            raise InputError(f"n_topics must be 2 or more, got {self.n_topics}")
        self.words_, counts = count_words(texts, max_words=self.max_words, min_texts=self.min_texts)
        self.lda_ = LatentDirichletAllocation(
            self.n_topics, max_iter=self.max_passes, random_state=self.random_state
        ).fit(counts)
        return self

    def transform(self, X: Sequence[str]) -> Float64Array:
        """Shares of the topics, (n, n_topics); rows sum to 1, evenly for texts of unknown words."""
        check_is_fitted(self)
        texts = checked_list(X, str, "texts", who=self)
        if not texts:
            return np.empty((0, self.n_topics))
        shares = self.lda_.transform(self.words_.transform(texts))
        return np.asarray(shares, dtype=np.float64)

    def top_words(self, k: int = 5) -> list[list[str]]:
        """The k words that each topic gives most weight, the heaviest first."""
        check_is_fitted(self)
        names = self.words_.get_feature_names_out()
        order = np.argsort(-self.lda_.components_, axis=1, kind="stable")[:, :k]
        return [[str(names[word]) for word in row] for row in order]
