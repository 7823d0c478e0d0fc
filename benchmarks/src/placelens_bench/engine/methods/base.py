"""What a method is to the benchmark: it opens, has settings to choose from, and answers."""

from __future__ import annotations

import json
import math
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.geo.distance import EARTH_RADIUS_M
from placelens.types import Float32Array, Float64Array, Int64Array
from placelens_bench.engine.data import Data
from placelens_bench.engine.workloads import GLOBE_M, Box, K, Query, Workload

# Settings of one rung of a ladder, by name; they are printed as they stand.
Setting = Mapping[str, Any]
# A circle of this many decay scales around the query's place, for those who filter by place.
REACHES = (3, 4, 6)
# How many are fetched by meaning, to be scored with the place.
FETCHES = (100, 300, 1000, 3000, 10_000)


@dataclass(frozen=True, slots=True)
class Opened:
    """How long building took, and how large the index is; bytes are None when it has none."""

    build_s: float
    index_bytes: int | None


class Method(ABC):
    """One way to answer the workloads, in a process of its own.

    ``workloads`` are those that it can answer, ``batch_size`` how many queries of a batch it
    takes at once; ``paired`` says that BLAS is timed in the same process, in turn with it, and
    ``holds_vectors`` that the bytes of its index contain a copy of the vectors.
    """

    workloads: tuple[str, ...]
    batch_size: int = 1
    paired: bool = False
    holds_vectors: bool = False

    def __init__(self, data: Data, folder: Path) -> None:
        self.data = data
        self.folder = folder
        # What BLAS multiplies beside the method: the map of the file, or the method's own copy.
        self.matrix = data.vectors

    @abstractmethod
    def open(self) -> Opened:
        """Build the index, or load what an earlier run built in ``folder``."""

    @abstractmethod
    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""

    def prepared(
        self, workload: Workload, query: Query, setting: Setting
    ) -> Callable[[], Int64Array]:
        """The answer as a call to be timed; what happens here is not."""
        return lambda: self.answer(workload, query, setting)

    def prepared_batch(
        self, workload: Workload, queries: Sequence[Query], setting: Setting
    ) -> Callable[[], list[Int64Array]]:
        """The best ten of each of at most ``batch_size`` queries, as a call to be timed."""
        return lambda: [self.answer(workload, query, setting) for query in queries]

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """The settings to try; the exact have one."""
        del workload
        return ({},)

    def entries(self, name: str, workload: Workload) -> Mapping[str, Sequence[Setting]]:
        """Names under which the workload is answered, and the settings of each."""
        return {name: self.ladder(workload)}


def build_once(path: Path, build: Callable[[Path], None]) -> Opened:
    """Build an index at ``path`` unless a run before did; the seconds it took lie beside it.

    The name of the path holds all that the index depends on besides the data set, in whose
    folder it lies.
    """
    notes = path.with_name(path.name + ".json")
    if not notes.exists():
        _remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        build(path)
        seconds = time.perf_counter() - start
        notes.write_text(json.dumps({"build_s": seconds}), encoding="utf-8")
    return Opened(json.loads(notes.read_text(encoding="utf-8"))["build_s"], _size(path))


def _remove(path: Path) -> None:
    """What an interrupted run left."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    """Bytes of a file or of all files in a folder, as they lie on the disk."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(min(file.stat().st_size, file.stat().st_blocks * 512) for file in files)


def filtered_first(workload: Workload) -> list[Setting]:
    """Fetches within a circle where the decay allows one, then fetches everywhere."""
    near: list[Setting] = []
    if workload.scale_m < GLOBE_M:
        near = [{"reach": REACHES[0], "fetch": fetch} for fetch in FETCHES[1:]]
        near.append({"reach": REACHES[-1], "fetch": FETCHES[-1]})
    return [*near, *({"fetch": fetch} for fetch in FETCHES)]


def proximities(workload: Workload, cosines: Float64Array) -> Float64Array:
    """Decays from the cosines of the angles between places; overwrites them."""
    np.clip(cosines, -1.0, 1.0, out=cosines)
    angles = np.arccos(cosines, out=cosines)
    if workload.kind == "linear":
        angles *= -EARTH_RADIUS_M / workload.scale_m
        angles += 1.0
        return np.maximum(angles, 0.0, out=angles)
    angles *= EARTH_RADIUS_M / workload.scale_m
    np.square(angles, out=angles)
    angles *= -0.5
    return np.exp(angles, out=angles)


def reranked(
    data: Data,
    workload: Workload,
    query: Query,
    rows: Int64Array,
    cosines: Float32Array | Float64Array,
) -> Int64Array:
    """The best ten of some rows, given their cosines, by the score of the workload."""
    if not workload.has_place:
        return rows[best(cosines)]
    near = proximities(workload, data.positions[rows] @ query.origin)
    return rows[best(workload.mu * near + (1.0 - workload.mu) * cosines)]


def best(scores: Float32Array | Float64Array, k: int = K) -> Int64Array:
    """Where the k largest are, largest first."""
    if len(scores) > k:
        top = np.argpartition(scores, len(scores) - k)[-k:]
        return top[np.argsort(-scores[top])]
    return np.argsort(-scores)


def squared_chords(data: Data, query: Query, rows: Int64Array | None = None) -> Float64Array:
    """Squared chords from the query's place: in the order of distances, and cheaper.

    They tell near neighbours apart that the cosines of their angles would not.
    """
    gaps = (data.positions if rows is None else data.positions[rows]) - query.origin
    return np.einsum("ij,ij->i", gaps, gaps)


def box_within(query: Query, metres: float) -> Box:
    """A box (south, west, north, east) that holds the circle around the query's place.

    Where the circle crosses the antimeridian or holds a pole, the box goes all the way round.
    """
    high = math.degrees(metres / EARTH_RADIUS_M)
    south, north = query.lat - high, query.lat + high
    if max(abs(south), abs(north)) >= 90.0:
        return max(south, -90.0), -180.0, min(north, 90.0), 180.0
    reach = math.sin(math.radians(high)) / math.cos(math.radians(query.lat))
    wide = math.degrees(math.asin(min(1.0, reach)))
    west, east = query.lon - wide, query.lon + wide
    if west < -180.0 or east > 180.0:
        return south, -180.0, north, 180.0
    return south, west, north, east
