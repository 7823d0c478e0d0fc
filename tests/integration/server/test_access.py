"""Tokens, sessions, and requests of other sites' pages."""

from datetime import timedelta
from pathlib import Path

import pytest

from placelens.errors import InputError
from placelens.server import Settings
from placelens.server.tokens import TokenFile

URL = "/v1/collections/squares"
HOST = {"host": "192.168.1.5:8000"}
# Ways to ask that change nothing, though they are no GET.
ASKING = {
    *((name, "post") for name in ("search", "heat", "explain", "export", "originals")),
    *((name, "post") for name in ("pictures", "map")),
    *(("session", method) for method in ("post", "delete")),
}


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens.json")


@pytest.fixture
def away(make_client, tokens):
    """A server that others reach."""
    return make_client(host="0.0.0.0", token_file=tokens.path, run_token="placelens_of_this_run")


def bearer(secret: str, **more: str) -> dict[str, str]:
    return {**HOST, "authorization": f"Bearer {secret}", **more}


def test_on_this_machine_reading_needs_no_token(client):
    assert client.get(URL).status_code == 200


@pytest.mark.parametrize(
    "path", [URL, "/v1/config", f"{URL}/items/x/thumbnail", "/v1/nothing", "/metrics", "/elsewhere"]
)
def test_others_need_one_for_all_but_the_page(away, path):
    response = away.get(path, headers=HOST)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == 'Bearer realm="placelens"'
    assert response.json()["type"] == "urn:placelens:problem:token"
    assert "placelens tokens create" in response.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/favicon.svg"])
def test_the_page_is_there_without_one(away, path):
    assert away.get(path, headers=HOST).status_code in (200, 204)


def test_each_token_opens(away, tokens):
    for scope in ("read", "write"):
        _, secret = tokens.create(scope)
        assert away.get(URL, headers=bearer(secret)).status_code == 200
    assert away.get(URL, headers=bearer("placelens_of_this_run")).status_code == 200
    lower = {**HOST, "authorization": f"bearer {secret}"}
    assert away.get(URL, headers=lower).status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Token x"])
def test_what_is_no_token_is_refused(away, tokens, header):
    tokens.create("read")
    response = away.get(URL, headers={**HOST, "authorization": header})
    assert response.status_code == 401
    if header.startswith("Bearer"):
        assert 'error="invalid_token"' in response.headers["www-authenticate"]


def test_a_wrong_token_is_refused_even_where_none_is_needed(make_client, tokens):
    """Or a page would learn only when it writes that its token is over."""
    server = make_client(token_file=tokens.path)
    assert server.get(URL, headers={"authorization": "Bearer wrong"}).status_code == 401


def test_a_token_that_is_over_or_revoked_is_refused(away, tokens):
    _, over = tokens.create("write", lasts=timedelta(microseconds=1))
    token, secret = tokens.create("read")
    assert away.get(URL, headers=bearer(over)).status_code == 401
    assert away.get(URL, headers=bearer(secret)).status_code == 200
    tokens.revoke(token.id)
    assert away.get(URL, headers=bearer(secret)).status_code == 401


def test_a_file_that_cannot_be_read_lets_nobody_in(away, tokens, caplog):
    _, secret = tokens.create("read")
    tokens.path.write_text("{")
    response = away.get(URL, headers=bearer(secret))
    assert response.status_code == 503
    assert str(tokens.path) not in response.text
    assert "is not a list of tokens" in caplog.text


def test_without_auth_nobody_is_asked(make_client):
    assert make_client(host="0.0.0.0", auth=False).get(URL, headers=HOST).status_code == 200


def cookie_of(response) -> dict[str, str]:
    return {**HOST, "cookie": response.headers["set-cookie"].partition(";")[0]}


def test_a_session_reads_where_no_header_can_be_sent(away, tokens):
    token, secret = tokens.create("write")
    begun = away.request("POST", "/v1/session", headers=bearer(secret))
    assert begun.status_code == 204
    kept = begun.headers["set-cookie"]
    assert kept.startswith("placelens-8000=")
    for word in ("HttpOnly", "SameSite=strict", "Path=/v1", "Max-Age=43200"):
        assert word in kept
    assert "Secure" not in kept  # the server speaks http here
    assert secret not in kept
    cookie = cookie_of(begun)
    assert away.get(URL, headers=cookie).status_code == 200
    assert away.request("POST", "/v1/session", headers=cookie).status_code == 401
    tokens.rotate(token.id)
    assert away.get(URL, headers=cookie).status_code == 401


