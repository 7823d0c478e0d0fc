"""Images on disk, prepared for an encoder block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from placelens.encoders.base import Encoder
from placelens.errors import EncoderError, ReadError
from placelens.readers.images import decode
from placelens.types import ImageSpec, UInt8Array

# 64 squares of 224 pixels take 10 MB.
_BLOCK = 64


def image_spec_of(encoder: Encoder) -> ImageSpec:
    """How an encoder wants its images.

    Raises
    ------
    EncoderError
        If it takes none.
    """
    if encoder.image_spec is None:
        raise EncoderError(f"encoder {encoder.name!r} takes no images; use one that does")
    return encoder.image_spec


def prepared_blocks(
    paths: Sequence[Path], spec: ImageSpec, *, workers: int = 2
) -> Iterator[UInt8Array]:
    """Blocks of prepared images, (n, size, size, 3), in order.

    The next block is decoded while the caller works on one.

    Parameters
    ----------
    paths
        Of image files.
    spec
        How the encoder wants them.
    workers
        Threads that decode.

    Raises
    ------
    ReadError
        If an image cannot be read; the message names it.
    """

    def prepared(path: Path) -> UInt8Array:
        try:
            pixels = decode(path, spec).pixels
        except ReadError as error:
            raise ReadError(f"{path}: {error}") from error
        if pixels is None:
            raise ReadError(f"{path}: it gave no pixels")
        return pixels

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(prepared, path) for path in paths[:_BLOCK]]
        for start in range(0, len(paths), _BLOCK):
            current = waiting
            following = paths[start + _BLOCK : start + 2 * _BLOCK]
            waiting = [pool.submit(prepared, path) for path in following]
            yield np.stack([future.result() for future in current])
