"""Imports that go on after their request: each a job that can be watched, paused and cancelled.

Jobs are kept in memory alone. What they have taken in is committed batch by batch, so that after a
crash the collection is as of its last commit, and the same import again passes over what is there.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from placelens.display import shown
from placelens.errors import CollectionLockedError, PlacelensError
from placelens.server.answers import JobState
from placelens.server.catalogue import Catalogue
from placelens.server.errors import ProblemError
from placelens.server.turns import Turns

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.ingest.report import Progress
    from placelens.readers.base import Skipped, Source

__all__ = ["Job", "Jobs", "n_workers"]

logger = logging.getLogger("placelens.server")

Found = Callable[[], "Iterable[Source | Skipped]"]

_OVER: frozenset[JobState] = frozenset({"done", "failed", "cancelled"})
_MOST_WAITING = 100
_MOST_KEPT = 100
MOST_ERRORS = 1_000
"""Files that a job names; it counts the others."""

# What is compared with the table at a time: the comparison reads all that it knows of its files.
_CHUNK = 512
# How often another process that writes is asked whether it has finished.
_AGAIN_S = 1.0
_STOPPING_S = 10.0


def n_workers() -> int:
    """Processes that decode what is imported: always some, and half of the cores for searches."""
    return max(1, (os.cpu_count() or 1) // 2)


class _AsideError(Exception):
    """Raised in an import to have it commit what it has and end: a request or a user wants so."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One import, and how far it is."""

    id: str
    collection: str
    found: Found
    created: datetime
    state: JobState = "queued"
    wanted: Literal["run", "pause", "cancel"] = "run"
    started: datetime | None = None
    finished: datetime | None = None
    n_total: int | None = None
    n_done: int = 0
    n_errors: int = 0
    errors: dict[str, str] = field(default_factory=dict)
    detail: str | None = None
    number: int = 0
    """Of its last change, counted over all jobs."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, without the files that could not be taken."""
        return {
            "id": self.id,
            "collection": self.collection,
            "state": self.state,
            "created": self.created.isoformat(timespec="seconds"),
            "started": self.started.isoformat(timespec="seconds") if self.started else None,
            "finished": self.finished.isoformat(timespec="seconds") if self.finished else None,
            "n_total": self.n_total,
            "n_done": self.n_done,
            "n_errors": self.n_errors,
            "detail": self.detail,
        }


