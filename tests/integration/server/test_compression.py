"""What is sent compressed and to whom; tags, 304 and HEAD of both forms; what is left as it is."""

import gzip
import json

import numpy as np
import pytest

import placelens as pl
from placelens.server import static_files
from placelens.server.compression import SMALLEST
from placelens.server.routes import pages

PLAIN, GZIP = {"accept-encoding": "identity"}, {"accept-encoding": "gzip, br"}
POINTS = "/v1/collections/many/points"


@pytest.fixture(scope="module")
def many(make_client, tmp_path_factory):
    """Points enough for an answer that is worth compressing, and one too small for it."""
    made = pl.Collection.create(tmp_path_factory.mktemp("many") / "many.pl", dim=2)
    made.add_vectors(
        [f"item{n}" for n in range(200)], np.ones((200, 2)), lat=[1.0] * 200, lon=[2.0] * 200
    )
    few = pl.Collection.create(tmp_path_factory.mktemp("few") / "few.pl", dim=2)
    return make_client(collections={"many": made, "few": few})


@pytest.fixture
def built(make_client, monkeypatch, tmp_path):
    """A server of a built page: a script, a background, a picture, a small file."""
    for name, content in {
        "index.html": b"<!doctype html>" + b"<p>hello</p>" * 200,
        "assets/index-DyLS3xDA.js": b"console.log(1);" * 500,
        "assets/font-AAAA.woff2": np.random.default_rng(0).bytes(5_000),
        "assets/small-BBBB.css": b"p{}",
        "map/background.json": json.dumps(list(range(3_000))).encode(),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    return make_client()


@pytest.fixture
def n_packed(monkeypatch):
    """How many bodies were packed in all."""
    packed = []
    real = static_files.pack
    monkeypatch.setattr(static_files, "pack", lambda *a: packed.append(a) or real(*a))
    return packed


FILES = [
    ("/", "no-cache"),
    ("/assets/index-DyLS3xDA.js", "public, max-age=31536000, immutable"),
    ("/map/background.json", "no-cache"),
]


def length(response):
    return int(response.headers["content-length"])


@pytest.mark.parametrize("url", [POINTS, "/v1/collections/many/items?k=50", "/openapi.json"])
def test_answers_are_compressed_for_who_takes_that(many, url):
    plain, packed = many.get(url, headers=PLAIN), many.get(url, headers=GZIP)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()  # httpx unpacks it
    assert length(packed) < length(plain) / 2
    for response in (plain, packed):
        assert response.headers["vary"] == "Accept-Encoding"


def test_a_search_and_an_error_are_compressed_too(client):
    found = client.search({"text": "red", "parse": False}, headers=GZIP)
    assert found.headers["content-encoding"] == "gzip"
    body = {"bbox": ["x"] * 4, "k": "many", "mu": "much", "text": {"a": 1}, "vector": ["y"] * 30}
    wrong = client.search(body, headers=GZIP)
    assert (wrong.status_code, wrong.headers["content-encoding"]) == (422, "gzip")
    assert wrong.headers["content-type"] == "application/problem+json"
    assert len(wrong.json()["errors"]) > 3


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("*, gzip;q=0", False),
        ("br, deflate", False),
        ("gzip;q=much", False),
        ("", False),
    ],
)
def test_what_is_accepted_is_read_as_it_is_written(many, built, accepted, is_packed):
    for server, url in ((many, POINTS), (built, "/")):
        response = server.get(url, headers={"accept-encoding": accepted})
        assert ("content-encoding" in response.headers) == is_packed


def test_small_answers_and_pictures_are_left_as_they_are(many, client, ids):
    small = many.get("/v1/collections/few/points", headers=GZIP)
    picture = client.get(f"/v1/collections/squares/items/{ids['red']}/thumbnail", headers=GZIP)
    original = client.get(f"/v1/collections/squares/items/{ids['red']}/image", headers=GZIP)
    assert length(small) < SMALLEST
    assert len(original.content) > 0
    for response in (small, picture, original):
        assert "content-encoding" not in response.headers
    for response in (picture, original):
        assert response.headers["content-type"] == "image/jpeg"
        assert "vary" not in response.headers


