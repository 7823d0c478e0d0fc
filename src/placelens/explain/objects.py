"""Which of the objects that a detector found in an image a phrase means.

An object fits a phrase as well as the name of its class does, as sure as the detector is, and
twice as well where all of the phrase's heat is as where none is. Names decide first: a detector's
boxes have edges and heat has none, but heat knows all words and a detector only its classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.class_names import class_of_name, singulars
from placelens.storage.manifest import Manifest
from placelens.storage.version import Version
from placelens.types import Float64Array, Objects

# Of a version: the objects of the images of some rows; None where no detector has looked.
ObjectsOf = Callable[[Version, Sequence[int]], list[Objects | None]]
OBJECTS = "objects"

_WORD = re.compile(r"[^\W\d_]+")
# A class that a phrase ends with is what it is about ("old dog"); one before may be what something
# else is of or beside ("dog collar", "orange shirt").
_AT_END, _BEFORE_END = 1.0, 0.5
# A compound is a kind of its last word: a "sports ball" is a ball, a "dining table" a table. Less
# than the name itself, which another class may have.
_LAST_WORD = 0.9
# Of the 160 words that captions of flickr8k end phrases with most often, those whose vector has
# this cosine or more with that of one of COCO's names mean it (bike, table, ball, bicycle), but for
# hair, which is near a hair drier; below are red and orange, night and bed, glasses and wine glass.
LEAST_COSINE = 0.6
# Fit times sureness, of what is worth pointing at: one in twenty.
LEAST_SURE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """The classes of a detector, and how well phrases fit their names.

    Attributes
    ----------
    classes : in the order of the numbers in `Objects.classes`.
    encoder : of the texts; None to go by the words alone.
    common : (dim,) what all texts have in common, and none of them says; see
        `placelens.explain.regions.common_of`.
    """

    classes: tuple[str, ...]
    encoder: Encoder | None = None
    common: Float64Array | None = None
    _known: dict[str, Float64Array] = field(default_factory=dict)

    def fits(self, phrase: str) -> Float64Array:
        """How well a phrase fits the name of each class, (classes,) in [0, 1]; mostly 0."""
        if phrase not in self._known:
            by_words = words_fit(phrase, self.classes)
            is_told = self.encoder is None or not self.classes or bool(by_words.any())
            self._known[phrase] = by_words if is_told else self._by_vectors(phrase)
        return self._known[phrase]

    def _by_vectors(self, phrase: str) -> Float64Array:
        """Cosines of the phrase, or of its last word, with the names; 0 below the least."""
        last = _WORD.findall(phrase)[-1:]
        asked = [phrase, *last]
        vectors = self._encoded([*asked, *self.classes])
        cosines = (vectors[: len(asked)] @ vectors[len(asked) :].T).max(axis=0)
        return np.asarray(np.where(cosines >= LEAST_COSINE, np.minimum(cosines, 1.0), 0.0))

    def _encoded(self, texts: list[str]) -> Float64Array:
        """Unit vectors without what is common to all."""
        if self.encoder is None:
            return np.zeros((len(texts), 1))
        vectors = self.encoder.encode_texts(texts).astype(np.float64)
        if self.common is not None:
            vectors = vectors - np.outer(vectors @ self.common, self.common)
        lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
        return np.asarray(vectors / np.maximum(lengths, 1e-12))


def words_fit(phrase: str, classes: Sequence[str]) -> Float64Array:
    """How well the words of a phrase fit the name of each class, (classes,) in [0, 1].

    A class is named by its name or by another that people have for it, in the singular or in a
    regular plural; a name within a longer one, such as dog in hot dog, is not.

    Examples
    --------
    >>> words_fit("two old dogs", ["dog", "hot dog"]).tolist()
    [1.0, 0.0]
    >>> words_fit("hot dog", ["dog", "hot dog"]).tolist()
    [0.0, 1.0]
    >>> words_fit("dog collar", ["dog"]).tolist(), words_fit("a ball", ["sports ball"]).tolist()
    ([0.5], [0.9])
    >>> words_fit("young women", ["person"]).tolist()
    [1.0]
    """
    words = [word.casefold() for word in _WORD.findall(phrase)]
    names = [tuple(word.casefold() for word in _WORD.findall(name)) for name in classes]
    fits = np.zeros(len(names))
    taken: set[int] = set()
    for number in sorted(range(len(names)), key=lambda number: -len(names[number])):
        name = names[number]
        ends = [end for end in range(1, len(words) + 1) if _is_named(words, end, name)]
        ends = [end for end in ends if not set(range(end - len(name), end)) & taken]
        if name and ends:
            fits[number] = _AT_END if ends[-1] == len(words) else _BEFORE_END
            if len(name) > 1:  # classes of one word may share it: "man" may be person or skier
                taken |= {at for end in ends for at in range(end - len(name), end)}
    if words and fits.max(initial=0.0) < _AT_END:
        for number, name in enumerate(names):
            if len(name) > 1 and name[-1] in singulars(words[-1]) and not fits[number]:
                fits[number] = _LAST_WORD
    return fits


def _is_named(words: Sequence[str], end: int, name: tuple[str, ...]) -> bool:
    """Whether words up to one of them are a name, or another name of what it names."""
    if not name or end < len(name):
        return False
    before, last = words[end - len(name) : end - 1], singulars(words[end - 1])
    if name[-1] in last and tuple(before) == name[:-1]:
        return True
    # Forests and meadows are both vegetation, but neither is the other.
    return len(name) == 1 and any(class_of_name(each) == name[0] for each in last)


def best_object(
    objects: Objects, fits: Float64Array, boxes: Float64Array, heat: Float64Array
) -> int | None:
    """The place of the object that a phrase means; None where none fits.

    Parameters
    ----------
    objects
        Of the image.
    fits
        (classes,) how well the phrase fits their names.
    boxes
        (n, 4) of the objects, as shares of the square that the heat lies over.
    heat
        (rows, columns) where the phrase is.

    Examples
    --------
    Of two dogs that the detector is as sure of, the one where the heat is.

    >>> boxes = np.array([[0, 0, 0.5, 1], [0.5, 0, 1, 1]])
    >>> dogs = Objects(boxes.astype(np.float32), np.uint8([0, 0]), np.float32([0.8, 0.8]))
    >>> best_object(dogs, np.array([1.0]), boxes, np.array([[0.0, 1.0]]))
    1
    >>> best_object(dogs, np.array([0.0]), boxes, np.array([[0.0, 1.0]])) is None
    True
    """
    sure = fits[objects.classes] * objects.scores.astype(np.float64)
    if not len(sure) or sure.max() < LEAST_SURE:
        return None
    # Of six ways to let heat decide, on the cars, people and cyclists of camvid, this one pointed
    # right most often: .71; the detector's sureness alone .69, times all heat in the box .66.
    return int(np.argmax(sure * (1 + _warmth(heat, boxes)) / 2))


def _warmth(heat: Float64Array, boxes: Float64Array) -> Float64Array:
    """The mean heat in each box, of the largest in the image, (n,) in [0, 1]; none below 0."""
    warm = np.maximum(heat, 0.0)
    most = warm.max()
    if most <= 0.0:
        return np.zeros(len(boxes))
    rows, columns = warm.shape
    down = _covered(boxes[:, 1], boxes[:, 3], rows)
    across = _covered(boxes[:, 0], boxes[:, 2], columns)
    areas = down.sum(axis=1) * across.sum(axis=1)
    within = np.einsum("nr,rc,nc->n", down, warm, across)
    return np.asarray(within / np.maximum(areas, 1e-12) / most)


def _covered(first: Float64Array, last: Float64Array, n: int) -> Float64Array:
    """How much of each of n cells in a row lies between two ends, (boxes, n)."""
    at = np.arange(n)
    ends = np.minimum(last[:, None] * n, at + 1) - np.maximum(first[:, None] * n, at)
    return np.asarray(np.maximum(ends, 0.0))


def named_by(encoder: Encoder, manifest: Manifest, common: Float64Array | None) -> Named | None:
    """The classes of a collection's objects; None where it keeps none."""
    kept = next((each for each in manifest.features if each.kind == "objects"), None)
    if kept is None or kept.name != OBJECTS:
        return None
    names = tuple(name for name, _ in kept.blocks)
    return Named(names, encoder if encoder.takes_text else None, common)


def objects_at(version: Version, rows: Sequence[int]) -> list[Objects | None]:
    """The objects of some rows."""
    return version.values_of(rows, OBJECTS)
