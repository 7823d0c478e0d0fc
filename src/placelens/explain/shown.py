"""Which pictures show a word, and where: an inverted index over what is kept of images.

The MCQI paper augments its index with one over tuples of a word, an image, a weight and a box (its
TU), to say why a hit is there (sections 4.1 and 4.7; line 8 of Algorithm 1). Here it answers by
itself as well. Its tuples are words that the encoder found in stored regions (`encoders.naming`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from placelens.encoders.naming import SHOWN, read_names
from placelens.encoders.parts import phrase_spans
from placelens.storage.version import Version
from placelens.types import Float32Array, Float64Array, Int64Array

# Of a word that the vocabulary lacks, how near the nearest one must be to stand for it.
NEAR_ENOUGH = 0.6
_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "geese": "goose",
    "leaves": "leaf",
    "shelves": "shelf",
    "knives": "knife",
    "buses": "bus",
    "cliffs": "cliff",
}


class Postings(NamedTuple):
    """What shows a word, the largest weight first: rows, weights in [0, 1], cells of the grid."""

    rows: Int64Array
    weights: Float64Array
    cells: Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class InvertedIndex:
    """Of each word the rows that show it.

    Attributes
    ----------
    words : the vocabulary.
    starts : (w + 1,) where the postings of each word start, and where the last ones end.
    postings : of all words, one after the other.

    Examples
    --------
    Two images; both show the second word, the second one more.

    >>> stored = np.uint8([[[[1, 0, 51, 7]]], [[[1, 0, 255, 9]]]])
    >>> index = InvertedIndex.over(("cat", "dog"), stored, np.array([4, 6]))
    >>> index.of("dog").rows.tolist(), index.of("dog").weights.tolist(), len(index.of("cat").rows)
    ([6, 4], [1.0, 0.2], 0)
    """

    words: tuple[str, ...]
    starts: Int64Array
    postings: Postings

    @classmethod
    def over(cls, words: tuple[str, ...], stored: Any, rows: Int64Array) -> InvertedIndex:
        """Of what is kept of images, (n, 1, m, 4) uint8, and the rows that they belong to, (n,)."""
        found = read_names(stored)
        numbers, weights, cells = found[0].ravel(), found[1].ravel(), found[2].ravel()
        owners = np.repeat(rows, stored.shape[2])
        there = np.flatnonzero((weights > 0.0) & (numbers < len(words)))
        order = there[np.lexsort((owners[there], -weights[there], numbers[there]))]
        starts = np.searchsorted(numbers[order], np.arange(len(words) + 1))
        return cls(words, starts, Postings(owners[order], weights[order], cells[order]))

    @classmethod
    def of_version(cls, version: Version, words: tuple[str, ...]) -> InvertedIndex:
        """That of a version; made once."""
        index: InvertedIndex = version.made_once(
            "inverted index of words", lambda: cls.over(words, *version.maps(SHOWN))
        )
        return index

    def of(self, word: str) -> Postings:
        """The postings of a word of the vocabulary."""
        at = self.words.index(word)
        own, (rows, weights, cells) = slice(*self.starts[at : at + 2].tolist()), self.postings
        return Postings(rows[own], weights[own], cells[own])

    def counts(self, least: float) -> dict[str, int]:
        """How many rows show each word with a weight of at least so much; none of 0."""
        found = {}
        for word, start, stop in zip(self.words, self.starts, self.starts[1:], strict=False):
            # They fall within a word.
            weights = self.postings.weights[start:stop]
            n = int(np.searchsorted(-weights, -least, side="right"))
            if n:
                found[word] = n
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def showing(self, words: Sequence[str], least: float) -> Showing:
        """The rows that show all of some words, by the weight of what they show least of."""
        own = [self.of(word) for word in words]
        rows = own[0].rows[own[0].weights >= least]
        for each in own[1:]:
            rows = rows[np.isin(rows, each.rows[each.weights >= least])]
        found = [_at(each, rows) for each in own]
        weights = np.array([each.weights for each in found]).reshape(len(own), -1)
        order = np.lexsort((rows, -weights.min(axis=0))) if len(rows) else np.arange(0)
        return Showing(
            rows[order],
            weights[:, order].T,
            np.array([each.cells for each in found]).reshape(len(own), -1)[:, order].T,
        )


class Showing(NamedTuple):
    """Rows that show some words, (m,), with the weight and the cell of each word, (m, w)."""

    rows: Int64Array
    weights: Float64Array
    cells: Int64Array


def _at(postings: Postings, rows: Int64Array) -> Postings:
    """The postings of some rows, which all have one."""
    order = np.argsort(postings.rows)
    at = order[np.searchsorted(postings.rows[order], rows)]
    return Postings(rows, postings.weights[at], postings.cells[at])


def read_as(
    text: str,
    words: Sequence[str],
    vectors: Callable[[], Float32Array],
    encode: Callable[[Sequence[str]], Float32Array],
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """What the phrases of a text are taken for, and those that stand for no word.

    A phrase is a word of the vocabulary, also in the plural; or it ends with one, as a red tram is
    a tram; or the vector of one is near to its own.

    Parameters
    ----------
    text
        Words.
    words, vectors
        The vocabulary, and its vectors (w, dim), which are asked for where they are needed.
    encode
        Texts to unit vectors.

    Examples
    --------
    >>> read_as("two red trams near a house", ["tram", "house"], None, None)
    ({'two red trams': 'tram', 'house': 'house'}, ())
    """
    known = set(words)
    found: dict[str, str] = {}
    phrases = [text[start:stop] for start, stop in phrase_spans(text)]
    for phrase in phrases:
        parts = phrase.casefold().split()
        ends = [" ".join(parts[at:]) for at in range(len(parts))]
        word = next((word for end in ends for word in _singulars(end) if word in known), None)
        if word is not None:
            found[phrase] = word
    left = [phrase for phrase in dict.fromkeys(phrases) if phrase not in found]
    if left:
        products = encode(left) @ vectors().T
        for phrase, own in zip(left, products, strict=True):
            if own.max() >= NEAR_ENOUGH:
                found[phrase] = words[int(own.argmax())]
    in_order = {phrase: found[phrase] for phrase in phrases if phrase in found}
    return in_order, tuple(phrase for phrase in left if phrase not in found)


def _singulars(word: str) -> list[str]:
    """A word, and what it may be the plural of."""
    first, _, last = word.rpartition(" ")
    lead = f"{first} " if first else ""
    found = [last]
    if last in _IRREGULAR:
        found.append(_IRREGULAR[last])
    if last.endswith("ies"):
        found.append(f"{last[:-3]}y")
    if last.endswith("es"):
        found.append(last[:-2])
    if last.endswith("s"):
        found.append(last[:-1])
    return [lead + each for each in found]
