"""Expected ranks of images for their captions, and of captions for their images.

Data sets repeat captions: 92% of RSICD's lines are somebody else's word for word. Nothing can
rank the right one of identical captions first except by luck, and luck must not be measured.
So a rank is an expectation over what luck decides:

* **equal scores**: the order among equals is random; a result's expected rank is
  ``1 + greater + (equal - 1) / 2``;
* **a caption that several images carry** (text to image): which of its images is meant is not
  knowable from the text; the expected rank is the mean of these images' ranks;
* **a text equal to another image's caption** (image to text): equal texts always have equal
  scores (each distinct text is scored once), so the rule for equal scores holds. Of an image's
  own captions the first counts; with m own among m + t equals, it is expected at
  ``1 + greater + t / (m + 1)``, the mean of the smallest of m positions drawn from m + t.

Ranks start at 1 and may be fractions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from placelens.errors import InputError
from placelens.types import Float64Array, Int64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """Which images carry which texts, each distinct text once.

    Attributes
    ----------
    texts : the distinct captions, in order of first appearance.
    image, text, count : (m,) parallel; image ``image[j]`` carries text ``text[j]`` ``count[j]``
        times; sorted by image.
    n_images : number of images.
    """

    texts: tuple[str, ...]
    image: Int64Array
    text: Int64Array
    count: Int64Array
    n_images: int

    @classmethod
    def of(cls, captions: Sequence[Sequence[str]]) -> Captions:
        """Build from each image's captions; every image must have one.

        Raises
        ------
        InputError
            If there is no image, or an image has no caption.

        Examples
        --------
        >>> captions = Captions.of([["a pier", "a pier"], ["a pier", "a lake"]])
        >>> captions.texts, captions.total.tolist()
        (('a pier', 'a lake'), [3, 1])
        """
        if not captions:
            raise InputError("no image with captions was given; retrieval needs at least one")
        number: dict[str, int] = {}
        rows: list[tuple[int, int, int]] = []
        for image, own in enumerate(captions):
            if not own:
                raise InputError(f"image {image} has no caption; each needs at least one")
            for text, count in Counter(own).items():
                rows.append((image, number.setdefault(text, len(number)), count))
        table = np.array(rows, dtype=np.int64)
        return cls(
            texts=tuple(number),
            image=table[:, 0],
            text=table[:, 1],
            count=table[:, 2],
            n_images=len(captions),
        )

    @property
    def total(self) -> Int64Array:
        """How often each distinct text occurs over all images, (n distinct,)."""
        total = np.zeros(len(self.texts), dtype=np.int64)
        np.add.at(total, self.text, self.count)
        return total


def text_to_image_ranks(scores: npt.NDArray[np.floating], captions: Captions) -> Float64Array:
    """Expected rank of the image meant, for every distinct text.

    Parameters
    ----------
    scores
        (n_images, n_texts), larger is better; one column for each of ``captions.texts``.
    captions
        Who carries what.

    Returns
    -------
    ranks
        (n_texts,); to weigh a text by how often it is asked, ``np.repeat(ranks,
        captions.total)``.

    Examples
    --------
    Both images carry "a pier", at ranks 1 and 2: the one meant is expected at 1.5.

    >>> captions = Captions.of([["a pier"], ["a pier", "a lake"]])
    >>> text_to_image_ranks(np.array([[0.9, 0.3], [0.8, 0.7]]), captions)
    array([1.5, 1. ])
    """
    _check_scores(scores, captions)
    own = scores[captions.image, captions.text]  # (m,)
    columns = scores[:, captions.text]  # (n_images, m)
    greater = np.count_nonzero(columns > own, axis=0)
    equal = np.count_nonzero(columns == own, axis=0)  # counts the image itself
    rank = 1.0 + greater + (equal - 1) / 2.0
    carriers = np.bincount(captions.text, minlength=len(captions.texts))
    summed = np.bincount(captions.text, weights=rank, minlength=len(captions.texts))
    return np.asarray(summed / carriers, dtype=np.float64)


def image_to_text_ranks(scores: npt.NDArray[np.floating], captions: Captions) -> Float64Array:
    """Expected rank of the first of each image's own captions, (n_images,).

    Parameters
    ----------
    scores
        (n_images, n_texts), larger is better; one column for each of ``captions.texts``.
    captions
        Who carries what; a text that occurs n times fills n places of the ranking.

    Examples
    --------
    The first image's "a pier" ties with the second image's: 1 own of 2 equals, so 1 + 1 / 2.

    >>> captions = Captions.of([["a pier"], ["a pier", "a lake"]])
    >>> image_to_text_ranks(np.array([[0.9, 0.3], [0.2, 0.7]]), captions)
    array([1.5, 1. ])
    """
    _check_scores(scores, captions)
    total = captions.total
    starts = np.searchsorted(captions.image, np.arange(captions.n_images + 1))
    ranks = np.empty(captions.n_images)
    for image in range(captions.n_images):
        own = slice(starts[image], starts[image + 1])
        row = scores[image]
        own_scores = row[captions.text[own]]
        best = own_scores.max()
        greater = total[row > best].sum()
        own_equal = captions.count[own][own_scores == best].sum()
        other_equal = total[row == best].sum() - own_equal
        ranks[image] = 1.0 + greater + other_equal / (own_equal + 1.0)
    return ranks


def _check_scores(scores: npt.NDArray[np.floating], captions: Captions) -> None:
    """Raise InputError unless scores has one row an image and one column a distinct text."""
    expected = (captions.n_images, len(captions.texts))
    if scores.shape != expected:
        raise InputError(
            f"scores must be (images, distinct texts) = {expected}, got {scores.shape}"
        )
    if np.isnan(scores).any():
        raise InputError("scores hold NaN; an encoder must give finite vectors")
