"""What is relevant to what, as the paper has it: keywords by TF-IDF are the labels of an image.

"No label annotations are available [...] keywords are extracted from text descriptions by TF-IDF
method and seen as labels for corresponding images" (section 6.1). How many, and when two things
are relevant to each other, is not said. Here an image has its `KEYWORDS` words of the highest
TF-IDF in all of its captions, a caption those of its image, and one label in common is enough.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from placelens.evaluation.ranks import Captions
from placelens.types import BoolArray, Int64Array

KEYWORDS = 3
# A label is a word that so many images of the training part have: one has to be shared to count.
LEAST_IMAGES = 10


def labels_of(
    learnt: Sequence[Sequence[str]],
    texts_of: Sequence[Sequence[str]],
    *,
    keywords: int = KEYWORDS,
    least: int = LEAST_IMAGES,
) -> BoolArray:
    """Which label each image has, (n, words).

    Parameters
    ----------
    learnt
        Captions of the training images, which tell how rare a word is.
    texts_of
        Captions of the images to label.
    keywords
        Of an image, at most.
    least
        Images of ``learnt`` that a word is in.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        stop_words="english", token_pattern=r"[a-z]{3,}", min_df=min(least, len(learnt))
    )
    vectorizer.fit([" ".join(texts) for texts in learnt])
    weights = vectorizer.transform([" ".join(texts) for texts in texts_of]).toarray()
    best = np.argsort(-weights, axis=1, kind="stable")[:, :keywords]
    labels = np.zeros(weights.shape, dtype=np.bool_)
    np.put_along_axis(labels, best, True, axis=1)
    return np.asarray(labels & (weights > 0.0))


def relevant_images(labels: BoolArray) -> BoolArray:
    """Which image shares a label with which, (n, n); each with itself, whatever its labels."""
    shared = labels.astype(np.float32) @ labels.astype(np.float32).T > 0.0
    return np.asarray(shared | np.eye(len(labels), dtype=np.bool_))


def caption_rows(captions: Captions) -> tuple[Int64Array, Int64Array]:
    """The image and the distinct text of every caption, repeated ones as often as they occur."""
    return np.repeat(captions.image, captions.count), np.repeat(captions.text, captions.count)
