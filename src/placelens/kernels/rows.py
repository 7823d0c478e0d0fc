"""Which rows of a version the slots of a tree hold: a loop beside which searches can go on."""

from __future__ import annotations

import numpy as np

from placelens.kernels.jit import kernel
from placelens.types import Int64Array

# Places of a table for each row and slot, up to which it is made.
MOST_HOLES = 64


@kernel()
def _rows_of_slots(rows: Int64Array, iids: Int64Array, slot_iids: Int64Array) -> Int64Array:
    """The row, of those in ``rows``, with the internal id of each slot; -1 where there is none.

    ``iids`` (n,) are those of all rows of the version; ``slot_iids`` (S,).
    """
    out = np.full(slot_iids.shape[0], -1, dtype=np.int64)
    if rows.shape[0] == 0:
        return out
    first, last = iids[rows[0]], iids[rows[0]]
    for i in range(rows.shape[0]):
        first, last = min(first, iids[rows[i]]), max(last, iids[rows[i]])
    # Ids are given one after the other, so that a table of them has few holes; but most of them
    # may be deleted, and a collection that somebody made may have any. In floats, since the
    # difference of two integers may be none.
    span = float(last) - float(first)
    if span > MOST_HOLES * (rows.shape[0] + slot_iids.shape[0]):
        own = iids[rows]
        order = np.argsort(own, kind="mergesort")
        at = np.searchsorted(own[order], slot_iids, side="right") - 1
        for slot in range(slot_iids.shape[0]):
            if at[slot] >= 0 and own[order[at[slot]]] == slot_iids[slot]:
                out[slot] = rows[order[at[slot]]]
        return out
    table = np.full(last - first + 1, -1, dtype=np.int64)
    for i in range(rows.shape[0]):
        table[iids[rows[i]] - first] = rows[i]
    for slot in range(slot_iids.shape[0]):
        if first <= slot_iids[slot] <= last:
            out[slot] = table[slot_iids[slot] - first]
    return out
