"""Items added, changed and deleted over HTTP; what comes from strangers, and from many at once."""

import asyncio
import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from PIL.Image import Exif
from tests.faults import version_1
from tests.integration.server.writer import RUN, WRITER

import placelens as pl
from placelens.server.errors import ProblemError
from placelens.server.tokens import TokenFile
from placelens.server.turns import Turns
from placelens.testing.fakes import HashEncoder

URL = "/v1/collections/tiny"
JSON = {"content-type": "application/json"}
PICTURE = {**WRITER, "content-type": "image/png"}


def picture(colour: str = "purple", form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, form, **options)
    return out.getvalue()


def add(server, content: bytes, name: str = "", **headers: str) -> httpx.Response:
    return server.request(
        "POST", f"{URL}/items", params={"file_name": name}, content=content,
        headers={**PICTURE, **headers},
    )  # fmt: skip


def kept_files(collection: pl.Collection) -> list[Path]:
    folder = collection.path.with_name("tiny-uploads")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_picture_becomes_an_item_that_is_found(server, collection):
    response = add(server, picture(), "../../IMG_20190601_120000.png")
    assert response.status_code == 201
    item = response.json()
    # The time is that of its name, so that names are kept, but never where they lead to.
    assert item["time"] == "2019-06-01T12:00:00"
    (path,) = kept_files(collection)
    assert item["image"] == str(path)
    assert path.name == "IMG_20190601_120000.png"
    assert path.read_bytes() == picture()
    assert server.get(response.headers["location"]).json() == item
    assert server.get(item["image_url"]).content == picture()
    found = server.request(
        "POST", f"{URL}/search", json={"text": "purple", "parse": False, "k": 1}
    ).json()
    assert found["hits"][0]["id"] == item["id"]
    assert pl.Collection.open(collection.path)[item["id"]].image == str(path)


def test_what_a_picture_says_of_itself_is_taken_in(server):
    exif = Exif()
    exif[0x010E] = "a purple wall"
    item = add(server, picture(form="JPEG", exif=exif), "a.jpg").json()
    assert item["text"] == "a purple wall"


def test_the_same_bytes_are_one_item_and_one_file(server, collection):
    first = add(server, picture(), "a.png")
    again = add(server, picture(), "b.png")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert [path.name for path in kept_files(collection)] == ["a.png"]
    server.request("DELETE", first.headers["location"], headers=WRITER)
    assert len(kept_files(collection)) == 1  # as elsewhere, files are not touched
    assert add(server, picture(), "c.png").status_code == 201


def test_a_picture_of_the_collection_is_its_item(server, collection, tmp_path):
    (tmp_path / "mine.png").write_bytes(picture())
    collection.add(pl.read_photos(tmp_path / "mine.png"), workers=0)
    response = add(server, picture(), "other name.png")
    assert response.status_code == 200
    assert response.json()["image"] == str(tmp_path / "mine.png")
    assert len(collection) == 7


def test_uploads_are_kept_where_one_says(make_client, collection, tmp_path):
    server = make_client(
        collections={"tiny": collection}, write=True, run_token=RUN, uploads=tmp_path / "kept",
        token_file=tmp_path / "tokens.json",
    )  # fmt: skip
    image = Path(add(server, picture(), "a.png").json()["image"])
    assert image.is_relative_to(tmp_path / "kept" / "tiny")


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.png", "no body"),
        (b"MZ a program", "a.exe", "neither called as a picture is nor begins as one"),
        (b"#!/bin/sh\n", "run.sh", "neither called as a picture is nor begins as one"),
        (b"<svg onload=alert(1)>", "a.svg", "neither called as a picture is nor begins as one"),
        (b"<html><script>1</script>", "a.jpg", ""),
        (b"%!PS-Adobe-3.0\nshowpage\n", "a.eps", ""),
        (b"%!PS-Adobe-3.0\nshowpage\n", "a.png", ""),
        (picture()[:40], "cut.png", ""),
        (b"\xff\xd8\xff" + b"\0" * 100, "zeros.jpg", ""),
        (b"P6 60000 60000 255\n", "bomb.ppm", ""),
    ],
)
def test_what_is_no_picture_is_refused_and_not_kept(server, collection, content, name, reason):
    response = add(server, content, name)
    assert response.status_code == 422
    assert reason in response.json()["detail"]
    assert kept_files(collection) == []
    assert len(collection) == 6


@pytest.mark.parametrize("media", ["text/plain", "multipart/form-data; boundary=x", "", "image"])
def test_a_body_that_is_said_to_be_something_else(server, collection, media):
    response = add(server, picture(), "a.png", **{"content-type": media})
    assert response.status_code == 415
    assert "application/octet-stream" in response.json()["detail"]
    assert kept_files(collection) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_picture_that_is_too_large_leaves_nothing(make_client, collection, announced, tmp_path):
    server = make_client(
        collections={"tiny": collection}, write=True, run_token=RUN, max_upload_bytes=1000,
        token_file=tmp_path / "tokens.json",
    )  # fmt: skip

    async def pieces():
        for _ in range(10):
            yield b"\x89PNG" * 100

    content = b"\x89PNG" * 1000 if announced else pieces()
    assert add(server, content, "a.png").status_code == 413
    assert kept_files(collection) == []


