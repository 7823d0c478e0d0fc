"""What a perfect ranker would reach: repeated captions keep it below 100%."""

from __future__ import annotations

import numpy as np

from placelens.evaluation.ranks import Captions
from placelens.types import Float64Array


def best_ranks(captions: Captions) -> tuple[Float64Array, Float64Array]:
    """Return the best ranks that any scores can get, text to image and image to text.

    A text that g images carry is best served by these g in the first g places, whose mean is
    (g + 1) / 2. An image is best served by that caption of its own, m times its own and t times
    others', with the smallest 1 + t / (m + 1) in front. No scores get better ranks than these
    (``placelens.evaluation.ranks`` defines them), so no recall exceeds theirs.

    Returns
    -------
    text_to_image, image_to_text
        (n distinct texts,) and (n images,).

    Examples
    --------
    >>> best_ranks(Captions.of([["a pier"], ["a pier", "a lake"]]))
    (array([1.5, 1. ]), array([1.5, 1. ]))
    """
    carriers = np.bincount(captions.text, minlength=len(captions.texts))
    text_to_image = (carriers + 1) / 2.0
    others = captions.total[captions.text] - captions.count
    rank = 1.0 + others / (captions.count + 1.0)
    image_to_text = np.full(captions.n_images, np.inf)
    np.minimum.at(image_to_text, captions.image, rank)
    return text_to_image, image_to_text
