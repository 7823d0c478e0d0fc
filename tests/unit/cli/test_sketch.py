"""``placelens sketch``: painted pictures, photos that were painted over, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import placelens.encoders.registry as registry
from placelens.collection import Collection
from placelens.encoders.palette import palette
from placelens.encoders.registry import EncoderKind
from placelens.readers.discover import read_photos
from placelens.testing.parts_encoder import PartsEncoder

Run = Callable[..., Any]
SKY, GREEN, GREY = (70, 120, 230), (40, 160, 50), (128, 128, 128)
SCENES = {"street": (SKY, GREY), "meadow": (SKY, GREEN), "upside-down": (GREY, SKY)}


@pytest.fixture
def run(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The commands, which know the toy encoder with class maps as well."""
    kind = EncoderKind(pattern="parts", summary="the toy", load=lambda _: PartsEncoder())
    monkeypatch.setattr(registry, "ENCODERS", {**registry.ENCODERS, "parts": kind})
    return cli


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    folder = tmp_path / "scenes"
    folder.mkdir()
    for name, (above, below) in SCENES.items():
        pixels = np.zeros((28, 28, 3), np.uint8)
        pixels[:14], pixels[14:] = above, below
        Image.fromarray(pixels).save(folder / f"{name}.png")
    made = Collection.create(tmp_path / "s.pl", encoder=PartsEncoder(), features="class_map")
    made.add(read_photos(folder), workers=0)
    return tmp_path / "s.pl"


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    """Sky above a road, on nothing."""
    colours = dict(zip(PartsEncoder.class_names, palette(PartsEncoder.class_names), strict=True))
    drawn = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    drawn.paste((*colours["sky"], 255), (0, 0, 60, 16))
    drawn.paste((*colours["road"], 255), (0, 24, 60, 40))
    drawn.save(tmp_path / "painting.png")
    return tmp_path / "painting.png"


def titles(answer: Any) -> list[str]:
    return [hit["title"].removesuffix(".png") for hit in json.loads(answer.stdout)["hits"]]


def test_a_painting_finds_what_looks_like_it(run: Run, scenes: Path, painting: Path) -> None:
    assert titles(run("sketch", scenes, painting, "--format", "json"))[0] == "street"
    table = run("sketch", scenes, painting, "-k", 1, "--explain-plan")
    assert "street.png" in table.stdout
    assert "certificate: proven" in table.stderr
    why = run("sketch", scenes, painting, "--why", 1).stdout
    assert "painted sky, road" in why
    assert "sky 42%, road 36%" in why


def test_a_photo_alone_and_painted_over(run: Run, scenes: Path, painting: Path) -> None:
    meadow = scenes.parent / "scenes" / "meadow.png"
    assert titles(run("sketch", scenes, "--over", meadow, "--format", "json"))[0] == "meadow"
    over = run("sketch", scenes, painting, "--over", meadow, "--format", "json")
    assert titles(over)[0] == "street"
    item = next(item.id for item in Collection.open(scenes).items() if item.title == "meadow.png")
    by_id = run("sketch", scenes, "--over", item, "--form", "paper", "--format", "json")
    assert titles(by_id)[0] == "meadow"


def test_with_words_and_a_weight(run: Run, scenes: Path, painting: Path) -> None:
    asked = ("sketch", scenes, painting, "--text", "green", "--format", "json")
    assert titles(run(*asked, "--weight", 0.01))[0] == "meadow"
    assert titles(run(*asked, "--weight", 9))[0] == "street"


def test_the_palette_is_told(run: Run, scenes: Path) -> None:
    assert "sky         #78beff" in run("sketch", scenes, "--palette").stdout
    told = json.loads(run("sketch", scenes, "--palette", "--format", "json").stdout)
    assert (told["rows"], told["columns"], told["n_items"]) == (14, 14, 3)


def test_what_cannot_be_used_is_named(run: Run, scenes: Path, tmp_path: Path) -> None:
    assert "there is nothing to look for" in run("sketch", scenes, code=1).stderr
    nowhere = tmp_path / "nowhere.png"
    assert f"{nowhere}: there is no such file" in run("sketch", scenes, nowhere, code=1).stderr
    assert "no item with id 'nobody'" in run("sketch", scenes, "--over", "nobody", code=1).stderr
    Image.new("RGB", (9, 9), (255, 0, 255)).save(tmp_path / "pink.png")
    pink = run("sketch", scenes, tmp_path / "pink.png", code=1).stderr
    assert "pink.png: 100% of what is painted has a colour of no class" in pink
    Image.new("RGB", (9, 9), "white").save(tmp_path / "blank.png")
    assert "nothing is painted" in run("sketch", scenes, tmp_path / "blank.png", code=1).stderr
    plain = Collection.create(tmp_path / "p.pl", dim=2)
    assert "keeps no class maps" in run("sketch", plain.path, "--palette", code=1).stderr
