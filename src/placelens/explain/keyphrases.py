"""The phrases that say most of a text, and not all the same: EmbedRank++.

References
----------
.. [1] Bennani-Smires, Musat, Hossmann, Baeriswyl and Jaggi, "Simple Unsupervised Keyphrase
   Extraction using Sentence Embeddings", CoNLL 2018: section 3.3 and Eq. 1-4. They take noun
   phrases of a part-of-speech tagger for candidates; here these are runs of words between function
   words (`placelens.encoders.parts.phrase_spans`), which needs none.
.. [2] Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking", SIGIR 1998.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.parts import Span, phrase_spans
from placelens.errors import InputError
from placelens.types import Float64Array

# Relevance and diversity count alike, as in the paper (lambda = 0.5).
DIVERSITY = 0.5
# Cosines that are all alike tell nothing apart.
_ALIKE = 1e-9


class Keyphrase(NamedTuple):
    """A phrase of a text: its words, where they stand, and its cosine with the text."""

    label: str
    span: Span
    score: float


def keyphrases(
    text: str, encoder: Encoder, *, k: int, diversity: float = DIVERSITY
) -> list[Keyphrase]:
    """The phrases that are nearest to a text, and far from each other, the first chosen first.

    A phrase that stands several times in the text counts once, where it stands first.

    Parameters
    ----------
    text
        Of any length.
    encoder
        One that takes texts.
    k
        How many there may be, 1 or more.
    diversity
        In [0, 1]: 0 for the nearest whatever they say (EmbedRank), 1 for the most different; the
        paper's 1 - lambda.

    Raises
    ------
    InputError
        If ``k`` or ``diversity`` is out of range.

    Examples
    --------
    >>> from placelens.testing.fakes import HashEncoder
    >>> text = "a boat, a boat on the lake and a big boat"
    >>> [phrase.label for phrase in keyphrases(text, HashEncoder(), k=2)]
    ['big boat', 'lake']
    >>> keyphrases("of the", HashEncoder(), k=2)
    []
    """
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise InputError(f"k = {shown(k)} is not a number of phrases, 1 or more")
    is_number = isinstance(diversity, int | float) and not isinstance(diversity, bool)
    if not is_number or not 0 <= diversity <= 1:
        raise InputError(f"diversity {shown(diversity)} is not in [0, 1]")
    first: dict[str, Span] = {}
    for start, end in phrase_spans(text):
        first.setdefault(text[start:end].casefold(), (start, end))
    spans = list(first.values())
    if not spans:
        return []
    labels = [text[start:end] for start, end in spans]
    vectors = encoder.encode_texts([text, *labels]).astype(np.float64)
    to_text, between = vectors[1:] @ vectors[0], vectors[1:] @ vectors[1:].T
    return [
        Keyphrase(labels[at], spans[at], float(to_text[at]))
        for at in chosen(to_text, between, k=k, diversity=diversity)
    ]


def chosen(to_text: Float64Array, between: Float64Array, *, k: int, diversity: float) -> list[int]:
    """Places of the phrases that maximal marginal relevance picks, in the order it does.

    Parameters
    ----------
    to_text
        (n,) cosines of phrases with their text.
    between
        (n, n) cosines of phrases with each other.

    Examples
    --------
    The second says the same as the first.

    >>> between = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
    >>> chosen(np.array([0.8, 0.7, 0.3]), between, k=2, diversity=0.5)
    [0, 2]
    >>> chosen(np.array([0.8, 0.7, 0.3]), between, k=2, diversity=0.0)
    [0, 1]
    """
    n = len(to_text)
    relevance = _spread(to_text[:, None])[:, 0]
    others = between.astype(np.float64).copy()
    np.fill_diagonal(others, np.nan)
    alike = _spread(others)
    picked = [int(np.argmax(to_text))]
    while len(picked) < min(k, n):
        # max over those picked: each column is scaled by the phrase that it is of.
        marginal = (1 - diversity) * relevance - diversity * alike[picked].max(axis=0)
        marginal[picked] = -np.inf
        # Of what is equal but for rounding, the first: of few phrases two are often as far away.
        picked.append(int(np.flatnonzero(marginal >= marginal.max() - _ALIKE)[0]))
    return picked


def _spread(cosines: Float64Array) -> Float64Array:
    """Each column around 0.5 with a deviation of 1, so that both kinds weigh the same (Eq. 3-4)."""
    if len(cosines) < 2:
        return np.full(cosines.shape, 0.5)
    middle = np.nanmean(cosines, axis=0) if len(cosines) > 1 else cosines[0]
    spread = np.nanstd(cosines, axis=0)
    return np.asarray(0.5 + (cosines - middle) / np.where(spread > _ALIKE, spread, np.inf))
