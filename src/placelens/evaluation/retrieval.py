"""Text to image and image to text retrieval on pairs, as one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

import numpy as np

from placelens.encoders.base import Encoder
from placelens.errors import EncoderError, ReadError
from placelens.evaluation.answerable import ask
from placelens.evaluation.ceiling import best_ranks
from placelens.evaluation.mean_recall import RECALL_KS, mean_recall
from placelens.evaluation.pairs import Pair
from placelens.evaluation.ranks import Captions, image_to_text_ranks, text_to_image_ranks
from placelens.evaluation.recall import recall_at_k
from placelens.evaluation.reliability import Bin, auroc, calibration_error, reliability
from placelens.readers.images import decode
from placelens.types import (
    BoolArray,
    Float32Array,
    Float64Array,
    ImageSpec,
    UInt8Array,
)

SEED = 20261122
# Images decoded ahead of the encoder; 64 squares of 224 pixels take 10 MB.
_BLOCK = 64

Recalls = TypedDict("Recalls", {"R@1": float, "R@5": float, "R@10": float})


class Forecast(TypedDict):
    """Whether scores tell yes from no, and whether probabilities keep their word.

    ``auroc`` in [0, 1]; ``calibration_error`` and ``reliability`` are None for raw cosines.
    """

    auroc: float
    calibration_error: float | None
    reliability: list[Bin] | None
    n: int


class Report(TypedDict):
    """What ``placelens eval --json`` prints; recalls and means in percent.

    ``match``: that an image goes with a text, one match against one random pair. ``answerable``:
    that a collection holds an image for a text, asked of random halves of the images, with and
    without the one meant. Both None when there is only one image.
    """

    text_to_image: Recalls
    image_to_text: Recalls
    mR: float
    mR_ceiling: float
    match: Forecast | None
    answerable: Forecast | None
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
    scores = images @ encoder.encode_texts(captions.texts).T
    text_ranks = np.repeat(text_to_image_ranks(scores, captions), captions.total)
    image_ranks = image_to_text_ranks(scores, captions)
    best_text_ranks, best_image_ranks = best_ranks(captions)
    best_text_ranks = np.repeat(best_text_ranks, captions.total)
    return {
        "text_to_image": _recalls(text_ranks),
        "image_to_text": _recalls(image_ranks),
        "mR": mean_recall(text_ranks, image_ranks),
        "mR_ceiling": mean_recall(best_text_ranks, best_image_ranks),
        "match": _match_forecast(scores, captions, encoder),
        "answerable": _answer_forecast(scores, captions),
        "n_images": captions.n_images,
        "n_texts": int(captions.total.sum()),
    }


def _match_forecast(scores: Float32Array, captions: Captions, encoder: Encoder) -> Forecast | None:
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
    calibration = encoder.calibrations.get(("text", "image"))
    return _forecast(pairs.astype(np.float64), is_match, calibration)


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
    if encoder.image_spec is None:
        raise EncoderError(f"encoder {encoder.name!r} takes no images; use one that does")
    vectors = np.empty((len(pairs), encoder.dim), dtype=np.float32)
    done = 0
    for block in _decode_blocks(pairs, encoder.image_spec, workers):
        vectors[done : done + len(block)] = encoder.encode_images(block)
        done += len(block)
        if progress is not None:
            progress(done, len(pairs))
    return vectors


def _decode_blocks(pairs: Sequence[Pair], spec: ImageSpec, workers: int) -> Iterator[UInt8Array]:
    """Blocks of prepared images; the next block is decoded while one is encoded."""

    def prepared(pair: Pair) -> UInt8Array:
        try:
            pixels = decode(pair.image, spec).pixels
        except ReadError as error:
            raise ReadError(f"{pair.image}: {error}") from error
        if pixels is None:
            raise ReadError(f"{pair.image}: it gave no pixels")
        return pixels

    with ThreadPoolExecutor(workers) as pool:
        starts = range(0, len(pairs), _BLOCK)
        waiting = [pool.submit(prepared, pair) for pair in pairs[:_BLOCK]]
        for start in starts:
            current = waiting
            following = pairs[start + _BLOCK : start + 2 * _BLOCK]
            waiting = [pool.submit(prepared, pair) for pair in following]
            yield np.stack([future.result() for future in current])
