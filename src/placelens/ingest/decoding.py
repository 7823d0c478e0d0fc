"""Reading sources in other processes, so that decoding uses every core and a crash in a decoder
costs one file."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from queue import SimpleQueue

from placelens.errors import ReadError
from placelens.processes import EndedError, Worker
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
    pool = _pool(workers or os.cpu_count() or 1)
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
    waiting: deque[Future[list[Reading | Skipped]]] = deque()
    try:
        while True:
            # Enough in flight to keep every process busy, and no more in memory.
            while len(waiting) < 3 * pool.n_workers and (chunk := next(chunks, None)) is not None:
                waiting.append(pool.submit(list(chunk), spec))
            if not waiting:
                return
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


class _Pool:
    """Worker processes, each with a thread that waits for it."""

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="placelens-decoding")
        self._free: SimpleQueue[Worker] = SimpleQueue()
        for _ in range(n_workers):
            self._free.put(Worker())

    def start(self) -> Future[list[Reading | Skipped]]:
        """Start a process; done when it answers."""
        return self.submit([], None)

    def submit(
        self, chunk: list[Source], spec: ImageSpec | None
    ) -> Future[list[Reading | Skipped]]:
        """Have a process read sources."""
        return self._threads.submit(self._read, chunk, spec)

    def _read(self, chunk: list[Source], spec: ImageSpec | None) -> list[Reading | Skipped]:
        worker = self._free.get()
        try:
            return worker.call(_read_many, chunk, spec)
        except EndedError:
            # One of them did it: each is read on its own.
            return [_read_alone(worker, source, spec) for source in chunk]
        finally:
            self._free.put(worker)


@cache
def _pool(n_workers: int) -> _Pool:
    """The pool of so many processes, which wait a minute for the next import before they end."""
    return _Pool(n_workers)


def _read_alone(worker: Worker, source: Source, spec: ImageSpec | None) -> Reading | Skipped:
    try:
        (reading,) = worker.call(_read_many, [source], spec)
    except EndedError:
        return Skipped(key=source.key, reason="the decoder crashed on this file")
    return reading


def _read_many(sources: list[Source], spec: ImageSpec | None) -> list[Reading | Skipped]:
    return [_read_one(source, spec) for source in sources]


def _read_one(source: Source, spec: ImageSpec | None) -> Reading | Skipped:
    try:
        return read(source, spec)
    except ReadError as error:
        return Skipped(key=source.key, reason=str(error))
    except MemoryError:
        return Skipped(key=source.key, reason="there was not enough memory to decode it")
