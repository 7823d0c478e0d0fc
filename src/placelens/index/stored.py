"""Whether arrays that come from a disk may be given to kernels, which check no bounds.

Checksums tell damage; they do not tell a file that was made to do harm, or by a mistake of ours.
Shapes, types, and whatever is used as a place in another array are checked here, once, when a
limb is opened. What is left can give a wrong score, but read nothing that is not there.
"""

from __future__ import annotations

import numpy as np

from placelens.index.kind import Arrays
from placelens.index.kind import checked_array as _array
from placelens.index.signature import fine_size
from placelens.kernels.layout import BLOCK, DIMS_PER_PAIR, FANOUT


def check_limb(arrays: Arrays, *, dim: int | None) -> None:
    """Raise ValueError unless `Limb.from_arrays` may take the arrays.

    ``dim`` is the length of the vectors; None for a limb of places alone.
    """
    leaf = int(_array(arrays, "slots.leaf", np.int64, ()))
    n_slots = len(_array(arrays, "slots.iid", np.int64, (None,)))
    if leaf < BLOCK or leaf % BLOCK or n_slots == 0 or n_slots % leaf:
        raise ValueError(f"{n_slots} slots are not leaves of {leaf}")
    n_leaves = n_slots // leaf
    _array(arrays, "slots.position", np.float64, (n_slots, 3))
    _array(arrays, "lonlat", np.float64, (2, n_slots))
    _array(arrays, "boxes", np.float64, (5, n_leaves))
    for name in ("slots.radius_m", "codes.hubness"):
        if len(_array(arrays, name, np.float32, (None,))) not in {0, n_slots}:
            raise ValueError(f"{name} has {len(arrays[name])} numbers for {n_slots} slots")
    n_clusters = _check_codes(arrays, n_slots, dim) if "codebook.centers" in arrays else 1
    _array(arrays, "hub_range", np.float32, (2, n_clusters))
    if dim is not None:
        _array(arrays, "vectors", np.float32, (n_slots, dim))
    _check_nodes(arrays, n_leaves, n_clusters)


def _check_nodes(arrays: Arrays, n_leaves: int, n_clusters: int) -> None:
    starts = _array(arrays, "nodes.starts", np.int64, (None,)).tolist()
    expected, size = [0, n_leaves], n_leaves
    while size > 1:
        size = -(-size // FANOUT)
        expected.append(expected[-1] + size)
    if starts != expected:
        raise ValueError(f"levels of nodes start at {starts[:8]}, not at {expected[:8]}")
    n_nodes = starts[-1]
    _array(arrays, "nodes.low", np.float64, (n_nodes, 3))
    _array(arrays, "nodes.high", np.float64, (n_nodes, 3))
    _array(arrays, "nodes.min_iid", np.int64, (n_nodes,))
    sets = _array(arrays, "nodes.clusters", np.uint64, (n_nodes, None))
    if sets.shape[1] * 64 < n_clusters:
        raise ValueError(f"sets of {sets.shape[1] * 64} do not hold {n_clusters} clusters")


def _check_codes(arrays: Arrays, n_slots: int, dim: int | None) -> int:
    """Check signatures; the number of clusters."""
    padded = -(-(dim or 0) // DIMS_PER_PAIR) * DIMS_PER_PAIR
    n_clusters = len(_array(arrays, "codebook.centers", np.float32, (None, dim)))
    _array(arrays, "codebook.rotation", np.float32, (padded, padded))
    _array(arrays, "radius_cos", np.float64, (n_clusters,))
    for name in ("codes.signs", "codes.second"):
        _array(arrays, name, np.uint8, (n_slots * padded // 8,))
        _array(arrays, f"{name}_scale", np.float32, (n_slots,))
        _array(arrays, f"{name}_ratio", np.float32, (n_slots // BLOCK,))
    _array(arrays, "codes.fine", np.uint8, (n_slots, fine_size(padded)))
    _array(arrays, "codes.fine_scale", np.float32, (n_slots,))
    _array(arrays, "codes.fine_doubt", np.float32, (n_slots,))
    cluster = _array(arrays, "codes.cluster", np.uint8, (n_slots,))
    if n_clusters == 0 or int(cluster.max()) >= n_clusters:
        raise ValueError(f"cluster {cluster.max()} is not one of {n_clusters}")
    return n_clusters
