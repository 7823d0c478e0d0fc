"""What captions name, one word at a time: texts that an image's regions can be asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from placelens.encoders.minilm import MiniLM
from placelens.training.material import Material, Together
from placelens.types import BoolArray, Float64Array, Int64Array

# A word teaches something if so many images have it.
_LEAST_IMAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What captions name, one word at a time.

    Attributes
    ----------
    vectors : (w, d) of the words as the text map takes them.
    named : for each image, the words that its captions hold.
    """

    vectors: Float64Array
    named: Sequence[Int64Array]

    def drawn(self, images: Int64Array, rng: np.random.Generator) -> tuple[Float64Array, BoolArray]:
        """One word of each image, each once: vectors (m, d), and (n, m) which image has which."""
        own = [rng.choice(self.named[image]) for image in images if len(self.named[image])]
        words = np.unique(np.array(own, dtype=np.int64))
        holds = np.stack([np.isin(words, self.named[image]) for image in images])
        return self.vectors[words], holds


def words_of(material: Material | Together, rows: Int64Array, minilm: MiniLM) -> Words:
    """What captions name, one word at a time: all but stop words, if captions of a few rows do.

    Parameters
    ----------
    material
        Its captions tell which image holds which word.
    rows
        Images that count: their captions decide which words there are.
    """
    held = [_words(" ".join(pair.captions)) for pair in material.pairs]
    counts = Counter(word for row in rows for word in held[row])
    known = sorted(word for word, count in counts.items() if count >= _LEAST_IMAGES)
    number = {word: index for index, word in enumerate(known)}
    named = [
        np.array(sorted(number[w] for w in own if w in number), dtype=np.int64) for own in held
    ]
    return Words(vectors=minilm.encode(known).astype(np.float64), named=named)


def _words(text: str) -> set[str]:
    """The words of a text; a plural in -s holds its singular as well."""
    found = set(re.findall("[a-z]{3,}", text.lower())) - ENGLISH_STOP_WORDS
    return found | {word[:-1] for word in found if word.endswith("s") and not word.endswith("ss")}
