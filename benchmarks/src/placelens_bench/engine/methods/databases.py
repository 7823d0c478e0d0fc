"""Two databases that hold vectors and places in one table: LanceDB and DuckDB.

Each takes part with what it offers for the mix: DuckDB the whole score in SQL, LanceDB a box in
front of the search. Under a Gaussian both may leave out what lies beyond a few scales; a query
that then finds fewer than ten asks again without, and takes the best of both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placelens.geo.distance import EARTH_RADIUS_M
from placelens.types import Int64Array
from placelens_bench.engine.data import BLOCK, Data
from placelens_bench.engine.methods.base import (
    FETCHES,
    REACHES,
    Method,
    Opened,
    Setting,
    box_within,
    build_once,
    filtered_first,
    reranked,
)
from placelens_bench.engine.workloads import WORKLOADS, Box, K, Query, Workload

# Parts of LanceDB's index that are looked at.
PROBES = (10, 30, 100, 300)


class LanceDB(Method):
    """LanceDB: an IVF index of whole vectors, indexes of latitude and longitude.

    In front of a box it searches what passes row by row; where place counts, what it fetched by
    meaning is scored anew.
    """

    workloads = ("mu05_linear", "mu05_gauss25km", "mu0", "box1pct_mu0", "batch1000")
    holds_vectors = True

    def open(self) -> Opened:
        """Write the table and its indexes, or open them."""
        import lancedb

        path = self.folder / "lancedb-ivf_flat"
        opened = build_once(path, self._build)
        self.table = lancedb.connect(str(path)).open_table("items")
        return opened

    def _build(self, path: Path) -> None:
        import lancedb
        from lancedb.index import BTree, IvfFlat

        table = lancedb.connect(str(path)).create_table("items", _batches(self.data))
        for column in ("lat", "lon"):
            table.create_index(column, config=BTree())
        partitions = round(math.sqrt(self.data.items))
        table.create_index("vector", config=IvfFlat(distance_type="dot", num_partitions=partitions))

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """Row by row or by probes of the IVF index; with place, how many are fetched."""
        if workload.has_place:
            probed = [{"nprobes": PROBES[-1], "fetch": fetch} for fetch in FETCHES]
            return [*filtered_first(workload), *probed]
        return [{"index": "none"}, *({"nprobes": probes} for probes in PROBES)]

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        box = query.box if workload.boxed else None
        if "reach" in setting:
            box = box_within(query, setting["reach"] * workload.scale_m)
        rows, cosines = self._fetch(query, setting, box)
        if len(rows) < K and "reach" in setting:
            more, their_cosines = self._fetch(query, setting, None)
            rows, first = np.unique(np.concatenate([rows, more]), return_index=True)
            cosines = np.concatenate([cosines, their_cosines])[first]
        return reranked(self.data, workload, query, rows, cosines)

    def _fetch(self, query: Query, setting: Setting, box: Box | None) -> tuple[Any, Any]:
        search = self.table.search(query.vector).distance_type("dot")
        if box is not None:
            south, west, north, east = box
            where = f"lat BETWEEN {south} AND {north} AND lon BETWEEN {west} AND {east}"
            search = search.where(where, prefilter=True)
        if "nprobes" in setting:
            search = search.nprobes(setting["nprobes"])
        else:
            search = search.bypass_vector_index()
        found = search.limit(setting.get("fetch", K)).select(["id", "_distance"]).to_arrow()
        return found["id"].to_numpy(), 1.0 - found["_distance"].to_numpy()


class DuckDB(Method):
    """DuckDB: the whole score in SQL over a table in a file, columns not compressed."""

    workloads = tuple(WORKLOADS)
    holds_vectors = True

    def open(self) -> Opened:
        """Write the table, or open it."""
        import duckdb

        path = self.folder / "duckdb-uncompressed.db"
        opened = build_once(path, self._build)
        self.connection = duckdb.connect(str(path), read_only=True)
        return opened

    def _build(self, path: Path) -> None:
        import duckdb

        with duckdb.connect(str(path)) as connection:
            # Floats of unit vectors do not compress, and unpacking would cost each query.
            connection.execute("PRAGMA force_compression='uncompressed'")
            connection.execute(
                "CREATE TABLE items "
                f"(id BIGINT, lat DOUBLE, lon DOUBLE, vector FLOAT[{self.data.dim}])"
            )
            for batch in _batches(self.data):
                connection.register("batch", batch)
                connection.execute("INSERT INTO items SELECT * FROM batch")

    def ladder(self, workload: Workload) -> Sequence[Setting]:
        """All rows, or under a Gaussian those within a few scales."""
        if workload.kind == "gauss":
            return [*({"reach": reach} for reach in REACHES), {}]
        return ({},)

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        box = query.box if workload.boxed else None
        if "reach" in setting:
            box = box_within(query, setting["reach"] * workload.scale_m)
        rows = self._select(workload, query, box)
        if len(rows) < K and "reach" in setting:
            rows = self._select(workload, query, None)
        return rows

    def _select(self, workload: Workload, query: Query, box: Box | None) -> Int64Array:
        where = ""
        values: dict[str, Any] = {}
        if workload.has_meaning:
            values["vector"] = query.vector
        if workload.has_place:
            values |= {"lat": query.lat, "lon": query.lon}
        if box is not None:
            where = "WHERE lat BETWEEN $south AND $north AND lon BETWEEN $west AND $east"
            values |= dict(zip(("south", "west", "north", "east"), box, strict=True))
        score = _sql_score(workload, self.data.dim)
        sql = f"SELECT id FROM items {where} ORDER BY {score} DESC LIMIT {K}"
        return self.connection.execute(sql, values).fetchnumpy()["id"]


def _sql_score(workload: Workload, dim: int) -> str:
    """The score as an expression over the columns and the query's $vector, $lat and $lon."""
    cosine = f"array_inner_product(vector, $vector::FLOAT[{dim}])"
    if not workload.has_place:
        return cosine
    half_chord = (
        "sqrt(least(1, sin(radians(lat - $lat) / 2) ** 2 "
        "+ cos(radians(lat)) * cos(radians($lat)) * sin(radians(lon - $lon) / 2) ** 2))"
    )
    scales = f"({2 * EARTH_RADIUS_M / workload.scale_m!r} * asin({half_chord}))"
    near = f"(1 - {scales})" if workload.kind == "linear" else f"exp(-0.5 * {scales} ** 2)"
    if not workload.has_meaning:
        return near
    return f"{workload.mu} * {near} + {1 - workload.mu} * {cosine}"


def _batches(data: Data) -> Any:
    """The items as Arrow batches (id, lat, lon, vector)."""
    import pyarrow as pa

    def read() -> Any:
        source = data.vectors
        for start in range(0, data.items, BLOCK):
            part = slice(start, min(start + BLOCK, data.items))
            values = pa.array(np.ascontiguousarray(source[part]).reshape(-1))
            columns = [
                pa.array(np.arange(part.start, part.stop)),
                pa.array(data.lat[part]),
                pa.array(data.lon[part]),
                pa.FixedSizeListArray.from_arrays(values, data.dim),
            ]
            yield pa.record_batch(columns, schema=schema)

    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("lat", pa.float64()),
            ("lon", pa.float64()),
            ("vector", pa.list_(pa.float32(), data.dim)),
        ]
    )
    return pa.RecordBatchReader.from_batches(schema, read())
