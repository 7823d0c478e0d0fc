"""Snapshots, statistics and compaction beside threads that search: no error, no wrong answer."""

import threading
from datetime import timedelta

import numpy as np
import pytest

import placelens as pl

DIM = 8


@pytest.fixture
def photos(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=DIM)
    for part in range(4):
        ids = [f"{part}-{i}" for i in range(30)]
        made.add_vectors(ids, np.random.default_rng(part).normal(size=(30, DIM)))
    return made


def test_versions_are_kept_and_dropped_while_threads_search(photos):
    """Lance raises 'Already mutably borrowed' for a handle that two threads use."""
    errors, stop = [], threading.Event()

    def reads():
        while not stop.is_set():
            try:
                photos.search(vector=np.ones(DIM), k=3)
                photos.stats()
                photos.snapshots()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=reads) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(15):
            photos.snapshot(f"s{number}")
            photos.add_vectors([f"new{number}"], np.ones((1, DIM)))
            if number % 5 == 4:
                photos.compact()
            photos.drop_snapshot(f"s{number}")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not errors
    assert len(photos) == 4 * 30 + 15


def test_compaction_that_keeps_nothing_moves_searches_on_before_it_removes_their_files(photos):
    photos.delete(["0-1"])
    before = photos.search(vector=np.ones(DIM), k=5)
    assert photos.compact(keep=timedelta(0)) > 0
    assert [hit.id for hit in photos.search(vector=np.ones(DIM), k=5)] == [h.id for h in before]
    assert len(photos) == 4 * 30 - 1


def test_files_that_were_removed_under_a_reader_are_told_in_words(photos):
    reader = pl.Collection.open(photos.path)
    assert len(reader) == 120
    photos.compact(keep=timedelta(0))
    with pytest.raises(pl.CollectionError, match="cannot be read"):
        reader.get("1-1")
    reader.refresh()
    assert reader.get("1-1").id == "1-1"