@pytest.mark.parametrize(
    "name",
    ["../../../etc/cron.d/a.png", "/etc/passwd", "..\\..\\a.png", ".hidden.png", "..", "\0.png",
     "a" * 190 + ".png", "CON.png:x", "é" * 100 + ".png", "a/../../b.png", "%2e%2e%2fa.png"],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder(server, collection, name):
    assert add(server, picture(), name).status_code == 201
    (path,) = kept_files(collection)
    assert path.suffix == ".png"
    assert not path.name.startswith(".")
    assert len(path.name.encode()) < 200
    assert pl.read_photos(path.parents[1]).__next__().image == str(path)


def test_an_item_is_changed(server, collection):
    changes = {
        "text": "the old town",
        "place": {"lat": 50.1, "lon": 14.4},
        "place_radius_m": 30,
        "time": "2020-02-03T04:05:06+01:00",
        "attributes": {"title": "Praha at night", "rating": None, "tags": ["a", "b"]},
    }
    response = server.request("PATCH", f"{URL}/items/prague", json=changes, headers=WRITER)
    assert response.status_code == 200
    item = response.json()
    assert item["attributes"] == {"city": "Praha", "title": "Praha at night", "tags": ["a", "b"]}
    assert (item["title"], item["text"]) == ("Praha at night", "the old town")
    assert (item["lat"], item["lon"], item["place_radius_m"]) == (50.1, 14.4, 30.0)
    assert item["time"] == "2020-02-03T04:05:06+01:00"
    assert server.get(f"{URL}/items/prague").json() == item
    nothing = {"text": None, "place": None, "time": None}
    cleared = server.request("PATCH", f"{URL}/items/prague", json=nothing, headers=WRITER).json()
    assert (cleared["text"], cleared["lat"], cleared["time"]) == (None, None, None)
    assert cleared["attributes"] == item["attributes"]
    same = server.request("PATCH", f"{URL}/items/prague", json={}, headers=WRITER)
    assert same.json() == cleared


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": "red"}, "unknown field 'colour'"),
        ({"place": {"lat": 95, "lon": 1}}, "latitude 95"),
        ({"place": {"x": 1, "y": 1}}, ""),
        ({"time": "yesterday"}, "is not a time like"),
        ({"time": 5}, "time"),
        ({"place_radius_m": 5}, "give place as well"),
        ({"place": {"lat": 1, "lon": 1}, "place_radius_m": -1}, "place_radius_m"),
        ({"place_source": "guessed"}, "place_source"),
        ({"attributes": {"a": {"b": 1}}}, "attributes"),
        ({"attributes": {str(i): i for i in range(40)}}, "attributes"),
        ({"text": "x" * 5_000}, "text"),
        ([], "JSON object"),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(server, collection, changes, said):
    before = server.get(f"{URL}/items/prague").json()
    response = server.request("PATCH", f"{URL}/items/prague", json=changes, headers=WRITER)
    assert response.status_code == 422
    assert said in response.json()["detail"]
    assert server.get(f"{URL}/items/prague").json() == before


def test_half_a_character_is_no_text(server):
    body = {"content": b'{"text": "\\ud800"}', "headers": {**WRITER, **JSON}}
    response = server.request("PATCH", f"{URL}/items/prague", **body)
    assert (response.status_code, response.json()["detail"][:5]) == (422, "text:")


def test_an_item_is_deleted_and_its_file_stays(server, collection, tiny_photos):
    assert server.request("DELETE", f"{URL}/items/lyon", headers=WRITER).status_code == 204
    assert server.get(f"{URL}/items/lyon").status_code == 404
    assert server.get(f"{URL}/items").json()["n_items"] == 5
    assert (tiny_photos / "lyon.png").exists()
    again = server.request("DELETE", f"{URL}/items/lyon", headers=WRITER)
    assert (again.status_code, "'lyon'" in again.json()["detail"]) == (404, True)
    patched = server.request("PATCH", f"{URL}/items/lyon", json={"text": "a"}, headers=WRITER)
    assert patched.status_code == 404


CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", f"{URL}/items", {"content": picture(), "headers": {"content-type": "image/png"}}),
    ("PATCH", f"{URL}/items/lyon", {"json": {"text": "x"}}),
    ("DELETE", f"{URL}/items/lyon", {}),
]


