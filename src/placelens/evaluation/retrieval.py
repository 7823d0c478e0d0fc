"""Text to image and image to text retrieval on pairs, as one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

import numpy as np

from placelens.encoders.base import Encoder
from placelens.errors import EncoderError, ReadError
from placelens.evaluation.ceiling import best_ranks
from placelens.evaluation.mean_recall import RECALL_KS, mean_recall
from placelens.evaluation.pairs import Pair
from placelens.evaluation.ranks import Captions, image_to_text_ranks, text_to_image_ranks
from placelens.evaluation.recall import recall_at_k
from placelens.readers.images import decode
from placelens.types import Float32Array, Float64Array, ImageSpec, UInt8Array

# Images decoded ahead of the encoder; 64 squares of 224 pixels take 10 MB.
_BLOCK = 64

Recalls = TypedDict("Recalls", {"R@1": float, "R@5": float, "R@10": float})


class Report(TypedDict):
    """What ``placelens eval --json`` prints; recalls and means in percent."""

    text_to_image: Recalls
    image_to_text: Recalls
    mR: float
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
    captions = Captions.of([pair.captions for pair in pairs])
    images = _encode_images(pairs, encoder, workers=workers, progress=progress)
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
        "n_images": captions.n_images,
        "n_texts": int(captions.total.sum()),
    }


def _recalls(ranks: Float64Array) -> Recalls:
    """R@1, R@5 and R@10."""
    at_1, at_5, at_10 = (recall_at_k(ranks, k) for k in RECALL_KS)
    return {"R@1": at_1, "R@5": at_5, "R@10": at_10}


def _encode_images(
    pairs: Sequence[Pair],
    encoder: Encoder,
    *,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> Float32Array:
    """Vectors of the pairs' images, (n, dim)."""
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
