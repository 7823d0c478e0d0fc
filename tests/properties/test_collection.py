"""A collection behaves like a dict, whatever the history of changes, reopenings and snapshots."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import placelens as pl

DIM = 4
IDS = st.lists(
    st.sampled_from([f"id-{i}'\"é" for i in range(8)]), min_size=1, max_size=4, unique=True
)
# Components of few bits: their cosines are far apart or equal, so the expected order is certain.
VECTORS = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=DIM, max_size=DIM).filter(any)
QUERY = np.array([1.0, 0.5, -0.25, 0.125])


class CollectionMachine(RuleBasedStateMachine):
    @initialize()
    def create(self):
        self.folder = Path(tempfile.mkdtemp())
        self.collection = pl.Collection.create(self.folder / "c.pl", dim=DIM)
        self.model = {}
        self.kept = {}

    def teardown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(ids=IDS, data=st.data())
    def add(self, ids, data):
        vectors = [data.draw(VECTORS) for _ in ids]
        lats = [data.draw(st.sampled_from([None, -90.0, 0.0, 12.5])) for _ in ids]
        lons = [None if lat is None else 180.0 for lat in lats]
        n = self.collection.add_vectors(
            ids,
            vectors,
            lat=lats,
            lon=lons,
            attributes=[{"n": i} for i in range(len(ids))],
            on_conflict="replace",
        )
        assert n == len(ids)
        for i, (name, vector, lat) in enumerate(zip(ids, vectors, lats, strict=True)):
            self.model[name] = (tuple(vector), lat, i)

    @rule(ids=IDS)
    def delete(self, ids):
        expected = sum(name in self.model for name in ids)
        assert self.collection.delete(ids) == expected
        for name in ids:
            self.model.pop(name, None)

    @rule(ids=IDS)
    def update(self, ids):
        for name in ids:
            if name in self.model:
                self.collection.update(name, attributes={"n": 99}, place=pl.Place(lat=1, lon=2))
                self.model[name] = (self.model[name][0], 1.0, 99)

    @rule()
    def compact(self):
        self.collection.compact(keep=timedelta(0))

    @rule()
    def reopen(self):
        self.collection = pl.Collection.open(self.folder / "c.pl")

    @rule(name=st.sampled_from(["a", "b"]))
    def snapshot(self, name):
        if name not in self.kept:
            self.collection.snapshot(name)
            self.kept[name] = dict(self.model)

    @rule(name=st.sampled_from(["a", "b"]))
    def restore(self, name):
        if name in self.kept:
            self.collection.restore(name)
            self.model = dict(self.kept[name])

    @invariant()
    def equals_the_model(self):
        if not hasattr(self, "model"):
            return
        items = {item.id: item for item in self.collection.items()}
        assert set(items) == set(self.model)
        for name, (_, lat, number) in self.model.items():
            place = items[name].place
            assert (place.lat if place else None) == lat
            assert items[name].attributes["n"] == number

    @invariant()
    def search_equals_the_model(self):
        if not hasattr(self, "model"):
            return
        hits = self.collection.search(vector=QUERY, k=100)
        cosines = {
            name: float(np.dot(v, QUERY) / np.linalg.norm(v) / np.linalg.norm(QUERY))
            for name, (v, _, _) in self.model.items()
        }
        np.testing.assert_allclose(
            [hit.score for hit in hits], sorted(cosines.values(), reverse=True), atol=1e-6
        )
        for hit in hits:
            np.testing.assert_allclose(hit.score, cosines[hit.id], atol=1e-6)


CollectionMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=12)
TestCollection = CollectionMachine.TestCase
