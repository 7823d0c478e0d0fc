"""Items on a map, those that lie close together taken together: a grid of cells at every zoom.

The rows of a version are sorted once by the Morton codes of their cells on the finest grid. Then a
cell of any coarser grid is a run of them, and a view is a slice that holds few others; see
`placelens.geo.mercator`.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from placelens.display import shown
from placelens.engine.periods import NO_TIME
from placelens.errors import FilterError, QueryError
from placelens.geo.areas import Bounds
from placelens.geo.mercator import FINEST, cells_of, columns_of, morton, rows_of
from placelens.limits import MAX_CLUSTERS, MAX_ZOOM
from placelens.storage.version import Version
from placelens.types import BoolArray, Float64Array, Int32Array, Int64Array

__all__ = ["CELLS_LEVEL", "Cells", "Cluster", "Clusters", "Grid", "Single", "View", "rounded"]

# 64 pixels of a tile of 512: eight cells on a side.
CELLS_LEVEL = 3
# Ten turns of the globe: maps that go on beyond 180 do not go further, and floats still tell cells.
_FARTHEST = 3_600.0
_DECIMALS = 6


def rounded(degrees: float) -> float:
    """Degrees as answers tell them, in 0.1 m."""
    return round(degrees, _DECIMALS)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Two items or more of one cell.

    ``lat`` and ``lon`` are the means of theirs, ``bounds`` the box around them (west, south, east,
    north), ``id`` the newest of them; where none has a time, the one that was added first.
    """

    n_items: int
    lat: float
    lon: float
    bounds: Bounds
    id: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, in 0.1 m."""
        return {
            "n_items": self.n_items,
            "lat": rounded(self.lat),
            "lon": rounded(self.lon),
            "bounds": [*map(rounded, self.bounds)],
            "id": self.id,
        }


@dataclass(frozen=True, slots=True)
class Single:
    """An item that is alone in its cell."""

    id: str
    lat: float
    lon: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, in 0.1 m."""
        return {
            "id": self.id,
            "lat": rounded(self.lat),
            "lon": rounded(self.lon),
        }


