"""A collection to which things happen, and what should be in it: for tests of what it keeps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from placelens.collection import Collection
from placelens.index.kind import IndexKind, Thresholds
from placelens.testing.strategies import DIM
from placelens.types import Place

# Few items are many here, so that a short life has several parts.
EARLY = Thresholds(grow_from=60, most_loose=40, most_parts=2, rebuild_share=0.6)
N_FIRST = 100


class Life:
    """A collection that keeps an index, and what should be in it."""

    def __init__(self, path: Path, name: str) -> None:
        self.rng = np.random.default_rng(0)
        self.collection = Collection.create(path, dim=DIM)
        self.name = name
        self.ids: list[str] = []
        self.kept: dict[str, list[str]] = {}
        self._n = 0
        self.add(N_FIRST)
        self.settle()

    @property
    def kind(self) -> IndexKind[Any]:
        """The kind under test."""
        return self.collection._versions.indexes.kept[self.name].kind

    def add(self, n: int = 7) -> None:
        """Add items, too few for a part of their own."""
        ids = [f"i{self._n + i}" for i in range(n)]
        self._n += n
        self._write(ids)
        self.ids += ids

    def add_many(self) -> None:
        """Add more than may be loose, and fewer than would have all grown anew."""
        self.add(EARLY.most_loose + 1)

    def replace(self) -> None:
        """Give five items other vectors and places."""
        self._write(self.rng.choice(self.ids, 5, replace=False).tolist())

    def delete(self) -> None:
        """Delete five items."""
        gone = self.rng.choice(self.ids, 5, replace=False).tolist()
        assert self.collection.delete(gone) == len(gone)
        self.ids = [item for item in self.ids if item not in gone]

    def keep(self) -> None:
        """Take a snapshot."""
        name = f"s{len(self.kept)}"
        self.collection.snapshot(name)
        self.kept[name] = list(self.ids)

    def restore(self) -> None:
        """Go back to a snapshot, where there is one."""
        if self.kept:
            name = str(self.rng.choice(list(self.kept)))
            self.collection.restore(name)
            self.ids = list(self.kept[name])

    def compact(self) -> None:
        """Merge files and drop old versions."""
        self.collection.compact(keep=timedelta(0))

    def settle(self) -> None:
        """Have grown what is wanted; files stay as they are."""
        self.collection._versions.settle()

    def reopen(self) -> None:
        """Open the collection as another process would."""
        self.collection._versions.indexes.wait()  # as a process does that ends
        self.collection = Collection.open(self.collection.path)

    def folders(self) -> set[Path]:
        """The parts of the index on the disk."""
        self.collection._versions.indexes.wait()
        parts = self.collection._versions.indexes.shelf.of(self.name)
        return {part.folder for part in parts.values()}

    @property
    def is_kept(self) -> bool:
        """Whether the version at hand has an index of the kind."""
        return self.name in self.collection._versions.searcher.kept

    def check(self) -> None:
        """Raise AssertionError unless the kind's engine answers as the scan does."""
        assert len(self.collection) == len(self.ids)
        queries: tuple[dict[str, Any], ...] = (
            {"mu": 0.5, "decay": "exp:2000km", "near": Place(lat=10.0, lon=170.0)},
            {"bbox": (-90.0, -50.0, 60.0, 50.0)},
            {"mu": 1.0, "near": Place(lat=89.0, lon=3.0), "decay": "linear"},
        )
        for query in queries:
            vector = self.rng.normal(size=DIM)
            found, true = (
                self.collection.search(vector=vector, k=10, engine=engine, **query)
                for engine in (self.name, "scan")
            )
            assert [hit.id for hit in found] == [hit.id for hit in true]
            assert [hit.score for hit in found] == [hit.score for hit in true]
            assert {hit.id for hit in found} <= set(self.ids)

    def _write(self, ids: list[str]) -> None:
        n, rng = len(ids), self.rng
        # Few different ones, so that scores are often equal.
        vectors, lat = rng.choice([-1.0, 0.5, 1.0], (n, DIM)), rng.uniform(-80, 80, n)
        lat[rng.random(n) < 0.2] = np.nan
        lon = np.where(np.isnan(lat), np.nan, rng.uniform(-180, 180, n))
        self.collection.add_vectors(ids, vectors, lat=lat, lon=lon, on_conflict="replace")
