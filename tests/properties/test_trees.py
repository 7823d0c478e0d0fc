"""Whatever the history of adds, replacements, deletes, compactions and reopenings, the tree of a
collection answers as the scan does."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.effort import examples

import placelens as pl
from placelens.engine import plan
from placelens.engine.indexes import kinds, life
from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.kind import Thresholds

DIM = 6
FEW = Thresholds(grow_from=30, most_loose=8, most_parts=2)


@pytest.fixture(autouse=True, scope="module")
def small_trees():
    """Trees from a few items on, so that a short history has several."""
    patch = pytest.MonkeyPatch()
    patch.setattr(life, "MAX_SMALL_FILES", 3)
    patch.setattr(plan, "SCAN_BELOW", 1)
    patch.setattr(plan, "LOOSE_SHARE", 1.0)
    with kinds.registered(GMRTreeKind(FEW)):
        yield
    patch.undo()


class TreeMachine(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 2**32 - 1))
    def create(self, seed):
        self.rng = np.random.default_rng(seed)
        self.folder = Path(tempfile.mkdtemp())
        self.collection = pl.Collection.create(self.folder / "c.pl", dim=DIM)
        self.ids = []
        self.n_made = 0
        self.engines = set()
        self.add(40)
        self.compact(keep=0)

    def teardown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def _vectors(self, n):
        # Few different ones, so that scores are often equal.
        return self.rng.choice([-1.0, 0.5, 1.0], (n, DIM))

    def _places(self, n):
        lat = self.rng.choice([-90.0, 10.0, 10.00001, 47.5], n)
        lon = self.rng.choice([-180.0, 0.0, 180.0], n)
        nowhere = self.rng.random(n) < 0.2
        lat[nowhere] = lon[nowhere] = np.nan
        return {"lat": lat, "lon": lon}

    @rule(n=st.integers(1, 15))
    def add(self, n):
        names = [f"id-{self.n_made + i}" for i in range(n)]
        self.n_made += n
        self.collection.add_vectors(names, self._vectors(n), **self._places(n))
        self.ids += names

    @rule(n=st.integers(1, 5))
    def replace(self, n):
        names = self.rng.choice(self.ids, min(n, len(self.ids)), replace=False).tolist()
        self.collection.add_vectors(
            names, self._vectors(len(names)), on_conflict="replace", **self._places(len(names))
        )

    @rule(n=st.integers(1, 5))
    def delete(self, n):
        names = self.rng.choice(self.ids, min(n, len(self.ids)), replace=False).tolist()
        if len(names) < len(self.ids):
            self.collection.delete(names)
            self.ids = [name for name in self.ids if name not in names]

    @rule()
    def move(self):
        name = str(self.rng.choice(self.ids))
        self.collection.update(name, place=pl.Place(lat=47.5, lon=0.0))

    @rule(keep=st.sampled_from([0, 60]))
    def compact(self, keep):
        self.collection.compact(keep=timedelta(seconds=keep))
        # Of fewer items, compaction makes no tree.
        self.may_lack_tree = len(self.ids) < FEW.grow_from

    @rule()
    def reopen(self):
        self.collection._versions.indexes.wait()  # as a process does that ends
        self.collection = pl.Collection.open(self.folder / "c.pl")
        # Files that were merged since the tree was grown are no files of it, and so few items as
        # these are given no other.
        self.may_lack_tree |= len(self.ids) < FEW.grow_from

    @invariant()
    def tree_and_scan_agree(self):
        box = {"bbox": (-10.0, 0.0, 10.0, 60.0)}
        near = {"near": pl.Place(lat=10.0, lon=1.0)}
        for arguments in (
            {"mu": 0.5, "decay": "gauss:500km", **near},
            {"mu": 0.3, "decay": "linear", **near},
            {"mu": 0.0, **box},
            {"similarity": "raw", "located_only": True, **near},
        ):
            vector = self.rng.normal(size=DIM)
            found = {
                engine: self.collection.search(vector=vector, k=7, engine=engine, **arguments)
                for engine in ("scan", None, "filter")
            }
            expected = [(hit.id, hit.score) for hit in found["scan"]]
            for engine in (None, "filter"):
                assert [(hit.id, hit.score) for hit in found[engine]] == expected
            self.engines.add(found[None].plan.engine)
        place_only = self.collection.search(k=5, engine="gmrtree", **near)
        scanned = self.collection.search(k=5, engine="scan", **near)
        assert [hit.id for hit in place_only] == [hit.id for hit in scanned]
        tree = found[None].plan.tree
        assert tree is not None or self.may_lack_tree
        assert tree is None or tree.n_items + tree.n_loose == len(self.ids)


TestTrees = TreeMachine.TestCase
TestTrees.settings = examples(15, stateful_step_count=12)
TestTrees.pytestmark = [pytest.mark.repeated]
