"""What stays on disk for readers, and what goes."""

import json
import os
import time
from datetime import timedelta

import numpy as np
import pytest

import placelens as pl
from placelens.storage.manifest import Manifest, vector_features


@pytest.mark.parametrize("loaded", [True, False])
def test_compaction_keeps_what_was_the_newest_until_just_now(tmp_path, loaded):
    for attempt in range(10):
        writer = pl.Collection.create(tmp_path / f"{attempt}.pl", dim=4)
        writer.add_vectors(["a"], np.eye(4)[:1])
        writer.add_vectors(["b"], np.eye(4)[1:2])
        reader = pl.Collection.open(writer.path)
        if loaded:
            assert len(reader) == 2
        age_s = 0.5 * 2**attempt
        time.sleep(age_s)  # the version of the reader is old, but still the newest
        before = time.monotonic()
        writer.delete(["a"])  # the whole first file: no later version has it
        # It was the newest within so long, and is itself older.
        keep_s = time.monotonic() - before + 0.8 * age_s
        writer.compact(keep=timedelta(seconds=keep_s))
        # On a machine too slow for that, it may have gone rightly: once more, with more time.
        if time.monotonic() - before < keep_s:
            break
    assert [item.id for item in reader.items()] == ["a", "b"]
    assert reader.search(vector=[1, 0, 0, 0], k=1)[0].id == "a"

    time.sleep(keep_s)  # replaced for longer than that
    assert writer.compact(keep=timedelta(seconds=keep_s)) > 0


def test_sizes_are_told_while_another_process_removes_files(tmp_path, monkeypatch):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=4)
    collection.add_vectors(["a"], np.eye(4)[:1])
    size = collection.stats().size_bytes

    walk = os.walk
    gone = (str(collection.path), [], ["gone"])
    monkeypatch.setattr(os, "walk", lambda folder: [*walk(folder), gone])
    assert collection.stats().size_bytes == size > 0


@pytest.mark.parametrize("name", ["2026-11-22", "v1.2", "Before_cleaning"])
def test_a_snapshot_is_listed_under_its_name(tmp_path, name):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=4)
    collection.snapshot(name)
    assert list(collection.snapshots()) == [name]
    collection.restore(name)


@pytest.mark.parametrize(
    "name", ["", "é", "a b", "a/b", ".a", "a.", "a..b", "..", "-", "a\n", "a.lock", "a" * 101]
)
def test_a_name_that_could_not_be_listed_is_refused(tmp_path, name):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=4)
    with pytest.raises(pl.CollectionError, match="letters, digits"):
        collection.snapshot(name)
    assert collection.snapshots() == {}


def test_a_derived_table_has_the_same_rows_and_other_vectors(tmp_path):
    first = pl.Collection.create(tmp_path / "a.pl", dim=4, modalities=("image", "text"))
    first.add_vectors(["i", "j"], np.eye(4)[:2], modality="image", lat=[1, None], lon=[2, None])
    first.add_vectors(["t"], np.eye(4)[2:3], modality="text", text=["a text"])
    first.add_vectors(["gone"], np.eye(4)[3:], modality="text")
    first.delete(["gone"])
    manifest = Manifest(features=vector_features(["image", "text"], 2), concepts=("east", "north"))

    def halved(feature, vectors):
        return vectors[:, :2] if feature == "image" else vectors[:, 2:]

    first._table.derive(tmp_path / "b.pl", manifest, halved, files={"extra": b"1"})
    second = pl.Collection.open(tmp_path / "b.pl")
    assert list(second.items()) == list(first.items())
    assert second.concepts == ("east", "north")
    assert (tmp_path / "b.pl" / "extra").read_bytes() == b"1"
    assert second.vector("j", "image").tolist() == [0, 1]
    assert second.vector("t", "text").tolist() == [1, 0]
    with pytest.raises(pl.errors.ItemNotFoundError, match="no vector"):
        second.vector("t", "image")
    second.add_vectors(["new"], [[1, 0]], modality="image")
    assert second._versions.version.iids.tolist() == [0, 1, 2, 4]  # 3 was another's


def test_a_table_that_cannot_be_derived_leaves_nothing(tmp_path):
    first = pl.Collection.create(tmp_path / "a.pl", dim=4)
    first.add_vectors(["a"], np.eye(4)[:1])

    def fails(feature, vectors):
        raise ValueError("no such vectors")

    with pytest.raises(Exception, match="no such vectors"):
        first._table.derive(
            tmp_path / "b.pl", Manifest(features=vector_features(["vector"], 2)), fails
        )
    assert [path.name for path in tmp_path.iterdir()] == ["a.pl"]


def test_concepts_of_a_manifest_name_every_component(tmp_path):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=2)
    path = collection.path / "manifest.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "concepts": ["east"]}))
    (collection.path / "checksums.txt").unlink()  # which would say no more than that it changed
    with pytest.raises(pl.errors.CollectionError, match="1 concepts do not name 2 components"):
        pl.Collection.open(collection.path)


@pytest.mark.parametrize("name", ["s3:bucket", "photos: 2020.pl", "file:x.pl", "hf:a/b.pl"])
def test_a_path_with_a_colon_is_a_folder_and_no_address(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    made = pl.Collection.create(name, dim=4)
    made.add_vectors(["a"], np.eye(4)[:1])
    made.snapshot("one")
    assert (tmp_path / name / "manifest.json").exists()
    assert len(pl.Collection.open(name)) == 1
    assert pl.Collection.check(name).is_sound


@pytest.mark.parametrize("path", ["s3://bucket/photos.pl", "https://example.org/photos.pl"])
def test_an_address_is_refused_in_words(path):
    for use in (pl.Collection.open, lambda path: pl.Collection.create(path, dim=4)):
        with pytest.raises(pl.InputError, match="is an address"):
            use(path)