class Jobs:
    """The jobs of a server: one at a time writes to a collection, in a thread of its own."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, deque[Job]] = {name: deque() for name in catalogue.names}
        self._threads: dict[str, threading.Thread] = {}
        self._listeners: set[Callable[[], None]] = set()
        self._number = 0
        self.is_stopping = False
        self.run_id = secrets.token_hex(4)
        """Of this server's run: changes are numbered anew in each."""

    def start(self, collection: str, found: Found) -> dict[str, Any]:
        """Put an import at the end of its collection's queue; ``found`` lists what to read.

        Raises
        ------
        ProblemError
            503 when too many wait already, or the server is being stopped.
        """
        job = Job(
            id=secrets.token_hex(8), collection=collection, found=found, created=datetime.now(UTC)
        )
        with self._changed:
            n_waiting = sum(job.state not in _OVER for job in self._jobs.values())
            if self.is_stopping or n_waiting >= _MOST_WAITING:
                raise ProblemError(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    f"{n_waiting} jobs wait already; ask again when some are done",
                    kind="busy",
                    title="Too many jobs",
                    headers={"Retry-After": "60"},
                )
            self._jobs[job.id] = job
            self._forget_old()
            self._queue(job)
            return job.to_dict()

    def get(self, job_id: str) -> Job:
        """The job of an id.

        Raises
        ------
        ProblemError
            404 when there is none.
        """
        job = self._jobs.get(job_id)
        if job is None:
            raise ProblemError(
                HTTPStatus.NOT_FOUND,
                f"there is no job {shown(job_id)}: the last {_MOST_KEPT} that are over are kept, "
                "until the server is stopped",
                kind="job-not-found",
                title="No such job",
            )
        return job

    def report(self, job_id: str) -> tuple[dict[str, Any], dict[str, str]]:
        """A job, and the reasons of the files that it could not take; `MOST_ERRORS` at most."""
        with self._changed:
            job = self.get(job_id)
            return job.to_dict(), dict(job.errors)

    def all(self) -> list[dict[str, Any]]:
        """The jobs there are, the newest first."""
        with self._changed:
            return [job.to_dict() for job in self._jobs.values()][::-1]

    def pause(self, job_id: str) -> dict[str, Any]:
        """Have a job stop after the batch that it is at; its collection is free meanwhile."""
        with self._changing(job_id) as job:
            if job.state == "queued":
                self._leave(job, "paused")
            elif job.state == "running":
                job.wanted = "pause"
        return job.to_dict()

    def resume(self, job_id: str) -> dict[str, Any]:
        """Have a paused job go on; what it has taken in is passed over."""
        with self._changing(job_id) as job:
            job.wanted = "run"
            if job.state == "paused":
                self._queue(job)
        return job.to_dict()

    def cancel(self, job_id: str) -> dict[str, Any]:
        """End a job after the batch that it is at; what it has taken in stays."""
        with self._changing(job_id) as job:
            if job.state == "running":
                job.wanted = "cancel"
            else:
                self._leave(job, "cancelled")
        return job.to_dict()

    def changes_after(self, number: int) -> list[tuple[int, dict[str, Any]]]:
        """The jobs that changed after a change, as they are now, each with its last change."""
        with self._changed:
            changed = [job for job in self._jobs.values() if job.number > number]
            return [(job.number, job.to_dict()) for job in sorted(changed, key=_number_of)]

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Have a function called, in any thread, after each change."""
        with self._changed:
            self._listeners.add(listener)
        try:
            yield
        finally:
            with self._changed:
                self._listeners.discard(listener)

    def end_streams(self) -> None:
        """Tell who listens that the server is being stopped."""
        with self._changed:
            self.is_stopping = True
            self._tell()

    def stop(self) -> None:
        """Cancel all jobs, and wait until the batches that they are at are committed."""
        self.end_streams()
        with self._changed:
            going_on = [job.id for job in self._jobs.values() if job.state not in _OVER]
            threads = list(self._threads.values())
            for job_id in going_on:
                self.cancel(job_id)
        for thread in threads:
            thread.join(_STOPPING_S)

    @contextmanager
    def _changing(self, job_id: str) -> Iterator[Job]:
        with self._changed:
            job = self.get(job_id)
            if job.state in _OVER:
                raise ProblemError(
                    HTTPStatus.CONFLICT,
                    f"the job {job_id} is {job.state}; start another one",
                    kind="job-over",
                    title="The job is over",
                )
            yield job
            self._note(job)

    def _queue(self, job: Job) -> None:
        """Have a job wait for its turn; called with the lock."""
        job.state, job.wanted = "queued", "run"
        waiting = self._waiting[job.collection]
        waiting.append(job)
        self._note(job)
        thread = self._threads.get(job.collection)
        if thread is None or not thread.is_alive():
            thread = threading.Thread(
                target=self._work, args=(job.collection,), name=f"placelens-jobs-{job.collection}"
            )
            self._threads[job.collection] = thread
            thread.start()
        self._changed.notify_all()

    def _leave(self, job: Job, state: JobState) -> None:
        """Take a job that does not run out of its queue; called with the lock."""
        if job.state == "queued":
            self._waiting[job.collection].remove(job)
        self._end(job, state)

    def _end(self, job: Job, state: JobState) -> None:
        job.state = state
        if state in _OVER:
            job.finished = datetime.now(UTC)
        self._note(job)

    def _forget_old(self) -> None:
        over = [job.id for job in self._jobs.values() if job.state in _OVER]
        for job_id in over[: max(0, len(over) - _MOST_KEPT)]:
            del self._jobs[job_id]

    def _note(self, job: Job) -> None:
        """Number a change, and tell who listens; called with the lock."""
        self._number += 1
        job.number = self._number
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
        self._changed.notify_all()

    def _work(self, collection: str) -> None:
        """Run the jobs of a collection, one after the other, until none waits."""
        waiting = self._waiting[collection]
        while True:
            with self._changed:
                if not waiting:
                    del self._threads[collection]
                    return
                job = waiting.popleft()
                job.state, job.started = "running", job.started or datetime.now(UTC)
                self._note(job)
            state, detail = self._outcome(job)
            with self._changed:
                job.detail = detail
                if state is not None:
                    self._end(job, state)
                elif job.wanted == "run":  # resumed before it had stopped
                    waiting.appendleft(job)
                else:
                    self._end(job, "paused" if job.wanted == "pause" else "cancelled")

    def _outcome(self, job: Job) -> tuple[Literal["done", "failed"] | None, str | None]:
        """Run a job; how it ended, None if somebody wanted it to stop, and what went wrong."""
        try:
            self._run(job)
        except _AsideError:
            return None, None
        except PlacelensError as error:
            return "failed", str(error)
        except Exception:
            logger.exception("the job %s failed", job.id)
            return "failed", "something went wrong in the server; its log says what"
        return "done", None

    def _run(self, job: Job) -> None:
        from placelens.readers.base import Source

        collection = self._catalogue.get(job.collection)
        turns = self._catalogue.turns(job.collection)
        sources: list[Source] = []
        errors: dict[str, str] = {}
        for one in job.found():
            self._check(job)
            if isinstance(one, Source):
                sources.append(one)
            else:
                errors[one.key] = one.reason
        with self._changed:
            job.n_total, job.n_done, job.n_errors, job.errors = len(sources), 0, 0, {}
        self._count(job, 0, errors)
        for start in range(0, len(sources), _CHUNK):
            chunk = sources[start : start + _CHUNK]
            _Chunk(self, job, collection, turns, sources=chunk, start=start).take()

    def _check(self, job: Job) -> None:
        if job.wanted != "run":
            raise _AsideError

    def _count(self, job: Job, n_done: int, errors: dict[str, str], n_before: int = 0) -> None:
        with self._changed:
            job.n_done, job.n_errors = n_done, n_before + len(errors)
            for file, reason in errors.items():
                if len(job.errors) >= MOST_ERRORS:
                    break
                job.errors[file] = reason
            self._note(job)

    def _sleep(self, job: Job) -> None:
        """Wait for another process, or until somebody wants the job to stop."""
        with self._changed:
            self._changed.wait_for(lambda: job.wanted != "run", _AGAIN_S)


def _number_of(job: Job) -> int:
    return job.number


class _Chunk:
    """Some sources of a job, taken again from their start until nothing else came between."""

    def __init__(
        self,
        jobs: Jobs,
        job: Job,
        collection: Collection,
        turns: Turns,
        *,
        sources: list[Source],
        start: int,
    ) -> None:
        self._jobs, self._job, self._turns = jobs, job, turns
        self._collection, self._sources, self._start = collection, sources, start
        self._n_errors_before = job.n_errors
        self._errors: dict[str, str] = {}

    def take(self) -> None:
        """Take them in."""
        while not self._is_taken():
            self._jobs._check(self._job)
        self._tell(len(self._sources))

    def _is_taken(self) -> bool:
        """Whether all were taken in one go; else what was is passed over the next time."""
        try:
            with self._turns.of_job():
                self._collection.add(self._sources, workers=n_workers(), progress=self._hear)
        except _AsideError:
            return False
        except CollectionLockedError:
            self._jobs._sleep(self._job)
            return False
        return True

    def _hear(self, progress: Progress) -> None:
        self._errors |= {each.key: each.reason for each in progress.skipped}
        self._tell(progress.n_unchanged + progress.n_done)
        if self._job.wanted != "run" or self._turns.is_wanted:
            raise _AsideError

    def _tell(self, n_done: int) -> None:
        self._jobs._count(self._job, self._start + n_done, self._errors, self._n_errors_before)
