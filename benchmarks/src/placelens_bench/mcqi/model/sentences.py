"""Words as numbers, and sentences that were said about images: what TU is filled from."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.types import Float32Array, Int64Array
from placelens_bench.mcqi.model.material import Material
from placelens_bench.mcqi.model.regions import cell_boxes

# Marks of a sentence, by their numbers: nothing, its start, its end, a word that is not known.
MARKS = ("<pad>", "<start>", "<end>", "<unknown>")
PAD, START, END, UNKNOWN = range(len(MARKS))
# Words that so many captions hold are known; a sentence has so many words at most.
LEAST_CAPTIONS, LONGEST = 5, 16
# A word's weights below this share of an even one say nothing, and TU leaves them out.
LEAST_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words by their numbers, `MARKS` first."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str], *, least: int = LEAST_CAPTIONS) -> Vocabulary:
        """The words that so many texts hold.

        >>> Vocabulary.of(["a pier", "a lake"], least=2).words[4:]
        ('a',)
        """
        counts = Counter(word for text in texts for word in set(_words(text)))
        return cls((*MARKS, *sorted(word for word, count in counts.items() if count >= least)))

    def numbers(self, texts: Sequence[str]) -> Int64Array:
        """Sentences between START and END, (n, LONGEST + 2), filled up with PAD.

        >>> Vocabulary((*MARKS, "a")).numbers(["A pier"])[0, :5].tolist()
        [1, 4, 3, 2, 0]
        """
        number = {word: at for at, word in enumerate(self.words)}
        found = np.full((len(texts), LONGEST + 2), PAD, dtype=np.int64)
        for row, text in zip(found, texts, strict=True):
            own = [number.get(word, UNKNOWN) for word in _words(text)][:LONGEST]
            row[: len(own) + 2] = [START, *own, END]
        return found


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about an image: words, and where each looked, (words, cells)."""

    words: tuple[str, ...]
    weights: Float32Array

    @property
    def text(self) -> str:
        """The sentence; "nothing" where no word was said, which encoders refuse."""
        return " ".join(self.words) or "nothing"

    @classmethod
    def of(cls, vocabulary: Vocabulary, numbers: Int64Array, weights: Float32Array) -> Said:
        """What stands before the first END."""
        ends = np.flatnonzero(numbers == END)
        length = int(ends[0]) if len(ends) else len(numbers)
        return cls(tuple(vocabulary.words[at] for at in numbers[:length]), weights[:length])


def tuples(material: Material, said: Sequence[Said]) -> Iterator[dict[str, Any]]:
    """The paper's TU: which word looked where in which image, and how much.

    Rows of ``word``, ``position`` in the sentence, ``image``, ``weight`` (a word's weights over all
    cells sum to 1), ``box`` (left, top, right, bottom) and its ``centre``, both in pixels of the
    original. Cells that a word looks at less than at any other on average are left out.
    """
    for image, own in enumerate(said):
        boxes = cell_boxes(material, image)
        for position, (word, weights) in enumerate(zip(own.words, own.weights, strict=True)):
            for cell in np.flatnonzero(weights * len(boxes) >= LEAST_WEIGHT):
                left, top, right, bottom = boxes[cell].tolist()
                yield {
                    "word": word,
                    "position": position,
                    "image": material.names[image],
                    "weight": round(float(weights[cell]), 5),
                    "box": [left, top, right, bottom],
                    "centre": [(left + right) / 2, (top + bottom) / 2],
                }


def write_tuples(path: Path, material: Material, said: Sequence[Said]) -> int:
    """Write TU as JSON lines; returns how many there are."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in tuples(material, said):
            file.write(json.dumps(row) + "\n")
            count += 1
    return count


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())
