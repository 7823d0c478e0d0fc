"""Two spatial trees of other packages, for the ten nearest places."""

from __future__ import annotations

import math
import time

import numpy as np

from placelens.geo.distance import EARTH_RADIUS_M
from placelens.types import Int64Array
from placelens_bench.engine.methods.base import (
    Method,
    Opened,
    Setting,
    best,
    box_within,
    squared_chords,
)
from placelens_bench.engine.workloads import K, Query, Workload

FIRST_M = 1000.0


class KDTree(Method):
    """SciPy's k-d tree over unit vectors, where chords order as great circles do."""

    workloads = ("mu1",)
    paired = True

    def open(self) -> Opened:
        """Build the tree."""
        from scipy.spatial import cKDTree

        start = time.perf_counter()
        self.tree = cKDTree(self.data.positions)
        return Opened(time.perf_counter() - start, None)

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        del workload, setting
        return self.tree.query(query.origin, k=K)[1]


class BoxTree(Method):
    """Shapely's STRtree over longitudes and latitudes.

    It finds in boxes, on a plane: a box around the place grows until the circle within it holds
    ten items, which are ordered by great-circle distance.
    """

    workloads = ("mu1",)

    def open(self) -> Opened:
        """Build the tree."""
        import shapely

        data = self.data
        start = time.perf_counter()
        self.tree = shapely.STRtree(shapely.points(data.lon, data.lat))
        return Opened(time.perf_counter() - start, None)

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        import shapely

        del workload, setting
        metres = FIRST_M
        while True:
            south, west, north, east = box_within(query, metres)
            rows: Int64Array = self.tree.query(shapely.box(west, south, east, north))
            squares = squared_chords(self.data, query, rows)
            whole = metres >= math.pi * EARTH_RADIUS_M
            chord = 2.0 * math.sin(min(metres / EARTH_RADIUS_M, math.pi) / 2.0)
            if whole or np.count_nonzero(squares <= chord * chord) >= K:
                return rows[best(-squares)]
            metres *= 2.0
