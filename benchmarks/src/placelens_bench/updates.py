"""How long searches take while a collection is written to, deleted from and compacted.

One thread asks, one after the other; another commits batches on a fixed beat, and looks up what it
has just written; a third compacts again and again. All are threads of one process, which is the
hardest case: they share the interpreter.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from placelens.collection import Collection
from placelens.types import Float32Array, Float64Array, Place

SEED = 20261122
K = 10
MU = 0.5
DECAY = "gauss:25km"
TOWNS = 2_000
TOWN_DEGREES = 0.2
CONCEPTS = 500
NOISE = 0.6
# Inserts a second are BATCH / BEAT_S.
BATCH = 100
BEAT_S = 0.1
DELETED = 10
# Every so many batches one of its items is looked up.
CHECK_EVERY = 10
WARM_UP = 200
QUICK = {"items": 25_000, "dim": 64, "searches": 500}
PHASES: Mapping[str, tuple[str, ...]] = {
    "quiet": (),
    "inserts": ("insert",),
    "inserts_deletes": ("insert", "delete"),
    "inserts_deletes_compaction": ("insert", "delete", "compact"),
}


class Items(NamedTuple):
    """Unit vectors (n, dim), and where they are in degrees, (n,) each."""

    vectors: Float32Array
    lat: Float64Array
    lon: Float64Array


class World:
    """Items around towns and concepts: as many as are asked for, from a seed."""

    def __init__(self, dim: int) -> None:
        self._rng = np.random.default_rng(SEED)
        self._concepts = self._rng.standard_normal((CONCEPTS, dim)) / np.sqrt(dim)
        self._lat = np.degrees(np.arcsin(self._rng.uniform(-0.95, 0.95, TOWNS)))
        self._lon = self._rng.uniform(-179.0, 179.0, TOWNS)

    def items(self, n: int) -> Items:
        """The next n items; also used as queries."""
        rng, dim = self._rng, self._concepts.shape[1]
        noise = rng.standard_normal((n, dim), dtype=np.float32) * (NOISE / np.sqrt(dim))
        vectors = self._concepts[rng.integers(CONCEPTS, size=n)].astype(np.float32) + noise
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        town = rng.integers(TOWNS, size=n)
        lat, lon = (
            centers[town] + rng.normal(0.0, TOWN_DEGREES, n) for centers in (self._lat, self._lon)
        )
        return Items(vectors, lat, lon)


@dataclass
class Done:
    """What the other threads did during a phase."""

    inserted: int = 0
    deleted: int = 0
    checked: int = 0
    compactions: int = 0
    commit_ms: list[float] = field(default_factory=list)


class Writer:
    """Commits a batch on every beat, and deletes some of what it wrote before."""

    def __init__(self, collection: Collection, world: World) -> None:
        self._collection = collection
        self._world = world
        self._n = 0
        self._alive: list[str] = []
        self._rng = np.random.default_rng(SEED + 1)

    def run(self, done: Done, stop: threading.Event, *, deletes: bool) -> None:
        """Go on until told to stop."""
        due, n_batches = time.perf_counter(), 0
        while not stop.is_set():
            items = self._world.items(BATCH)
            ids = [f"new{self._n + i}" for i in range(BATCH)]
            self._n += BATCH
            started = time.perf_counter()
            vectors, lat, lon = items
            done.inserted += self._collection.add_vectors(ids, vectors, lat=lat, lon=lon)
            done.commit_ms.append((time.perf_counter() - started) * 1e3)
            if n_batches % CHECK_EVERY == 0:
                self._check(ids, items)
                done.checked += 1
            self._alive += ids
            if deletes:
                picked = [
                    self._alive.pop(int(self._rng.integers(len(self._alive))))
                    for _ in range(min(DELETED, len(self._alive) - BATCH))
                ]
                done.deleted += self._collection.delete(picked)
            n_batches += 1
            due += BEAT_S
            stop.wait(max(0.0, due - time.perf_counter()))

    def _check(self, ids: list[str], items: Items) -> None:
        at = int(self._rng.integers(len(ids)))
        place = _place(items, at)
        hits = self._collection.search(vector=items.vectors[at], near=place, decay=DECAY, k=1)
        if hits[0].id != ids[at]:
            raise RuntimeError(f"{ids[at]} was committed and is not found; {hits[0].id} is")


def run(
    *, items: int = 100_000, dim: int = 384, searches: int = 10_000, work: Path | None = None
) -> dict[str, Any]:
    """Latencies by phase in milliseconds, and what was written meanwhile."""
    world = World(dim)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        collection = Collection.create(Path(folder) / "updates.pl", dim=dim)
        start = world.items(items)
        ids = [f"old{i}" for i in range(items)]
        collection.add_vectors(ids, start.vectors, lat=start.lat, lon=start.lon)
        started = time.perf_counter()
        collection.compact()
        out: dict[str, Any] = {
            "items": items,
            "dim": dim,
            "k": K,
            "batch": BATCH,
            "build_s": time.perf_counter() - started,
            "phases": {},
        }
        writer = Writer(collection, World(dim))
        _warm_up(collection, world, writer)
        for name, tasks in PHASES.items():
            result = _phase(collection, world, writer, tasks, searches)
            quiet = out["phases"].get("quiet", result)
            result["ratio_of_p99"] = result["p99_ms"] / quiet["p99_ms"]
            out["phases"][name] = result
        out["tree"] = _tree(collection, world)
        collection.compact()
        out["tree_compacted"] = _tree(collection, world)
    return out


def _warm_up(collection: Collection, world: World, writer: Writer) -> None:
    """Compile and load whatever the phases need: searches beside a delta, and each write."""
    done, stop = Done(), threading.Event()
    threading.Timer(5 * BEAT_S, stop.set).start()
    writer.run(done, stop, deletes=True)
    _search(collection, world.items(WARM_UP))


def _phase(
    collection: Collection, world: World, writer: Writer, tasks: tuple[str, ...], searches: int
) -> dict[str, Any]:
    done, queries = Done(), world.items(searches)
    builds = _n_builds(collection)
    with ExitStack() as running:
        if "insert" in tasks:
            running.enter_context(
                _thread(lambda stop: writer.run(done, stop, deletes="delete" in tasks))
            )
        if "compact" in tasks:
            running.enter_context(_thread(lambda stop: _compact(collection, done, stop)))
        started = time.perf_counter()
        times = _search(collection, queries)
        elapsed_s = time.perf_counter() - started
        # Before the threads are waited for: they end what they are at.
        inserted, deleted = done.inserted, done.deleted
    return {
        "n_searches": len(times),
        "p50_ms": float(np.percentile(times, 50)),
        "p99_ms": float(np.percentile(times, 99)),
        "max_ms": float(np.max(times)),
        "seconds": elapsed_s,
        "inserts_per_s": inserted / elapsed_s,
        "deletes_per_s": deleted / elapsed_s,
        "commit_p50_ms": float(np.median(done.commit_ms)) if done.commit_ms else None,
        "commit_max_ms": max(done.commit_ms, default=None),
        "n_checked": done.checked,
        "compactions": done.compactions,
        "builds": _n_builds(collection) - builds,
    }


def _search(collection: Collection, queries: Items) -> list[float]:
    times = []
    for at, vector in enumerate(queries.vectors):
        place = _place(queries, at)
        started = time.perf_counter()
        hits = collection.search(vector=vector, near=place, decay=DECAY, mu=MU, k=K)
        times.append((time.perf_counter() - started) * 1e3)
        if len(hits) != K:
            raise RuntimeError(f"a search found {len(hits)} of {K} items")
    return times


def _compact(collection: Collection, done: Done, stop: threading.Event) -> None:
    while not stop.is_set():
        collection.compact(keep=timedelta(minutes=1))
        done.compactions += 1


@contextmanager
def _thread(target: Callable[[threading.Event], None]) -> Any:
    """Run something beside; what it raises is raised here."""
    stop, errors = threading.Event(), []

    def run_it() -> None:
        try:
            target(stop)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run_it)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if errors:
        raise errors[0]


def _place(items: Items, at: int) -> Place:
    lat = float(np.clip(items.lat[at], -90.0, 90.0))
    return Place(lat=lat, lon=float(np.clip(items.lon[at], -180.0, 180.0)))


def _n_builds(collection: Collection) -> int:
    return collection._versions.indexes.shelf.n_written


def _tree(collection: Collection, world: World) -> dict[str, Any] | None:
    """How many items are in trees, in how many, and how many beside."""
    query = world.items(1)
    hits = collection.search(vector=query.vectors[0], near=_place(query, 0), decay=DECAY, k=K)
    plan = hits.plan.to_dict() if hits.plan is not None else {}
    tree: dict[str, Any] | None = plan.get("tree")
    return tree
