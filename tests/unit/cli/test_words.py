"""``placelens words``: what there is, which show a thing, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import placelens.encoders.registry as registry
from placelens.collection import Collection
from placelens.encoders.registry import EncoderKind
from placelens.readers.discover import read_photos
from placelens.testing.parts_encoder import PartsEncoder

Run = Callable[..., Any]
COLOURS = {"blue": (70, 120, 230), "green": (40, 160, 50), "red": (220, 30, 30)}


@pytest.fixture
def run(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The commands, which know the toy encoder with regions as well."""
    kind = EncoderKind(pattern="parts", summary="the toy", load=lambda _: PartsEncoder())
    monkeypatch.setattr(registry, "ENCODERS", {**registry.ENCODERS, "parts": kind})
    return cli


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    folder = tmp_path / "colours"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (56, 28), colour).save(folder / f"{name}.png")
    kept = ["regions", "shown"]
    made = Collection.create(tmp_path / "c.pl", encoder=PartsEncoder(), features=kept)
    made.add(read_photos(folder), workers=0)
    return tmp_path / "c.pl"


def test_the_words_there_are(run: Run, colours: Path) -> None:
    result = run("words", colours, "--least", "0.9")
    assert result.exit_code == 0
    assert result.stdout.split() == ["blue", "1", "green", "1", "red", "1"]
    assert json.loads(run("words", colours, "--json", "-k", "1").stdout) == [
        {"word": "blue", "n_items": 1}
    ]


def test_which_show_a_thing_and_where(run: Run, colours: Path) -> None:
    refused = run("words", colours, "red and walls", "--least", "0.9", code=1)
    assert "no word for 'walls'" in refused.output
    result = run("words", colours, "old red", "--least", "0.9")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert "red.png" in line
    assert line.endswith("red 0,0,8,4")
    assert "'old red' is taken for 'red'" in result.stderr
    assert "1 item of 3 so, 1 listed" in result.stderr
    found = json.loads(run("words", colours, "red", "--least", "0.9", "--json").stdout)
    assert found["items"][0]["words"][0]["box"] == [0, 0, 8, 4]


def test_nothing_so_sure_is_said(run: Run, colours: Path) -> None:
    result = run("words", colours, "grey", "--least", "1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 items of 3 so, 0 listed" in result.stderr
