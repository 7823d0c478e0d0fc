"""``POST .../jobs``, ``GET /v1/jobs``, ``.../{id}`` and its ``/pause``, ``/resume``, ``/cancel``,
and the stream ``/v1/jobs/events``: imports of many files."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from placelens.limits import MAX_NAME
from placelens.server.access import WriteRoute
from placelens.server.answers import Job, JobSummary, UploadKept
from placelens.server.change_schemas import JobRequest
from placelens.server.decoding import DecodersOf
from placelens.server.dependencies import CollectionOf, JobsOf, SettingsOf
from placelens.server.errors import ProblemError
from placelens.server.jobs import Jobs
from placelens.server.roots import below_roots
from placelens.server.routes.changes import PICTURE_BODY, FileName, received_picture
from placelens.server.uploads import folder_of, kept, kept_as
from placelens.server.urls import file_name as name_of

if TYPE_CHECKING:
    from placelens.readers.base import Skipped, Source

router = APIRouter(tags=["jobs"], route_class=WriteRoute)

JobId = Annotated[str, Path(max_length=MAX_NAME)]

HEARTBEAT_S = 15.0
"""A stream on which nothing happens says so, or proxies and browsers would take it for dead."""

STREAM_S = 300.0
"""A stream ends then, and `EventSource` comes again by itself: with a token that is still good."""

_MOST_STREAMS = 32


@router.post(
    "/collections/{name}/uploads",
    response_model=UploadKept,
    status_code=HTTPStatus.CREATED,
    openapi_extra=PICTURE_BODY,
)
async def add_upload(
    *,
    name: str,
    request: Request,
    collection: CollectionOf,
    settings: SettingsOf,
    decoders: DecodersOf,
    file_name: FileName = "",
) -> dict[str, str]:
    """Keep the picture of the body, for a job that takes many in at once."""
    folder = folder_of(name, collection, settings)
    upload = await received_picture(request, folder)
    try:
        path = await run_in_threadpool(kept, upload, file_name, folder, decoders)
    finally:
        upload.part.unlink(missing_ok=True)
    return {"upload": path.relative_to(folder).as_posix()}


@router.post("/collections/{name}/jobs", response_model=JobSummary, status_code=HTTPStatus.ACCEPTED)
def start_job(
    *,
    name: str,
    asked: JobRequest,
    response: Response,
    collection: CollectionOf,
    settings: SettingsOf,
    jobs: JobsOf,
) -> dict[str, Any]:
    """Take many pictures in, of uploads and of paths on the server, after this is answered."""
    folder = folder_of(name, collection, settings)
    uploads = [kept_as(written, folder) for written in asked.uploads]
    paths = [below_roots(written, settings) for written in asked.paths]
    job = jobs.start(name, partial(_found, uploads, paths, asked))
    response.headers["Location"] = f"/v1/jobs/{job['id']}"
    return job


def _found(
    uploads: list[FilePath], paths: list[tuple[FilePath, FilePath]], asked: JobRequest
) -> Iterator[Source | Skipped]:
    from placelens.readers.discover import read_photos

    if uploads:
        yield from read_photos(uploads, tables=False)
    for path, root in paths:
        yield from read_photos(
            path,
            recursive=asked.recursive,
            tables=asked.tables,
            exclude=asked.exclude,
            within=root,
        )


@router.get("/jobs", response_model=list[JobSummary])
def list_jobs(jobs: JobsOf) -> list[dict[str, Any]]:
    """The jobs there are, the newest first: those that are not over, and the last 100 that are."""
    return jobs.all()


@router.get(
    "/jobs/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream_jobs(
    request: Request,
    jobs: JobsOf,
    last_event_id: Annotated[str, Header(max_length=MAX_NAME)] = "",
) -> StreamingResponse:
    """Server-sent events, one for each change of a job: its summary as it is now.

    The first tell of all jobs. A client that reads slowly misses states in between, never the last.
    """
    streams: set[object] = request.app.state.streams
    if len(streams) >= _MOST_STREAMS:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{_MOST_STREAMS} streams are open already; ask GET /v1/jobs now and then",
            kind="busy",
            title="Too many streams",
            headers={"Retry-After": "60"},
        )
    hide: Callable[[str], str] | None = request.app.state.hide
    events = _events(jobs, _seen(last_event_id, jobs), request, hide)
    return StreamingResponse(
        _counted(events, streams),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _counted(events: AsyncIterator[str], streams: set[object]) -> AsyncIterator[str]:
    mark = object()
    streams.add(mark)
    try:
        async for event in events:
            yield event
    finally:
        streams.discard(mark)


def _seen(last_event_id: str, jobs: Jobs) -> int:
    """The number of the last change that a client has seen, of this run of the server."""
    run, _, number = last_event_id.partition("-")
    return int(number) if run == jobs.run_id and number.isdecimal() else 0


async def _events(
    jobs: Jobs, last_seen: int, request: Request, hide: Callable[[str], str] | None
) -> AsyncIterator[str]:
    """What changed since what the client has seen, each time that it has read the last."""
    seen = last_seen
    woken, loop = asyncio.Event(), asyncio.get_running_loop()
    ends = time.monotonic() + STREAM_S

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(woken.set)

    with jobs.listening(wake):
        yield "retry: 2000\n\n"
        while not jobs.is_stopping and time.monotonic() < ends:
            if await request.is_disconnected():
                return
            woken.clear()
            for number, job in jobs.changes_after(seen):
                told = json.dumps(_shown(job, hide))
                yield f"id: {jobs.run_id}-{number}\nevent: job\ndata: {told}\n\n"
                seen = number
            try:
                await asyncio.wait_for(woken.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield ": nothing new\n\n"


@router.get("/jobs/{job_id}", response_model=Job)
def read_job(job_id: JobId, request: Request, jobs: JobsOf, settings: SettingsOf) -> dict[str, Any]:
    """How far a job is, and the files that it could not take, with the reasons."""
    hide: Callable[[str], str] | None = request.app.state.hide
    job, errors = jobs.report(job_id)
    return {
        **_shown(job, hide),
        "errors": [
            {
                "file": file if settings.paths_shown else name_of(file),
                "reason": hide(reason) if hide else reason,
            }
            for file, reason in errors.items()
        ],
    }


@router.post("/jobs/{job_id}/pause", response_model=JobSummary)
def pause_job(job_id: JobId, jobs: JobsOf) -> dict[str, Any]:
    """Have a job stop after the batch that it is at; others may write meanwhile."""
    return jobs.pause(job_id)


@router.post("/jobs/{job_id}/resume", response_model=JobSummary)
def resume_job(job_id: JobId, jobs: JobsOf) -> dict[str, Any]:
    """Have a paused job go on; what it has taken in is passed over."""
    return jobs.resume(job_id)


@router.post("/jobs/{job_id}/cancel", response_model=JobSummary)
def cancel_job(job_id: JobId, jobs: JobsOf) -> dict[str, Any]:
    """End a job after the batch that it is at; what it has taken in stays."""
    return jobs.cancel(job_id)


def _shown(job: dict[str, Any], hide: Callable[[str], str] | None) -> dict[str, Any]:
    """A job's summary, without folders where these are nobody else's matter."""
    if hide is not None and job["detail"]:
        return {**job, "detail": hide(job["detail"])}
    return job
