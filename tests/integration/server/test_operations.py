"""What machines and clients' authors ask for: probes, ids, metrics, descriptions, HEAD."""

import asyncio
import json
import logging
import re
import threading
from typing import Any

import httpx
import pytest

import placelens as pl
from placelens.cli.serve import _log_requests
from placelens.server.list_schemas import SearchParameters
from placelens.server.metrics import Metrics
from placelens.server.schemas import SearchRequest

URL = "/v1/collections/squares"


def test_a_process_that_lives_says_so_without_a_token(make_client):
    server = make_client(host="0.0.0.0", max_requests=1)
    assert server.get("/health").json() == {"status": "alive"}
    assert server.get("/ready").json() == {"status": "ready"}


def test_a_busy_server_lives(make_client, squares):
    server = make_client(max_requests=1)
    begun, released = threading.Event(), threading.Event()

    class Held:
        """A collection whose search waits."""

        def __getattr__(self, name: str) -> Any:
            return getattr(squares, name)

        def search(self, *args: Any, **options: Any) -> Any:
            begun.set()
            assert released.wait(120)
            return squares.search(*args, **options)

    server.app.state.catalogue._opened["squares"] = Held()

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            body = {"text": "red", "parse": False}
            held = asyncio.create_task(client.post(f"{URL}/search", json=body))
            assert await asyncio.to_thread(begun.wait, 120)
            assert (await client.get("/v1/config")).status_code == 503
            alive = await client.get("/health")
            released.set()
            return [alive.status_code, (await held).status_code]

    assert asyncio.run(ask()) == [200, 200]


def test_a_server_is_ready_when_all_is_open(make_client, tmp_path, caplog):
    for name in ("one", "two"):
        pl.Collection.create(tmp_path / f"{name}.pl", dim=2)
    paths = {name: tmp_path / f"{name}.pl" for name in ("one", "two", "gone")}
    server = make_client(collections=paths, host="0.0.0.0")
    response = server.get("/ready")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert "1 of 3 collections" in response.json()["detail"]
    assert "gone" not in response.text  # whoever asks has no token
    assert "gone: " in caplog.text
    assert set(server.app.state.catalogue.opened) == {"one", "two"}
    pl.Collection.create(tmp_path / "gone.pl", dim=2)
    assert server.get("/ready").status_code == 200


def test_one_that_is_being_opened_is_not_waited_for(make_client, tmp_path):
    pl.Collection.create(tmp_path / "slow.pl", dim=2)
    server = make_client(collections={"slow": tmp_path / "slow.pl"})
    catalogue = server.app.state.catalogue
    with catalogue._locks["slow"]:
        assert catalogue.not_open() == {"slow": "it is being opened"}
        assert server.get("/ready").status_code == 503
    assert server.get("/ready").status_code == 200


def test_a_search_in_a_url_is_that_of_a_body(client, ids):
    asked = {"text": "red", "near": "45.76,4.84", "decay": "gauss:100km", "mu": 0.3, "k": 2,
             "parse": False, "where": ["rating>=3"], "bbox": "2,43,8,49"}  # fmt: skip
    body = asked | {"where": {"rating": {"gte": 3}}, "bbox": [2, 43, 8, 49]}
    by_url = client.get(f"{URL}/search", params=asked)
    by_body = client.search(body)
    assert by_url.status_code == 200
    left_out = {"elapsed_ms", "cursor"}
    one, other = by_url.json(), by_body.json()
    assert {k: v for k, v in one.items() if k not in left_out} == {
        k: v for k, v in other.items() if k not in left_out
    }
    several = client.get(f"{URL}/search", params={"text": ["red", "tram"], "parse": False})
    assert (
        several.json()["hits"]
        == client.search({"text": ["red", "tram"], "parse": False}).json()["hits"]
    )
    like = client.get(f"{URL}/search", params={"like": ids["red"], "k": 1}).json()
    assert like["hits"] == client.search({"images": [{"id": ids["red"]}], "k": 1}).json()["hits"]
    listed = client.get(f"{URL}/search", params={"where": "city=Lyon"}).json()
    assert [hit["id"] for hit in listed["hits"]] == [ids["red"]]
    on_map = client.get(f"{URL}/search", params={"text": "red", "format": "geojson"})
    assert on_map.headers["content-type"] == "application/geo+json"


