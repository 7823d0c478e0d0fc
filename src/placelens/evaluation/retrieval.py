"""Text to image and image to text retrieval on pairs, as one report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.fits import Pair as Kinds
from placelens.evaluation.answerable import ask
from placelens.evaluation.bootstrap import Ranks, mean_recall_gain
from placelens.evaluation.ceiling import best_ranks
from placelens.evaluation.mean_recall import RECALL_KS, mean_recall
from placelens.evaluation.pairs import Pair
from placelens.evaluation.prepared import image_spec_of, prepared_blocks
from placelens.evaluation.ranks import Captions, image_to_text_ranks, text_to_image_ranks
from placelens.evaluation.recall import recall_at_k
from placelens.evaluation.reliability import Bin, auroc, calibration_error, reliability
from placelens.types import BoolArray, Float32Array, Float64Array

SEED = 20261122

Recalls = TypedDict("Recalls", {"R@1": float, "R@5": float, "R@10": float})


class BothWays(TypedDict):
    """Recalls of texts asked of images and of images asked of texts, and their mean; percent."""

    text_to_image: Recalls
    image_to_text: Recalls
    mR: float


class Forecast(TypedDict):
    """Whether scores tell yes from no, and whether probabilities keep their word.

    ``auroc`` in [0, 1]; ``calibration_error`` and ``reliability`` are None for raw cosines.
    """

    auroc: float
    calibration_error: float | None
    reliability: list[Bin] | None
    n: int


class Figures(BothWays):
    """Recalls, and how well scores answer two questions.

    ``match``: that an image goes with a text, one match against one random pair. ``answerable``:
    that a collection holds an image for a text, asked of random halves of the images, with and
    without the one meant. Both None when there is only one image.
    """

    match: Forecast | None
    answerable: Forecast | None


class Corrected(Figures):
    """The figures of corrected cosines; ``mR_gain``: the 95% interval of what mR gains."""

    mR_gain: tuple[float, float]


class Report(Figures):
    """What ``placelens eval --json`` prints.

    ``hub_corrected``: the figures of cosines corrected for hubs; None for an encoder that has no
    hub pools.
    """

    hub_corrected: Corrected | None
    mR_ceiling: float
    n_images: int
    n_texts: int


def evaluate_pairs(
    pairs: Sequence[Pair],
    encoder: Encoder,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Measure how well an encoder finds images by their captions and captions by their images.

    Every caption asks for its image among all images, every image for its captions among all
    captions. ``placelens.evaluation.ranks`` defines the expected rank that equal scores and
    repeated captions get, and ``mR_ceiling`` is the mR of a perfect ranker on the same pairs.

    Parameters
    ----------
    pairs
        From ``read_pairs``, perhaps through ``select_pairs``.
    encoder
        It must take images and texts.
    workers
        Threads that decode images.
    progress
        Called with the number of images done and their total.

    Raises
    ------
    EncoderError
        If the encoder takes no images or no texts.
    ReadError
        If an image cannot be read; the message names it.
    """
    images = encode_pairs(pairs, encoder, workers=workers, progress=progress)
    return report_of([pair.captions for pair in pairs], images, encoder)


def report_of(texts_of: Sequence[Sequence[str]], images: Float32Array, encoder: Encoder) -> Report:
    """The same for images that are encoded already.

    Parameters
    ----------
    texts_of
        The captions of each of n images.
    images
        (n, dim) their unit vectors.
    encoder
        Of the captions.
    """
    captions = Captions.of(texts_of)
    texts = encoder.encode_texts(captions.texts)
    scores = images @ texts.T
    best_text_ranks, best_image_ranks = best_ranks(captions)
    best_text_ranks = np.repeat(best_text_ranks, captions.total)
    return {
        **_figures(scores, scores, captions, encoder.calibrations),
        "hub_corrected": _hub_corrected(scores, images, texts, captions, encoder),
        "mR_ceiling": mean_recall(best_text_ranks, best_image_ranks),
        "n_images": captions.n_images,
        "n_texts": int(captions.total.sum()),
    }


