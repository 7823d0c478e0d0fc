"""A tree that is damaged is passed over and said; answers stay right, and it is built anew."""

import json
import logging

import numpy as np
import pytest

import placelens as pl
from placelens.engine.indexes import kinds, shelf
from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.kind import Thresholds
from placelens.storage.arrays import (
    folders_of_arrays,
    open_arrays,
    remove_arrays,
    write_arrays,
)

DIM, N = 12, 120


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(-60, 60, N), rng.uniform(-170, 170, N)
    with kinds.registered(GMRTreeKind(Thresholds(grow_from=60))):
        made = pl.Collection.create(tmp_path / "c.pl", dim=DIM)
        made.add_vectors([f"i{i}" for i in range(N)], rng.normal(size=(N, DIM)), lat=lat, lon=lon)
        made.compact()
        yield made


def answer(photos):
    hits = photos.search(vector=np.ones(DIM), near=pl.Place(lat=1, lon=2), decay="exp:900km")
    return [(hit.id, hit.score) for hit in hits]


def tree_of(photos):
    (folder,) = folders_of_arrays(photos.path / "index")
    return folder


def test_each_file_of_a_tree_may_be_damaged(photos, caplog):
    expected = answer(photos)
    folder = tree_of(photos)
    assert photos._versions.indexes.shelf.stored
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        for changed in (b"", content[:-1], content[:-1] + bytes([content[-1] ^ 1]), content + b"x"):
            file.write_bytes(changed)
            caplog.clear()
            opened = pl.Collection.open(photos.path)
            assert answer(opened) == expected
            assert not opened._versions.indexes.shelf.stored, f"{file.name} was believed"
            assert "is damaged" in caplog.text
            (damage,) = pl.Collection.check(photos.path).damage
            assert damage.concerns == "index"
        file.write_bytes(content)
    assert pl.Collection.open(photos.path)._versions.indexes.shelf.stored


def test_a_damaged_tree_is_built_anew_by_the_next_writer(photos):
    expected, folder = answer(photos), tree_of(photos)
    (folder / "meta.json").write_text("{}")
    opened = pl.Collection.open(photos.path)
    opened.compact()
    assert tree_of(photos) != folder
    assert opened._versions.indexes.shelf.stored
    assert answer(opened) == expected
    assert pl.Collection.check(photos.path).is_sound


def test_repair_removes_a_damaged_tree(photos):
    (tree_of(photos) / "vector.boxes.npy").unlink()
    (action,) = pl.Collection.repair(photos.path).actions
    assert "built anew" in action
    assert folders_of_arrays(photos.path / "index") == []


def test_a_tree_without_checksums_is_of_an_older_placelens_and_built_anew(photos, caplog):
    meta = tree_of(photos) / "meta.json"
    facts = json.loads(meta.read_text())
    meta.write_text(json.dumps({**facts, "format": 1, "arrays": list(facts["arrays"])}))
    with caplog.at_level(logging.WARNING):
        opened = pl.Collection.open(photos.path)
    assert "older placelens" in caplog.text
    assert not opened._versions.indexes.shelf.stored


def test_a_tree_with_good_checksums_that_no_kernel_may_be_given_is_passed_over(photos, caplog):
    folder = tree_of(photos)
    arrays, meta = open_arrays(folder)
    arrays["vector/codes.cluster"] = np.full_like(arrays["vector/codes.cluster"], 255)
    del meta["arrays"]
    write_arrays(photos.path / "index", arrays, meta)
    remove_arrays(folder)
    expected = answer(photos)
    opened = pl.Collection.open(photos.path)
    assert "cluster 255 is not one of" in caplog.text
    assert answer(opened) == expected


def test_what_was_left_for_later_is_compared_and_built_anew(photos, monkeypatch):
    monkeypatch.setattr(shelf, "CHECK_AT_OPEN", 0)
    expected, folder = answer(photos), tree_of(photos)
    vectors = folder / "vector.vectors.npy"
    content = bytearray(vectors.read_bytes())
    content[-5] ^= 64
    vectors.write_bytes(content)
    opened = pl.Collection.open(photos.path)
    assert opened._versions.indexes.shelf.stored
    opened.verify()
    opened._versions.indexes.wait()
    assert tree_of(photos) != folder
    assert answer(opened) == expected