def test_the_fields_are_those_of_a_body():
    """With the same defaults and bounds; what a URL cannot hold is left out."""
    both = set(SearchRequest.model_fields) - {"images", "vector", "terms"}
    assert set(SearchParameters.model_fields) == both | {"like", "format"}
    one, other = SearchParameters.model_json_schema(), SearchRequest.model_json_schema()
    for name in ("decay", "mu", "k", "parse", "similarity", "hubs", "cursor", "recall_target"):
        assert one["properties"][name] == other["properties"][name], name


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"k": 1001}, "k: "),
        ({"text": "x" * 5000}, "text[0]"),
        ({"text": ["x"] * 17}, "text: "),
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"images": "x"}, "unknown field 'images'"),
        ({"mu": "nan"}, "mu"),
        ({"format": "xml"}, "format"),
    ],
)
def test_what_a_url_cannot_ask(client, asked, said):
    response = client.get(f"{URL}/search", params=asked)
    assert (response.status_code, said in response.json()["detail"]) == (422, True)


def test_folders_are_hidden_from_searches_in_urls_too(make_client):
    server = make_client(show_paths=False)
    response = server.get(f"{URL}/search", params={"where": "folder=x"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/health", "/v1/config", URL, f"{URL}/items",
             f"{URL}/points", "/v1/nothing", f"{URL}/items/nobody", "/v1/jobs"]
)  # fmt: skip
def test_head_is_get_without_a_body(client, path):
    head, get = client.request("HEAD", path), client.get(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == get.headers.get(name), name


def test_head_of_pictures_and_of_what_never_ends(client, ids):
    for what in ("thumbnail", "image"):
        url = f"{URL}/items/{ids['red']}/{what}"
        head, get = client.request("HEAD", url), client.get(url)
        assert (head.headers["content-length"], head.content) == (str(len(get.content)), b"")
    assert client.request("HEAD", "/v1/jobs/events").status_code == 200
    assert client.request("HEAD", f"{URL}/jobs").status_code == 405


def test_a_request_s_id_comes_back_and_is_logged(make_client, caplog):
    server = make_client()
    with caplog.at_level(logging.INFO, logger="placelens.server.requests"):
        response = server.get(f"{URL}/items?where=city=secret", headers={"x-request-id": "abc-1.2"})
    assert response.headers["x-request-id"] == "abc-1.2"
    (line,) = [each.getMessage() for each in caplog.records if each.name.endswith("requests")]
    assert re.fullmatch(rf"GET '{URL}/items' 200 \d+\.\d ms request=abc-1\.2", line), (
        line
    )  # and not what was looked for


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "a\tb", "é", '"'])
def test_an_id_that_could_forge_a_line_is_replaced(client, sent):
    headers = [("x-request-id", sent.encode("latin-1"))]
    response = client.get("/v1/config", headers=headers)
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["x-request-id"])


def test_errors_have_an_id_and_are_logged_with_it(make_client, caplog, monkeypatch, squares):
    server = make_client()
    refused = server.get("/v1/config", headers={"host": "evil.example"})
    assert refused.headers["x-request-id"]
    monkeypatch.setattr(type(squares), "stats", lambda self: 1 / 0)
    failed = server.get(URL, headers={"x-request-id": "mine"})
    assert (failed.status_code, failed.headers["x-request-id"]) == (500, "mine")
    assert f"GET '{URL}' failed request=mine" in caplog.text