def _hub_corrected(
    scores: Float32Array,
    images: Float32Array,
    texts: Float32Array,
    captions: Captions,
    encoder: Encoder,
) -> Corrected | None:
    """The figures after each item has lost what the encoder's hub pools take from it."""
    if not encoder.hub_pools:
        return None
    of_texts = of_images = scores
    if pool := encoder.hub_pools.get(("text", "image")):
        of_texts = scores - pool.penalties(images)[:, None]
    if pool := encoder.hub_pools.get(("image", "text")):
        of_images = scores - pool.penalties(texts)
    before, after = (
        Ranks(
            text_to_image=text_to_image_ranks(asked, captions),
            image_to_text=image_to_text_ranks(shown, captions),
        )
        for asked, shown in ((scores, scores), (of_texts, of_images))
    )
    return {
        **_figures(of_texts, of_images, captions, encoder.hub_calibrations),
        "mR_gain": mean_recall_gain(before, after, captions, seed=SEED),
    }


def _figures(
    of_texts: Float32Array,
    of_images: Float32Array,
    captions: Captions,
    calibrations: Mapping[Kinds, Calibration],
) -> Figures:
    """The figures of the scores that texts, and images, as queries have with all of the others."""
    return {
        **recalls(of_texts, captions, of_images=of_images),
        "match": _match_forecast(of_texts, captions, calibrations.get(("text", "image"))),
        "answerable": _answer_forecast(of_texts, captions),
    }


def recalls(
    scores: npt.NDArray[np.floating],
    captions: Captions,
    *,
    of_images: npt.NDArray[np.floating] | None = None,
) -> BothWays:
    """Recalls at 1, 5 and 10 of images and texts by their scores.

    Parameters
    ----------
    scores
        (n_images, n_texts), one column for each of ``captions.texts``.
    captions
        Who carries what.
    of_images
        Of the same shape, where an image as a query has other scores than a text.
    """
    text_ranks = np.repeat(text_to_image_ranks(scores, captions), captions.total)
    image_ranks = image_to_text_ranks(scores if of_images is None else of_images, captions)
    return {
        "text_to_image": _recalls(text_ranks),
        "image_to_text": _recalls(image_ranks),
        "mR": mean_recall(text_ranks, image_ranks),
    }


def _match_forecast(
    scores: Float32Array, captions: Captions, calibration: Calibration | None
) -> Forecast | None:
    """Every image with each of its texts, and each text with another image, at random."""
    carries = np.zeros((len(captions.texts), captions.n_images), dtype=np.bool_)
    carries[captions.text, captions.image] = True
    kept = carries.sum(axis=1)[captions.text] < captions.n_images  # another image is there
    text, image = captions.text[kept], captions.image[kept]
    if not len(text):
        return None
    rng = np.random.default_rng(SEED)
    draws = np.where(carries[text], -1.0, rng.random((len(text), captions.n_images)))
    pairs = np.concatenate([scores[image, text], scores[draws.argmax(axis=1), text]])
    is_match = np.repeat([True, False], len(text))
    kept_word = None if calibration is None else calibration.at_even_odds
    return _forecast(pairs.astype(np.float64), is_match, kept_word)


def _answer_forecast(scores: Float32Array, captions: Captions) -> Forecast | None:
    """Texts asked of random halves of the images; by scores, which need no fit to be told apart."""
    if captions.n_images < 2:
        return None
    asked = ask(scores, captions, seed=SEED)
    return _forecast(asked.best, asked.is_answerable, None)


def _forecast(
    scores: Float64Array,
    positive: BoolArray,
    probability: Callable[[Float64Array], Float64Array] | None,
) -> Forecast | None:
    """How well scores, and the probabilities made of them, tell yes from no."""
    if positive.all() or not positive.any():
        return None
    bins = None if probability is None else reliability(probability(scores), positive)
    return {
        "auroc": auroc(scores, positive),
        "calibration_error": None if bins is None else calibration_error(bins),
        "reliability": bins,
        "n": len(positive),
    }


def _recalls(ranks: Float64Array) -> Recalls:
    """R@1, R@5 and R@10."""
    at_1, at_5, at_10 = (recall_at_k(ranks, k) for k in RECALL_KS)
    return {"R@1": at_1, "R@5": at_5, "R@10": at_10}


def encode_pairs(
    pairs: Sequence[Pair],
    encoder: Encoder,
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Float32Array:
    """Unit vectors of the pairs' images, (n, dim); parameters and errors of ``evaluate_pairs``."""
    spec = image_spec_of(encoder)
    vectors = np.empty((len(pairs), encoder.dim), dtype=np.float32)
    done = 0
    paths = [pair.image for pair in pairs]
    for block in prepared_blocks(paths, spec, workers=workers):
        vectors[done : done + len(block)] = encoder.encode_images(block)
        done += len(block)
        if progress is not None:
            progress(done, len(pairs))
    return vectors
