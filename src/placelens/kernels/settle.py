"""Items of leaves are settled: offered with their final scores, or ruled out by a bound.

What is left over goes through the kernels that the scan ends in, so the scores are the same to the
bit.
"""

from __future__ import annotations

import numpy as np

from placelens.kernels.bounds import _mix, _needed
from placelens.kernels.candidates import (
    _add_dense,
    _all_candidates,
    _best_first,
    _fine_bounds,
    _keep,
    _keep_near,
    _open_candidates,
    _sign_candidates,
    _sign_candidates_of_many,
)
from placelens.kernels.heap import _before_page, _offer
from placelens.kernels.jit import kernel
from placelens.kernels.layout import (
    EXACT,
    ITEMS,
    NODES,
    PRUNED,
    Codes,
    Dense,
    Filter,
    Found,
    MeaningQuery,
    PlaceQuery,
    Slots,
    Work,
)
from placelens.kernels.loops import _cosine, _prefetch
from placelens.kernels.place import _proximity, _radius, _squared_reach
from placelens.kernels.score import _calibrate

# Candidates of a batch, beyond k, that are settled before the others.
SEEDS = 16


@kernel()
def _place_slot(slots: Slots, place: PlaceQuery, filters: Filter, found: Found, slot: int) -> None:
    radius = _radius(slots.radius_m, slot)
    value = _proximity(
        place.space,
        slots.position[slot],
        radius,
        place.origin,
        place.kind,
        place.scale,
        place.offset,
    )
    iid = slots.iid[slot]
    if not _before_page(filters, value, iid):
        _offer(found, value, iid, slot)


@kernel()
def _place_leaf(slots: Slots, place: PlaceQuery, filters: Filter, found: Found, leaf: int) -> None:
    """Offer a leaf's items by place alone."""
    position, radius_m, row, iid = slots.position, slots.radius_m, slots.row, slots.iid
    allowed, inside, origin = filters.allowed, filters.inside, place.origin
    shared, counts = found.threshold, found.counts
    first = leaf * slots.leaf
    leaf_at = filters.leaf_at[leaf] if filters.leaf_at.shape[0] > 0 else -1
    counts[NODES] += 1
    counts[ITEMS] += slots.leaf
    space, kind, scale, offset = place.space, place.kind, place.scale, place.offset
    reach = _squared_reach(space, kind, scale, offset, shared[0])
    x, y, z = origin[0], origin[1], origin[2]
    for slot in range(first, first + slots.leaf):
        dx, dy, dz = position[slot, 0] - x, position[slot, 1] - y, position[slot, 2] - z
        # Without a place it is NaN, and greater than nothing.
        if dx * dx + dy * dy + dz * dz > reach or row[slot] < 0:
            continue
        if allowed.shape[0] > 0 and not allowed[row[slot]]:
            continue
        if leaf_at >= 0 and not inside[leaf_at + slot - first]:
            continue
        radius = _radius(radius_m, slot)
        value = _proximity(space, position[slot], radius, origin, kind, scale, offset)
        counts[EXACT] += 1
        if value < shared[0]:
            # The reach is of an older threshold; it costs more than a few items beyond it.
            reach = _squared_reach(space, kind, scale, offset, shared[0])
        elif not _before_page(filters, value, iid[slot]):
            _offer(found, value, iid[slot], slot)


