"""``placelens index COLLECTION --reencode``: what it says, and what it takes."""

import shutil

import pytest

import placelens as pl
from placelens.encoders import registry
from placelens.encoders.registry import EncoderKind
from placelens.testing.fakes import HashEncoder


@pytest.fixture
def newer(cli, monkeypatch):
    """``cli`` on a machine where ``hash`` has become another encoder, and ``other`` is there."""
    kinds = {
        name: EncoderKind(pattern=name, summary="fake", load=lambda _, made=made: made)
        for name, made in {
            "hash": HashEncoder(version=2),
            "lite": HashEncoder(32, version=3),
        }.items()
    }
    monkeypatch.setattr(registry, "ENCODERS", {**registry.ENCODERS, **kinds})
    return cli


@pytest.fixture
def photos(tiny_collection, tiny_photos, tmp_path):
    """Of photos that lie in a folder of the test's own."""
    folder = shutil.copytree(tiny_photos, tmp_path / "photos")
    path = tmp_path / "own.pl"
    made = pl.Collection.create(path, encoder=HashEncoder())
    made.add(pl.read_photos(folder), workers=0)
    return path, folder


def test_what_needs_it_says_the_command_which_does_it(newer, photos):
    path, _ = photos
    refused = newer("search", path, "red", code=1)
    command = f"placelens index {path} --reencode"
    assert refused.stderr.strip().endswith(f"hash (hash-v2:64); make them anew with: {command}")
    assert len(refused.stderr.strip().splitlines()) == 1
    would = newer("index", path, "--reencode", "--dry-run").stderr
    assert "6 items of hash (hash-v1:64): 6 images and 0 texts would be encoded" in would
    said = newer("index", path, "--reencode").stderr
    assert "6 images and 0 texts encoded with hash (hash-v2:64) in" in said
    assert len(said.splitlines()) == 1
    found = newer("search", path, "red", "--format", "paths").stdout
    assert found.splitlines()[0].endswith("prague.png")
    again = newer("index", path, "--reencode").stderr
    assert "all 6 items are of hash (hash-v2:64) already; nothing to do" in again


def test_what_is_not_made_of_files_is_named(newer, photos, tmp_path):
    path, folder = photos
    (folder / "prague.png").unlink()
    newer("snapshot", path, "before")
    said = newer("index", path, "--reencode", "--report", tmp_path / "left.csv").stderr
    assert "1 item made of the stored preview" in said
    assert f"{folder / 'prague.png'}: there is no such file" in said
    assert "snapshots that keep their vectors, of another encoder: before" in said
    assert (tmp_path / "left.csv").read_text().splitlines() == [
        "file,reason",
        f"{folder / 'prague.png'},there is no such file",
    ]
    assert "with vectors of hash (hash-v1:64)" in newer("snapshot", path).stdout
    assert "with its vectors of hash (hash-v1:64)" in newer("restore", path, "before").stderr


def test_another_encoder(newer, photos):
    path, folder = photos
    refused = newer("index", folder, "--to", path, "--encoder", "lite", code=1).stderr
    assert f"placelens index {path} --reencode --encoder lite" in refused
    said = newer("index", path, "--reencode", "--encoder", "lite").stderr
    assert "encoded with hash (hash-v3:32)" in said
    assert pl.Collection.open(path).dim == 32


@pytest.mark.parametrize("option", ["--prune", "--watch", "--features=image", "--to=other.pl"])
def test_it_goes_alone(newer, photos, option):
    path, _ = photos
    refused = newer("index", path, "--reencode", option, code=1).stderr
    assert f"--reencode goes without {option.partition('=')[0]}" in refused


def test_only_a_collection_can_be(newer, photos):
    _, folder = photos
    assert "is not a placelens collection" in newer("index", folder, "--reencode", code=1).stderr
