"""``.../sketch``: what may be painted, what pictures show, and searches with both."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.encoders.palette import palette
from placelens.testing.parts_encoder import PartsEncoder

SKY, GREEN, GREY, RED = (70, 120, 230), (40, 160, 50), (128, 128, 128), (220, 30, 30)
CLASSES = ["sky", "vegetation", "road", "building"]
SCENES = {
    "street": (SKY, GREY),
    "meadow": (SKY, GREEN),
    "upside down": (GREY, SKY),
    "wall": (RED, GREY),
}


def scene(above: tuple[int, ...], below: tuple[int, ...]) -> Image.Image:
    pixels = np.zeros((28, 28, 3), np.uint8)
    pixels[:14], pixels[14:] = above, below
    return Image.fromarray(pixels)


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> pl.Collection:
    folder = tmp_path_factory.mktemp("scenes")
    for name, colours in SCENES.items():
        scene(*colours).save(folder / f"{name}.png")
    made = pl.Collection.create(folder / "s.pl", encoder=PartsEncoder(), features=["class_map"])
    made.add(pl.read_photos(folder), workers=0)
    return made


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> pl.Collection:
    return pl.Collection.create(tmp_path_factory.mktemp("plain") / "p.pl", dim=2)


@pytest.fixture(scope="module")
def client(collection: pl.Collection, plain: pl.Collection, make_client: Callable[..., Any]) -> Any:
    return make_client(collections={"scenes": collection, "plain": plain})


@pytest.fixture(scope="module")
def ids(collection: pl.Collection) -> dict[str, str]:
    return {item.title.removesuffix(".png"): item.id for item in collection.items()}


def found(client: Any, value: dict[str, Any], **more: Any) -> list[str]:
    term = {"kind": "sketch", "value": value}
    answer = client.request("POST", "/v1/collections/scenes/search", json={"terms": [term], **more})
    assert answer.status_code == 200, answer.text
    return [hit["title"].removesuffix(".png") for hit in answer.json()["hits"]]


def test_the_palette_says_what_may_be_painted(client: Any) -> None:
    answer = client.get("/v1/collections/scenes/sketch").json()
    assert [each["name"] for each in answer["classes"]] == CLASSES
    assert answer["classes"][0]["colour"] == "#78beff"
    assert (answer["rows"], answer["columns"], answer["n_items"]) == (14, 14, 4)


def test_without_class_maps_it_says_how_to_make_them(client: Any) -> None:
    answer = client.get("/v1/collections/plain/sketch")
    assert answer.status_code == 404
    assert "placelens index COLLECTION --features class_map" in answer.json()["detail"]


def test_sky_over_road_finds_the_street(client: Any) -> None:
    assert found(client, {"classes": ["sky", "road"], "cells": [[0], [1]]})[0] == "street"
    assert found(client, {"classes": ["sky", "road"], "cells": [[1], [0]]})[0] == "upside down"
    words = {"text": "red", "parse": False}
    assert found(client, {"classes": ["road"], "cells": [[None], [0]]}, **words)[0] == "wall"


def test_a_hit_is_painted_over(client: Any, ids: dict[str, str]) -> None:
    over = {"item": ids["meadow"]}
    assert found(client, {"over": over})[0] == "meadow"
    assert found(client, {"over": over, "classes": ["road"], "cells": [[None], [0]]})[0] == "street"


def test_a_photo_is_sent_seen_and_painted_over(client: Any) -> None:
    handle = client.request("POST", "/v1/pictures", content=png(scene(SKY, GREEN))).json()["handle"]
    answer = client.request(
        "POST", "/v1/collections/scenes/sketch/map", json={"picture": handle}
    ).json()
    assert answer["classes"] == CLASSES
    assert (np.array(answer["cells"])[0] == 0).all()
    assert len(base64.b64decode(answer["map"])) == 14 * 14 * 4
    assert found(client, {"over": {"map": answer["map"]}})[0] == "meadow"


def test_the_map_of_an_item_is_what_is_kept(client: Any, ids: dict[str, str]) -> None:
    url = "/v1/collections/scenes/sketch/map"
    answer = client.request("POST", url, json={"item": ids["wall"]}).json()
    kept = client.get(
        f"/v1/collections/scenes/items/{ids['wall']}/kept", params={"feature": "class_map"}
    ).json()
    assert answer["cells"] == kept["cells"]
    assert answer["confidence"] == kept["confidence"]
    assert kept["colours"][:-1] == ["#{:02x}{:02x}{:02x}".format(*c) for c in palette(CLASSES)]


def test_a_painted_picture_is_read_by_its_colours(client: Any) -> None:
    colours = palette(CLASSES)
    drawn = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    drawn.paste((*colours[0], 255), (0, 0, 60, 30))
    handle = client.request("POST", "/v1/pictures", content=png(drawn)).json()["handle"]
    answer = client.request(
        "POST", "/v1/collections/scenes/sketch/map", json={"painting": handle}
    ).json()
    cells = np.array(answer["cells"])
    assert (cells[:7] == 0).all()
    assert (cells[7:] == -1).all()
    assert answer["map"] is None


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "needs one of item, picture and painting"),
        ({"item": "a", "picture": "0" * 32}, 422, "needs one of item, picture and painting"),
        ({"item": "nobody"}, 404, "nobody"),
        ({"picture": "0" * 32}, 410, "is not kept"),
        ({"painting": "x"}, 422, "pattern"),
    ],
)
def test_what_cannot_be_seen_is_told(
    client: Any, body: dict[str, str], status: int, said: str
) -> None:
    answer = client.request("POST", "/v1/collections/scenes/sketch/map", json=body)
    assert answer.status_code == status
    assert said in answer.text


@pytest.mark.parametrize(
    "value", ["painting.png", {"cells": [[0] * 3, [1]]}, {"over": {"item": 1}}]
)
def test_what_is_no_sketch_is_refused(client: Any, value: Any) -> None:
    term = {"kind": "sketch", "value": value}
    answer = client.request("POST", "/v1/collections/scenes/search", json={"terms": [term]})
    assert answer.status_code == 422, answer.text
