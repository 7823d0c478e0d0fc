"""Collections, items, pictures, points and places."""

import asyncio
import io
import logging
from pathlib import Path

import httpx
import pillow_heif
import pytest
from PIL import Image

import placelens as pl
from placelens.export import FORMATS
from placelens.server import Settings
from placelens.server.catalogue import Catalogue
from placelens.server.decoding import Decoders
from placelens.server.originals import open_original
from placelens.testing.fakes import HashEncoder
from placelens.types import Item


def test_config_tells_the_page_what_there_is(client):
    assert client.get("/v1/config").json() == {
        "version": pl.__version__,
        "collections": ["squares"],
        "tile_url": None,
        "writes": False,
        "writing_needs_token": True,
        "export_formats": list(FORMATS),
    }


def test_config_tells_when_everybody_may_write(make_client):
    config = make_client(write=True, auth=False).get("/v1/config").json()
    assert (config["writes"], config["writing_needs_token"]) == (True, False)


def test_encoders_are_listed_with_what_can_be_told(client):
    rows = {row["name"]: row for row in client.get("/v1/encoders").json()}
    lite = rows.pop("lite[:photo|aerial]")
    assert (lite["installed"], lite["dim"], lite["languages"]) == (True, 384, "English")
    assert "install" not in lite
    assert all(name.startswith(("open_clip:", "hf:", "concepts:")) for name in rows)
    assert all(("install" in row) != row["installed"] for row in rows.values())


def test_collections_are_listed_and_counted(client):
    assert client.get("/v1/collections").json() == [
        {"name": "squares", "n_items": 3, "space": "sphere", "encoder": "hash"}
    ]
    stats = client.get("/v1/collections/squares").json()
    assert (stats["n_items"], stats["n_located"], stats["n_with_time"]) == (3, 3, 2)
    assert stats["bounds"] == [2.35, 43.7, 7.27, 48.85]


def test_an_unknown_collection_names_those_there_are(client):
    response = client.get("/v1/collections/circles")
    assert response.status_code == 404
    assert response.json()["detail"] == "no collection is called 'circles'; there are: 'squares'"


def test_points_are_all_located_items(client, ids):
    response = client.get("/v1/collections/squares/points")
    points = response.json()
    assert dict(
        zip(points["ids"], zip(points["lon"], points["lat"], strict=True), strict=True)
    ) == {
        ids["red"]: (4.84, 45.76),
        ids["green"]: (2.35, 48.85),
        ids["blue"]: (7.27, 43.7),
    }
    again = {"if-none-match": response.headers["etag"]}
    assert client.get("/v1/collections/squares/points", headers=again).status_code == 304


def test_more_points_than_the_limit_are_thinned_out(make_client):
    points = make_client(max_points=2).get("/v1/collections/squares/points").json()
    assert len(points["ids"]) == 2
    assert points["n_located"] == 3


def test_values_of_an_attribute(client):
    url = "/v1/collections/squares/values"
    values = client.get(url, params={"attribute": "rating"}).json()
    assert {(entry["value"], entry["n_items"]) for entry in values} == {(3, 1), (4, 1), (5, 1)}
    assert client.get(url, params={"attribute": "none"}).json() == []
    problem = client.get(url).json()
    assert problem["detail"] == "attribute: is required"


def test_an_item(client, ids):
    item = client.get(f"/v1/collections/squares/items/{ids['red']}").json()
    assert (item["lat"], item["lon"], item["text"]) == (45.76, 4.84, "a red tram")
    assert item["attributes"] == {"city": "Lyon", "rating": 3}


@pytest.mark.parametrize("what", ["", "/thumbnail", "/image"])
def test_an_unknown_item(client, what):
    response = client.get(f"/v1/collections/squares/items/nobody{what}")
    assert response.status_code == 404
    assert "'nobody'" in response.json()["detail"]


def test_a_thumbnail_is_a_jpeg_that_may_be_kept(client, ids):
    url = f"/v1/collections/squares/items/{ids['blue']}/thumbnail"
    response = client.get(url)
    assert response.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(response.content)).size == (64, 48)
    assert "max-age" in response.headers["cache-control"]
    tag = response.headers["etag"]
    assert client.get(url, headers={"if-none-match": tag}).status_code == 304
    assert client.get(url, headers={"if-none-match": '"other"'}).status_code == 200