def test_a_session_ends(away, tokens, monkeypatch):
    _, secret = tokens.create("read")
    begun = away.request("POST", "/v1/session", headers=bearer(secret))
    ended = away.request("DELETE", "/v1/session", headers=cookie_of(begun))
    assert (ended.status_code, "Max-Age=0" in ended.headers["set-cookie"]) == (204, True)
    _, ends, _ = cookie_of(begun)["cookie"].split(".")
    monkeypatch.setattr("placelens.server.access.time.time", lambda: float(ends))
    assert away.get(URL, headers=cookie_of(begun)).status_code == 401


@pytest.mark.parametrize(
    "forge",
    [
        lambda name, ends, sig: f"{name}.{int(ends) + 1}.{sig}",
        lambda name, ends, sig: f"placelens-8000=run.{ends}.{sig}",
        lambda name, ends, sig: f"{name}.{ends}.",
        lambda name, ends, sig: f"{name}.{ends}",
        lambda name, ends, sig: f"{name}..é",
        lambda name, ends, sig: f"{name.replace('8000', '81')}.{ends}.{sig}",
    ],
)
def test_a_forged_cookie_opens_nothing(away, tokens, forge):
    _, secret = tokens.create("read")
    begun = away.request("POST", "/v1/session", headers=bearer(secret))
    forged = forge(*cookie_of(begun)["cookie"].split("."))
    headers = [("host", HOST["host"]), ("cookie", forged.encode())]
    assert away.get(URL, headers=headers).status_code == 401


def test_a_session_needs_a_token_also_where_reading_is_open(client):
    response = client.request("POST", "/v1/session")
    assert response.status_code == 401
    assert "Bearer TOKEN" in response.json()["detail"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1", "", "://"],
)
def test_pages_of_other_sites_may_send_nothing(client, origin):
    headers = {"origin": origin}
    response = client.search({"text": "red"}, headers=headers)
    assert response.status_code == 403
    assert response.json()["type"] == "urn:placelens:problem:origin"
    assert client.get(URL, headers=headers).status_code == 200  # which they cannot read


def test_this_server_s_page_may(client, make_client):
    own = {"origin": "http://127.0.0.1:8000"}
    assert client.search({"text": "red"}, headers=own).status_code == 200
    behind = make_client(allowed_hosts=("photos.home",))
    proxied = {"origin": "https://photos.home", "host": "photos.home"}
    assert behind.search({"text": "red"}, headers=proxied).status_code == 200


def test_listed_origins_may_and_read_answers(make_client, tokens):
    site = "https://maps.example"
    server = make_client(cors_origins=(site,), token_file=tokens.path, host="0.0.0.0")
    preflight = server.request(
        "OPTIONS",
        f"{URL}/search",
        headers={
            **HOST,
            "origin": site,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, content-type",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == site
    assert "access-control-allow-credentials" not in preflight.headers
    _, secret = tokens.create("read")
    found = server.search({"text": "red"}, headers=bearer(secret, origin=site))
    assert (found.status_code, found.headers["access-control-allow-origin"]) == (200, site)
    refused = server.search({"text": "red"}, headers={**HOST, "origin": site})
    # Or the page could not tell what is wrong.
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, site)
    other = server.get(URL, headers=bearer(secret, origin="https://evil.example"))
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    "origin", ["*", "https://a.example/", "a.example", "https://A.example", "file://x", ""]
)
def test_an_origin_that_no_browser_sends_is_named(origin):
    with pytest.raises(InputError, match="is not a scheme and a host"):
        Settings(collections={}, cors_origins=(origin,))


def test_every_route_that_changes_something_asks_who_may(client):
    """Whatever is added, unless it is said above that it changes nothing."""
    for path, methods in client.app.openapi()["paths"].items():
        for method in set(methods) - {"get"}:
            if (path.rpartition("/")[2], method) in ASKING:
                continue
            response = client.request(method.upper(), path.replace("{", "").replace("}", ""))
            assert response.status_code == 403, (path, method)
            assert response.json()["type"] == "urn:placelens:problem:read-only"
