"""Best-first search of a GMR-tree: one call a query, all loops inside.

Nodes are in one array, leaves first, then each level above; a node of a level covers ``FANOUT``
consecutive nodes below. A leaf covers ``leaf`` consecutive slots. A slot holds an item, or none
(row -1: padding, deleted, or not in this version).
"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.bounds import _bound_nodes, _children
from placelens.kernels.heap import _hopeless, _pop, _push, _sort
from placelens.kernels.jit import kernel
from placelens.kernels.layout import (
    EXACT,
    FANOUT,
    ITEMS,
    NODES,
    PRUNED,
    Codes,
    Dense,
    Filter,
    Found,
    Heap,
    MeaningQuery,
    Nodes,
    PlaceQuery,
    Slots,
    Work,
)
from placelens.kernels.settle import _place_leaf, _place_slot, _scan_batch, _settle
from placelens.types import Int64Array

# Leaves whose bounds differ by less are looked at together, so that the best of all of them raise
# the threshold before any is looked at closely.
ALIKE = 0.05


@kernel()
def _search(
    nodes: Nodes,
    slots: Slots,
    codes: Codes | None,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
    dense: Dense | None,
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
    _bound_nodes(nodes, place, meaning, dense, family[:1], proximity, bound)
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
                _bound_nodes(nodes, place, meaning, dense, family[: last - first], proximity, bound)
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
            _scan_batch(slots, codes, place, meaning, dense, filters, found, work, n_leaves)
            opened, most = opened + n_leaves, min(2 * most, room)
    n_todo = _remaining(nodes, found, heap, size, todo)
    if n_todo == 0:
        _sort(found)
    return n_todo


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
    dense: Dense | None,
    filters: Filter,
    found: Found,
    work: Work,
    todo: Int64Array,
) -> None:
    """Scan leaves, unless the threshold has risen above them, and order what was found."""
    closed, min_iid, shared = filters.leaf_at, nodes.min_iid, found.threshold
    leaves, leaf_proximity = work.leaves, work.leaf_proximity
    proximity, bound = np.empty(todo.shape[0]), np.empty(todo.shape[0])
    _bound_nodes(nodes, place, meaning, dense, todo, proximity, bound)
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
            _scan_batch(slots, codes, place, meaning, dense, filters, found, work, n_leaves)
            n_leaves, most = 0, min(2 * most, leaves.shape[0])
    _scan_batch(slots, codes, place, meaning, dense, filters, found, work, n_leaves)
    _sort(found)


@kernel()
def _search_slots(
    slots: Slots,
    codes: Codes | None,
    place: PlaceQuery,
    meaning: MeaningQuery | None,
    dense: Dense | None,
    filters: Filter,
    found: Found,
    work: Work,
    chosen: Int64Array,
) -> None:
    """Offer the items of some slots, which pass the filters, and order what was found."""
    found.counts[ITEMS] += chosen.shape[0]
    # Apart from what follows: this one is decided when the kernel is compiled.
    if meaning is None or codes is None or dense is None:  # noqa: SIM114
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
            _settle(slots, codes, place, meaning, dense, filters, found, work, 0, n)
            found.counts[PRUNED] += n - (found.counts[EXACT] - exact)
    _sort(found)
