"""Processes that try inputs: one that crashes or hangs costs itself, and its seed is known."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from tests.fuzz.targets import generator, target_of

CHUNK = 5_000
MOST_FAILURES = 20
LOOK_EVERY_S = 0.5


@dataclass
class Tried:
    """What came of a target's inputs."""

    n: int = 0
    read: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tried) -> None:
        """Count what came of more of them."""
        self.n += other.n
        self.read += other.read
        self.seconds += other.seconds
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.failures += other.failures


def try_numbers(name: str, seed: int, first: int, last: int, at: Any = None) -> Tried:
    """Try the numbers from first to last - 1 here; ``at.value`` says which is being tried."""
    target = target_of(name)
    tried = Tried()
    for number in range(first, last):
        if at is not None:
            at.value = number
        start = time.perf_counter()
        try:
            tried.read += target(generator(name, seed, number))
        except Exception:
            if len(tried.failures) < MOST_FAILURES:
                tried.failures.append(
                    f"{name}, seed {seed}, number {number}: {traceback.format_exc()}"
                )
        took = time.perf_counter() - start
        tried.n += 1
        tried.seconds += took
        tried.slowest_s = max(tried.slowest_s, took)
    return tried


class _Worker:
    """A process that tries numbers, watched from outside."""

    def __init__(self, name: str, seed: int, first: int, last: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.name, self.seed, self.first, self.last = name, seed, first, last
        self.at = context.Value("q", first - 1, lock=False)
        self.results, theirs = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_work, args=(theirs, name, seed, first, last, self.at)
        )
        self.process.start()
        theirs.close()
        self.seen, self.since = first - 1, time.monotonic()

    def is_hanging(self, hang_s: float) -> bool:
        """Whether it has been at one number for too long; loading what it needs does not count."""
        if self.at.value != self.seen:
            self.seen, self.since = self.at.value, time.monotonic()
        return self.seen >= self.first and time.monotonic() - self.since > hang_s

    def ended(self, *, hung: bool) -> tuple[Tried, list[tuple[int, int]]]:
        """What came of it, and the ranges of numbers that are still to be tried.

        What a process found before it crashed is lost with it, so those numbers are tried again.
        """
        tried = Tried()
        if hung:
            self.process.kill()
        else:
            with suppress(EOFError):
                tried = self.results.recv()
        self.process.join()
        self.results.close()
        if tried.n:
            return tried, []
        at = self.at.value
        if at < self.first:
            raise RuntimeError(f"{self.name} cannot be tried: its process did not start")
        code = self.process.exitcode or 0
        how = "it hung" if hung else signal.Signals(-code).name if code < 0 else f"exit {code}"
        crashed = Tried(n=1)
        crashed.failures.append(f"{self.name}, seed {self.seed}, number {at}: {how}")
        left = [(at + 1, self.last), (self.first, at)]
        return crashed, [(first, last) for first, last in left if first < last]


def _work(results: Connection, name: str, seed: int, first: int, last: int, at: Any) -> None:
    target_of(name)
    # What libraries in C write of broken files would bury the counts.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    warnings.simplefilter("error")
    results.send(try_numbers(name, seed, first, last, at))


def try_in_processes(
    name: str, seed: int, n: int, *, n_processes: int, hang_s: float, chunk: int = CHUNK
) -> Tried:
    """Try the numbers below n in several processes at once."""
    todo: list[tuple[int, int]] = [(first, min(first + chunk, n)) for first in range(0, n, chunk)]
    todo.reverse()
    whole = Tried()
    running: list[_Worker] = []
    while todo or running:
        while todo and len(running) < n_processes:
            running.append(_Worker(name, seed, *todo.pop()))
        for worker, hung in _finished(running, hang_s):
            running.remove(worker)
            tried, left = worker.ended(hung=hung)
            whole.add(tried)
            if len(whole.failures) < MOST_FAILURES:
                todo += left
    return whole


def _finished(running: list[_Worker], hang_s: float) -> Iterator[tuple[_Worker, bool]]:
    ready = wait([worker.results for worker in running], timeout=LOOK_EVERY_S)
    for worker in list(running):
        if worker.results in ready:
            yield worker, False
        elif worker.is_hanging(hang_s):
            yield worker, True
