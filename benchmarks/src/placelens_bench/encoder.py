"""How fast an encoder is, and how fast photos are decoded for it.

The photos are synthetic (smooth gradients with noise, JPEG quality 90), so that anybody can make
them: at 640 x 480 and at 4000 x 3000, as travel photos and today's telephones have them.
"""

from __future__ import annotations

import io
import itertools
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.encoders.onnx_session import usable_cores
from placelens.errors import EncoderError
from placelens.ingest.decoding import read_all
from placelens.readers.base import Reading, Skipped, Source
from placelens.readers.discover import read_photos
from placelens.readers.images import decode
from placelens.types import ImageSpec, UInt8Array

SEED = 20261122
BATCH = 32
CAPTION = "a small boat with a red sail on a calm blue lake in front of mountains"
SIZES = {"640px": (640, 480), "12MP": (4000, 3000)}
N_FILES = {"640px": 768, "12MP": 160}


def run(*, encoder: str | Encoder = "lite", rounds: int = 5) -> dict[str, Any]:
    """Medians over ``rounds``: images a second encoded and decoded, milliseconds a text.

    Raises
    ------
    EncoderError
        If the encoder takes no images.
    """
    loaded = as_encoder(encoder)
    spec = loaded.image_spec
    if spec is None:
        raise EncoderError(f"the encoder {loaded.name} takes no images, so there is little to time")
    rng = np.random.default_rng(SEED)
    pixels = rng.integers(0, 256, (BATCH, spec.size, spec.size, 3), dtype=np.uint8)
    seconds = _median(lambda: loaded.encode_images(pixels), rounds)
    out: dict[str, Any] = {
        "encoder": loaded.fingerprint,
        "encode_images_per_s": BATCH / seconds,
        "decode_images_per_s_one_process": {},
        "files_to_vectors_images_per_s": {},
        "files_to_all_parts_images_per_s": {},
    }
    kinds: dict[str, Callable[[UInt8Array], object]] = {
        "files_to_vectors_images_per_s": loaded.encode_images
    }
    if len(loaded.parts) > 1:
        out["encode_all_parts_images_per_s"] = BATCH / _median(
            lambda: loaded.encode_parts(pixels, loaded.parts), rounds
        )
        kinds["files_to_all_parts_images_per_s"] = partial(loaded.encode_parts, names=loaded.parts)
    if loaded.takes_text:
        out["text_ms"] = 1e3 * _median(lambda: loaded.encode_texts([CAPTION]), rounds)
        texts = [f"{CAPTION} {i}" for i in range(BATCH)]
        out["text_ms_in_batches_of_32"] = (
            1e3 * _median(lambda: loaded.encode_texts(texts), rounds) / BATCH
        )
    for name, size in SIZES.items():
        photo = _photo(rng, *size)
        seconds = _median(lambda photo=photo: decode(photo, spec), rounds)  # type: ignore[misc]
        out["decode_images_per_s_one_process"][name] = 1.0 / seconds
        n_files = N_FILES[name] if rounds > 1 else BATCH
        for kind, encode in kinds.items():
            out[kind][name] = _files_to_vectors(spec, encode, photo, n_files)
    return out


def _files_to_vectors(
    spec: ImageSpec, encode: Callable[[UInt8Array], object], photo: bytes, n_files: int
) -> float:
    """Images a second, read by ``placelens index``'s readers (with hash, EXIF and thumbnail) in
    processes that are already running, and encoded.
    """
    with tempfile.TemporaryDirectory() as folder:
        for number in range(n_files):
            (Path(folder) / f"{number:04}.jpg").write_bytes(photo)
        sources = [source for source in read_photos(folder) if isinstance(source, Source)]
        workers = usable_cores()
        encode(_pixels(read_all(sources[:8], spec, workers=workers)))
        start = time.perf_counter()
        readings = read_all(sources, spec, workers=workers)
        n_done = 0
        while batch := list(itertools.islice(readings, BATCH)):
            pixels = _pixels(batch)
            encode(pixels)
            n_done += len(pixels)
        return n_done / (time.perf_counter() - start)


def _pixels(readings: Iterable[Reading | Skipped]) -> UInt8Array:
    read = [reading.pixels for reading in readings if isinstance(reading, Reading)]
    return np.stack([pixels for pixels in read if pixels is not None])


def _photo(rng: np.random.Generator, width: int, height: int) -> bytes:
    across, down = np.linspace(0, 200, width), np.linspace(0, 55, height)[:, None]
    base = (across + down)[..., None] + rng.normal(0, 12, (height, width, 3))
    buffer = io.BytesIO()
    Image.fromarray(base.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _median(call: Callable[[], object], rounds: int) -> float:
    call()  # opens the network
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
