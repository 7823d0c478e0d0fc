"""Models of a user's own on the command line: added, listed, removed; class maps made with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from placelens.collection import Collection

Run = Callable[..., Any]
Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    file = tmp_path / "labels.txt"
    file.write_text("void\nred\ngreen\nblue\n")
    return file


@pytest.fixture
def model(make_segmenter: Make, tmp_path: Path) -> Path:
    return make_segmenter(tmp_path / "colours.onnx")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("red", "blue"):
        Image.new("RGB", (40, 40), name).save(folder / f"{name}.png")
    return folder


def test_models_are_added_listed_and_removed(cli: Run, model: Path, labels: Path) -> None:
    assert "no models; add one with: placelens models add segmenter" in cli("models").stderr
    added = cli("models", "add", "segmenter", model, "--labels", labels, "--scale", "unit")
    assert "3 classes on 14 x 14 cells, from 28 x 28 pixels (scale: unit; output: logits)" in (
        added.stderr
    )
    assert "--features class_map --segmenter colours" in added.stderr
    (row,) = json.loads(cli("models", "list", "--format", "json").stdout)
    assert (row["kind"], row["name"], row["classes"]) == (
        "segmenter", "colours", ["red", "green", "blue"],
    )  # fmt: skip
    assert cli("models").stdout == cli("models", "list").stdout
    assert json.loads(cli("models", "--format", "json").stdout) == [row]
    assert cli("models").stdout.splitlines()[0] == "segmenter colours"
    refused = cli("models", "add", "segmenter", model, "--labels", labels, code=1)
    assert "placelens models remove segmenter colours" in refused.stderr
    refused = cli("models", "remove", "translator", "colours", code=1)
    assert "no kind 'translator' of models; there are: segmenter, detector" in refused.stderr
    assert "removed" in cli("models", "remove", "segmenter", "colours").stderr
    assert json.loads(cli("models", "list", "--format", "json").stdout) == []


def test_a_model_that_was_changed_is_listed_as_such(cli: Run, model: Path, labels: Path) -> None:
    cli("models", "add", "segmenter", model, "--labels", labels)
    (kept,) = Path(str(model.parent)).glob("home/models/segmenters/colours/model.onnx")
    kept.write_bytes(b"another")
    assert "cannot be used: the segmenter's file" in cli("models").stdout


def test_class_maps_are_made_filled_in_and_of_one_maker(
    cli: Run, model: Path, labels: Path, photos: Path, tmp_path: Path
) -> None:
    path, asked = tmp_path / "c.pl", ("--features", "class_map", "--segmenter", "colours")
    cli("models", "add", "segmenter", model, "--labels", labels, "--scale", "unit", "--grid", 7)
    refused = cli("index", photos, "--to", path, "--segmenter", "colours", code=1)
    assert "add --features class_map" in refused.stderr
    cli("index", photos, "--to", path, "--workers", 0)
    refused = cli("index", photos, "--to", path, *asked, code=1)
    assert f"placelens index {path} --features class_map --segmenter colours" in refused.stderr
    assert "class_map: made of 2 items" in cli("index", path, *asked, "--workers", 0).stderr
    assert "class_map: made of 0 items" in cli("index", path, "--features", "class_map").stderr
    assert "2 unchanged" in cli("index", photos, "--to", path, *asked).stderr
    opened = Collection.open(path)
    (red,) = (item.id for item in opened.items() if "red" in (item.image or ""))
    drawn = cli("show", path, red, "--feature", "class_map").stdout.splitlines()
    assert drawn[:7] == [" ".join("R" * 7)] * 7
    other = cli("index", photos, "--to", path, *asked[:3], "streets", code=1)
    assert "keeps class maps of segmenter:colours:" in other.stderr
    new = tmp_path / "new.pl"
    cli("index", photos, "--to", new, *asked, "--workers", 0)
    assert Collection.open(new).feature(red, "class_map").shape == (7, 7, 3)
    cli("models", "remove", "segmenter", "colours")
    Image.new("RGB", (40, 40), "green").save(photos / "green.png")
    refused = cli("index", photos, "--to", path, code=1)
    assert "placelens models add segmenter FILE --labels FILE --name colours" in refused.stderr


def test_masks_are_given_and_counted(cli: Run, labels: Path, photos: Path, tmp_path: Path) -> None:
    path, masks = tmp_path / "c.pl", tmp_path / "masks"
    masks.mkdir()
    Image.fromarray(np.full((8, 8), 1, np.uint8)).save(masks / "red.png")
    Image.fromarray(np.full((8, 8), 1, np.uint8)).save(masks / "nobody.png")
    cli("index", photos, "--to", path, "--workers", 0)
    report = tmp_path / "report.csv"
    done = cli("index", path, "--masks", masks, "--labels", labels, "--report", report)
    said = "class_map: given to 1 item, 1 item with an image have none, 1 mask not taken"
    assert said in done.stderr
    assert "nobody.png: no image of the collection is called so" in done.stderr
    assert "nobody.png" in report.read_text()
    asked = ("--masks", masks, "--labels", labels)
    assert "go together" in cli("index", path, "--masks", masks, code=1).stderr
    refused = cli("index", path, *asked, "--features", "class_map", code=1)
    assert "go without --features" in refused.stderr
    assert "without --dry-run" in cli("index", path, *asked, "--dry-run", code=1).stderr
    refused = cli("index", path, *asked, "--reencode", code=1)
    assert "--reencode goes without --masks" in refused.stderr
    assert "not a placelens collection" in cli("index", photos, *asked, code=1).stderr


def test_objects_are_found_filled_in_and_of_one_maker(
    cli: Run, make_detector: Make, photos: Path, tmp_path: Path
) -> None:
    path, asked = tmp_path / "c.pl", ("--features", "objects", "--detector", "colours")
    labels = tmp_path / "names.txt"
    labels.write_text("red\ngreen\nblue\n")
    model = make_detector(tmp_path / "colours.onnx")
    added = cli("models", "add", "detector", model, "--labels", labels)
    assert (
        "3 classes from 16 x 16 pixels (scale: unit; output: yolov8; colours: rgb" in added.stderr
    )
    assert "--features objects --detector colours" in added.stderr
    (row,) = json.loads(cli("models", "list", "--format", "json").stdout)
    assert (row["kind"], row["name"]) == ("detector", "colours")
    assert cli("models").stdout.splitlines()[0] == "detector colours"
    refused = cli("index", photos, "--to", path, "--detector", "colours", code=1)
    assert "add --features objects" in refused.stderr
    cli("index", photos, "--to", path, "--workers", 0)
    refused = cli("index", path, "--features", "objects", code=1)
    assert "placelens models add detector FILE --labels FILE" in refused.stderr
    assert "objects: made of 2 items" in cli("index", path, *asked, "--workers", 0).stderr
    assert "objects: made of 0 items" in cli("index", path, "--features", "objects").stderr
    assert "2 unchanged" in cli("index", photos, "--to", path, *asked).stderr
    other = cli("index", photos, "--to", path, *asked[:3], "streets", code=1)
    assert "keeps objects of detector:colours:" in other.stderr
    opened = Collection.open(path)
    (red,) = (item.id for item in opened.items() if "red" in (item.image or ""))
    assert [each.label for each in opened.objects(red)[:4]] == ["red"] * 4
    kept = json.loads(cli("show", path, red, "--feature", "objects").stdout)
    assert kept["classes"] == ["red", "green", "blue"]
    assert kept["values"]["classes"][:4] == [0] * 4
    cli("models", "remove", "detector", "colours")
    Image.new("RGB", (40, 40), "green").save(photos / "green.png")
    refused = cli("index", photos, "--to", path, code=1)
    assert "placelens models add detector FILE --labels FILE --name colours" in refused.stderr