def test_the_original_is_sent_as_it_is(client, ids, photos):
    response = client.get(f"/v1/collections/squares/items/{ids['green']}/image")
    assert response.content == (photos / "green.jpg").read_bytes()
    assert response.headers["content-type"] == "image/jpeg"
    tag = response.headers["etag"]
    url = f"/v1/collections/squares/items/{ids['green']}/image"
    assert client.get(url, headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["../../etc/passwd", "%2e%2e/secret.txt", "/etc/passwd"])
def test_no_path_of_the_client_is_opened(client, path):
    response = client.get(f"/v1/collections/squares/items/{path}/image")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.fixture
def odd(tmp_path: Path, make_client):
    """A server of items whose files are a TIFF, gone, a text, and no file at all."""
    Image.new("RGB", (30, 20), (1, 2, 250)).save(tmp_path / "scan.tif")
    (tmp_path / "secret.txt").write_text("not for you")
    collection = pl.Collection.create(tmp_path / "odd.pl", encoder=HashEncoder())
    collection.add_vectors(
        ["scans/a b.tif", "gone", "secret", "words"],
        HashEncoder().encode_texts(["a", "b", "c", "d"]),
        image=[
            str(tmp_path / "scan.tif"),
            "/old/home/gone.jpg",
            str(tmp_path / "secret.txt"),
            None,
        ],
        text=[None, None, None, "only words"],
        modality="text",
    )
    return make_client(collections={"odd": collection})


def test_a_format_that_browsers_cannot_show_comes_as_jpeg(odd):
    response = odd.get("/v1/collections/odd/items/scans%2Fa%20b.tif/image")
    image = Image.open(io.BytesIO(response.content))
    assert (response.headers["content-type"], image.format) == ("image/jpeg", "JPEG")
    assert image.size == (30, 20)


def test_an_id_with_slashes_and_spaces_has_working_links(odd):
    item = odd.get("/v1/collections/odd/items/scans%2Fa%20b.tif").json()
    assert item["image_url"] == "/v1/collections/odd/items/scans%2Fa%20b.tif/image"
    assert odd.get(item["image_url"]).status_code == 200


def test_a_missing_original_names_the_file_but_not_the_folder(odd):
    response = odd.get("/v1/collections/odd/items/gone/image")
    assert response.status_code == 404
    assert "'gone.jpg'" in response.json()["detail"]
    assert "/old/home" not in response.text


def test_a_file_that_is_no_image_is_not_sent(odd):
    response = odd.get("/v1/collections/odd/items/secret/image")
    assert response.status_code == 404
    assert "not for you" not in response.text


def test_a_text_has_no_pictures(odd):
    assert odd.get("/v1/collections/odd/items/words").json()["image_url"] is None
    for what in ("image", "thumbnail"):
        assert odd.get(f"/v1/collections/odd/items/words/{what}").status_code == 404


def test_paths_are_shown_on_this_machine_only(make_client, ids, photos):
    url = f"/v1/collections/squares/items/{ids['red']}"
    assert make_client().get(url).json()["image"] == str(photos / "red.jpg")
    away = make_client(host="0.0.0.0", auth=False)
    assert away.get(url).json()["image"] == "red.jpg"
    found = away.search({"text": "red", "parse": False}).json()["hits"][0]
    assert found["image"] == "red.jpg"
    features = away.search({"text": "red", "parse": False}, params={"format": "geojson"})
    assert str(photos) not in features.text


def test_a_heic_photo_is_shown_as_jpeg(tmp_path: Path):
    photo = pillow_heif.from_pillow(Image.new("RGB", (64, 32), (10, 200, 10)))
    photo.save(tmp_path / "photo.heic")
    response = open_original(Item(id="a", image=str(tmp_path / "photo.heic"))).response(
        {}, Decoders()
    )
    assert response.media_type == "image/jpeg"
    assert Image.open(io.BytesIO(bytes(response.body))).size == (64, 32)


def test_new_commits_are_seen(tmp_path, make_client):
    path = tmp_path / "growing.pl"
    writer = pl.Collection.create(path, dim=3)
    server = make_client(collections={"growing": path})
    assert server.get("/v1/collections/growing").json()["n_items"] == 0
    writer.add_vectors(["a"], [[1.0, 0.0, 0.0]])
    assert server.get("/v1/collections/growing").json()["n_items"] == 1


