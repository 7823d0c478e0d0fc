"""Which pictures show a word, and where: an inverted index over what is kept of images.

The MCQI paper augments its index with one over tuples of a word, an image, a weight and a box (its
TU), to say why a hit is there (sections 4.1 and 4.7; line 8 of Algorithm 1). Here it answers by
itself as well. Its tuples are words that the encoder found in stored regions (`encoders.naming`),
and objects that a detector found, by the names of their classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from placelens.encoders.class_names import singulars
from placelens.encoders.naming import Namer, read_names
from placelens.encoders.parts import phrase_spans
from placelens.types import (
    BoolArray,
    Float32Array,
    Float64Array,
    Int64Array,
    Objects,
    UInt8Array,
)

# Of a word that the vocabulary lacks, how near the nearest one must be to stand for it.
NEAR_ENOUGH = 0.6


class Postings(NamedTuple):
    """What shows a word, the largest weight first.

    ``rows`` (m,), ``weights`` (m,) in [0, 1], ``boxes`` (m, 4): left, top, right and bottom, as
    shares of the image where ``is_exact`` (m,), else of the square that an encoder was given of it.
    """

    rows: Int64Array
    weights: Float64Array
    boxes: Float32Array
    is_exact: BoolArray

    def at(self, which: Int64Array | slice) -> Postings:
        """Some of them."""
        rows, weights, boxes, is_exact = self
        return Postings(rows[which], weights[which], boxes[which], is_exact[which])


class Tuples(NamedTuple):
    """Words, by their numbers in a vocabulary, with what `Postings` have of each."""

    words: tuple[str, ...]
    numbers: Int64Array
    postings: Postings

    @classmethod
    def of_names(
        cls, words: tuple[str, ...], stored: UInt8Array, rows: Int64Array, grid: tuple[int, int]
    ) -> Tuples:
        """Of what is kept of images, (n, 1, m, 4) uint8, and the rows that they belong to, (n,)."""
        found = read_names(stored)
        numbers, weights, cells = found[0].ravel(), found[1].ravel(), found[2].ravel()
        owners = np.repeat(rows, stored.shape[2])
        kept = np.flatnonzero((weights > 0.0) & (numbers < len(words)))
        top, left = np.divmod(cells[kept], grid[1])
        edges = [left / grid[1], top / grid[0], (left + 1) / grid[1], (top + 1) / grid[0]]
        boxes = np.stack(edges, axis=1).astype(np.float32)
        exact = np.zeros(len(kept), dtype=np.bool_)
        return cls(words, numbers[kept], Postings(owners[kept], weights[kept], boxes, exact))

    @classmethod
    def of_objects(
        cls, classes: tuple[str, ...], found: Sequence[Objects | None], rows: Sequence[int]
    ) -> Tuples:
        """The surest object of each class in each image."""
        numbers, owners, weights, boxes = [], [], [], []
        for row, objects in zip(rows, found, strict=True):
            if objects is None:
                continue
            # The surest come first.
            own, first = np.unique(objects.classes, return_index=True)
            numbers.append(own.astype(np.int64))
            owners.append(np.full(len(own), row, dtype=np.int64))
            weights.append(objects.scores[first].astype(np.float64))
            boxes.append(objects.boxes[first].reshape(-1, 4))
        none = np.zeros(0)
        postings = Postings(
            np.concatenate([none.astype(np.int64), *owners]),
            np.concatenate([none, *weights]),
            np.concatenate([np.zeros((0, 4), dtype=np.float32), *boxes]),
            np.ones(sum(map(len, owners)), dtype=np.bool_),
        )
        return cls(classes, np.concatenate([none.astype(np.int64), *numbers]), postings)


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
    >>> named = Tuples.of_names(("cat", "dog"), stored, np.array([4, 6]), (7, 7))
    >>> index = InvertedIndex.over([named])
    >>> index.of("dog").rows.tolist(), index.of("dog").weights.tolist(), len(index.of("cat").rows)
    ([6, 4], [1.0, 0.2], 0)
    """

    words: tuple[str, ...]
    starts: Int64Array
    postings: Postings

    @classmethod
    def over(cls, sources: Sequence[Tuples]) -> InvertedIndex:
        """Of tuples from several sources; of those of one word and image, the weightiest."""
        words = tuple(dict.fromkeys(word for each in sources for word in each.words))
        number_of = {word: number for number, word in enumerate(words)}
        renumbered = [
            np.array([number_of[word] for word in each.words], dtype=np.int64)[each.numbers]
            for each in sources
        ]
        numbers = np.concatenate([np.zeros(0, dtype=np.int64), *renumbered])
        kept = [each.postings for each in sources]
        postings = Postings(
            np.concatenate([each.rows for each in kept]),
            np.concatenate([each.weights for each in kept]),
            np.concatenate([each.boxes for each in kept]),
            np.concatenate([each.is_exact for each in kept]),
        )
        order = np.lexsort((-postings.weights, postings.rows, numbers))
        numbers, postings = numbers[order], postings.at(order)
        is_first = np.ones(len(order), dtype=np.bool_)
        is_first[1:] = (np.diff(numbers) != 0) | (np.diff(postings.rows) != 0)
        numbers, postings = numbers[is_first], postings.at(np.flatnonzero(is_first))
        order = np.lexsort((postings.rows, -postings.weights, numbers))
        starts = np.searchsorted(numbers[order], np.arange(len(words) + 1))
        return cls(words, starts, postings.at(order))

    def of(self, word: str) -> Postings:
        """The postings of a word of the vocabulary."""
        at = self.words.index(word)
        return self.postings.at(slice(*self.starts[at : at + 2].tolist()))

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
        found = [_of_rows(each, rows) for each in own]
        weights = np.array([each.weights for each in found]).reshape(len(own), -1)
        order = np.lexsort((rows, -weights.min(axis=0)))
        return Showing(rows[order], [each.at(order) for each in found])


