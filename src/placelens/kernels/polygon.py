"""Edges of polygons: which points lie among them, and how often they meet.

Edges are (4, E) float64: x and y of their lower end, x and y of their upper end.
"""

from __future__ import annotations

import numpy as np

from placelens.kernels.jit import kernel
from placelens.kernels.layout import POINTS, RUN
from placelens.types import BoolArray, Float64Array, Int64Array


@kernel()
def _runs(edges: Float64Array) -> Float64Array:
    """Smallest x, smallest y and largest y of each run of edges, (runs, 3)."""
    n = edges.shape[1]
    around = np.empty((-(-n // RUN), 3))
    for run in range(len(around)):
        part = edges[:, run * RUN : (run + 1) * RUN]
        around[run, 0] = min(part[0].min(), part[2].min())
        around[run, 1], around[run, 2] = part[1].min(), part[3].max()
    return around


@kernel()
def _inside(x: Float64Array, y: Float64Array, edges: Float64Array) -> BoolArray:
    """Which points lie inside by the even-odd rule, or on an edge, (n,).

    Points that follow each other should be neighbours. From each a ray runs to the left; an edge
    holds its lower end and not its upper one, so that a ray through a corner counts it once.
    """
    n, n_edges = len(x), edges.shape[1]
    around = _runs(edges)
    found = np.zeros(n, dtype=np.bool_)
    odd, on_edge = np.zeros(POINTS, dtype=np.int64), np.zeros(POINTS, dtype=np.int64)
    for start in range(0, n, POINTS):
        px, py = x[start : start + POINTS], y[start : start + POINTS]
        west, east, south, north = px.min(), px.max(), py.min(), py.max()
        odd[:] = 0
        on_edge[:] = 0
        all_odd = 0
        for run in range(len(around)):
            if around[run, 0] > east or around[run, 1] > north or around[run, 2] < south:
                continue
            for e in range(run * RUN, min((run + 1) * RUN, n_edges)):
                x1, y1, x2, y2 = edges[0, e], edges[1, e], edges[2, e], edges[3, e]
                left, right = min(x1, x2), max(x1, x2)
                if y2 < south or y1 > north or left > east:
                    continue
                if right < west and y1 <= south and north < y2:
                    all_odd ^= 1  # every ray crosses it
                    continue
                dx, dy = x2 - x1, y2 - y1
                for i in range(len(px)):
                    # Below 0 where the point lies to the right of the edge.
                    side = dx * (py[i] - y1) - dy * (px[i] - x1)
                    spans = (y1 <= py[i]) & (py[i] < y2)
                    odd[i] ^= np.int64(spans & (side < 0.0))
                    reaches = (left <= px[i]) & (px[i] <= right) & (y1 <= py[i]) & (py[i] <= y2)
                    on_edge[i] |= np.int64(reaches & (side == 0.0))
        for i in range(len(px)):
            found[start + i] = (odd[i] ^ all_odd) == 1 or on_edge[i] == 1
    return found


@kernel()
def _side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax)


@kernel()
def _meetings(edges: Float64Array, most: Int64Array) -> Int64Array:
    """How often edges cross or touch, how often they only share an end, and pairs compared, (3,).

    Counting stops once one of the three is above its ``most``. Edges come by their smallest x.
    """
    counts = np.zeros(3, dtype=np.int64)
    for a in range(edges.shape[1]):
        ax, ay, bx, by = edges[0, a], edges[1, a], edges[2, a], edges[3, a]
        right = max(ax, bx)
        for b in range(a + 1, edges.shape[1]):
            cx, cy, dx, dy = edges[0, b], edges[1, b], edges[2, b], edges[3, b]
            if min(cx, dx) > right:
                break
            counts[2] += 1
            if cy > by or dy < ay:
                continue
            c, d = _side(ax, ay, bx, by, cx, cy), _side(ax, ay, bx, by, dx, dy)
            p, q = _side(cx, cy, dx, dy, ax, ay), _side(cx, cy, dx, dy, bx, by)
            if (c > 0 and d > 0) or (c < 0 and d < 0) or (p > 0 and q > 0) or (p < 0 and q < 0):
                continue
            same_start = (ax == cx and ay == cy) or (ax == dx and ay == dy)
            same_end = (bx == cx and by == cy) or (bx == dx and by == dy)
            overlap = c == 0 and d == 0 and not (same_start and same_end)
            counts[0 if overlap or not (same_start or same_end) else 1] += 1
            if counts[0] > most[0] or counts[1] > most[1]:
                return counts
        if counts[2] > most[2]:
            return counts
    return counts
