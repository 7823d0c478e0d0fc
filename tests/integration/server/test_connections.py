"""Clients that send half a request, read nothing, or come by the hundred; and Ctrl-C."""

import json
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from threadpoolctl import threadpool_info

from placelens.server import connections

PATIENCE_S = 60  # for what must happen at last, however slow the machine is


@contextmanager
def serving(app: Any, **attributes: Any) -> Iterator[Callable[[], socket.socket]]:
    """A real server in a thread; gives what connects to it."""
    protocol = type("Tried", (connections.Protocol,), attributes)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=protocol, ws="none", log_level="warning", backlog=8)
    server = connections._Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    address = listening.getsockname()
    thread.start()
    try:
        yield lambda: socket.create_connection(address, timeout=PATIENCE_S)
    finally:
        server.should_exit = True
        thread.join()


async def endless(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, then sends much more than any buffer holds."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1_000):
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})


def answer_of(client: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    received = b""
    try:
        while piece := client.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /v1/config HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf",
    ],
    ids=["nothing", "headers", "body"],
)
def test_half_a_request_is_cut_off(monkeypatch, sent):
    monkeypatch.setattr(connections, "GRACE_S", 0.05)
    with serving(endless) as connect, closing(connect()) as client:
        client.sendall(sent)
        assert answer_of(client) == b""


def test_a_request_on_a_connection_that_was_used_is_cut_off_too(monkeypatch, make_client):
    served = make_client().app

    async def app(scope, receive, send):
        if scope["type"] == "http":  # has come: only the one after it has so little time
            monkeypatch.setattr(connections, "GRACE_S", 0.05)
        await served(scope, receive, send)

    with serving(app) as connect, closing(connect()) as client:
        client.sendall(b"GET /v1/config HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /v1/con")
        assert answer_of(client).startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_reads_is_cut_off(monkeypatch, caplog):
    monkeypatch.setattr(connections, "STALLED_S", 0.05)
    monkeypatch.setattr(connections.Protocol, "occasionally", connections.Occasionally())
    with serving(endless) as connect, closing(connect()) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while "nobody reads" not in caplog.text:
            threading.Event().wait(0.01)
        assert len(answer_of(client)) < 1_000 * 100_000


def test_connections_beyond_the_most_are_told_so(make_client, caplog, monkeypatch):
    monkeypatch.setattr(connections.Protocol, "occasionally", connections.Occasionally())
    with serving(make_client().app, most=2) as connect:
        held = [connect() for _ in range(2)]
        try:
            for client in held:
                client.sendall(b"GET /v1/config HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                assert client.recv(12) == b"HTTP/1.1 200"
            for _ in range(20):
                with closing(connect()) as client:
                    head, _, body = answer_of(client).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 503")
                assert b"Retry-After: 1" in head
                assert json.loads(body)["status"] == 503
        finally:
            for client in held:
                client.close()
    refused = [record for record in caplog.records if "refused" in record.getMessage()]
    assert len(refused) == 1  # one line a minute, not one a connection


def test_there_is_room_for_what_is_accepted_in_one_go():
    most, backlog = connections.most_connections()
    assert 8 <= most <= connections.MOST_CONNECTIONS
    assert 8 <= backlog <= 128


def test_requests_share_the_processors_not_their_products(monkeypatch):
    seen = []
    monkeypatch.setattr(connections._Server, "run", lambda *_, **__: seen.extend(threadpool_info()))
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        connections.run(None, listening, stopping=lambda: None, longest_s=1.0)
    assert {pool["num_threads"] for pool in seen if pool["user_api"] == "blas"} == {1}


SERVER = """
import resource, sys
from placelens.encoders import registry
from placelens.testing.fakes import HashEncoder
if len(sys.argv) > 4:
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[4]),) * 2)
class Stuck(HashEncoder):
    def encode_texts(self, texts):
        if "stuck" in texts[0]:
            print("stuck", flush=True)
            sys.stdin.readline()
        return super().encode_texts(texts)
registry.load_encoder = lambda name, **_: Stuck()
from placelens.cli.main import run
sys.argv = ["placelens", "serve", sys.argv[1], "--port", sys.argv[2], "--timeout", sys.argv[3]]
run()
"""


@contextmanager
def served(
    collection: Path, *limit: int, timeout: int = 30
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``placelens serve`` as a process of its own, with the fake encoder."""
    arguments = [sys.executable, "-c", SERVER, str(collection), "0", str(timeout)]
    with subprocess.Popen(
        [*arguments, *map(str, limit)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
            yield process, port
        finally:
            process.kill()


def search_that_goes_on(process: subprocess.Popen[str], port: int) -> socket.socket:
    """The connection of a search that is stuck; one that was out of time before is asked anew."""
    body = b'{"text": "stuck", "parse": false}'
    assert process.stdout is not None
    while True:
        client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        client.sendall(
            b"POST /v1/collections/tiny/search HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        ready, _, _ = select.select([process.stdout, client], [], [], PATIENCE_S)
        if process.stdout in ready:
            assert process.stdout.readline() == "stuck\n"
            return client
        assert client in ready
        assert answer_of(client).startswith(b"HTTP/1.1 503")
        client.close()


def test_ctrl_c_ends_a_server_whose_search_goes_on(tiny_source):
    with served(tiny_source, timeout=1) as (process, port):
        with closing(search_that_goes_on(process, port)):
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_ctrl_c_lets_what_is_being_answered_finish(tiny_source):
    with served(tiny_source, timeout=PATIENCE_S) as (process, port):
        with closing(search_that_goes_on(process, port)) as client:
            assert process.stdin is not None
            process.send_signal(signal.SIGINT)
            # No new request is let in: the end has begun.
            until = time.monotonic() + PATIENCE_S
            while time.monotonic() < until:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                except OSError:
                    break
            process.stdin.write("\n")
            process.stdin.flush()
            assert answer_of(client).startswith(b"HTTP/1.1 200")
        assert process.wait(PATIENCE_S) == 0


def test_streams_end_when_the_server_is_told_to_stop(make_client):
    app = make_client().app
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=connections.Protocol, ws="none", log_level="warning")
    # Without a limit: it would wait for the stream for ever.
    server = connections._Server(config, app.state.jobs.end_streams)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = listening.getsockname()
    with closing(socket.create_connection(address, timeout=PATIENCE_S)) as client:
        client.sendall(b"GET /v1/jobs/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        received = b""
        while b"retry: 2000" not in received:
            received += client.recv(65_536)
        server.should_exit = True
        assert b"0\r\n\r\n" in answer_of(client)
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def status_at_last(url):
    """The status, when the server has seen that others have left: 503 until then."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            if error.code != 503 or time.monotonic() > until:
                return error.code
        time.sleep(0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are limited elsewhere")
def test_few_descriptors_leave_a_server_that_answers(tiny_source):
    with served(tiny_source, 256) as (process, port):
        held = [socket.socket() for _ in range(400)]
        for client in held:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        for client in held:
            client.close()
        assert status_at_last(f"http://127.0.0.1:{port}/v1/config") == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert "Traceback" not in (log := process.stderr.read())
        assert log.count("\n") < 10
