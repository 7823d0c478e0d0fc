"""Snapshots, statistics and compaction beside threads that search: no error, no wrong answer."""

import threading
from datetime import timedelta

import numpy as np
import pytest
from tests.effort import RUNS

import placelens as pl

DIM = 8


@pytest.fixture
def photos(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=DIM)
    for part in range(4):
        ids = [f"{part}-{i}" for i in range(30)]
        made.add_vectors(ids, np.random.default_rng(part).normal(size=(30, DIM)))
    return made


@pytest.mark.repeated
def test_versions_are_kept_and_dropped_while_threads_search(photos):
    """Lance raises 'Already mutably borrowed' for a handle that two threads use."""
    errors, stop = [], threading.Event()
    n_turns = 5 if RUNS == 1 else 15 * RUNS

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
        for number in range(n_turns):
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
    assert len(photos) == 4 * 30 + n_turns


def test_compaction_that_keeps_nothing_moves_searches_on_before_it_removes_their_files(photos):
    photos.delete(["0-1"])
    before = photos.search(vector=np.ones(DIM), k=5)
    assert photos.compact(keep=timedelta(0)) > 0
    assert [hit.id for hit in photos.search(vector=np.ones(DIM), k=5)] == [h.id for h in before]
    assert len(photos) == 4 * 30 - 1


READS = {
    "get": lambda c: c.get("1-1").id == "1-1",
    "search": lambda c: len(c.search(vector=np.ones(DIM), k=3)) == 3,
    "search_many": lambda c: len(c.search_many([{"vector": np.ones(DIM)}])) == 1,
    "explain": lambda c: c.explain("1-1", vector=np.ones(DIM)).hit.id == "1-1",
    "items": lambda c: len(list(c.items(batch_size=7))) == 119,
    "filtered items": lambda c: len(list(c.items(where={"city": {"exists": False}}))) == 119,
    "ids": lambda c: len(list(c)) == 119,
    "len": lambda c: len(c) == 119,
    "in": lambda c: "1-1" in c,
    "stats": lambda c: c.stats().n_items == 119,
    "points": lambda c: c.points()[0] == [],
    "values": lambda c: c.values("city") == {},
    "names": lambda c: len(c.attribute_names()) > 0,
    "mistyped": lambda c: len(c.mistyped({"city": "Lyon"})) == 1,
    "vector": lambda c: c.vector("1-1").shape == (DIM,),
    "thumbnail": lambda c: c.thumbnail("1-1") is None,
}


@pytest.mark.parametrize("read", READS)
def test_a_reader_whose_files_were_removed_reads_the_newest_version(photos, read):
    reader = pl.Collection.open(photos.path)
    before = reader.version
    photos.delete(["0-1"])
    photos.compact(keep=timedelta(0))
    assert READS[read](reader)
    assert before < reader.version == photos.version


def test_a_reader_whose_files_are_there_stays_at_its_version(photos):
    reader = pl.Collection.open(photos.path)
    before = reader.version
    photos.add_vectors(["new"], np.ones((1, DIM)))
    with pytest.raises(pl.ItemNotFoundError):
        reader.get("new")
    assert (len(reader), reader.version) == (120, before)


def test_an_iteration_that_has_begun_does_not_begin_again(photos):
    reader = pl.Collection.open(photos.path)
    items = reader.items(batch_size=7)
    first = [next(items).id for _ in range(7)]
    photos.compact(keep=timedelta(0))
    with pytest.raises(pl.CollectionError, match="cannot be read"):
        list(items)
    assert [item.id for item in reader.items()][:7] == first


def test_files_that_are_gone_without_a_newer_version_are_told_in_words(photos):
    reader = pl.Collection.open(photos.path)
    for file in (photos.path / "items.lance" / "data").iterdir():
        file.unlink()
    with pytest.raises(pl.CollectionError, match="cannot be read"):
        reader.get("1-1")
