"""Searches of an M-tree: best first for the best k, and all items within an angle.

The angle between vectors is a metric: an item at most ``r`` from a routing object, which is ``a``
from a query, is at least ``a - r`` from the query. What a parent knows spares most of these angles:
a routing object or an item ``p`` from the parent's, which is ``a`` from the query, is at least
``|a - p|`` from it (Ciaccia, Patella and Zezula, VLDB 1997, Lemmas 1 and 2).

A query has T terms, which make the score, and B that bound it, see `MeaningQuery`: each a direction
and a length. Only with one of them an angle tells whether an item can matter; else nodes are
bounded one by one.

"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.bounds import _mix, _needed
from placelens.kernels.heap import _before_page, _hopeless, _offer, _pop, _push, _sort
from placelens.kernels.jit import kernel
from placelens.kernels.layout import (
    EXACT,
    ITEMS,
    NODES,
    PRUNED,
    ROUTED,
    BallQuery,
    Balls,
    Filter,
    Found,
    Heap,
    MeaningQuery,
    PlaceQuery,
    Slots,
)
from placelens.kernels.loops import _cosine
from placelens.kernels.place import _proximity, _radius
from placelens.kernels.score import _calibrate
from placelens.types import Float64Array, Int64Array

# Lengths of vectors, and bounding terms in float32, lie within a part of this of what they stand
# for; the second is for sums in float64.
LENGTHS, SUMS = 4e-6, 1e-9


@kernel()
def _angle(balls: Balls, node: int, directions: Float64Array, b: int) -> float:
    """The angle, in radians, between a node's routing object and a direction."""
    cosine = _cosine(balls.vectors, balls.center[node], directions, b) / balls.length[node]
    return math.acos(min(1.0, max(-1.0, cosine)))


@kernel()
def _least_taken(hub: float, low: float, high: float) -> float:
    """The least that hubness, between two values, takes off a bounding term."""
    taken = min(hub * low, hub * high)
    return taken - 1e-6 * abs(taken)


@kernel()
def _reach(
    balls: Balls, place: PlaceQuery, meaning: MeaningQuery, query: BallQuery, threshold: float
) -> float:
    """The angle beyond which no item reaches the threshold; infinite where none can be told."""
    lengths = query.lengths
    if lengths.shape[0] != 1 or lengths[0] == 0.0 or (place.on and place.weight == 1.0):
        return math.inf
    needed = _needed(place, meaning, threshold, 1.0, query.added)
    if meaning.hub.shape[0] > 0:
        needed += _least_taken(meaning.hub[0], balls.hub_range[0, 0], balls.hub_range[1, 0])
    cosine = (needed - SUMS) / lengths[0] - LENGTHS
    if cosine <= -1.0:
        return math.inf
    # Above 1 nothing reaches it, not even what lies in the very direction.
    return math.acos(cosine) + query.slack if cosine <= 1.0 else -1.0


@kernel()
def _search_balls(
    balls: Balls,
    slots: Slots,
    place: PlaceQuery,
    meaning: MeaningQuery,
    query: BallQuery,
    filters: Filter,
    found: Found,
) -> None:
    """Open nodes by falling bound until none can hold more of the best; what is found is sorted."""
    n_nodes, n_terms = balls.radius.shape[0], query.lengths.shape[0]
    heap = Heap(np.empty(n_nodes), np.empty(n_nodes), np.empty(n_nodes, dtype=np.int64))
    angles = np.empty((n_nodes, n_terms))
    shared, counts, unopened = found.threshold, found.counts, found.unopened
    size = _look_at(balls, place, meaning, query, found, heap, 0, angles, 0, 1, 0.0, math.inf)
    while size > 0 and heap.bound[0] >= shared[0]:
        top, node = heap.bound[0], heap.node[0]
        size = _pop(heap, size)
        if _hopeless(found, top, balls.min_iid[node]):
            unopened[0] = max(unopened[0], top)
            continue
        counts[NODES] += 1
        own = angles[node, 0] if n_terms > 0 else 0.0
        if balls.is_leaf[node]:
            _open_leaf(balls, slots, place, meaning, query, filters, found, node, own)
        else:
            first, last = balls.first[node], balls.last[node]
            size = _look_at(
                balls, place, meaning, query, found, heap, size, angles, first, last, own, top
            )
    if size > 0:
        unopened[0] = max(unopened[0], heap.bound[0])
    _sort(found)


