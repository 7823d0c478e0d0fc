"""Edges of polygons as arrays: which points lie inside, and whether there is too much to mend."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from placelens import kernels
from placelens.errors import FilterError
from placelens.kernels.layout import POINTS
from placelens.limits import MAX_CROSSINGS
from placelens.types import BoolArray, Float64Array, Int64Array

__all__ = ["check_meetings", "edges_of", "edges_of_lines", "inside"]

# Fewer edges are compared with every point sooner than the points are brought into order.
_FEW_EDGES = 128
# In areas that share borders a corner belongs to a few edges; in a knot to all of them.
_EDGES_AT_A_CORNER = 16
# Pairs of edges that lie above each other: half a second of comparing.
_MOST_PAIRS = 300_000_000


def edges_of(rings: Sequence[npt.ArrayLike]) -> Float64Array:
    """The edges of rings, (n, 2) each, as (4, E): the lower end first; open rings are closed.

    Examples
    --------
    >>> edges_of([[(0, 0), (2, 0), (1, 3)]]).T.tolist()
    [[0.0, 0.0, 2.0, 0.0], [2.0, 0.0, 1.0, 3.0], [0.0, 0.0, 1.0, 3.0]]
    """
    starts, ends = [], []
    for ring in rings:
        corners = np.asarray(ring, dtype=np.float64)
        starts.append(corners)
        ends.append(np.roll(corners, -1, axis=0))
    return _lower_first(np.concatenate(starts), np.concatenate(ends))


def edges_of_lines(xy: Float64Array, line: Int64Array) -> Float64Array:
    """The edges of open lines, as by `edges_of`: corners (n, 2), and the line of each (n,)."""
    follows = line[1:] == line[:-1]
    return _lower_first(xy[:-1][follows], xy[1:][follows])


def inside(lon: Float64Array, lat: Float64Array, edges: Float64Array) -> BoolArray:
    """Which points, none of them NaN, lie inside by the even-odd rule, or on an edge, (n,)."""
    lon, lat = np.ascontiguousarray(lon), np.ascontiguousarray(lat)
    if edges.shape[1] <= _FEW_EDGES or len(lon) <= POINTS:
        return kernels._inside(lon, lat, edges)
    order = _neighbours(lon, lat)
    found = np.empty(len(lon), dtype=np.bool_)
    found[order] = kernels._inside(lon[order], lat[order], edges)
    return found


def check_meetings(edges: Float64Array) -> None:
    """Refuse edges that meet so often that the area they enclose would take minutes to find.

    Raises
    ------
    FilterError
        If more than `MAX_CROSSINGS` pairs cross or touch, or many edges share a corner.
    """
    by_west = np.argsort(np.minimum(edges[0], edges[2]), kind="stable")
    most = np.array([MAX_CROSSINGS, _EDGES_AT_A_CORNER * edges.shape[1], _MOST_PAIRS])
    counts = kernels._meetings(np.ascontiguousarray(edges[:, by_west]), most)
    if np.any(counts > most):
        raise FilterError(
            f"the area's {edges.shape[1]:,} edges cross or touch each other too often, or lie too "
            f"much side by side; {MAX_CROSSINGS:,} crossings are the most: simplify it, or cut it"
        )


def _neighbours(lon: Float64Array, lat: Float64Array) -> Int64Array:
    """An order in which points that follow each other lie close: by strips of x, then y."""
    n_strips = math.isqrt(len(lon) // POINTS) + 1
    strips = np.array_split(np.argsort(lon, kind="stable"), n_strips)
    return np.concatenate([strip[np.argsort(lat[strip], kind="stable")] for strip in strips])


def _lower_first(start: Float64Array, end: Float64Array) -> Float64Array:
    """Edges from (n, 2) to (n, 2) without those of no length, (4, E)."""
    moves = np.any(start != end, axis=1)
    start, end = start[moves], end[moves]
    falls = (start[:, 1] > end[:, 1])[:, None]
    lower, upper = np.where(falls, end, start), np.where(falls, start, end)
    return np.ascontiguousarray(np.hstack([lower, upper]).T)
