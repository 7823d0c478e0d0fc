"""How long it takes to look at a collection: its timeline, views of its map, lists, heat of scores.

``first_ms`` is the first call over a version, which sorts what the others go by, and ``p50_ms`` the
median of those after it. Items lie around towns, and one in twenty has no time and one no place.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from placelens.collection import Collection

SEED = 20261122
DIM = 8
TOWNS = 2_000
TOWN_DEGREES = 0.2
K = 50
PAGES = 50
ROUNDS = 20
SIZES = (100_000, 1_000_000)
QUICK: Mapping[str, Any] = {"items": (10_000,), "rounds": 3}
BATCH = 100_000
ASKED = [1.0] * DIM
SORTS = ("time", "oldest", "name", "distance")
VIEWS: Mapping[str, Mapping[str, float]] = {
    "world, zoom 0": {"zoom": 0},
    "world, zoom 3": {"zoom": 3},
    "world, zoom 22": {"zoom": 22},  # far more than are answered: on a coarser grid
    "the Pacific, zoom 2": {"zoom": 2, "west": 100, "south": -60, "east": -70, "north": 60},
    "Europe, zoom 5": {"zoom": 5, "west": -12, "south": 35, "east": 32, "north": 62},
    "a town, zoom 12": {"zoom": 12, "west": 2.2, "south": 48.7, "east": 2.6, "north": 49.0},
}


def run(*, items: Sequence[int] = SIZES, rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds by size, and by what is looked at."""
    out: dict[str, Any] = {"k": K, "rounds": rounds, "sizes": {}}
    for n_items in items:
        with tempfile.TemporaryDirectory() as folder:
            collection = _collection(Path(folder) / "browse.pl", n_items)
            out["sizes"][str(n_items)] = _measured(collection, rounds)
    return out


def _collection(path: Path, n_items: int) -> Collection:
    """Made items, committed in batches."""
    rng = np.random.default_rng(SEED)
    town_lat = np.degrees(np.arcsin(rng.uniform(-0.95, 0.95, TOWNS)))
    town_lon = rng.uniform(-179.0, 179.0, TOWNS)
    made = Collection.create(path, dim=DIM)
    for start in range(0, n_items, BATCH):
        n = min(BATCH, n_items - start)
        town = rng.integers(TOWNS, size=n)
        lat, lon = (of[town] + rng.normal(0.0, TOWN_DEGREES, n) for of in (town_lat, town_lon))
        lat = np.clip(lat, -90.0, 90.0)
        lat[rng.random(n) < 0.05] = np.nan
        days = rng.integers(0, 20 * 365, n).tolist()
        dated = (rng.random(n) >= 0.05).tolist()
        made.add_vectors(
            [f"item{number}" for number in range(start, start + n)],
            rng.standard_normal((n, DIM), dtype=np.float32),
            lat=lat,
            lon=np.where(np.isnan(lat), np.nan, lon),
            time=[
                datetime(2005, 1, 1) + timedelta(days=day) if is_dated else None
                for day, is_dated in zip(days, dated, strict=True)
            ],
            attributes=[{"title": f"IMG_{number}"} for number in range(start, start + n)],
        )
    return made


def _measured(collection: Collection, rounds: int) -> dict[str, Any]:
    return {
        "timeline": _times(collection.timeline, rounds),
        "timeline of a year": _times(lambda: collection.timeline(time="2015"), rounds),
        "clusters": {
            name: _times(lambda view=view: collection.clusters(**view), rounds)  # type: ignore[misc]
            for name, view in VIEWS.items()
        },
        "heat": {
            name: _times(lambda view=view: collection.heat(vector=ASKED, **view), rounds)  # type: ignore[misc]
            for name, view in VIEWS.items()
        },
        "clusters of a year": _times(lambda: collection.clusters(zoom=3, time="2015"), rounds),
        "lists": {sort: _pages(collection, sort, rounds) for sort in SORTS},
    }


def _pages(collection: Collection, sort: str, rounds: int) -> dict[str, Any]:
    """The first page and the fiftieth, of an order that is known."""

    def page(cursor: str | None) -> Any:
        return collection.search(sort=sort, near="48.85,2.35", k=K, cursor=cursor)

    first = _times(lambda: page(None), rounds)
    cursor = None
    for _ in range(PAGES - 1):
        cursor = page(cursor).cursor
        if cursor is None:
            raise RuntimeError(f"{len(collection):,} items have no {PAGES} pages of {K}")
    return {
        "page 1": first,
        f"page {PAGES}": {"p50_ms": _times(lambda: page(cursor), rounds)["p50_ms"]},
    }


def _times(call: Callable[[], Any], rounds: int) -> dict[str, float]:
    """The first call, and the median of those after it."""
    took = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        call()
        took.append((time.perf_counter() - started) * 1e3)
    return {"first_ms": took[0], "p50_ms": float(np.median(took[1:]))}
