"""Best-first search of a GMR-tree: one call a query, all loops inside.

Nodes are in one array, leaves first, then each level above; a node of a level covers ``FANOUT``
consecutive nodes below. A leaf covers ``leaf`` consecutive slots. A slot holds an item, or none
(row -1: padding, deleted, or not in this version).

A bound never lies below what it bounds: those of place are rigorous, those of meaning carry a
slack for float32 in `MeaningQuery`. What is left over goes through the kernels that the scan ends
in, so the scores are the same to the bit.
"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.codes import _block_sums, _fine_sum, _prefetch
from placelens.kernels.jit import kernel
from placelens.kernels.layout import (
    BLOCK,
    COUNT,
    EXACT,
    FANOUT,
    ITEMS,
    NODES,
    PRUNED,
    Codes,
    Filter,
    Found,
    Heap,
    MeaningQuery,
    Nodes,
    PlaceQuery,
    Slots,
    Work,
)
from placelens.kernels.place import (
    _box_proximity,
    _proximity,
    _rough_proximity,
    _squared_reach,
)
from placelens.kernels.score import _calibrate, _cosine, _rough_cosine
from placelens.kernels.signatures import INNER, OUTER
from placelens.types import Float64Array, Int64Array

# Leaves whose bounds differ by less are looked at together, so that the best of all of them raise
# the threshold before any is looked at closely.
ALIKE = 0.05
# From this many candidates in a block on, its second bits are looked at as well.
CROWDED = 3
# How many candidates ahead codes are fetched.
AHEAD = 6
# Candidates of a batch, beyond k, that are settled before the others.
SEEDS = 16


@kernel()
def _worse(score: float, iid: int, than_score: float, than_iid: int) -> bool:
    return score < than_score or (score == than_score and iid > than_iid)


@kernel()
def _sift(found: Found, size: int) -> None:
    """Let the top of a heap of ``size`` sink to its place."""
    score, iid, slot = found.score, found.iid, found.slot
    top_score, top_iid, top_slot = score[0], iid[0], slot[0]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and _worse(score[child + 1], iid[child + 1], score[child], iid[child]):
            child += 1
        if not _worse(score[child], iid[child], top_score, top_iid):
            break
        score[at], iid[at], slot[at] = score[child], iid[child], slot[child]
        at = child
    score[at], iid[at], slot[at] = top_score, top_iid, top_slot


@kernel()
def _offer(found: Found, value: float, its_iid: int, its_slot: int) -> None:
    """Keep an item if it is among the best k."""
    score, iid, slot = found.score, found.iid, found.slot
    k = score.shape[0]
    count = found.counts[COUNT]
    if count < k:
        at = count
        found.counts[COUNT] = count + 1
        while at > 0:
            parent = (at - 1) // 2
            if not _worse(value, its_iid, score[parent], iid[parent]):
                break
            score[at], iid[at], slot[at] = score[parent], iid[parent], slot[parent]
            at = parent
        score[at], iid[at], slot[at] = value, its_iid, its_slot
    elif _worse(score[0], iid[0], value, its_iid):
        score[0], iid[0], slot[0] = value, its_iid, its_slot
        _sift(found, k)
    if found.counts[COUNT] == k:
        found.threshold[0] = max(found.threshold[0], score[0])


@kernel()
def _sort(found: Found) -> None:
    """Order what was found, the best first; it is no heap any more."""
    score, iid, slot = found.score, found.iid, found.slot
    for size in range(found.counts[COUNT] - 1, 0, -1):
        score[0], score[size] = score[size], score[0]
        iid[0], iid[size] = iid[size], iid[0]
        slot[0], slot[size] = slot[size], slot[0]
        _sift(found, size)


@kernel()
def _hopeless(found: Found, bound: float, min_iid: int) -> bool:
    """Whether nothing with this bound and no smaller iid can be among the best."""
    if bound < found.threshold[0]:
        return True
    full = found.counts[COUNT] == found.score.shape[0]
    return full and bound == found.score[0] and min_iid > found.iid[0]


@kernel()
def _place_leaf(slots: Slots, place: PlaceQuery, filters: Filter, found: Found, leaf: int) -> None:
    """Offer a leaf's items by place alone."""
    position, row, iid = slots.position, slots.row, slots.iid
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
        value = _proximity(space, position[slot], origin, kind, scale, offset)
        counts[EXACT] += 1
        if value < shared[0]:
            # The reach is of an older threshold; it costs more than a few items beyond it.
            reach = _squared_reach(space, kind, scale, offset, shared[0])
        elif not _before_page(filters, value, iid[slot]):
            _offer(found, value, iid[slot], slot)


