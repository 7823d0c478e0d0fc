"""Requests that ask for too much, clients that leave, and hosts that must not know folders."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

import placelens as pl
from placelens.deadline import Deadline
from placelens.limits import (
    MAX_CONDITIONS,
    MAX_DIM,
    MAX_JSON_VALUES,
    MAX_NAME,
    MAX_POSITIONS,
    MAX_TERMS,
)
from placelens.server import Settings, create_app
from placelens.server.errors import without_folders
from placelens.testing.fakes import HashEncoder

SEARCH = "/v1/collections/squares/search"
SMALL_ANSWER = 8_000
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        {"text": "red", "modality": ["image"] * 60_000},
        {"text": ["a"] * 10_000},
        {"text": [5] * 10_000},
        {"vector": ["a"] * 30_000},
        {"text": "near Lyon in Peru " * 2_000},
        {"text": "red", "where": {f"{i}": i for i in range(MAX_CONDITIONS + 1)}},
        {"text": "red", "near": "x" * (MAX_NAME + 1)},
        {"x" * 50_000: 1},
        {f"{i}": i for i in range(10_000)},
        {"text": "red", "polygon": {"type": "x" * 60_000}},
        {"text": "red", "engine": "x" * 60_000},
        {"text": "red", "cursor": "x" * 60_000},
        {"images": [{}] * 10_000},
        {"text": "red", "polygon": {"type": "Polygon", "coordinates": [[["x" * 60_000, 1]]]}},
    ],
    ids=lambda body: "-".join(name[:9] for name in list(body)[:2]),
)
def test_too_much_is_refused_in_a_small_answer(client, body):
    response = client.search(body)
    assert response.status_code == 422
    assert len(response.content) < SMALL_ANSWER


def test_a_body_of_too_many_values_is_not_parsed(client, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("it was parsed")

    values = b"1," * MAX_JSON_VALUES + b"1"
    with monkeypatch.context() as patch:
        patch.setattr("placelens.server.bodies.json.loads", refuse)
        answer = client.request(
            "POST", SEARCH, content=b'{"vector": [' + values + b"]}", headers=JSON
        )
    assert answer.status_code == 413
    assert "1,200,001 values, and 1,200,000 is the most" in answer.text


def test_what_fields_may_hold_a_body_may():
    """All vectors at their longest, and all corners of an area with heights."""
    assert MAX_TERMS * MAX_DIM < MAX_JSON_VALUES
    assert 3 * MAX_POSITIONS < MAX_JSON_VALUES


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 60_000, 400),
        (b'{"k": ' + b"9" * 60_000 + b"}", 400),
        (b'{"text": "red", "where": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}", 422),
        (b'{"text": "red", "where": {"a": NaN}}', 200),
        (b'{"text": "red", "k": Infinity}', 422),
        (b'{"text": "\\ud800"}', 422),
        (b'{"text": "red", "mu": NaN}', 422),
        (b"\xff\xfe{}", 400),
        (b"", 422),
    ],
)
def test_json_that_is_none_or_odd(client, content, status):
    headers = {"content-type": "application/json"}
    response = client.request("POST", SEARCH, content=content, headers=headers)
    assert response.status_code == status, response.text
    assert len(response.content) < SMALL_ANSWER


class Slow(HashEncoder):
    """Says when it starts, and encodes when it may; each word is a step."""

    def __init__(self) -> None:
        super().__init__()
        self.started, self.may_go_on = threading.Event(), threading.Event()

    def encode_texts(self, texts: Any) -> Any:
        self.started.set()
        self.may_go_on.wait()
        return super().encode_texts(texts)


@pytest.fixture
def slow(tmp_path: Path) -> tuple[Slow, pl.Collection]:
    encoder = Slow()
    encoder.may_go_on.set()
    collection = pl.Collection.create(tmp_path / "slow.pl", encoder=encoder)
    collection.add_vectors(["a"], encoder.encode_texts(["red"]), text=["red"], modality="text")
    encoder.may_go_on.clear()
    encoder.started.clear()
    return encoder, collection


def scope_of(path: str) -> dict[str, Any]:
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    return {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
        "root_path": "", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "asgi": {},
    }  # fmt: skip


def test_a_search_stops_when_the_client_leaves(slow):
    encoder, collection = slow
    seen: list[Deadline] = []
    original = collection.search

    def search(*args: Any, deadline: Deadline, **options: Any) -> Any:
        seen.append(deadline)
        return original(*args, deadline=deadline, **options)

    collection.search = search
    app = create_app(Settings(collections={"slow": collection}))
    sent: list[dict[str, Any]] = []

    async def ask() -> None:
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        body = json.dumps({"text": "red", "parse": False}).encode()
        messages.put_nowait({"type": "http.request", "body": body, "more_body": False})

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asked = asyncio.create_task(
            app(scope_of("/v1/collections/slow/search"), messages.get, send)
        )
        await asyncio.to_thread(encoder.started.wait)
        messages.put_nowait({"type": "http.disconnect"})
        while not seen[0]._cancelled:
            await asyncio.sleep(0)
        encoder.may_go_on.set()
        await asked

    asyncio.run(ask())
    assert sent[0]["status"] == 503


def test_a_search_that_takes_too_long_is_given_up(make_client):
    response = make_client(timeout_s=1e-9).search({"text": "red", "parse": False})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["type"] == "urn:placelens:problem:search-stopped"


def test_more_requests_than_the_server_takes_are_told_so(slow):
    encoder, collection = slow
    app = create_app(Settings(collections={"slow": collection}, max_requests=1))

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            body = {"text": "red", "parse": False}
            first = asyncio.create_task(client.post("/v1/collections/slow/search", json=body))
            await asyncio.to_thread(encoder.started.wait)
            second = await client.get("/v1/config")
            encoder.may_go_on.set()
            return [await first, second, await client.get("/v1/config")]

    first, second, third = asyncio.run(ask())
    assert [first.status_code, second.status_code, third.status_code] == [200, 503, 200]
    assert second.headers["retry-after"] == "1"
    assert second.json()["title"] == "Too many requests at once"


def test_large_bodies_together_are_bounded(make_client):
    # Four bodies of 1,000 bytes are held; the fifth that comes meanwhile is not.
    server = make_client(max_upload_bytes=1_000)

    async def ask() -> list[int]:
        arrived, go_on = [], asyncio.Event()

        async def slowly(number: int) -> Any:
            yield b" " * 900
            arrived.append(number)
            await go_on.wait()
            yield b" "

        transport = httpx.ASGITransport(server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            headers = {"content-type": "application/json"}
            asked = [
                asyncio.create_task(client.post(SEARCH, content=slowly(i), headers=headers))
                for i in range(5)
            ]
            while len(arrived) < 4 or not any(one.done() for one in asked):
                await asyncio.sleep(0)
            go_on.set()
            return [(await response).status_code for response in asked]

    statuses = asyncio.run(ask())
    assert sorted(statuses) == [400, 400, 400, 400, 503]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_folders_are_named_to_this_machine_only(make_client, squares, host):
    response = make_client(host=host, auth=False).get("/v1/collections/squares/items/nobody")
    assert (str(squares.path) in response.text) == (host == "127.0.0.1")
    assert "nobody" in response.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/home/ann/a b.pl has no item", "p has no item"),
        ("'/mnt/disk/x/y.jpg': broken", "'y.jpg': broken"),
        (r"C:\Users\ann\y.jpg: broken", "y.jpg: broken"),
        (r"\\server\share\y.jpg: broken", "y.jpg: broken"),
        ("~/pictures/y.jpg: broken", "y.jpg: broken"),
        ("write km/h or 1/2, see https://example.org/a/b", None),
    ],
)
def test_what_looks_like_a_folder_is_left_out(text, kept):
    settings = Settings(collections={"p": "/home/ann/a b.pl"}, show_paths=False)
    assert without_folders(settings, text) == (text if kept is None else kept)
