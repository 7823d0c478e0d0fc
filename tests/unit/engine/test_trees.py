"""The trees beside a table answer as a scan does, whatever was written, merged or restored."""

from datetime import timedelta

import numpy as np
import pytest

import placelens as pl
from placelens.engine import parts, trees

DIM = 8


@pytest.fixture(autouse=True)
def small_trees(monkeypatch):
    monkeypatch.setattr(trees, "TREE_FROM", 60)
    monkeypatch.setattr(trees, "LOOSE", 40)
    monkeypatch.setattr(trees, "GROUP", 16)
    monkeypatch.setattr(trees, "MAX_SMALL_FILES", 6)
    monkeypatch.setattr(parts, "GROUP", 16)


class Life:
    """A collection to which random things happen."""

    def __init__(self, folder, seed):
        self.rng = np.random.default_rng(seed)
        self.collection = pl.Collection.create(folder / "c.pl", dim=DIM)
        self.n = 0
        self.ids = []
        self.kept = {}
        self.add(80)
        self.collection.compact()
        self.collection._versions.trees.wait()  # what the addition began does not end later

    def add(self, n):
        ids = [f"i{self.n + i}" for i in range(n)]
        self.n += n
        vectors, lat, lon = self.made(n)
        self.collection.add_vectors(ids, vectors, lat=lat, lon=lon)
        self.ids += ids

    def made(self, n):
        rng = self.rng
        return rng.standard_normal((n, DIM)), rng.uniform(-80, 80, n), rng.uniform(-170, 170, n)

    def delete(self):
        gone = self.rng.choice(self.ids, 5, replace=False).tolist()
        assert self.collection.delete(gone) == 5
        self.ids = [item for item in self.ids if item not in gone]

    def replace(self):
        ids = self.rng.choice(self.ids, 5, replace=False).tolist()
        vectors, lat, lon = self.made(5)
        self.collection.add_vectors(ids, vectors, lat=lat, lon=lon, on_conflict="replace")

    def keep(self):
        name = f"s{len(self.kept)}"
        self.collection.snapshot(name)
        self.kept[name] = list(self.ids)

    def restore(self):
        if self.kept:
            name = str(self.rng.choice(list(self.kept)))
            self.collection.restore(name)
            self.ids = list(self.kept[name])

    def check(self, collection):
        assert len(collection) == len(self.ids)
        for mu in (0.0, 0.5, 1.0):
            (vector,), (lat,), (lon,) = self.made(1)
            query = {"vector": vector, "near": pl.Place(lat=lat, lon=lon), "decay": "exp:2000km"}
            found, true = (
                collection.search(**query, mu=mu, k=10, engine=engine)
                for engine in ("gmrtree", "scan")
            )
            assert [hit.id for hit in found] == [hit.id for hit in true]
            assert [hit.score for hit in found] == [hit.score for hit in true]
            assert {hit.id for hit in found} <= set(self.ids)


@pytest.mark.parametrize("seed", range(6))
def test_a_life(tmp_path, seed):
    life = Life(tmp_path, seed)
    steps = [
        lambda: life.add(7),
        lambda: life.add(30),
        life.delete,
        life.replace,
        life.keep,
        life.restore,
        life.collection.compact,
        lambda: life.collection.compact(keep=timedelta(0)),
    ]
    weights = np.array([4, 2, 4, 3, 1, 1, 1, 1]) / 17
    for step in life.rng.choice(len(steps), 40, p=weights):
        steps[step]()
        life.check(life.collection)
    life.check(pl.Collection.open(life.collection.path))


def test_after_a_merge_the_trees_that_were_there_answer(tmp_path, monkeypatch):
    life = Life(tmp_path, 0)
    for _ in range(3):
        life.add(10)
    life.delete()
    monkeypatch.setattr(trees.Trees, "settle", lambda self, snapshot: None)
    monkeypatch.setattr(trees.Trees, "settle_soon", lambda self, snapshot: None)
    grown = []
    monkeypatch.setattr(trees, "grow_loose", lambda *_: grown.append(1))
    life.collection.compact()
    assert life.collection._versions.searcher._tree.shape().n_items > 0
    assert grown == []
    life.check(life.collection)


def test_small_files_are_merged_while_items_come(tmp_path):
    """Each addition starts a merge where there are too many; here it is given its time."""
    life = Life(tmp_path, 0)
    for _ in range(40):
        life.add(1)
        life.collection._versions.trees.wait()
        # At most as many neighbours as are left alone, the one added, and the large first file.
        assert len(life.collection._versions.snapshot.fragments) <= trees.MAX_SMALL_FILES + 3
        life.check(life.collection)
    life.check(pl.Collection.open(life.collection.path))


def test_a_build_that_fails_is_logged_and_left_until_asked_for(tmp_path, monkeypatch, caplog):
    life = Life(tmp_path, 0)
    tries = []

    def fail(*_, **__):
        tries.append(1)
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(trees.Trees, "_write", fail)
        for _ in range(4):
            life.add(50)
            life.collection._versions.trees.wait()
        life.check(life.collection)
    assert tries == [1]
    assert "placelens compact tries again" in caplog.text
    life.collection.compact()
    assert life.collection._versions.searcher._tree.shape().n_items == len(life.ids)