class Showing(NamedTuple):
    """Rows that show some words, (m,), and of each word its postings at these."""

    rows: Int64Array
    words: list[Postings]


def _of_rows(postings: Postings, rows: Int64Array) -> Postings:
    """The postings of some rows, which all have one."""
    order = np.argsort(postings.rows)
    return postings.at(order[np.searchsorted(postings.rows[order], rows)])


def read_as(
    text: str, words: Sequence[str], namer: Namer | None
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """What the phrases of a text are taken for, and those that stand for no word.

    A phrase is a word that there is, also in the plural; or it ends with one, as a red tram is a
    tram; or the vector of one is near to its own.

    Parameters
    ----------
    text
        Words.
    words
        Those that there are.
    namer
        Has vectors of its words, and of texts; None to go by letters alone.

    Examples
    --------
    >>> read_as("two red trams near a house", ["tram", "house"], None)
    ({'two red trams': 'tram', 'house': 'house'}, ())
    """
    known = set(words)
    found: dict[str, str] = {}
    phrases = [text[start:stop] for start, stop in phrase_spans(text)]
    for phrase in phrases:
        parts = phrase.casefold().split()
        ends = [" ".join(parts[at:]) for at in range(len(parts))]
        word = next((word for end in ends for word in singulars(end) if word in known), None)
        if word is not None:
            found[phrase] = word
    left = [phrase for phrase in dict.fromkeys(phrases) if phrase not in found]
    if left and namer is not None:
        products = namer.encoder.encode_texts(left) @ namer.vectors.T
        for phrase, own in zip(left, products, strict=True):
            if own.max() >= NEAR_ENOUGH:
                found[phrase] = namer.words[int(own.argmax())]
    in_order = {phrase: found[phrase] for phrase in phrases if phrase in found}
    return in_order, tuple(phrase for phrase in left if phrase not in found)
