"""What pictures show, in words, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

import placelens as pl
from placelens.testing.parts_encoder import PartsEncoder

COLOURS = {"blue": (70, 120, 230), "green": (40, 160, 50), "red": (220, 30, 30)}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> pl.Collection:
    folder = tmp_path_factory.mktemp("colours")
    for name, colour in COLOURS.items():
        Image.new("RGB", (56, 28), colour).save(folder / f"{name}.png")
    kept = ["regions", "shown"]
    made = pl.Collection.create(folder / "c.pl", encoder=PartsEncoder(), features=kept)
    made.add(pl.read_photos(folder), workers=0)
    return made


@pytest.fixture(scope="module")
def client(
    collection: pl.Collection, squares: pl.Collection, make_client: Callable[..., Any]
) -> Any:
    return make_client(collections={"c": collection, "squares": squares})


def test_the_words_there_are(client: Any, collection: pl.Collection) -> None:
    asked = client.get("/v1/collections/c/words", params={"least": 0.9})
    assert asked.json() == [each.to_dict() for each in collection.words(least=0.9)]
    assert {each["word"] for each in asked.json()} == set(COLOURS)


def test_which_show_a_thing_and_where(client: Any, collection: pl.Collection) -> None:
    asked = client.get("/v1/collections/c/shows", params={"text": "a red thing", "least": 0.9})
    found = collection.shows("a red thing", least=0.9)
    assert asked.json() == json.loads(json.dumps(found.to_dict()))
    assert collection[asked.json()["items"][0]["id"]].title == "red.png"


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("squares/words", 422, "--features regions,shown"),
        ("c/shows?text=of", 422, "no word for"),
        ("c/shows", 422, "text"),
        ("c/words?least=2", 422, "least"),
        ("none/words", 404, "none"),
    ],
)
def test_what_cannot_be_looked_up(client: Any, url: str, status: int, said: str) -> None:
    answer = client.get(f"/v1/collections/{url}")
    assert answer.status_code == status
    assert said in answer.text