@pytest.mark.parametrize(("method", "url", "options"), CHANGES)
def test_who_may_not_write_changes_nothing(make_client, collection, tmp_path, method, url, options):
    tokens = TokenFile(tmp_path / "tokens.json")
    _, reader = tokens.create("read")
    _, writer = tokens.create("write")

    def status(server, **headers):
        merged = {**options.get("headers", {}), **headers}
        return server.request(method, url, **{**options, "headers": merged})

    reading = make_client(collections={"tiny": collection}, token_file=tokens.path, run_token=RUN)
    refused = status(reading, authorization=f"Bearer {writer}")
    assert (refused.status_code, "--write" in refused.json()["detail"]) == (403, True)

    server = make_client(collections={"tiny": collection}, token_file=tokens.path, write=True)
    missing = status(server)
    assert missing.status_code == 401
    assert missing.headers["www-authenticate"] == 'Bearer realm="placelens", scope="write"'
    for wrong in ("Bearer wrong", f"Bearer {writer}x"):
        assert status(server, authorization=wrong).status_code == 401
    scope = status(server, authorization=f"Bearer {reader}")
    assert scope.status_code == 403
    assert 'error="insufficient_scope"' in scope.headers["www-authenticate"]
    origin = status(server, authorization=f"Bearer {writer}", origin="https://evil.example")
    assert origin.status_code == 403
    begun = server.request("POST", "/v1/session", headers={"authorization": f"Bearer {writer}"})
    cookie = status(server, cookie=begun.headers["set-cookie"].partition(";")[0])
    assert cookie.status_code == 401
    assert len(collection) == 6
    assert "lyon" in collection
    assert kept_files(collection) == []
    assert status(server, authorization=f"Bearer {writer}").status_code in (200, 201, 204)


def test_without_auth_all_may_write(make_client, collection):
    server = make_client(collections={"tiny": collection}, write=True, auth=False)
    assert server.request("DELETE", f"{URL}/items/lyon").status_code == 204
    other = {"origin": "https://evil.example"}
    assert server.request("DELETE", f"{URL}/items/suva", headers=other).status_code == 403


def test_another_process_that_writes_is_waited_for_by_the_client(server, collection):
    other = pl.Collection.open(collection.path, encoder=HashEncoder())
    with other._table.writing():
        response = server.request("DELETE", f"{URL}/items/lyon", headers=WRITER)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert server.request("DELETE", f"{URL}/items/lyon", headers=WRITER).status_code == 204


def test_deletions_and_searches_at_once(server, collection):
    """Each answer is that of one version: no hit without its item, no error."""
    names = ["prague", "brno", "lyon", "sydney", "suva"]

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            asked = []
            for name in names:
                body = {"text": "red", "parse": False, "k": 10}
                asked += [client.post(f"{URL}/search", json=body) for _ in range(4)]
                asked.append(client.delete(f"{URL}/items/{name}", headers=WRITER))
                asked.append(client.get(f"{URL}/items"))
            return list(await asyncio.gather(*asked))

    statuses = {}
    for response in asyncio.run(ask()):
        statuses.setdefault(response.request.method, set()).add(response.status_code)
        if response.request.method == "POST":
            found = [hit["id"] for hit in response.json()["hits"]]
            assert len(found) == response.json()["plan"]["n_items"] == len(set(found))
    assert statuses == {"POST": {200}, "DELETE": {204}, "GET": {200}}
    assert list(pl.Collection.open(collection.path)) == ["nowhere"]


def test_uploads_at_once_are_all_taken(server, collection):
    colours = [(i * 40, 255 - i * 40, 128) for i in range(6)]

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            asked = [
                client.post(f"{URL}/items", content=picture(colour), headers=PICTURE)
                for colour in colours
            ]
            return [response.status_code for response in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [201] * 6
    assert len(pl.Collection.open(collection.path)) == 12


def test_a_turn_that_does_not_come_is_told(server, collection):
    turns: Turns = server.app.state.catalogue.turns("tiny")
    with turns.of_job(), pytest.raises(ProblemError), turns.of_request(patience_s=0):
        raise AssertionError("had a turn that was another's")
    with turns.of_request():
        assert not turns.is_wanted


def test_a_collection_without_an_encoder_takes_no_pictures(make_client, tmp_path):
    made = pl.Collection.create(tmp_path / "tiny.pl", dim=3)
    server = make_client(collections={"tiny": made}, write=True, auth=False)
    response = add(server, picture(), "a.png")
    assert (response.status_code, "encoder" in response.json()["detail"]) == (422, True)
    assert kept_files(made) == []


def test_a_collection_of_an_older_format_is_read_and_not_written(make_client, tmp_path):
    version_1.write(tmp_path / "old.pl", ["a", "b"], np.eye(2))
    server = make_client(collections={"old": tmp_path / "old.pl"}, write=True, run_token=RUN,
                         token_file=tmp_path / "tokens.json")  # fmt: skip
    assert server.get("/v1/collections/old/items/a").status_code == 200
    for refused in (
        server.request("DELETE", "/v1/collections/old/items/a", headers=WRITER),
        server.request("PATCH", "/v1/collections/old/items/a", json={"text": "x"}, headers=WRITER),
    ):
        assert refused.status_code == 409, refused.text
        assert "placelens migrate" in refused.json()["detail"]
