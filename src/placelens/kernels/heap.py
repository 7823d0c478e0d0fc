"""Heaps: the best items so far, with the worst on top, and nodes to open, with the best on top."""

from __future__ import annotations

from placelens.kernels.jit import kernel
from placelens.kernels.layout import COUNT, Filter, Found, Heap


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
def _before_page(filters: Filter, score: float, iid: int) -> bool:
    """Whether an earlier page had the item."""
    if filters.paged == 0:
        return False
    last = filters.after_score
    return score > last or (score == last and iid <= filters.after_iid)


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
