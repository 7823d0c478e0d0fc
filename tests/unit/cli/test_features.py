"""Features that are asked for when a collection is made, filled in later, and shown."""

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
from placelens.encoders.registry import EncoderKind
from placelens.testing.parts_encoder import PartsEncoder

Run = Callable[..., Any]
COLOURS = {"sky": (70, 120, 230), "building": (220, 30, 30)}


@pytest.fixture
def parts(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The commands, which know the toy encoder with parts as well."""
    kind = EncoderKind(pattern="parts", summary="the toy", load=lambda _: PartsEncoder())
    monkeypatch.setattr(registry, "ENCODERS", {**registry.ENCODERS, "parts": kind})
    return cli


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (40, 40), colour).save(folder / f"{name}.png")
    return folder


def kept(path: Path) -> list[str]:
    return [feature.name for feature in Collection.open(path).features]


def test_a_new_collection_keeps_what_is_asked_for(parts: Run, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.pl"
    asked = ("index", photos, "--to", path, "--encoder", "parts", "--workers", 0)
    parts(*asked, "--features", "regions, class_map")
    assert kept(path) == ["image", "regions", "class_map", "text"]
    # The same command goes on from there, and so does one that does not name them.
    assert "2 unchanged" in parts(*asked, "--features", "regions,class_map").stderr
    Image.new("RGB", (40, 40), (40, 160, 50)).save(photos / "vegetation.png")
    assert "1 added" in parts("index", photos, "--to", path, "--workers", 0).stderr
    opened = Collection.open(path)
    assert all(opened.feature(each, "class_map").any() for each in opened)
    stats = json.loads(parts("stats", path, "--json").stdout)
    assert stats["feature_bytes"] == {
        "image": 16 * 4, "regions": 7 * 7 * 4, "class_map": 14 * 14 * 4, "text": 16 * 4,
    }  # fmt: skip
    assert "image (64), regions (196), class_map (784), text (64)" in parts("stats", path).stdout


def test_by_default_neither_is_made_and_both_are_filled_in(
    parts: Run, photos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "c.pl"
    parts("index", photos, "--to", path, "--encoder", "parts", "--workers", 0)
    assert kept(path) == ["image", "text"]
    refused = parts("index", photos, "--to", path, "--features", "regions,class_map", code=1)
    assert f"placelens index {path} --features regions,class_map" in refused.stderr
    assert kept(path) == ["image", "text"]
    (photos / "sky.png").unlink()
    done = parts("index", path, "--features", "regions,class_map", "--workers", 0)
    for name in ("regions", "class_map"):
        assert f"{name}: made of 1 item, 1 image could not be read; {path}" in done.stderr
    assert kept(path) == ["image", "text", "regions", "class_map"]


def test_an_encoder_without_them_says_so_and_nothing_is_made(
    parts: Run, photos: Path, tmp_path: Path
) -> None:
    path = tmp_path / "c.pl"
    refused = parts("index", photos, "--to", path, "--features", "class_map", code=1)
    assert "the encoder hash makes no feature 'class_map'; it makes: image, text" in refused.stderr
    assert not path.exists()


def test_photos_and_collections_are_not_mixed(parts: Run, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.pl"
    parts("index", photos, "--to", path, "--encoder", "parts", "--workers", 0)
    refused = parts("index", path, photos, "--features", "regions", code=1)
    assert f"{path} is a collection" in refused.stderr


def test_a_feature_is_shown(parts: Run, photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.pl"
    parts(
        "index", photos, "--to", path, "--encoder", "parts", "--workers", 0,
        "--features", "class_map,regions",
    )  # fmt: skip
    opened = Collection.open(path)
    (sky,) = (item.id for item in opened.items() if "sky" in (item.image or ""))
    shown = json.loads(parts("show", path, sky, "--feature", "class_map", "--json").stdout)
    assert shown["classes"] == ["sky", "vegetation", "road", "building", "other"]
    assert np.array(shown["cells"]).tolist() == np.zeros((14, 14)).tolist()
    assert np.array(shown["values"]).shape == (14, 14, 4)
    drawn = parts("show", path, sky, "--feature", "class_map").stdout.splitlines()
    assert drawn[:14] == [" ".join("S" * 14)] * 14
    assert drawn[-1].split() == ["S", "sky", "100%"]
    regions = json.loads(parts("show", path, sky, "--feature", "regions").stdout)
    assert (regions["shape"], regions["cells"]) == ([7, 7, 4], None)
    assert regions["values"] == opened.feature(sky, "regions").tolist()
    refused = parts("show", path, sky, "--feature", "smell", code=1)
    assert "keeps no feature 'smell'; it keeps: image, regions, class_map, text" in refused.stderr
