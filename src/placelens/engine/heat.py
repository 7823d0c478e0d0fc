"""Where in the world the scores of a query lie: cells of the map, each with its best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from placelens.engine.clusters import CELLS_LEVEL, Grid, View, rounded
from placelens.geo.areas import Bounds
from placelens.geo.mercator import FINEST, lats_of, lons_of
from placelens.limits import MAX_CLUSTERS
from placelens.types import Float64Array, Int32Array, Int64Array

__all__ = ["FEW", "Heat", "HeatCell", "heat_of"]

FEW = 3
"""Of so many of a cell's best scores the mean is given: one alone may be there by chance."""

# A quarter of a cluster's cell: 32 pixels of a tile of 512.
_LEVEL = CELLS_LEVEL + 1


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of the map, and how well what lies in it fits a query.

    ``lat`` and ``lon`` are its middle on the map, ``bounds`` its edges (west, south, east, north).
    ``n_items`` have a score; ``best`` is the highest, that of ``id``, and ``mean`` that of the
    `FEW` highest, or of all where there are fewer.
    """

    n_items: int
    lat: float
    lon: float
    bounds: Bounds
    best: float
    mean: float
    id: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, places in 0.1 m."""
        return {
            "n_items": self.n_items,
            "lat": rounded(self.lat),
            "lon": rounded(self.lon),
            "bounds": [*map(rounded, self.bounds)],
            "best": self.best,
            "mean": self.mean,
            "id": self.id,
        }


@dataclass(frozen=True, slots=True)
class Heat:
    """Where the scores of a query lie in a view of the map, the best cell first.

    ``zoom`` is that of the grid, lower than asked for where that would give more than
    `placelens.limits.MAX_CLUSTERS` cells, and ``n_items`` how many are in its cells. ``median`` and
    ``highest`` are of the scores of all located items that pass, in the view or not, so that one
    scale holds wherever the map is moved; None where there are none.
    """

    zoom: int
    n_items: int
    median: float | None
    highest: float | None
    cells: tuple[HeatCell, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "zoom": self.zoom,
            "n_items": self.n_items,
            "median": self.median,
            "highest": self.highest,
            "cells": [cell.to_dict() for cell in self.cells],
        }


def heat_of(
    grid: Grid, view: View, rows: Int64Array, scores: Float64Array, *, at_most: int = MAX_CLUSTERS
) -> Heat:
    """The cells that a view touches, with the scores of what is in them.

    Cells are a quarter of those of `Grid.clusters`, but at the closest zoom, and whole like them.

    Parameters
    ----------
    grid
        Of the version.
    view
        Which part of the map.
    rows, scores
        The rows of the version that have a score, (m,), in any order, and their scores, (m,).
    at_most
        How many cells there may be, at least the 64 of the coarsest grid.
    """
    every, version = grid.sorted, grid.version
    of_rows = np.full(len(version.iids), np.nan)
    of_rows[rows] = scores
    located = of_rows[every.rows]
    located = located[~np.isnan(located)]
    if not len(located):
        return Heat(math.floor(view.zoom), 0, None, None, ())
    median, highest = float(np.median(located)), float(located.max())
    level, at, starts, n_found = grid.cells(
        view, ~np.isnan(of_rows), min(view.level + _LEVEL - CELLS_LEVEL, FINEST), at_most
    )
    if not n_found:
        return Heat(math.floor(view.zoom), 0, median, highest, ())
    n_items = np.diff(starts, append=n_found)
    in_cells = every.rows[at]
    first, best, mean = _best(of_rows[in_cells], version.iids[in_cells], starts, n_items)
    hottest = np.lexsort((-best, -mean))
    first = first[hottest]
    shift = FINEST - level
    middle_lat, middle_lon, bounds = _shapes(
        every.cell_columns[at][first] >> shift, every.cell_rows[at][first] >> shift, level
    )
    cells = map(
        HeatCell,
        n_items[hottest].tolist(),
        middle_lat,
        middle_lon,
        bounds,
        best[hottest].tolist(),
        mean[hottest].tolist(),
        version.ids_at(in_cells[first]),
    )
    return Heat(max(level - _LEVEL, 0), n_found, median, highest, tuple(cells))


def _best(
    scores: Float64Array, iids: Int64Array, starts: Int64Array, n_items: Int64Array
) -> tuple[Int64Array, Float64Array, Float64Array]:
    """Of each cell the place of its best, the score of that, and the mean of the few best.

    Of equal scores the smallest internal id comes first, as among hits. The few are taken out one
    after the other, which is sooner than sorting all.
    """
    of_cell = np.repeat(np.arange(len(starts)), n_items)
    left = scores.copy()
    places, tops = [], []
    for _ in range(FEW):
        top = np.maximum.reduceat(left, starts)
        of_top = np.where(left == top[of_cell], iids, np.iinfo(np.int64).max)
        taken = np.flatnonzero(of_top == np.minimum.reduceat(of_top, starts)[of_cell])
        left[taken] = -np.inf
        places.append(taken)
        tops.append(np.where(np.isinf(top), 0.0, top))
    # A mean of equal numbers may be off by a rounding error, and above the best of them.
    return places[0], tops[0], np.minimum(sum(tops) / np.minimum(n_items, FEW), tops[0])


def _shapes(
    columns: Int32Array, rows: Int32Array, level: int
) -> tuple[list[float], list[float], list[Bounds]]:
    """The middles of cells, latitudes and longitudes, and their edges."""
    west, north = columns.astype(np.float64), rows.astype(np.float64)
    edges = (
        lons_of(west, level),
        lats_of(north + 1.0, level),
        lons_of(west + 1.0, level),
        lats_of(north, level),
    )
    bounds = list(zip(*(edge.tolist() for edge in edges), strict=True))
    return lats_of(north + 0.5, level).tolist(), lons_of(west + 0.5, level).tolist(), bounds