def test_a_collection_that_is_damaged_leaves_the_others_in_the_list(tmp_path, make_client):
    for name in ("broken", "sound"):
        made = pl.Collection.create(tmp_path / f"{name}.pl", dim=3)
        made.add_vectors(["a"], [[1.0, 0.0, 0.0]])
    (tmp_path / "broken.pl" / "manifest.json").write_text("{")
    both = make_client(collections={n: tmp_path / f"{n}.pl" for n in ("broken", "sound")})
    assert [each["name"] for each in both.get("/v1/collections").json()] == ["sound"]
    broken = both.get("/v1/collections/broken")
    assert (broken.status_code, "placelens repair" in broken.json()["detail"]) == (503, True)
    alone = make_client(collections={"broken": tmp_path / "broken.pl"})
    assert "placelens repair" in alone.get("/v1/collections").json()["detail"]


def test_many_requests_at_once_while_another_process_writes(tmp_path, make_client):
    # Refreshing must not disturb what other threads read: Lance says "Already mutably borrowed".
    path = tmp_path / "busy.pl"
    writer = pl.Collection.create(path, dim=3)
    writer.add_vectors(["a"], [[1.0, 0.0, 0.0]])
    server = make_client(collections={"busy": path})

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(server.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            urls = ["/v1/collections/busy/items/a", "/v1/collections/busy/points"] * 60
            asked = [asyncio.create_task(client.get(url)) for url in urls]
            for i in range(5):
                await asyncio.to_thread(writer.add_vectors, [f"b{i}"], [[0.0, 1.0, 0.0]])
            return [response.status_code for response in await asyncio.gather(*asked)]

    assert set(asyncio.run(ask())) == {200}


def test_warming_up_loads_what_a_search_needs(squares, tmp_path, caplog):
    calls: list[str] = []

    class Watched:
        encoder_name = "hash"
        modalities = squares.modalities

        def refresh(self) -> bool:
            return squares.refresh()

        def search(self, words: str, **options: object) -> object:
            calls.append(words)
            return squares.search(words, **options)

        def verify(self) -> None:
            calls.append("verified")

    settings = Settings(collections={"gone": tmp_path / "gone.pl", "squares": Watched()})
    with caplog.at_level(logging.WARNING, logger="placelens.server"):
        Catalogue(settings).warm_up()
    assert len(calls) == 1 + len(squares.modalities) + 1
    assert calls[-1] == "verified"
    assert "'gone' could not be made ready" in caplog.text


def test_a_collection_that_is_not_there(tmp_path, make_client):
    server = make_client(collections={"gone": tmp_path / "gone.pl"})
    assert server.get("/v1/collections/gone").status_code == 404


def test_places_are_completed(client):
    places = client.get("/v1/places", params={"q": "Lyo"}).json()
    assert places[0]["name"] == "Lyon"
    assert places[0]["lat"] == pytest.approx(45.75, abs=0.05)
    assert client.get("/v1/places", params={"q": ""}).status_code == 422


def test_the_largest_towns_come_in_columns(client):
    response = client.get("/v1/towns", params={"limit": 50})
    towns = response.json()
    assert {len(column) for column in towns.values()} == {50}
    assert "Tokyo" in towns["names"]
    assert towns["population"] == sorted(towns["population"], reverse=True)
    again = {"if-none-match": response.headers["etag"]}
    assert client.get("/v1/towns", params={"limit": 50}, headers=again).status_code == 304


def test_settings_refuse_what_cannot_work():
    for options, said in [
        ({"collections": {"a/b": "x"}}, "'a/b' cannot stand in a URL"),
        ({"tile_url": "ftp://tiles/{z}/{x}/{y}"}, "is not a template"),
        ({"tile_url": "https://tiles.example.org/{z}/{x}.png"}, "it lacks {y}"),
        ({"tile_url": "https://a;script-src/{z}/{x}/{y}"}, "must be a plain host name"),
        ({"max_upload_bytes": 0}, "max_upload_bytes = 0"),
    ]:
        with pytest.raises(pl.InputError) as caught:
            Settings(**{"collections": {}, **options})
        assert said in str(caught.value)