@kernel()
def _settle(
    slots: Slots,
    codes: Codes,
    place: PlaceQuery,
    meaning: MeaningQuery,
    dense: Dense,
    filters: Filter,
    found: Found,
    work: Work,
    start: int,
    stop: int,
) -> None:
    """Offer the candidates in a range, after their finer code and their own place."""
    shared = found.threshold
    on, weight = place.on, place.weight
    position, radius_m, row = slots.position, slots.radius_m, slots.row
    slot_of, bound_of = work.slot, work.bound
    leaf_of, similarity_of, proximity_of = work.leaf, work.similarity, work.leaf_proximity
    space, origin = place.space, place.origin
    kind, scale, offset = place.kind, place.scale, place.offset
    hub_weights, hubness, added = meaning.term_hub_weights, codes.hubness, dense.value
    has_hubs = hub_weights.shape[0] > 0 and hubness.shape[0] > 0
    has_dense = added.shape[0] > 0
    if on and codes.fine.shape[0] == 0:
        # A vector costs more to read than a place.
        if has_dense:
            _add_dense(slots, dense, work, start, stop)
        stop = _keep_near(slots, place, work, start, stop, shared[0])
    _fine_bounds(slots, codes, meaning, dense, work, start, stop)
    for c in range(start, stop):
        bound_of[c] = _mix(on, weight, proximity_of[leaf_of[c]], similarity_of[c])
    stop = _keep(work, start, stop, shared[0])
    vectors, at, queries = codes.vectors, codes.at, meaning.queries
    weights, slopes = meaning.term_weights, meaning.term_slopes
    intercepts, counts, iid = meaning.term_intercepts, found.counts, slots.iid
    dim = vectors.shape[1]
    for c in range(start, stop):
        _prefetch(at, slot_of[c], slot_of[c] + 1)
        _prefetch(position, 3 * slot_of[c], 3 * slot_of[c] + 3)
    if on:
        stop = _keep_near(slots, place, work, start, stop, shared[0])
    near = 0.0
    for c in range(start, stop):
        if c + 1 < stop:
            later = at[slot_of[c + 1]] * dim
            _prefetch(vectors, later, later + dim)
        if bound_of[c] < shared[0]:
            continue
        if on:
            radius = _radius(radius_m, slot_of[c])
            near = _proximity(space, position[slot_of[c]], radius, origin, kind, scale, offset)
        counts[EXACT] += 1
        slot, similarity = slot_of[c], 0.0
        # As `placelens.kernels.score` has it.
        for t in range(queries.shape[0]):
            cosine = _cosine(vectors, at[slot], queries, t)
            if has_hubs:
                cosine -= hub_weights[t] * np.float64(hubness[slot])
            similarity += weights[t] * _calibrate(cosine, slopes[t], intercepts[t])
        if has_dense:
            similarity += added[row[slot]]
        score = _mix(on, weight, near, similarity)
        if score >= shared[0] and not _before_page(filters, score, iid[slot]):
            _offer(found, score, iid[slot], slot)


@kernel()
def _scan_batch(
    slots: Slots,
    codes: Codes | None,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
    dense: Dense | None,
    filters: Filter,
    found: Found,
    work: Work,
    n_leaves: int,
) -> None:
    """Offer the items of the leaves ``work.leaves[:n_leaves]``.

    Signs first; the most promising are settled, so that the threshold rises; then what still
    reaches it.
    """
    counts, shared = found.counts, found.threshold
    # Apart from what follows: this one is decided when the kernel is compiled.
    if meaning is None or codes is None or dense is None:
        for b in range(n_leaves):
            _place_leaf(slots, place, filters, found, work.leaves[b])
        return
    if place.on and place.weight == 1.0:
        for b in range(n_leaves):
            _place_leaf(slots, place, filters, found, work.leaves[b])
        return
    counts[NODES] += n_leaves
    counts[ITEMS] += n_leaves * slots.leaf
    has_dense = dense.largest.shape[0] > 0
    for b in range(n_leaves):
        most = dense.largest[work.leaves[b]] if has_dense else 0.0
        work.needed[b] = _needed(place, meaning, shared[0], work.leaf_proximity[b], most)
    if codes.fine.shape[0] == 0 or meaning.weight.shape[0] == 0:
        n = _all_candidates(slots, meaning, work, n_leaves)
    elif meaning.weight.shape[0] == 1:
        n = _sign_candidates(slots, codes, meaning, work, n_leaves)
    else:
        n = _sign_candidates_of_many(slots, codes, meaning, work, n_leaves)
    if n < n_leaves * slots.leaf:
        counts[PRUNED] += 1
    best = meaning.cluster_bound[meaning.cluster_order[0]]
    n = _open_candidates(slots, place, dense, filters, work, best, n)
    seeds = found.score.shape[0] + SEEDS
    start = 0
    if n > 2 * seeds:
        _best_first(work, n, seeds)
        _settle(slots, codes, place, meaning, dense, filters, found, work, 0, seeds)
        start = seeds
        end = _keep(work, start, n, shared[0])
        counts[PRUNED] += n - end
        n = end
    _settle(slots, codes, place, meaning, dense, filters, found, work, start, n)
