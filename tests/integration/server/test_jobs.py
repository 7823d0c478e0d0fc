"""Imports as jobs: paused, resumed, cancelled, watched; and nothing read that may not be."""

import asyncio
import io
import json
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

import placelens as pl
from placelens.server.routes import jobs as routes
from placelens.testing.fakes import HashEncoder

URL = "/v1/collections/mine"
PATIENCE_S = 120  # guards against hanging only


class Gate(HashEncoder):
    """The fake encoder, which waits before each batch of images until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Semaphore(0)
        self.let_through = threading.Semaphore(0)
        self.is_open = True

    def encode_images(self, images: Any) -> Any:
        if not self.is_open and len(images) > 1:  # one is that of warming up
            self.arrived.release()
            assert self.let_through.acquire(timeout=PATIENCE_S)
        return super().encode_images(images)

    def open_for_good(self) -> None:
        self.is_open = True
        self.let_through.release(1_000)


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.open_for_good()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Seventy photos, which are three batches, and one that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(70):
        Image.new("RGB", (16, 16), (number * 3, 255 - number * 3, 90)).save(
            folder / f"{number:02}.png"
        )
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture
def collection(tmp_path: Path, gate: Gate) -> pl.Collection:
    return pl.Collection.create(tmp_path / "mine.pl", encoder=gate)


@pytest.fixture
def server(make_client, collection, pictures):
    made = make_client(
        collections={"mine": collection}, write=True, auth=False, allowed_roots=(pictures,)
    )
    yield made
    collection.encoder.open_for_good()
    made.app.state.jobs.stop()


def start(server, **asked: Any) -> str:
    response = server.request("POST", f"{URL}/jobs", json=asked)
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"/v1/jobs/{response.json()['id']}"
    return response.json()["id"]


def awaited(server, job_id: str, *states: str) -> dict[str, Any]:
    """The job once it is in one of the states: told by its changes, not by the time."""
    jobs = server.app.state.jobs
    changed = threading.Event()
    with jobs.listening(changed.set):
        while True:
            changed.clear()
            job = server.get(f"/v1/jobs/{job_id}").json()
            if job["state"] in states:
                return job
            assert changed.wait(PATIENCE_S), job


def test_a_folder_is_taken_in(server, collection, pictures):
    job = awaited(server, start(server, paths=[str(pictures)]), "done", "failed")
    assert (job["state"], job["n_total"], job["n_done"], job["n_errors"]) == ("done", 71, 71, 1)
    (error,) = job["errors"]
    assert error["file"] == str(pictures / "broken.jpg")
    assert error["reason"]
    assert job["started"] <= job["finished"]
    assert len(pl.Collection.open(collection.path)) == 70
    assert server.get(f"{URL}/items").json()["n_items"] == 70
    again = awaited(server, start(server, paths=["."]), "done")
    assert (again["n_done"], len(collection)) == (71, 70)
    assert [each["id"] for each in server.get("/v1/jobs").json()] == [again["id"], job["id"]]


def test_uploads_are_taken_in_together(server, collection):
    names = []
    for number in range(3):
        out = io.BytesIO()
        Image.new("RGB", (20, 20), (number * 90, 10, 10)).save(out, "JPEG")
        response = server.request(
            "POST", f"{URL}/uploads", params={"file_name": f"{number}.jpg"},
            content=out.getvalue(), headers={"content-type": "image/jpeg"},
        )  # fmt: skip
        assert response.status_code == 201
        names.append(response.json()["upload"])
    assert len(collection) == 0
    job = awaited(server, start(server, uploads=names), "done")
    assert (job["n_total"], job["n_errors"]) == (3, 0)
    files = {Path(item.image).name for item in pl.Collection.open(collection.path).items()}
    assert files == {"0.jpg", "1.jpg", "2.jpg"}


def test_a_job_is_paused_and_goes_on(server, collection, gate, pictures):
    gate.is_open = False
    job_id = start(server, paths=[str(pictures)])
    assert gate.arrived.acquire(timeout=PATIENCE_S)
    paused = server.request("POST", f"/v1/jobs/{job_id}/pause")
    assert (paused.status_code, paused.json()["state"]) == (200, "running")
    gate.let_through.release()
    job = awaited(server, job_id, "paused")
    assert job["n_done"] == 32
    assert len(pl.Collection.open(collection.path)) == 32  # a batch, which is committed
    # Others write meanwhile.
    first = next(iter(collection))
    assert server.request("DELETE", f"{URL}/items/{first}").status_code == 204
    gate.open_for_good()
    assert server.request("POST", f"/v1/jobs/{job_id}/resume").status_code == 200
    job = awaited(server, job_id, "done")
    assert (job["n_done"], job["n_errors"]) == (71, 1)
    # What was deleted came back, since its file is there.
    assert len(pl.Collection.open(collection.path)) == 70


def test_a_job_is_cancelled_and_keeps_what_it_has(server, collection, gate, pictures):
    gate.is_open = False
    job_id = start(server, paths=[str(pictures)])
    waiting = start(server, paths=[str(pictures)])
    assert gate.arrived.acquire(timeout=PATIENCE_S)
    assert server.get(f"/v1/jobs/{waiting}").json()["state"] == "queued"
    assert server.request("POST", f"/v1/jobs/{waiting}/cancel").json()["state"] == "cancelled"
    server.request("POST", f"/v1/jobs/{job_id}/cancel")
    gate.let_through.release()
    awaited(server, job_id, "cancelled")
    assert len(pl.Collection.open(collection.path)) == 32
    for change in ("pause", "resume", "cancel"):
        response = server.request("POST", f"/v1/jobs/{job_id}/{change}")
        assert (response.status_code, "is cancelled" in response.json()["detail"]) == (409, True)


def test_a_job_that_waits_is_paused_and_cancelled(server, gate, pictures):
    gate.is_open = False
    running = start(server, paths=[str(pictures)])
    assert gate.arrived.acquire(timeout=PATIENCE_S)
    waiting = start(server, paths=[str(pictures)])
    assert server.request("POST", f"/v1/jobs/{waiting}/pause").json()["state"] == "paused"
    assert server.request("POST", f"/v1/jobs/{waiting}/resume").json()["state"] == "queued"
    assert server.request("POST", f"/v1/jobs/{waiting}/pause").json()["state"] == "paused"
    assert server.request("POST", f"/v1/jobs/{waiting}/cancel").json()["state"] == "cancelled"
    # Resumed before it has stopped, a job just goes on.
    server.request("POST", f"/v1/jobs/{running}/pause")
    server.request("POST", f"/v1/jobs/{running}/resume")
    gate.open_for_good()
    assert awaited(server, running, "done")["n_done"] == 71


def test_a_request_that_writes_goes_before_the_next_batch(server, collection, gate, pictures):
    gate.is_open = False
    job_id = start(server, paths=[str(pictures)])
    assert gate.arrived.acquire(timeout=PATIENCE_S)
    answers: list[int] = []
    turns = server.app.state.catalogue.turns("mine")
    change = threading.Thread(
        target=lambda: answers.append(server.request("DELETE", f"{URL}/items/x").status_code)
    )
    change.start()
    while not turns.is_wanted:
        pass
    gate.let_through.release()  # the batch that it is at, and no more
    change.join(PATIENCE_S)
    assert answers == [404]
    assert server.get(f"/v1/jobs/{job_id}").json()["state"] == "running"
    gate.open_for_good()
    assert awaited(server, job_id, "done")["n_done"] == 71
    assert len(pl.Collection.open(collection.path)) == 70


def test_another_process_that_writes_is_waited_for(server, collection, pictures, monkeypatch):
    monkeypatch.setattr("placelens.server.jobs._AGAIN_S", 0.01)
    other = pl.Collection.open(collection.path, encoder=HashEncoder())
    with other._table.writing():
        job_id = start(server, paths=[str(pictures)])
        awaited(server, job_id, "running")
    assert awaited(server, job_id, "done")["n_done"] == 71


def test_a_job_that_fails_says_why(server, collection, pictures, monkeypatch):
    def broken(*args: Any, **options: Any) -> Any:
        raise pl.InputError("the encoder has gone")

    monkeypatch.setattr(type(collection), "add", broken)
    job = awaited(server, start(server, paths=[str(pictures)]), "failed")
    assert job["detail"] == "the encoder has gone"

    def worse(*args: Any, **options: Any) -> Any:
        raise RuntimeError("a secret")

    monkeypatch.setattr(type(collection), "add", worse)
    job = awaited(server, start(server, paths=[str(pictures)]), "failed")
    assert "secret" not in job["detail"]


def test_a_stopped_server_has_committed_what_it_had(server, collection, gate, pictures):
    gate.is_open = False
    job_id = start(server, paths=[str(pictures)])
    assert gate.arrived.acquire(timeout=PATIENCE_S)
    stopping = threading.Thread(target=server.app.state.jobs.stop)
    stopping.start()
    while server.app.state.jobs.get(job_id).wanted != "cancel":
        pass
    gate.let_through.release()
    stopping.join(PATIENCE_S)
    assert server.get(f"/v1/jobs/{job_id}").json()["state"] == "cancelled"
    assert len(pl.Collection.open(collection.path)) == 32
    late = server.request("POST", f"{URL}/jobs", json={"paths": ["."]})
    assert late.status_code == 503


@pytest.mark.parametrize(
    "path",
    ["/etc", "/etc/passwd", "..", "../secrets", "pictures/../../secrets", "/", "~", "a/../../x",
     "/proc/self/environ", "link out", "link out/secret.png", "../pictures-other"],
)  # fmt: skip
def test_no_path_leads_out_of_the_roots(server, pictures, tmp_path, path):
    for name in ("secrets", "pictures-other"):
        (tmp_path / name).mkdir()
    Image.new("RGB", (9, 9), "red").save(tmp_path / "secrets" / "secret.png")
    (pictures / "link out").symlink_to(tmp_path / "secrets")
    response = server.request("POST", f"{URL}/jobs", json={"paths": [path]})
    if path == "~":  # a name like any other
        assert (response.status_code, "nothing at" in response.json()["detail"]) == (422, True)
        return
    assert response.status_code == 403
    assert "--allow-root" in response.json()["detail"]


def test_without_a_root_no_path_is_read(make_client, collection, pictures):
    server = make_client(collections={"mine": collection}, write=True, auth=False)
    response = server.request("POST", f"{URL}/jobs", json={"paths": [str(pictures)]})
    assert (response.status_code, "these are: none" in response.json()["detail"]) == (403, True)


def test_links_that_leave_the_root_are_refused_one_by_one(server, collection, pictures, tmp_path):
    for name in ("secrets", "more"):
        (tmp_path / name).mkdir()
    Image.new("RGB", (9, 9), "red").save(tmp_path / "secrets" / "secret.png")
    (tmp_path / "more" / "t.csv").write_text("image,lat,lon\n00.png,1,2\n")
    (tmp_path / "more" / "x.xmp").write_text("<x/>")
    (pictures / "inside.png").symlink_to(pictures / "00.png")
    (pictures / "photo.png").symlink_to(tmp_path / "secrets" / "secret.png")
    (pictures / "folder").symlink_to(tmp_path / "secrets")
    (pictures / "t.csv").symlink_to(tmp_path / "more" / "t.csv")
    (pictures / "69.png.xmp").symlink_to(tmp_path / "more" / "x.xmp")
    (pictures / "own.csv").write_text(
        f"image,text\n{tmp_path}/secrets/secret.png,a secret\n01.png,a colour\n"
    )
    job = awaited(server, start(server, paths=["."]), "done")
    refused = {Path(each["file"]).name for each in job["errors"]} - {"broken.jpg"}
    assert {"photo.png", "folder", "69.png", "secret.png"} <= refused
    items = list(pl.Collection.open(collection.path).items())
    assert not any("secret" in (item.image or "") for item in items)
    assert {item.text for item in items} == {None, "a colour"}
    assert len(items) == 69  # and inside.png is a copy of 00.png


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({}, 422, "neither uploads nor paths"),
        ({"uploads": ["../../etc/passwd"]}, 422, "there is no upload"),
        ({"uploads": ["0" * 32 + "/a.png"]}, 422, "there is no upload"),
        ({"uploads": ["0" * 32 + "/../../x"]}, 422, "there is no upload"),
        ({"paths": ["nothing here"]}, 422, "nothing at"),
        ({"paths": ["a\0b"]}, 422, "cannot be that of a file"),
        ({"paths": [""]}, 422, "paths[0]"),
        ({"paths": ["."], "prune": True}, 422, "unknown field 'prune'"),
    ],
)
def test_what_cannot_be_a_job(server, asked, status, said):
    response = server.request("POST", f"{URL}/jobs", json=asked)
    assert (response.status_code, said in response.json()["detail"]) == (status, True)
    assert server.get("/v1/jobs").json() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_job(server, method):
    path = "/v1/jobs/nothing" + ("/pause" if method == "POST" else "")
    response = server.request(method, path)
    assert (response.status_code, "'nothing'" in response.json()["detail"]) == (404, True)


def test_too_many_jobs_are_turned_away(server, pictures, gate, monkeypatch):
    monkeypatch.setattr("placelens.server.jobs._MOST_WAITING", 2)
    monkeypatch.setattr("placelens.server.jobs._MOST_KEPT", 1)
    gate.is_open = False
    ids = [start(server, paths=["."]) for _ in range(2)]
    full = server.request("POST", f"{URL}/jobs", json={"paths": ["."]})
    assert (full.status_code, full.headers["retry-after"]) == (503, "60")
    gate.open_for_good()
    for job_id in ids:
        awaited(server, job_id, "done")
    start(server, paths=["."])
    assert server.get(f"/v1/jobs/{ids[0]}").status_code == 404


class Stream:
    """A client of the stream that reads only when it is told to: each message waits for that."""

    def __init__(self, app: Any, **headers: str) -> None:
        self._app, self._headers = app, headers
        self.allowed = asyncio.Semaphore(0)
        self.read: list[str] = []
        self.has_left = asyncio.Event()
        self.asked = False

    async def run(self) -> None:
        more = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        headers = [(b"host", b"127.0.0.1"), *more]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "path": "/v1/jobs/events", "raw_path": b"/v1/jobs/events", "query_string": b"",
            "headers": headers, "scheme": "http", "root_path": "",
            "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if self.asked:
            await self.has_left.wait()
            return {"type": "http.disconnect"}
        self.asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.read.append(dict(message["headers"])[b"content-type"].decode())
            return
        await self.allowed.acquire()
        self.read.append(message.get("body", b"").decode())


def events(read: list[str]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for message in read:
        lines = dict(line.split(": ", 1) for line in message.splitlines() if ": " in line)
        if lines.get("event") == "job":
            found.append((lines["id"], json.loads(lines["data"])))
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.001)


def test_a_slow_client_misses_states_and_never_the_last(server, collection, pictures):
    async def watch() -> Stream:
        stream = Stream(server.app)
        task = asyncio.create_task(stream.run())
        job_id = await asyncio.to_thread(start, server, paths=["."])
        await asyncio.to_thread(awaited, server, job_id, "done")  # meanwhile it reads nothing
        for _ in range(5):
            stream.allowed.release()
        await until(lambda: any(job["state"] == "done" for _, job in events(stream.read)))
        await asyncio.to_thread(server.app.state.jobs.end_streams)
        for _ in range(4):
            stream.allowed.release()
        await asyncio.wait_for(task, PATIENCE_S)
        return stream

    stream = asyncio.run(watch())
    assert stream.read[0].startswith("text/event-stream")
    told = events(stream.read)
    assert len(told) <= 2  # of the dozen changes that there were
    assert told[-1][1]["n_done"] == 71
    assert server.app.state.streams == set()


def test_a_client_that_comes_back_is_told_what_is_new(server, pictures, monkeypatch):
    monkeypatch.setattr(routes, "HEARTBEAT_S", 0.0)

    async def watch(**headers: str) -> list[tuple[str, dict[str, Any]]]:
        stream = Stream(server.app, **headers)
        stream.allowed = asyncio.Semaphore(1_000_000)
        task = asyncio.create_task(stream.run())
        # Which comes when all that there is was told.
        await until(lambda: ": nothing new\n\n" in stream.read)
        stream.has_left.set()
        await asyncio.wait_for(task, PATIENCE_S)
        return events(stream.read)

    def come_back(seen: str) -> list[str]:
        return [job["id"] for _, job in asyncio.run(watch(**{"last-event-id": seen}))]

    first = start(server, paths=["."])
    awaited(server, first, "done")
    ((seen, job),) = asyncio.run(watch())
    assert (job["id"], job["state"]) == (first, "done")
    assert come_back(seen) == []
    second = start(server, paths=["."])
    awaited(server, second, "done")
    assert come_back(seen) == [second]
    for odd in ("", "x", "other-99", f"{seen}x", f"{seen.partition('-')[0]}--1"):
        assert come_back(odd) == [first, second]


def test_streams_are_counted(server, monkeypatch):
    monkeypatch.setattr(routes, "_MOST_STREAMS", 0)
    response = server.get("/v1/jobs/events")
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")


def test_a_stream_ends_and_beats(server, monkeypatch):
    monkeypatch.setattr(routes, "HEARTBEAT_S", 0.0)
    # A clock that goes on by a second each time that it is looked at: two rounds, then the end.
    monkeypatch.setattr(routes, "time", SimpleNamespace(monotonic=count(1).__next__))
    monkeypatch.setattr(routes, "STREAM_S", 3)
    response = server.get("/v1/jobs/events")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.text.count(": nothing new\n\n") == 2


def test_names_only_are_shown_to_others(make_client, collection, pictures):
    server = make_client(
        collections={"mine": collection}, write=True, auth=False, allowed_roots=(pictures,),
        show_paths=False,
    )  # fmt: skip
    refused = server.request("POST", f"{URL}/jobs", json={"paths": ["/etc"]})
    assert str(pictures) not in refused.text
    job_id = start(server, paths=["."])
    job = awaited(server, job_id, "done")
    assert [each["file"] for each in job["errors"]] == ["broken.jpg"]
    assert str(pictures.parent) not in json.dumps(job)