@dataclass(frozen=True, slots=True)
class Clusters:
    """What a view of the map shows, cell by cell.

    ``zoom`` is that of the grid, lower than asked for where that would give more than
    `placelens.limits.MAX_CLUSTERS` of both kinds.
    """

    zoom: int
    n_items: int
    clusters: tuple[Cluster, ...]
    items: tuple[Single, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "zoom": self.zoom,
            "n_items": self.n_items,
            "clusters": [cluster.to_dict() for cluster in self.clusters],
            "items": [item.to_dict() for item in self.items],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A part of a web map: the zoom, its fraction dropped, and edges in degrees.

    A view that crosses the antimeridian has west > east, or edges beyond 180 as maps that go on
    give them: from 170 to -170 and from 170 to 190 are the same.

    Raises
    ------
    FilterError
        If the zoom is not in [0, 22], an edge is not finite or out of range, south lies above
        north, or west beyond east.
    """

    zoom: float
    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0

    def __post_init__(self) -> None:
        for name in ("zoom", "west", "south", "east", "north"):
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (is_number and math.isfinite(value)):
                raise FilterError(f"the view's {name} {shown(value)} is not a finite number")
        if not 0 <= self.zoom <= MAX_ZOOM:
            raise FilterError(f"the view's zoom {self.zoom} is not in [0, {MAX_ZOOM}]")
        limits = {"west": _FARTHEST, "south": 90.0, "east": _FARTHEST, "north": 90.0}
        for name, limit in limits.items():
            if abs(getattr(self, name)) > limit:
                raise FilterError(
                    f"the view's {name} edge {getattr(self, name)} is not in "
                    f"[{-limit:.0f}, {limit:.0f}]"
                )
        if self.south > self.north:
            raise FilterError(
                f"the view's south edge {self.south} lies above its north edge {self.north}"
            )
        if self.west > self.east and max(abs(self.west), abs(self.east)) > 180.0:
            raise FilterError(
                f"the view's west edge {self.west} lies beyond its east edge {self.east}; only "
                "between -180 and 180 that means across the antimeridian"
            )

    @property
    def level(self) -> int:
        """That of its cells; see `placelens.geo.mercator`."""
        return math.floor(self.zoom) + CELLS_LEVEL

    def columns(self) -> list[tuple[int, int]]:
        """First and last of the columns that it touches; two ranges over the antimeridian."""
        n = 1 << self.level
        east = self.east + 360.0 if self.west > self.east else self.east
        first, last = columns_of(np.array([self.west, east]), self.level).tolist()
        if east - self.west >= 360.0 or last - first + 1 >= n:
            return [(0, n - 1)]
        first, last = first % n, last % n
        return [(first, last)] if first <= last else [(0, last), (first, n - 1)]

    def rows(self) -> tuple[int, int]:
        """First and last of the rows that it touches."""
        first, last = rows_of(np.array([self.north, self.south]), self.level).tolist()
        return first, last


class Sorted(NamedTuple):
    """The located rows of a version in the order of the codes of their cells, (n,) each.

    ``ages`` is the place of each among them all, the newest first; ``by_age`` are the rows in that
    order.
    """

    codes: Int64Array
    cell_columns: Int32Array
    cell_rows: Int32Array
    lon: Float64Array
    lat: Float64Array
    rows: Int64Array
    ages: Int32Array
    by_age: Int64Array


class Cells(NamedTuple):
    """The cells that a view touches and that hold anything, on a grid that is fine enough.

    ``at`` are the places of what is in them in `Grid.sorted`, cell after cell, and ``starts`` where
    in ``at`` each cell begins.
    """

    level: int
    at: slice | Int64Array
    starts: Int64Array
    n_items: int


class Grid:
    """The located items of one version, sorted when first needed."""

    def __init__(self, version: Version) -> None:
        self.version = version

    @cached_property
    def sorted(self) -> Sorted:
        """All of them in the order of their cells.

        Raises
        ------
        QueryError
            If the collection lies on a plane.
        """
        version = self.version
        if version.space != "sphere":
            raise QueryError(
                "clusters are of a map of the Earth, and this collection lies on a plane; "
                "its points are to be had all at once"
            )
        lon, lat = version.lonlat
        by_age = np.flatnonzero(~np.isnan(lon))
        times, iids = version.times_us[by_age], version.iids[by_age]
        by_age = by_age[np.lexsort((iids, -times, times == NO_TIME))]
        lon, lat = np.where(lon[by_age] == 180.0, -180.0, lon[by_age]), lat[by_age]
        columns, rows = cells_of(lon, lat, FINEST)
        codes = morton(columns, rows)
        ages = np.argsort(codes, kind="stable")
        return Sorted(
            codes[ages],
            columns[ages].astype(np.int32),
            rows[ages].astype(np.int32),
            lon[ages],
            lat[ages],
            by_age[ages],
            ages.astype(np.int32),
            by_age,
        )

    def clusters(
        self, view: View, allowed: BoolArray | None, *, at_most: int = MAX_CLUSTERS
    ) -> Clusters:
        """The clusters of all cells that a view touches, and the items that are alone in theirs.

        Cells are whole, so that what lies at the edge of a view is the same in the view beside it.
        Where there are more than ``at_most``, the items in these cells are put into those of the
        finest grid on which there are not.

        Parameters
        ----------
        view
            Which part of the map.
        allowed
            Which rows may be there, (n,); None for all.
        at_most
            How many clusters and single items there may be together, at least the 64 cells of the
            coarsest grid.
        """
        every = self.sorted
        level, at, starts, n_found = self.cells(view, allowed, view.level, at_most)
        if not n_found:
            return Clusters(math.floor(view.zoom), 0, (), ())
        lon, lat = every.lon[at], every.lat[at]
        n_items = np.diff(starts, append=n_found)
        newest = every.by_age[np.minimum.reduceat(every.ages[at], starts)]
        ids = self.version.ids_at(newest)
        bounds = (
            np.minimum.reduceat(lon, starts),
            np.minimum.reduceat(lat, starts),
            np.maximum.reduceat(lon, starts),
            np.maximum.reduceat(lat, starts),
        )
        # A mean of equal numbers may be off by a rounding error, and outside of their bounds.
        means = [
            np.clip(np.add.reduceat(values, starts) / n_items, low, high)
            for values, low, high in ((lat, bounds[1], bounds[3]), (lon, bounds[0], bounds[2]))
        ]
        found = zip(
            n_items.tolist(),
            *(mean.tolist() for mean in means),
            zip(*(edge.tolist() for edge in bounds), strict=True),
            ids,
            strict=True,
        )
        clusters: list[Cluster] = []
        singles: list[Single] = []
        for n, mean_lat, mean_lon, box, item_id in found:
            if n > 1:
                clusters.append(Cluster(n, mean_lat, mean_lon, box, item_id))
            else:
                singles.append(Single(item_id, mean_lat, mean_lon))
        return Clusters(level - CELLS_LEVEL, n_found, tuple(clusters), tuple(singles))

    def cells(
        self, view: View, allowed: BoolArray | None, finest: int, at_most: int = MAX_CLUSTERS
    ) -> Cells:
        """The cells that a view touches, of the finest level up to ``finest`` on which no more than
        ``at_most`` hold anything.

        Parameters are those of `clusters`.
        """
        every = self.sorted
        at = self._in_view(view)
        if allowed is not None:
            at = np.arange(len(every.codes))[at] if isinstance(at, slice) else at
            at = at[allowed[every.rows[at]]]
        codes = every.codes[at]
        if not len(codes):
            return Cells(finest, at, np.empty(0, dtype=np.int64), 0)
        # Two neighbours are in one cell of a level when their codes share the bits above it.
        apart = codes[1:] ^ codes[:-1]
        level = (
            bisect.bisect_right(
                range(CELLS_LEVEL + 1, finest + 1),
                at_most,
                key=lambda finer: 1 + int(np.count_nonzero(apart >= _smallest_step(finer))),
            )
            + CELLS_LEVEL
        )
        starts = np.append(0, np.flatnonzero(apart >= _smallest_step(level)) + 1)
        return Cells(level, at, starts, len(codes))

    def _in_view(self, view: View) -> slice | Int64Array:
        """The places in the order of codes of what lies in the cells of a view, increasing."""
        every = self.sorted
        shift = FINEST - view.level
        first_row, last_row = view.rows()
        places: list[Int64Array] = []
        for first, last in view.columns():
            if last - first + 1 == last_row - first_row + 1 == 1 << view.level:
                return slice(None)  # the whole world
            corners = morton(np.array([first, last]), np.array([first_row, last_row]))
            # No cell of a rectangle has a code below its first corner's, or above its last one's.
            ends = np.array([corners[0], corners[1] + 1]) << (2 * shift)
            start, stop = np.searchsorted(every.codes, ends).tolist()
            columns, rows = every.cell_columns[start:stop], every.cell_rows[start:stop]
            is_in = (columns >= first << shift) & (columns < (last + 1) << shift)
            is_in &= (rows >= first_row << shift) & (rows < (last_row + 1) << shift)
            places.append(np.flatnonzero(is_in) + start)
        return places[0] if len(places) == 1 else np.sort(np.concatenate(places))


def _smallest_step(level: int) -> int:
    """The smallest number by whose bits the codes of two cells of a level may differ."""
    return 1 << (2 * (FINEST - level))