def test_each_form_has_its_tag_and_each_tag_its_304(many):
    forms = {name: many.get(POINTS, headers=head) for name, head in {"p": PLAIN, "g": GZIP}.items()}
    tags = {name: response.headers["etag"] for name, response in forms.items()}
    assert tags["g"] == f'{tags["p"][:-1]}-gzip"'
    for tag in (*tags.values(), f"W/{tags['g']}", f'"other", {tags["p"]}'):
        for accepted in (PLAIN, GZIP):
            again = many.get(POINTS, headers={"if-none-match": tag, **accepted})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] in tag
            assert again.headers["vary"] == "Accept-Encoding"
            assert "content-encoding" not in again.headers
    assert many.get(POINTS, headers={"if-none-match": '"other-gzip"'}).status_code == 200


@pytest.mark.parametrize(("url", "cache_control"), FILES)
def test_built_files_are_compressed_and_cached(built, url, cache_control):
    plain, packed = built.get(url, headers=PLAIN), built.get(url, headers=GZIP)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert length(packed) < length(plain) / 2
    assert packed.headers["content-type"] == plain.headers["content-type"]
    for form in (plain, packed):
        assert form.headers["vary"] == "Accept-Encoding"
        assert form.headers["cache-control"] == cache_control
        head = built.request("HEAD", url, headers=dict(form.request.headers))
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-length", "content-type", "vary", "cache-control"):
            assert head.headers[name] == form.headers[name], name
        assert head.headers.get("content-encoding") == form.headers.get("content-encoding")
        known = {**dict(form.request.headers), "if-none-match": form.headers["etag"]}
        for method in ("GET", "HEAD"):
            again = built.request(method, url, headers=known)
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "vary", "cache-control"):
                assert again.headers[name] == form.headers[name], name
    assert plain.headers["etag"] != packed.headers["etag"]


def test_files_that_gain_nothing_are_sent_as_they_are(built):
    for url in ("/assets/font-AAAA.woff2", "/assets/small-BBBB.css"):
        response = built.get(url, headers=GZIP)
        assert response.status_code == 200
        assert not {"content-encoding", "vary"} & set(response.headers)
        assert response.headers["cache-control"].endswith("immutable")
    assert built.get("/assets/gone-CCCC.js", headers=GZIP).status_code == 404
    assert built.request("POST", "/assets/index-DyLS3xDA.js").status_code == 405


def test_a_file_is_packed_once_until_it_changes(built, tmp_path, n_packed):
    page = tmp_path / "index.html"
    first = built.get("/", headers=GZIP)
    for _ in range(3):
        assert built.get("/", headers=GZIP).content == first.content
    assert len(n_packed) == 1
    page.write_bytes(b"<p>another build</p>" * 100)
    second = built.get("/", headers=GZIP)
    assert second.text.startswith("<p>another build")
    assert second.headers["etag"] != first.headers["etag"]


def test_a_part_of_a_file_is_of_the_file_as_it_is(built):
    url = "/assets/index-DyLS3xDA.js"
    part = built.get(url, headers={**PLAIN, "range": "bytes=0-6"})
    assert (part.status_code, part.content) == (206, b"console")
    assert "content-encoding" not in part.headers


def test_large_answers_are_packed_in_a_thread_and_come_whole(make_client, tmp_path):
    made = pl.Collection.create(tmp_path / "large.pl", dim=2)
    n = 3_000
    made.add_vectors([f"item{i}" for i in range(n)], np.ones((n, 2)), lat=[1.0] * n, lon=[2.0] * n)
    server = make_client(collections={"large": made})
    response = server.get("/v1/collections/large/points", headers=GZIP)
    assert len(response.content) > 32_768
    assert len(response.json()["ids"]) == n
    assert length(response) == len(gzip.compress(response.content, 5, mtime=0))