@kernel()
def _before_page(filters: Filter, score: float, iid: int) -> bool:
    """Whether an earlier page had the item."""
    if filters.paged == 0:
        return False
    last = filters.after_score
    return score > last or (score == last and iid <= filters.after_iid)


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
def _needed(place: PlaceQuery, meaning: MeaningQuery, threshold: float, proximity: float) -> float:
    """What an item must reach in a leaf: in its inner product if there is one bounding term, or
    else in its similarity."""
    if threshold == -math.inf:
        return threshold
    if place.on:
        threshold = (threshold - place.weight * proximity) / (1.0 - place.weight)
    return (_cosine_needed(meaning, threshold) if len(meaning.weight) == 1 else threshold) - 1e-6


@kernel()
def _sign_candidates(
    slots: Slots, codes: Codes, meaning: MeaningQuery, work: Work, n_leaves: int
) -> int:
    """The slots of the leaves of a batch whose signs do not rule them out; their number.

    With one bounding term, the inner product is bounded and compared with what the leaf needs.
    """
    # Arrays are taken out of their tuples once: each access counts references, atomically.
    leaves, leaf_needs, sums = work.leaves, work.needed, work.sums
    slot_of, similarity_of, leaf_of = work.slot, work.similarity, work.leaf
    signs, scale, ratio, cluster = (
        codes.signs,
        codes.signs_scale,
        codes.signs_ratio,
        codes.cluster,
    )
    table, centers = meaning.tables[0], meaning.centers[0]
    step, lowest, doubt = meaning.step[0], meaning.lowest[0], meaning.doubt[0]
    n_pairs, size = meaning.tables.shape[1] // 32, slots.leaf
    second, second_scale, second_ratio = codes.second, codes.second_scale, codes.second_ratio
    inner, center = np.empty(BLOCK, dtype=np.float32), np.empty(BLOCK, dtype=np.float32)
    more_sums = np.empty(BLOCK, dtype=np.uint16)
    inner_level, outer_level = np.float32(INNER), np.float32(OUTER)
    n = 0
    for b in range(n_leaves):
        first = leaves[b] * size
        needed = np.float32(leaf_needs[b] - meaning.slack[0])
        for at in range(first, first + size, BLOCK):
            _block_sums(signs, at * n_pairs, n_pairs, table, 0, sums)
            shift = lowest + ratio[at // BLOCK] * doubt
            # Loops that do one thing each, which become vector instructions.
            for j in range(BLOCK):
                center[j] = centers[cluster[at + j]]
            for j in range(BLOCK):
                inner[j] = scale[at + j] * (shift + step * np.float32(sums[j])) + center[j]
            n_reached = 0
            for j in range(BLOCK):
                n_reached += int(inner[j] >= needed)
            if n_reached == 0:
                continue
            if n_reached >= CROWDED:
                # Both bits together: the first one's sums are there already.
                _block_sums(second, at * n_pairs, n_pairs, table, 0, more_sums)
                shift = (inner_level + outer_level) * lowest + second_ratio[at // BLOCK] * doubt
                for j in range(BLOCK):
                    both = inner_level * np.float32(sums[j]) + outer_level * np.float32(
                        more_sums[j]
                    )
                    both = second_scale[at + j] * (shift + step * both) + center[j]
                    inner[j] = min(inner[j], both)
            for j in range(BLOCK):
                # Written in any case: a branch would often be guessed wrong.
                slot_of[n], similarity_of[n], leaf_of[n] = at + j, inner[j], b
                n += int(inner[j] >= needed)
    slack = np.float64(meaning.slack[0])
    weight, sign = meaning.weight[0], meaning.sign[0]
    slope, intercept = meaning.slope[0], meaning.intercept[0]
    for c in range(n):
        value = similarity_of[c] + slack
        similarity_of[c] = weight * sign * _calibrate(sign * value, slope, intercept)
    return n


@kernel()
def _sign_candidates_of_many(
    slots: Slots, codes: Codes, meaning: MeaningQuery, work: Work, n_leaves: int
) -> int:
    """`_sign_candidates` with several bounding terms, each through its own calibration."""
    leaves, leaf_needs, sums = work.leaves, work.needed, work.sums
    slot_of, similarity_of, leaf_of = work.slot, work.similarity, work.leaf
    signs, scale, ratio, cluster = (
        codes.signs,
        codes.signs_scale,
        codes.signs_ratio,
        codes.cluster,
    )
    n_pairs, size = meaning.tables.shape[1] // 32, slots.leaf
    n_terms = meaning.weight.shape[0]
    total = np.empty(BLOCK)
    n = 0
    for b in range(n_leaves):
        first, needed = leaves[b] * size, leaf_needs[b]
        for at in range(first, first + size, BLOCK):
            total[:] = 0.0
            for term in range(n_terms):
                _block_sums(signs, at * n_pairs, n_pairs, meaning.tables[term], 0, sums)
                shift = meaning.lowest[term] + ratio[at // BLOCK] * meaning.doubt[term]
                weight, sign = meaning.weight[term], meaning.sign[term]
                slope, intercept = meaning.slope[term], meaning.intercept[term]
                for j in range(BLOCK):
                    value = np.float64(shift + meaning.step[term] * np.float32(sums[j]))
                    value = scale[at + j] * value + meaning.centers[term, cluster[at + j]]
                    value = sign * (value + meaning.slack[term])
                    total[j] += weight * sign * _calibrate(value, slope, intercept)
            for j in range(BLOCK):
                if total[j] >= needed:
                    slot_of[n], similarity_of[n], leaf_of[n] = at + j, total[j], b
                    n += 1
    return n


@kernel()
def _all_candidates(slots: Slots, meaning: MeaningQuery, work: Work, n_leaves: int) -> int:
    """Every slot of a batch, in a plain R-tree: nothing there bounds an item's similarity."""
    best = meaning.cluster_bound[0]
    n = 0
    for b in range(n_leaves):
        first = work.leaves[b] * slots.leaf
        for i in range(slots.leaf):
            work.slot[n], work.similarity[n], work.leaf[n] = first + i, best, b
            n += 1
    return n


@kernel()
def _open_candidates(
    slots: Slots, place: PlaceQuery, filters: Filter, work: Work, best: float, n: int
) -> int:
    """Keep the candidates that may be found, and bound their scores; their number."""
    row, allowed, inside, leaf_at = slots.row, filters.allowed, filters.inside, filters.leaf_at
    slot_of, similarity_of, leaf_of = work.slot, work.similarity, work.leaf
    bound_of, leaf_proximity, leaves = work.bound, work.leaf_proximity, work.leaves
    on, weight = place.on, place.weight
    end = 0
    for c in range(n):
        slot, b = slot_of[c], leaf_of[c]
        at = row[slot]
        if at < 0 or (allowed.shape[0] > 0 and not allowed[at]):
            continue
        if leaf_at.shape[0] > 0 and not inside[leaf_at[leaves[b]] + slot % slots.leaf]:
            continue
        similarity = min(similarity_of[c], best)
        slot_of[end], leaf_of[end] = slot, b
        bound_of[end] = _mix(on, weight, leaf_proximity[b], similarity)
        end += 1
    return end


@kernel()
def _mix(on: int, weight: float, proximity: float, similarity: float) -> float:
    return weight * proximity + (1.0 - weight) * similarity if on else similarity


@kernel()
def _keep(work: Work, start: int, stop: int, threshold: float) -> int:
    """Move the candidates in a range that reach the threshold to its front; their end."""
    slot, leaf, similarity, bound = work.slot, work.leaf, work.similarity, work.bound
    end = start
    for c in range(start, stop):
        if bound[c] >= threshold:
            slot[end], leaf[end] = slot[c], leaf[c]
            similarity[end], bound[end] = similarity[c], bound[c]
            end += 1
    return end


@kernel()
def _keep_near(
    slots: Slots, place: PlaceQuery, work: Work, start: int, stop: int, threshold: float
) -> int:
    """`_keep`, after bounding the candidates by their own places instead of their leaf's."""
    space, origin, weight = place.space, place.origin, place.weight
    kind, scale, offset = place.kind, place.scale, place.offset
    position, slot, similarity, bound = slots.position, work.slot, work.similarity, work.bound
    for c in range(start, stop):
        near = _rough_proximity(space, position[slot[c]], origin, kind, scale, offset)
        bound[c] = _mix(1, weight, near, similarity[c])
    return _keep(work, start, stop, threshold)


@kernel()
def _best_first(work: Work, n: int, wanted: int) -> None:
    """Move the ``wanted`` candidates with the largest bounds to the front."""
    slot, leaf, bound = work.slot, work.leaf, work.bound
    # Hoare's selection: the middle value of three as pivot.
    low, high = 0, n - 1
    while low < high:
        a, b, c = bound[low], bound[(low + high) // 2], bound[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while bound[i] > pivot:
                i += 1
            while bound[j] < pivot:
                j -= 1
            if i <= j:
                bound[i], bound[j] = bound[j], bound[i]
                slot[i], slot[j] = slot[j], slot[i]
                leaf[i], leaf[j] = leaf[j], leaf[i]
                i += 1
                j -= 1
        if wanted - 1 <= j:
            high = j
        elif wanted - 1 >= i:
            low = i
        else:
            break


@kernel()
def _settle(
    slots: Slots,
    codes: Codes,
    place: PlaceQuery,
    meaning: MeaningQuery,
    filters: Filter,
    found: Found,
    work: Work,
    start: int,
    stop: int,
) -> None:
    """Offer the candidates in a range, after their finer code and their own place."""
    shared = found.threshold
    on, weight = place.on, place.weight
    position, slot_of, bound_of = slots.position, work.slot, work.bound
    leaf_of, similarity_of, proximity_of = work.leaf, work.similarity, work.leaf_proximity
    space, origin = place.space, place.origin
    kind, scale, offset = place.kind, place.scale, place.offset
    if on and codes.fine.shape[0] == 0:
        # A vector costs more to read than a place.
        stop = _keep_near(slots, place, work, start, stop, shared[0])
    _fine_bounds(codes, meaning, work, start, stop)
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
            near = _proximity(space, position[slot_of[c]], origin, kind, scale, offset)
        counts[EXACT] += 1
        slot, similarity = slot_of[c], 0.0
        # As `placelens.kernels.score` has it.
        for t in range(queries.shape[0]):
            cosine = _cosine(vectors, at[slot], queries, t)
            similarity += weights[t] * _calibrate(cosine, slopes[t], intercepts[t])
        score = _mix(on, weight, near, similarity)
        if score >= shared[0] and not _before_page(filters, score, iid[slot]):
            _offer(found, score, iid[slot], slot)


@kernel()
def _fine_bounds(codes: Codes, meaning: MeaningQuery, work: Work, start: int, stop: int) -> None:
    """Upper bounds of the similarity from the four-bit codes, or, without codes, the vectors."""
    scale, rest, cluster = codes.fine_scale, codes.fine_doubt, codes.cluster
    slot_of, similarity_of = work.slot, work.similarity
    fine, size = codes.fine.reshape(-1), codes.fine.shape[1]
    plain = fine.shape[0] == 0
    for c in range(start, stop):
        similarity_of[c] = 0.0
    for term in range(meaning.weight.shape[0]):
        levels, centers, vector = meaning.levels[term], meaning.centers[term], meaning.vectors[term]
        step = np.float64(meaning.fine_step[term])
        doubt, slack, shift = meaning.doubt[term], meaning.slack[term], meaning.offset[term]
        weight, sign = meaning.weight[term], meaning.sign[term]
        slope, intercept = meaning.slope[term], meaning.intercept[term]
        for c in range(start, stop):
            slot = slot_of[c]
            if c + AHEAD < stop:
                later = slot_of[c + AHEAD]
                _prefetch(fine, later * size, later * size + size)
                _prefetch(scale, later, later + 1)
                _prefetch(rest, later, later + 1)
            if plain:
                cosine = np.float64(_rough_cosine(codes.vectors[codes.at[slot]], vector))
            else:
                inner = step * _fine_sum(fine, slot * size, size, levels) + shift
                cosine = scale[slot] * inner
                cosine += rest[slot] * doubt + centers[cluster[slot]]
            value = _calibrate(sign * (cosine + slack), slope, intercept)
            similarity_of[c] += weight * sign * value


@kernel()
def _bound_nodes(
    nodes: Nodes,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
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
    if meaning is None:
        for i in range(which.shape[0]):
            bound_of[i] = proximity_of[i]
        return
    order, clusters, largest = meaning.cluster_order, nodes.clusters, meaning.cluster_bound
    for i in range(which.shape[0]):
        node = which[i]
        bound_of[i] = -math.inf  # nothing there
        for j in range(order.shape[0]):
            cluster = order[j]
            if (clusters[node, cluster // 64] >> np.uint64(cluster % 64)) & np.uint64(1):
                bound_of[i] = _mix(on, weight, proximity_of[i], largest[cluster])
                break


@kernel()
def _scan_batch(
    slots: Slots,
    codes: Codes | None,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
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
    if meaning is None or codes is None:
        for b in range(n_leaves):
            _place_leaf(slots, place, filters, found, work.leaves[b])
        return
    if place.on and place.weight == 1.0:
        for b in range(n_leaves):
            _place_leaf(slots, place, filters, found, work.leaves[b])
        return
    counts[NODES] += n_leaves
    counts[ITEMS] += n_leaves * slots.leaf
    for b in range(n_leaves):
        work.needed[b] = _needed(place, meaning, shared[0], work.leaf_proximity[b])
    if codes.fine.shape[0] == 0:
        n = _all_candidates(slots, meaning, work, n_leaves)
    elif meaning.weight.shape[0] == 1:
        n = _sign_candidates(slots, codes, meaning, work, n_leaves)
    else:
        n = _sign_candidates_of_many(slots, codes, meaning, work, n_leaves)
    if n < n_leaves * slots.leaf:
        counts[PRUNED] += 1
    best = meaning.cluster_bound[meaning.cluster_order[0]]
    n = _open_candidates(slots, place, filters, work, best, n)
    seeds = found.score.shape[0] + SEEDS
    start = 0
    if n > 2 * seeds:
        _best_first(work, n, seeds)
        _settle(slots, codes, place, meaning, filters, found, work, 0, seeds)
        start = seeds
        end = _keep(work, start, n, shared[0])
        counts[PRUNED] += n - end
        n = end
    _settle(slots, codes, place, meaning, filters, found, work, start, n)


@kernel()
def _push(heap: Heap, size: int, value: float, near: float, its_node: int) -> int:
    bound, proximity, node = heap.bound, heap.proximity, heap.node
    at = size
    while at > 0 and bound[(at - 1) // 2] < value:
        parent = (at - 1) // 2
        bound[at], proximity[at], node[at] = bound[parent], proximity[parent], node[parent]
        at = parent
    bound[at], proximity[at], node[at] = value, near, its_node
    return size + 1


@kernel()
def _pop(heap: Heap, size: int) -> int:
    """Take the first off, which the caller has read; the new size."""
    bound, proximity, node = heap.bound, heap.proximity, heap.node
    size -= 1
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and bound[child + 1] > bound[child]:
            child += 1
        if bound[child] <= bound[size]:
            break
        bound[at], proximity[at], node[at] = bound[child], proximity[child], node[child]
        at = child
    bound[at], proximity[at], node[at] = bound[size], proximity[size], node[size]
    return size


@kernel()
def _children(nodes: Nodes, node: int) -> tuple[int, int]:
    """The range of a node's children."""
    level = 1
    while nodes.starts[level + 1] <= node:
        level += 1
    first = nodes.starts[level - 1] + (node - nodes.starts[level]) * FANOUT
    return first, min(first + FANOUT, nodes.starts[level])


@kernel()
def _search(
    nodes: Nodes,
    slots: Slots,
    codes: Codes | None,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
    filters: Filter,
    found: Found,
    work: Work | None,
    max_leaves: int,
    todo: Int64Array,
) -> int:
    """Open nodes by falling bound until none can hold more of the best.

    Without a meaning there is no need of room to work in.

    Once ``max_leaves`` leaves are open, those that remain are written to ``todo``, and their
    number is returned, for several threads to share (`_scan_leaves`).
    """
    n_nodes = nodes.low.shape[0]
    heap_bound, heap_node = np.empty(n_nodes), np.empty(n_nodes, dtype=np.int64)
    heap_proximity = np.empty(n_nodes)
    shared, min_iid = found.threshold, nodes.min_iid
    closed = filters.leaf_at
    n_all_leaves = nodes.starts[1]
    family = np.empty(FANOUT, dtype=np.int64)
    proximity, bound = np.empty(FANOUT), np.empty(FANOUT)
    heap = Heap(heap_bound, heap_proximity, heap_node)
    family[0] = nodes.starts[-2]  # the root
    _bound_nodes(nodes, place, meaning, family[:1], proximity, bound)
    size = _push(heap, 0, bound[0], proximity[0], family[0])
    # The first batch has no threshold, and lets everything through: it is one leaf; then twice as
    # many each time.
    opened, most, room = 0, 1, 1
    if work is not None:
        leaves, leaf_proximity = work.leaves, work.leaf_proximity
        room = leaves.shape[0]
    while size > 0 and opened < max_leaves and heap_bound[0] >= shared[0]:
        n_leaves = 0
        least = heap_bound[0] - (0.0 if meaning is None else ALIKE)
        while size > 0 and heap_bound[0] >= shared[0]:
            if n_leaves > 0 and (n_leaves == most or heap_bound[0] < least):
                break
            top, near, node = heap_bound[0], heap_proximity[0], heap_node[0]
            size = _pop(heap, size)
            if _hopeless(found, top, min_iid[node]):
                found.unopened[0] = max(found.unopened[0], top)
            elif node >= n_all_leaves:
                found.counts[NODES] += 1
                first, last = _children(nodes, node)
                for child in range(first, last):
                    family[child - first] = child
                _bound_nodes(nodes, place, meaning, family[: last - first], proximity, bound)
                for i in range(last - first):
                    size = _push(heap, size, bound[i], proximity[i], family[i])
            elif closed.shape[0] == 0 or closed[node] >= 0:
                if work is None:
                    _place_leaf(slots, place, filters, found, node)
                    opened += 1
                    break
                leaves[n_leaves], leaf_proximity[n_leaves] = node, near
                n_leaves += 1
        if work is not None:
            _scan_batch(slots, codes, place, meaning, filters, found, work, n_leaves)
            opened, most = opened + n_leaves, min(2 * most, room)
    n_todo = _remaining(nodes, found, heap, size, todo)
    if n_todo == 0:
        _sort(found)
    return n_todo


@kernel()
def _search_slots(
    slots: Slots,
    codes: Codes | None,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
    filters: Filter,
    found: Found,
    work: Work,
    chosen: Int64Array,
) -> None:
    """Offer the items of some slots, which pass the filters, and order what was found."""
    found.counts[ITEMS] += chosen.shape[0]
    # Apart from what follows: this one is decided when the kernel is compiled.
    if meaning is None or codes is None:  # noqa: SIM114
        for i in range(chosen.shape[0]):
            _place_slot(slots, place, filters, found, chosen[i])
    elif place.on and place.weight == 1.0:
        for i in range(chosen.shape[0]):
            _place_slot(slots, place, filters, found, chosen[i])
    else:
        best = meaning.cluster_bound[meaning.cluster_order[0]]
        work.leaf_proximity[0] = 1.0  # of leaves nothing is known here
        size = work.slot.shape[0]
        for start in range(0, chosen.shape[0], size):
            n = min(size, chosen.shape[0] - start)
            for c in range(n):
                work.slot[c], work.leaf[c], work.similarity[c] = chosen[start + c], 0, best
            exact = found.counts[EXACT]
            _settle(slots, codes, place, meaning, filters, found, work, 0, n)
            found.counts[PRUNED] += n - (found.counts[EXACT] - exact)
    _sort(found)


@kernel()
def _place_slot(slots: Slots, place: PlaceQuery, filters: Filter, found: Found, slot: int) -> None:
    value = _proximity(
        place.space, slots.position[slot], place.origin, place.kind, place.scale, place.offset
    )
    iid = slots.iid[slot]
    if not _before_page(filters, value, iid):
        _offer(found, value, iid, slot)


@kernel()
def _remaining(nodes: Nodes, found: Found, heap: Heap, size: int, todo: Int64Array) -> int:
    """Write the leaves below the nodes of a heap that may still matter; their number."""
    n_todo = 0
    bounds, which, min_iid = heap.bound, heap.node, nodes.min_iid
    n_all_leaves = nodes.starts[1]
    for i in range(size):
        first, last = which[i], which[i] + 1
        if _hopeless(found, bounds[i], min_iid[first]):
            found.unopened[0] = max(found.unopened[0], bounds[i])
            continue
        while first >= n_all_leaves:
            first, _ = _children(nodes, first)
            _, last = _children(nodes, last - 1)
        for leaf in range(first, last):
            todo[n_todo] = leaf
            n_todo += 1
    return n_todo


@kernel()
def _scan_leaves(
    nodes: Nodes,
    slots: Slots,
    codes: Codes | None,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
    filters: Filter,
    found: Found,
    work: Work,
    todo: Int64Array,
) -> None:
    """Scan leaves, unless the threshold has risen above them, and order what was found."""
    closed, min_iid, shared = filters.leaf_at, nodes.min_iid, found.threshold
    leaves, leaf_proximity = work.leaves, work.leaf_proximity
    proximity, bound = np.empty(todo.shape[0]), np.empty(todo.shape[0])
    _bound_nodes(nodes, place, meaning, todo, proximity, bound)
    n_leaves = 0
    most = leaves.shape[0] if shared[0] > -math.inf else 1
    for i in range(todo.shape[0]):
        leaf = todo[i]
        if bound[i] < shared[0] or _hopeless(found, bound[i], min_iid[leaf]):
            found.unopened[0] = max(found.unopened[0], bound[i])
        elif closed.shape[0] == 0 or closed[leaf] >= 0:
            leaves[n_leaves], leaf_proximity[n_leaves] = leaf, proximity[i]
            n_leaves += 1
        if n_leaves == most:
            _scan_batch(slots, codes, place, meaning, filters, found, work, n_leaves)
            n_leaves, most = 0, min(2 * most, leaves.shape[0])
    _scan_batch(slots, codes, place, meaning, filters, found, work, n_leaves)
    _sort(found)
