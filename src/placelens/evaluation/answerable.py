"""Questions that a collection can answer, and questions that it cannot.

Nothing says "no good match" unless it can tell the two apart. Here they are made from images with
captions: half of the images, drawn at random, are the collection; a caption of one of them can be
answered, a caption of none cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from placelens.evaluation.ranks import Captions
from placelens.types import BoolArray, Float64Array, Int64Array

N_DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Texts asked of collections drawn at random.

    Attributes
    ----------
    best : (q,) the score of the best image.
    n_images : (q,) images in the collection that was asked.
    is_answerable : (q,) whether one of them carries the text.
    is_strange : (q,) whether the text is a stranger to all images there are.
    """

    best: Float64Array
    n_images: Int64Array
    is_answerable: BoolArray
    is_strange: BoolArray


def ask(
    scores: npt.NDArray[np.floating],
    captions: Captions,
    *,
    strangers: npt.NDArray[np.floating] | None = None,
    seed: int = 0,
    n_draws: int = N_DRAWS,
    share: float = 0.5,
) -> Questions:
    """Ask every distinct text of ``n_draws`` random collections.

    Parameters
    ----------
    scores
        (n_images, n_texts), one column for each of ``captions.texts``.
    captions
        Who carries what; two or more images.
    strangers
        (n_images, s) scores of texts that no image carries, which are asked as well.
    seed
        Of the draws.
    n_draws
        Collections that are drawn.
    share
        Of the images in each collection, in (0, 1).
    """
    rng = np.random.default_rng(seed)
    size = min(max(1, round(share * captions.n_images)), captions.n_images - 1)
    n_texts = len(captions.texts)
    if strangers is not None:
        scores = np.hstack([scores, strangers])
    best, answerable = [], []
    for _ in range(n_draws):
        kept = rng.permutation(captions.n_images)[:size]
        is_kept = np.zeros(captions.n_images, dtype=np.bool_)
        is_kept[kept] = True
        best.append(scores[kept].max(axis=0))
        can = np.zeros(scores.shape[1], dtype=np.bool_)
        can[captions.text[is_kept[captions.image]]] = True
        answerable.append(can)
    return Questions(
        best=np.concatenate(best).astype(np.float64),
        n_images=np.full(n_draws * scores.shape[1], size),
        is_answerable=np.concatenate(answerable),
        is_strange=np.tile(np.arange(scores.shape[1]) >= n_texts, n_draws),
    )