def test_a_line_for_each_request_is_printed_when_asked_for(client, capsys):
    logger = logging.getLogger("placelens.server.requests")
    before = (logger.level, logger.handlers, logger.propagate)
    try:
        _log_requests()
        client.get("/v1/nothing%1b%5b2J%0a")
    finally:
        logger.level, logger.handlers, logger.propagate = before
        logger.manager._clear_cache()
    printed = capsys.readouterr().err
    assert "GET '/v1/nothing" in printed
    assert "\x1b" not in printed


def samples(text: str) -> dict[str, float]:
    return {
        name: float(value)
        for name, _, value in (
            line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")
        )
    }


def test_metrics_count_what_was_asked(make_client):
    server = make_client(metrics=True)
    for _ in range(2):
        server.search({"text": "red"})
    server.get(f"{URL}/search", params={"text": "red"})
    server.search({"k": 0})
    server.get("/v1/one"), server.get("/v1/two")
    server.request("BREW", "/v1/config")
    response = server.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    told = samples(response.text)
    requests = "placelens_http_requests_total"
    assert told[f'{requests}{{route="search_collection",method="POST",status="200"}}'] == 2
    assert told[f'{requests}{{route="search_collection",method="POST",status="422"}}'] == 1
    assert told[f'{requests}{{route="none",method="GET",status="404"}}'] == 2
    assert 'method="other"' in response.text
    assert told['placelens_searches_total{collection="squares"}'] == 3
    assert told['placelens_items{collection="squares"}'] == 3
    assert told["placelens_http_requests_in_flight"] == 1  # this one
    seconds = "placelens_http_request_duration_seconds"
    assert told[f'{seconds}_count{{route="search_collection"}}'] == 3
    assert told[f'{seconds}_bucket{{route="search_collection",le="+Inf"}}'] == 3
    assert told[f'{seconds}_sum{{route="search_collection"}}'] > 0


def test_buckets_hold_what_took_no_longer():
    metrics = Metrics()
    for seconds in (0.005, 0.0051, 31.0):
        metrics.note_request("a", "GET", 200, seconds)
    told = samples(metrics.text({}))
    bucket = 'placelens_http_request_duration_seconds_bucket{route="a",le="%s"}'
    assert [told[bucket % end] for end in (0.005, 0.01, 30.0, "+Inf")] == [1, 2, 2, 3]


def test_names_are_quoted():
    metrics = Metrics()
    metrics.note_search('a"b\\c\nd')
    assert r'{collection="a\"b\\c\nd"} 1' in metrics.text({})


def test_metrics_are_off_unless_asked_for(make_client):
    assert make_client().get("/metrics").status_code == 404
    away = make_client(metrics=True, host="0.0.0.0")
    assert away.get("/metrics", headers={"host": "192.168.1.5"}).status_code == 401


@pytest.fixture(scope="module")
def described(client) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_operations_have_names_that_people_would_give_them(described):
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(set(names)) == len(names)
    assert {"search_collection", "list_items", "read_item", "add_item", "start_job"} <= set(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in names)


def test_errors_are_described_as_problems(described):
    for path, method, operation in operations(described):
        for status in ("default", "422"):
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], (path, method)
    assert "HTTPValidationError" not in json.dumps(described)


def test_what_wants_a_token_is_described(described):
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    wanted = {o["operationId"]: o["security"] for _, _, o in operations(described)}
    assert wanted["search_collection"] == wanted["read_item"] == [{}, {"bearer": []}]
    assert wanted["delete_item"] == wanted["start_job"] == [{"bearer": []}]


def test_another_site_s_page_may_send_and_read_ids(make_client):
    server = make_client(cors_origins=("https://a.example",))
    headers = {"origin": "https://a.example", "access-control-request-method": "GET",
               "access-control-request-headers": "x-request-id"}  # fmt: skip
    assert server.request("OPTIONS", URL, headers=headers).status_code == 200
    read = server.get(URL, headers={"origin": "https://a.example"})
    assert "X-Request-ID" in read.headers["access-control-expose-headers"]
