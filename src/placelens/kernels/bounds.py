"""What nodes can hold at most, and what an item must reach to matter.

A bound never lies below what it bounds: those of place are rigorous, those of meaning carry a
slack for float32 in `MeaningQuery`.
"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.jit import kernel
from placelens.kernels.layout import FANOUT, Dense, MeaningQuery, Nodes, PlaceQuery, Slots
from placelens.kernels.place import _box_proximity
from placelens.types import Float64Array, Int64Array

# Where a node has no item; a number, so that no weight makes NaN of it.
NOTHING = -1e300


@kernel()
def _mix(on: int, weight: float, proximity: float, similarity: float) -> float:
    return weight * proximity + (1.0 - weight) * similarity if on else similarity


@kernel()
def _children(nodes: Nodes, node: int) -> tuple[int, int]:
    """The range of a node's children."""
    level = 1
    while nodes.starts[level + 1] <= node:
        level += 1
    first = nodes.starts[level - 1] + (node - nodes.starts[level]) * FANOUT
    return first, min(first + FANOUT, nodes.starts[level])


@kernel()
def _largest_dense(value: Float64Array, nodes: Nodes, slots: Slots) -> Float64Array:
    """The most that is added to the meaning of an item below each node, (N,)."""
    row, size, starts = slots.row, slots.leaf, nodes.starts
    out = np.full(starts[-1], NOTHING)
    for leaf in range(starts[1]):
        for slot in range(leaf * size, (leaf + 1) * size):
            if row[slot] >= 0:
                out[leaf] = max(out[leaf], value[row[slot]])
    for node in range(starts[1], starts[-1]):
        first, last = _children(nodes, node)
        for child in range(first, last):
            out[node] = max(out[node], out[child])
    return out


@kernel()
def _bound_nodes(
    nodes: Nodes,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
    dense: Dense | None,
    which: Int64Array,
    proximity_of: Float64Array,
    bound_of: Float64Array,
) -> None:
    """Upper bounds of the proximities and of the scores below nodes."""
    low, high, origin = nodes.low, nodes.high, place.origin
    on, weight, space = place.on, place.weight, place.space
    kind, scale, offset = place.kind, place.scale, place.offset
    for i in range(which.shape[0]):
        node = which[i]
        proximity_of[i] = 0.0
        if on:
            proximity_of[i] = _box_proximity(
                space, low[node], high[node], origin, kind, scale, offset
            )
    if meaning is None or dense is None:
        for i in range(which.shape[0]):
            bound_of[i] = proximity_of[i]
        return
    order, clusters, largest = meaning.cluster_order, nodes.clusters, meaning.cluster_bound
    largest_dense = dense.largest
    has_dense = largest_dense.shape[0] > 0
    for i in range(which.shape[0]):
        node = which[i]
        bound_of[i] = -math.inf  # nothing there
        for j in range(order.shape[0]):
            cluster = order[j]
            if (clusters[node, cluster // 64] >> np.uint64(cluster % 64)) & np.uint64(1):
                most = largest[cluster] + (largest_dense[node] if has_dense else 0.0)
                bound_of[i] = _mix(on, weight, proximity_of[i], most)
                break


@kernel()
def _cosine_needed(meaning: MeaningQuery, similarity: float) -> float:
    """The inner product from which a single bounding term reaches a similarity."""
    sign, slope, weight = meaning.sign[0], meaning.slope[0], meaning.weight[0]
    if slope == 0.0:
        return similarity / weight
    # Where the logistic map is flat its inverse is not to be trusted.
    value = sign * similarity / weight
    if (sign > 0.0 and value <= 1e-9) or (sign < 0.0 and value >= 1.0 - 1e-9):
        return -math.inf
    value = min(max(value, 1e-9), 1.0 - 1e-9)
    return sign * (math.log(value / (1.0 - value)) - meaning.intercept[0]) / slope


@kernel()
def _needed(
    place: PlaceQuery, meaning: MeaningQuery, threshold: float, proximity: float, dense: float
) -> float:
    """What an item must reach in a leaf: in its inner product if there is one bounding term, or
    else in its similarity. ``dense`` is the most that is added to it there."""
    if threshold == -math.inf:
        return threshold
    if place.on:
        threshold = (threshold - place.weight * proximity) / (1.0 - place.weight)
    threshold -= dense + 1e-12 * abs(dense)
    return (_cosine_needed(meaning, threshold) if len(meaning.weight) == 1 else threshold) - 1e-6