@kernel()
def _look_at(
    balls: Balls,
    place: PlaceQuery,
    meaning: MeaningQuery,
    query: BallQuery,
    found: Found,
    heap: Heap,
    size: int,
    angles: Float64Array,
    first: int,
    last: int,
    above: float,
    most: float,
) -> int:
    """Note the angles of some nodes and push those that may matter; the new size of the heap.

    They are the root, or children of a node whose own angle is ``above``; no item below them scores
    more than ``most``.
    """
    # Arrays are taken out of their tuples once: each access counts references, atomically.
    shared, counts, unopened = found.threshold, found.counts, found.unopened
    vectors, center, length, radius = balls.vectors, balls.center, balls.length, balls.radius
    to_parent, hub_range = balls.to_parent, balls.hub_range
    directions, lengths, hub = query.directions, query.lengths, meaning.hub
    weight, sign, slope, intercept = meaning.weight, meaning.sign, meaning.slope, meaning.intercept
    slack, added, on, mu = query.slack, query.added, place.on, place.weight
    reach = _reach(balls, place, meaning, query, shared[0])
    for node in range(first, last):
        if abs(above - to_parent[node]) - radius[node] > reach:
            counts[PRUNED] += 1
            continue
        counts[ROUTED] += 1
        total = SUMS + added
        for b in range(lengths.shape[0]):
            cosine = _cosine(vectors, center[node], directions, b) / length[node]
            angles[node, b] = math.acos(min(1.0, max(-1.0, cosine)))
            nearest = max(0.0, angles[node, b] - radius[node] - slack)
            most_alike = lengths[b] * (math.cos(nearest) + LENGTHS) + SUMS
            if hub.shape[0] > 0:
                most_alike -= _least_taken(hub[b], hub_range[0, node], hub_range[1, node])
            value = _calibrate(sign[b] * most_alike, slope[b], intercept[b])
            total += weight[b] * sign[b] * value
        # Nothing bounds the place: all may be there.
        bound = min(most, _mix(on, mu, 1.0, total))
        if bound >= shared[0]:
            size = _push(heap, size, bound, 1.0, node)
        else:
            unopened[0] = max(unopened[0], bound)
    return size


@kernel()
def _open_leaf(
    balls: Balls,
    slots: Slots,
    place: PlaceQuery,
    meaning: MeaningQuery,
    query: BallQuery,
    filters: Filter,
    found: Found,
    leaf: int,
    angle: float,
) -> None:
    """Offer a leaf's items but those that its own angle to the query rules out."""
    # Arrays are taken out of their tuples once: each access counts references, atomically.
    shared, counts, dense, to_center = found.threshold, found.counts, query.dense, balls.to_center
    row, iid, position, radius_m = slots.row, slots.iid, slots.position, slots.radius_m
    vectors, hubness, allowed = balls.vectors, balls.hubness, filters.allowed
    queries, weights, hub_weights = meaning.queries, meaning.term_weights, meaning.term_hub_weights
    slopes, intercepts = meaning.term_slopes, meaning.term_intercepts
    on, weight, space, origin = place.on, place.weight, place.space, place.origin
    kind, scale, offset = place.kind, place.scale, place.offset
    has_hubs = hub_weights.shape[0] > 0 and hubness.shape[0] > 0
    threshold, near = shared[0], 0.0
    reach = _reach(balls, place, meaning, query, threshold)
    counts[ITEMS] += balls.last[leaf] - balls.first[leaf]
    for slot in range(balls.first[leaf], balls.last[leaf]):
        if row[slot] < 0 or (allowed.shape[0] > 0 and not allowed[row[slot]]):
            continue
        if shared[0] > threshold:
            threshold = shared[0]
            reach = _reach(balls, place, meaning, query, threshold)
        if abs(angle - to_center[slot]) > reach:
            counts[PRUNED] += 1
            continue
        counts[EXACT] += 1
        similarity = 0.0
        # As `placelens.kernels.score` has it.
        for t in range(queries.shape[0]):
            cosine = _cosine(vectors, slot, queries, t)
            if has_hubs:
                cosine -= hub_weights[t] * np.float64(hubness[slot])
            similarity += weights[t] * _calibrate(cosine, slopes[t], intercepts[t])
        if dense.shape[0] > 0:
            similarity += dense[row[slot]]
        if on:
            radius = _radius(radius_m, slot)
            near = _proximity(space, position[slot], radius, origin, kind, scale, offset)
        score = _mix(on, weight, near, similarity)
        if score >= shared[0] and not _before_page(filters, score, iid[slot]):
            _offer(found, score, iid[slot], slot)


@kernel()
def _slots_in_range(
    balls: Balls, query: Float64Array, angle: float, slack: float, counts: Int64Array
) -> Int64Array:
    """The slots whose vectors are within an angle of a unit query, (1, dim); in no order.

    A vector is if its inner product with the query is the angle's cosine at least. ``counts`` are
    those of `Found`.
    """
    vectors, to_center, to_parent = balls.vectors, balls.to_center, balls.to_parent
    radius, first, last, is_leaf = balls.radius, balls.first, balls.last, balls.is_leaf
    out = np.empty(vectors.shape[0], dtype=np.int64)
    least = math.cos(angle) if angle < math.pi else -math.inf
    # An inner product may exceed the cosine by as much as lengths are off.
    reach = math.acos(max(-1.0, least - LENGTHS)) + slack
    todo, angles = np.empty(radius.shape[0], dtype=np.int64), np.empty(radius.shape[0])
    todo[0], angles[0], size, n = 0, _angle(balls, 0, query, 0), 1, 0
    counts[ROUTED] += 1
    while size > 0:
        size -= 1
        node, own = todo[size], angles[size]
        if own - radius[node] > reach:
            continue
        counts[NODES] += 1
        if is_leaf[node]:
            counts[ITEMS] += last[node] - first[node]
            for slot in range(first[node], last[node]):
                if abs(own - to_center[slot]) <= reach:
                    counts[EXACT] += 1
                    out[n] = slot
                    n += int(_cosine(vectors, slot, query, 0) >= least)
            continue
        for child in range(first[node], last[node]):
            if abs(own - to_parent[child]) - radius[child] <= reach:
                counts[ROUTED] += 1
                todo[size], angles[size] = child, _angle(balls, child, query, 0)
                size += 1
    return out[:n].copy()
