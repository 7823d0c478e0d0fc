"""Vectors of the parts of images and texts, which sum to the vectors of the whole.

Because they sum, a cosine splits exactly: the cosine of an image with a text is the sum, over the
image's regions and the text's phrases, of the regions' products with the phrases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from placelens.types import FeatureName, Float32Array, UInt8Array

Span = tuple[int, int]

# What one pass over an image gives, by the names of the features that collections keep of it.
IMAGE, REGIONS, CLASS_MAP = "image", "regions", "class_map"
PARTS: tuple[FeatureName, ...] = (IMAGE, REGIONS, CLASS_MAP)
Parts = dict[FeatureName, np.ndarray]

# Words that carry no picture of their own; a phrase is what stands between them. Verbs of being
# and seeing are among them: captions are full of "there are" and "you can see".
_FUNCTION_WORDS = """
a about above across after against all along also although among an and another any are around as
at away be because been before behind being below beneath beside besides between beyond both but by
can could did do does doing down during each either else every except few for from front had has
have having he her here hers him his how i if in inside into is it its itself just like many me might
more most much must my near nearby neither next no nor not of off on one onto or other our out
outside over own past per quite same see seen several she should shown shows since so some such
than that the their theirs them then there these they this those through throughout to together too
toward towards under until up upon us very via was we were what when where which while who whom
whose why will with within without would you your
"""
_IS_FUNCTION_WORD = frozenset(_FUNCTION_WORDS.split())
_WORD = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRegions:
    """Images and the regions of a grid over each.

    Attributes
    ----------
    vectors : (n, dim) unit vectors of the images, as ``encode_images`` gives them.
    regions : (n, rows, columns, dim); each image's regions sum to its vector, up to rounding. Row
        0 is at the top. A region's length says how much the image owes to it.
    """

    vectors: Float32Array
    regions: Float32Array


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPhrases:
    """A text and the phrases in it.

    Attributes
    ----------
    vector : (dim,) unit vector of the text, as ``encode_texts`` gives it.
    spans : of each phrase, where it starts and ends in the text, in characters.
    phrases : (len(spans), dim); a phrase is read within its sentence.
    rest : (dim,) what words outside all phrases give; the phrases and the rest sum to the vector.
    """

    vector: Float32Array
    spans: tuple[Span, ...]
    phrases: Float32Array
    rest: Float32Array


def phrase_spans(text: str) -> tuple[Span, ...]:
    """Where the phrases of an English text are: runs of words between function words and marks.

    Examples
    --------
    >>> text = "a red boat on the calm lake, in front of mountains"
    >>> [text[start:end] for start, end in phrase_spans(text)]
    ['red boat', 'calm lake', 'mountains']
    """
    spans: list[Span] = []
    for match in _WORD.finditer(text):
        if match[0].lower() in _IS_FUNCTION_WORD:
            continue
        follows = bool(spans) and text[spans[-1][1] : match.start()].isspace()
        if follows:
            spans[-1] = (spans[-1][0], match.end())
        else:
            spans.append(match.span())
    return tuple(spans)


def class_maps(regions: Float32Array, classes: Float32Array, *, temperature: float) -> Float32Array:
    """How probably each region shows each class, (n, rows, columns, c), summing to 1 over classes.

    A softmax over the cosines of a region with the classes' texts: it says which of these classes
    fits best, not whether any does.

    Parameters
    ----------
    regions
        (n, rows, columns, dim), of any length above 0.
    classes
        (c, dim) unit vectors of the classes' names.
    temperature
        Above 0; divides the cosines.
    """
    lengths = np.linalg.norm(regions, axis=-1, keepdims=True)
    cosines = (regions / np.maximum(lengths, 1e-12)) @ classes.T
    scaled = cosines / temperature
    weights = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float32)


def shares_of(stored: UInt8Array) -> Float32Array:
    """The probabilities of some classes of stored class maps, (..., c), summing to 1 over them.

    A cell that shows none of them at all may be any.

    Examples
    --------
    >>> shares_of(np.array([[30, 10], [0, 0]], dtype=np.uint8))
    array([[0.75, 0.25],
           [0.5 , 0.5 ]], dtype=float32)
    """
    weights = stored.astype(np.float32)
    total = weights.sum(axis=-1, keepdims=True)
    weights = np.where(total > 0, weights, np.float32(1))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float32)


def owners(spans: Sequence[Span], offsets: Sequence[Span]) -> list[int]:
    """For each token, the number of the phrase that it lies in; -1 for none.

    Parameters
    ----------
    spans
        Of the phrases, ascending.
    offsets
        Of the tokens; (0, 0) for tokens that stand for no characters.
    """
    found = []
    for start, end in offsets:
        inside = [i for i, (first, last) in enumerate(spans) if first <= start and end <= last]
        found.append(inside[0] if inside and end > start else -1)
    return found
