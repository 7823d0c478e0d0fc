"""The data set on disk: .npy files that every process opens, and the queries in one .npz.

``vectors.npy`` (n, dim) float32, ``lat.npy`` and ``lon.npy`` (n,) float64. The first `TUNING`
queries choose the settings of the rivals; those after them are reported.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from placelens.geo.distance import unit_vectors
from placelens.index.base import Corpus, VectorColumn
from placelens.types import BoolArray, Float32Array, Float64Array
from placelens_bench.engine.workloads import Box, K, Query

SEED = 20261122
TUNING = 20
BATCH = 1000
JITTER_DEG = 0.05
BOX_SHARE = 0.01
BLOCK = 50_000
META = "meta.json"


class Data:
    """A folder written by `synthetic.make` or `wikipedia.make`, or the first n items of it."""

    def __init__(self, folder: Path, items: int | None = None) -> None:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        self.folder = folder
        self.items = int(meta["items"]) if items is None else items
        self.dim = int(meta["dim"])

    @property
    def vectors(self) -> Float32Array:
        """The vectors as a memory map: for those who copy them into an index of their own."""
        mapped = np.load(self.folder / "vectors.npy", mmap_mode="r")
        return mapped[: self.items]

    def read_vectors(self) -> Float32Array:
        """The vectors in memory: for those who search the matrix itself."""
        # Not np.load of the file: a process that wants the first tenth reads the first tenth.
        matrix = np.empty((self.items, self.dim), dtype=np.float32)
        source = self.vectors
        for start in range(0, self.items, BLOCK):
            matrix[start : start + BLOCK] = source[start : start + BLOCK]
        return matrix

    @cached_property
    def lat(self) -> Float64Array:
        """Latitudes in degrees."""
        return np.load(self.folder / "lat.npy")[: self.items]

    @cached_property
    def lon(self) -> Float64Array:
        """Longitudes in degrees."""
        return np.load(self.folder / "lon.npy")[: self.items]

    @cached_property
    def positions(self) -> Float64Array:
        """Places as unit vectors, (n, 3)."""
        return unit_vectors(self.lat, self.lon)

    def corpus(self, matrix: Float32Array) -> Corpus:
        """What an index searches, over a matrix mapped or read."""
        rows = np.arange(self.items)
        column = VectorColumn.of(matrix, rows, self.items)
        lonlat = (self.lon, self.lat)
        return Corpus("sphere", rows, self.positions, {"vector": column}, lonlat)

    @cached_property
    def tuning(self) -> list[Query]:
        """The queries that settings are chosen by."""
        return self._queries[:TUNING]

    @cached_property
    def queries(self) -> list[Query]:
        """The queries that are reported."""
        return self._queries[TUNING:]

    @cached_property
    def batch(self) -> list[Query]:
        """The queries asked at once: the reported ones in turn, from then on at other places."""
        stored = self._stored
        lat, lon = stored["batch_lat"], stored["batch_lon"]
        origins = unit_vectors(lat, lon)
        asked = self.queries
        return [
            asked[i % len(asked)]._replace(lat=float(lat[i]), lon=float(lon[i]), origin=origins[i])
            for i in range(len(lat))
        ]

    @cached_property
    def _queries(self) -> list[Query]:
        stored = self._stored
        lat, lon = stored["lat"], stored["lon"]
        origins = unit_vectors(lat, lon)
        return [
            Query(vector, float(lat[i]), float(lon[i]), origins[i], _four(stored["boxes"][i]))
            for i, vector in enumerate(stored["vectors"])
        ]

    @cached_property
    def _stored(self) -> dict[str, Any]:
        with np.load(self.folder / "queries.npz") as stored:
            return dict(stored)


def _four(box: Sequence[float]) -> Box:
    south, west, north, east = (float(side) for side in box)
    return south, west, north, east


def in_box(lat: Float64Array, lon: Float64Array, box: Box) -> BoolArray:
    """Which places lie in a box, its sides included."""
    south, west, north, east = box
    return (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)


def box_around(lat: Float64Array, lon: Float64Array, at: tuple[float, float], share: float) -> Box:
    """The box around a place that holds ``share`` of the items, but never fewer than the best k.

    It is about as wide as it is high on the ground and does not cross the antimeridian.
    """
    narrowing = max(np.cos(np.radians(at[0])), 1e-9)
    east_west = np.abs(lon - at[1])
    # The half height at which an item falls in; one beyond the half turn never does.
    reached = np.maximum(np.abs(lat - at[0]), east_west * narrowing)
    reached[east_west > 180.0] = np.inf
    wanted = min(max(K, round(share * len(lat))), len(lat) - 1)
    last, beyond = np.partition(reached, [wanted - 1, wanted])[wanted - 1 : wanted + 1]
    # Between two items, so that no item lies on the edge.
    high = (last + beyond) / 2 if np.isfinite(beyond) else last
    wide = min(high / narrowing, 180.0)
    return (
        float(max(at[0] - high, -90.0)),
        float(max(at[1] - wide, -180.0)),
        float(min(at[0] + high, 90.0)),
        float(min(at[1] + wide, 180.0)),
    )


def jittered(
    rng: np.random.Generator, lat: Float64Array, lon: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Places moved by up to `JITTER_DEG` in latitude and longitude."""
    moves = rng.uniform(-JITTER_DEG, JITTER_DEG, (len(lat), 2))
    return np.clip(lat + moves[:, 0], -90.0, 90.0), (lon + moves[:, 1] + 180.0) % 360.0 - 180.0


def write(
    folder: Path,
    *,
    lat: Float64Array,
    lon: Float64Array,
    dim: int,
    queries: Float32Array,
    query_places: tuple[Float64Array, Float64Array],
    rng: np.random.Generator,
) -> None:
    """Write all but the vectors; the meta file last, which says that the folder is complete."""
    query_lat, query_lon = query_places
    places = zip(query_lat.tolist(), query_lon.tolist(), strict=True)
    boxes = np.array([box_around(lat, lon, place, BOX_SHARE) for place in places])
    picked = rng.integers(len(lat), size=BATCH)
    batch_lat, batch_lon = jittered(rng, lat[picked], lon[picked])
    first = min(BATCH, len(queries) - TUNING)
    batch_lat[:first] = query_lat[TUNING : TUNING + first]
    batch_lon[:first] = query_lon[TUNING : TUNING + first]
    np.save(folder / "lat.npy", lat)
    np.save(folder / "lon.npy", lon)
    np.savez(
        folder / "queries.npz",
        vectors=queries,
        lat=query_lat,
        lon=query_lon,
        boxes=boxes,
        batch_lat=batch_lat,
        batch_lon=batch_lon,
    )
    (folder / META).write_text(json.dumps({"items": len(lat), "dim": dim}), encoding="utf-8")
