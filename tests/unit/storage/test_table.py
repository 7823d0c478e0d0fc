"""What stays on disk for readers, and what goes."""

import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import placelens as pl


@pytest.mark.parametrize("loaded", [True, False])
def test_compaction_keeps_what_was_the_newest_until_just_now(tmp_path, loaded):
    writer = pl.Collection.create(tmp_path / "c.pl", dim=4)
    writer.add_vectors(["a"], np.eye(4)[:1])
    writer.add_vectors(["b"], np.eye(4)[1:2])
    reader = pl.Collection.open(writer.path)
    if loaded:
        assert len(reader) == 2
    keep = timedelta(seconds=0.5)
    time.sleep(0.6)  # the version of the reader is old, but still the newest
    writer.delete(["a"])  # the whole first file: no later version has it
    writer.compact(keep=keep)
    assert [item.id for item in reader.items()] == ["a", "b"]
    assert reader.search(vector=[1, 0, 0, 0], k=1)[0].id == "a"

    time.sleep(0.6)  # replaced for longer than that
    assert writer.compact(keep=keep) > 0


def test_sizes_are_told_while_another_process_removes_files(tmp_path, monkeypatch):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=4)
    collection.add_vectors(["a"], np.eye(4)[:1])
    size = collection.stats().size_bytes

    class Vanishing:
        def is_file(self):
            return True

        def stat(self):
            raise FileNotFoundError

    find = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda *args: [*find(*args), Vanishing()])
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
