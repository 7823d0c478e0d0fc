"""Hosts, headers, limits, unexpected errors, and pages without a network."""

import logging
import re
from http import HTTPStatus

import pytest
from fastapi import APIRouter

from placelens import errors
from placelens.server.errors import STATUS_OF_ERROR, status_of
from placelens.server.routes import pages


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_this_machines_names_are_answered(client, host):
    assert client.get("/v1/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.5", ""])
def test_other_hosts_are_refused(client, host):
    response = client.get("/v1/config", headers={"host": host})
    assert response.status_code == HTTPStatus.MISDIRECTED_REQUEST
    assert f"{host!r}" in response.json()["detail"]


def test_bound_to_all_addresses_any_address_is_answered_but_no_name(make_client):
    server = make_client(host="0.0.0.0", allowed_hosts=("photos.home",), auth=False)
    for host, status in [("192.168.1.5:80", 200), ("photos.home", 200), ("evil.example", 421)]:
        assert server.get("/v1/config", headers={"host": host}).status_code == status


def test_only_this_server_is_let_in(client):
    headers = client.get("/v1/config").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    preflight = client.request(
        "OPTIONS",
        "/v1/collections/squares/search",
        headers={"origin": "https://evil.example", "access-control-request-method": "POST"},
    )
    assert not any(name.startswith("access-control") for name in preflight.headers)


def test_the_tile_host_is_let_in_when_it_is_given(make_client):
    server = make_client(tile_url="https://tiles.example.org:8443/{z}/{x}/{y}.png")
    response = server.get("/v1/config")
    policy = response.headers["content-security-policy"]
    assert policy.count("https://tiles.example.org:8443") == 2
    assert response.json()["tile_url"].startswith("https://tiles.example.org")


def test_errors_have_the_headers_too(client):
    for response in (client.get("/nothing"), client.get("/", headers={"host": "evil.example"})):
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large(make_client, announced):
    async def in_pieces():
        for _ in range(10):
            yield b" " * 200

    server = make_client(max_upload_bytes=1000)
    response = server.request(
        "POST",
        "/v1/collections/squares/search",
        content=b" " * 2000 if announced else in_pieces(),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert "this server takes 1,000" in response.json()["detail"]


def test_another_content_type_is_not_read_as_json(client):
    # A form on another site can send text/plain without asking first.
    response = client.request(
        "POST",
        "/v1/collections/squares/search",
        content=b'{"text": "red"}',
        headers={"content-type": "text/plain"},
    )
    assert response.status_code == 422


def test_an_unexpected_error_is_logged_and_not_shown(make_client, caplog):
    server = make_client()
    router = APIRouter()

    @router.get("/boom")
    def boom() -> None:
        raise RuntimeError("a secret of the server")

    server.app.include_router(router)
    with caplog.at_level(logging.ERROR, logger="placelens.server"):
        response = server.get("/boom")
    assert response.status_code == 500
    assert response.json()["type"] == "urn:placelens:problem:internal"
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "a secret of the server" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/v1/config", 405)]
)
def test_unknown_urls_and_methods_are_problems(client, method, path, status):
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert path in response.json()["detail"]


def test_every_error_has_a_status():
    def below(error):
        return {error, *(each for child in error.__subclasses__() for each in below(child))}

    for error in below(errors.PlacelensError):
        instance = error("what", "extra") if error is errors.MissingExtraError else error("what")
        assert 400 <= status_of(instance) < 600
    assert status_of(errors.CoordinateError("x")) == 422
    assert status_of(errors.FormatVersionError("x")) == 409
    assert errors.PlacelensError in STATUS_OF_ERROR


def test_openapi_describes_every_field(client):
    description = client.get("/openapi.json").json()
    search = description["paths"]["/v1/collections/{name}/search"]["post"]
    assert search["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "SearchRequest"
    )
    assert set(description["components"]["schemas"]["SearchRequest"]["properties"]) >= {
        "text",
        "images",
        "near",
        "mu",
    }


def test_without_the_built_page_plain_ones_say_what_to_do(make_client, monkeypatch, tmp_path):
    monkeypatch.setattr(pages, "STATIC", tmp_path / "nothing")
    server = make_client()
    assert "npm ci" in server.get("/").text
    docs = server.get("/docs").text
    assert 'href="/openapi.json"' in docs
    assert "POST /v1/collections/{name}/search" in docs
    assert server.get("/favicon.ico").status_code == 204
    for page in (server.get("/").text, docs):
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
