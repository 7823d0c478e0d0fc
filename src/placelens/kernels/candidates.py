"""Candidates: the slots of a batch of leaves that their codes do not rule out, and their bounds."""

from __future__ import annotations

import numpy as np

from placelens.kernels.bounds import _mix
from placelens.kernels.jit import kernel
from placelens.kernels.layout import (
    BLOCK,
    Codes,
    Dense,
    Filter,
    MeaningQuery,
    PlaceQuery,
    Slots,
    Work,
)
from placelens.kernels.loops import _block_sums, _fine_sum, _prefetch
from placelens.kernels.place import _rough_proximity
from placelens.kernels.score import _calibrate, _rough_cosine
from placelens.kernels.signatures import INNER, OUTER

# From this many candidates in a block on, its second bits are looked at as well.
CROWDED = 3
# How many candidates ahead codes are fetched.
AHEAD = 6


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
    hubness, hub = codes.hubness, np.float32(0.0)
    has_hubs = meaning.hub.shape[0] > 0 and hubness.shape[0] > 0
    if has_hubs:
        hub = np.float32(meaning.hub[0])
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
            if has_hubs:
                for j in range(BLOCK):
                    center[j] -= hub * hubness[at + j]
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
    hubness = codes.hubness
    has_hubs = meaning.hub.shape[0] > 0 and hubness.shape[0] > 0
    total, taken_off = np.empty(BLOCK), np.zeros(BLOCK)
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
                if has_hubs:
                    for j in range(BLOCK):
                        taken_off[j] = meaning.hub[term] * hubness[at + j]
                for j in range(BLOCK):
                    value = np.float64(shift + meaning.step[term] * np.float32(sums[j]))
                    value = scale[at + j] * value + meaning.centers[term, cluster[at + j]]
                    value = sign * (value - taken_off[j] + meaning.slack[term])
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
    slots: Slots,
    place: PlaceQuery,
    dense: Dense,
    filters: Filter,
    work: Work,
    best: float,
    n: int,
) -> int:
    """Keep the candidates that may be found, and bound their scores; their number."""
    row, allowed, inside, leaf_at = slots.row, filters.allowed, filters.inside, filters.leaf_at
    slot_of, similarity_of, leaf_of = work.slot, work.similarity, work.leaf
    bound_of, leaf_proximity, leaves = work.bound, work.leaf_proximity, work.leaves
    on, weight = place.on, place.weight
    added = dense.value
    has_dense = added.shape[0] > 0
    end = 0
    for c in range(n):
        slot, b = slot_of[c], leaf_of[c]
        at = row[slot]
        if at < 0 or (allowed.shape[0] > 0 and not allowed[at]):
            continue
        if leaf_at.shape[0] > 0 and not inside[leaf_at[leaves[b]] + slot % slots.leaf]:
            continue
        similarity = min(similarity_of[c], best)
        if has_dense:
            similarity += added[at]
        slot_of[end], leaf_of[end] = slot, b
        bound_of[end] = _mix(on, weight, leaf_proximity[b], similarity)
        end += 1
    return end


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
def _fine_bounds(
    slots: Slots,
    codes: Codes,
    meaning: MeaningQuery,
    dense: Dense,
    work: Work,
    start: int,
    stop: int,
) -> None:
    """Upper bounds of the meaning from the four-bit codes, or, without codes, the vectors."""
    scale, rest, cluster = codes.fine_scale, codes.fine_doubt, codes.cluster
    slot_of, similarity_of = work.slot, work.similarity
    fine, size = codes.fine.reshape(-1), codes.fine.shape[1]
    plain = fine.shape[0] == 0
    hubness, hub = codes.hubness, 0.0
    has_hubs = meaning.hub.shape[0] > 0 and hubness.shape[0] > 0
    for c in range(start, stop):
        similarity_of[c] = 0.0
    for term in range(meaning.weight.shape[0]):
        levels, centers, vector = meaning.levels[term], meaning.centers[term], meaning.vectors[term]
        step = np.float64(meaning.fine_step[term])
        doubt, slack, shift = meaning.doubt[term], meaning.slack[term], meaning.offset[term]
        weight, sign = meaning.weight[term], meaning.sign[term]
        slope, intercept = meaning.slope[term], meaning.intercept[term]
        if has_hubs:
            hub = meaning.hub[term]
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
            if has_hubs:
                cosine -= hub * hubness[slot]
            value = _calibrate(sign * (cosine + slack), slope, intercept)
            similarity_of[c] += weight * sign * value
    if dense.value.shape[0] > 0:
        _add_dense(slots, dense, work, start, stop)


@kernel()
def _add_dense(slots: Slots, dense: Dense, work: Work, start: int, stop: int) -> None:
    """Add to the candidates' similarities what their rows have."""
    row, added, slot_of, similarity_of = slots.row, dense.value, work.slot, work.similarity
    for c in range(start, stop):
        similarity_of[c] += added[row[slot_of[c]]]
