"""Reading sources in other processes, so that decoding uses every core and a crash in a decoder
costs one file."""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from placelens.errors import ReadError
from placelens.readers.base import Reading, Skipped, Source
from placelens.readers.read import read
from placelens.types import ImageSpec

CHUNK = 8
# Starting two processes costs a second of each core: as much as decoding this many small photos, or
# this many bytes of large ones.
FEW_IMAGES = 256
FEW_BYTES = 64_000_000
# Decoders that have read the web's pictures for decades; others are never run in this process
# unless that is asked for.
STURDY = (".jpg", ".jpeg", ".png")


def read_all(
    sources: Sequence[Source], spec: ImageSpec | None, *, workers: int | None
) -> Iterator[Reading | Skipped]:
    """Read sources, in order; each gives a reading or the reason why not.

    ``workers`` is the number of processes; 0 reads in this one, None chooses.
    """
    chunks: Iterator[Sequence[Source]] = (
        sources[i : i + CHUNK] for i in range(0, len(sources), CHUNK)
    )
    if workers == 0 or (workers is None and _are_few(sources)):
        for chunk in chunks:
            yield from _read_many(list(chunk), spec)
        return
    pool = _Pool(workers or os.cpu_count() or 1)
    if workers is None:
        # While the processes start, this one is not idle.
        started = pool.start()
        while not started.done() and (first := next(chunks, None)) is not None:
            yield from _read_many(list(first), spec)
    yield from _read_in(pool, chunks, spec)


def _are_few(sources: Sequence[Source]) -> bool:
    """Whether reading here is done before processes would have started."""
    images = [source.image for source in sources if source.image is not None]
    if len(images) >= FEW_IMAGES or not all(image.lower().endswith(STURDY) for image in images):
        return False
    size_bytes = 0
    for image in images:
        with contextlib.suppress(OSError):  # reading it will say what is wrong
            size_bytes += Path(image).stat().st_size
    return size_bytes < FEW_BYTES


def _read_in(
    pool: _Pool, chunks: Iterator[Sequence[Source]], spec: ImageSpec | None
) -> Iterator[Reading | Skipped]:
    waiting: deque[tuple[Sequence[Source], Future[Any]]] = deque()
    try:
        while True:
            # Enough in flight to keep every process busy, and no more in memory.
            while len(waiting) < 3 * pool.workers and (chunk := next(chunks, None)) is not None:
                waiting.append((chunk, pool.submit(chunk, spec)))
            if not waiting:
                return
            chunk, future = waiting.popleft()
            try:
                yield from future.result()
            except BrokenProcessPool:
                # Whatever was in flight is suspect: each file is read again on its own.
                suspects = [chunk, *(other for other, _ in waiting)]
                waiting.clear()
                for source in (source for group in suspects for source in group):
                    yield pool.read_alone(source, spec)
    finally:
        for _, future in waiting:
            future.cancel()


class _Pool:
    """Worker processes that are started again after a crash.

    loky and not the standard library's pool: its workers do not import the caller's main module,
    so a plain script may call ``Collection.add`` at its top level.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def start(self) -> Future[Any]:
        """Start a process; done when the first one answers."""
        return self._executor().submit(_read_many, [], None)

    def submit(self, chunk: Sequence[Source], spec: ImageSpec | None) -> Future[Any]:
        try:
            future: Future[Any] = self._executor().submit(_read_many, list(chunk), spec)
        except BrokenProcessPool:
            future = self._executor().submit(_read_many, list(chunk), spec)
        return future

    def read_alone(self, source: Source, spec: ImageSpec | None) -> Reading | Skipped:
        try:
            result: Reading | Skipped = self.submit([source], spec).result()[0]
        except BrokenProcessPool:
            return Skipped(key=source.key, reason="the decoder crashed on this file")
        return result

    def _executor(self) -> Any:
        from loky import get_reusable_executor

        return get_reusable_executor(
            max_workers=self.workers, timeout=60, initializer=_ignore_interrupts
        )


def _ignore_interrupts() -> None:
    """Ctrl-C goes to every process of a terminal; only the main one is to answer it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read_many(sources: list[Source], spec: ImageSpec | None) -> list[Reading | Skipped]:
    return [_read_one(source, spec) for source in sources]


def _read_one(source: Source, spec: ImageSpec | None) -> Reading | Skipped:
    try:
        return read(source, spec)
    except ReadError as error:
        return Skipped(key=source.key, reason=str(error))
    except MemoryError:
        return Skipped(key=source.key, reason="there was not enough memory to decode it")
