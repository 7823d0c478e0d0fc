"""What kernels take and give, and the numbers they share with those who call them.

Without numba, so that whoever builds an argument, or only names a constant, need not wait for it.
A constant is compiled into the kernels that use it, and numba looks at their own files only: who
changes one empties the folder ``kernels`` in placelens's cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from placelens.types import BoolArray, Float32Array, Float64Array, Int64Array, UInt8Array

SPHERE, PLANE = 0, 1
LINEAR, GAUSS, EXP = 0, 1, 2

# Mean Earth radius R1 = (2a + b) / 3 of the WGS 84 ellipsoid, in metres (IUGG).
EARTH_RADIUS_M = 6_371_008.8

BLOCK = 32
"""Items in a block of signs."""
DIMS_PER_PAIR = 8
POINTS, RUN = 512, 64
"""Points, and edges of a polygon, that are looked at together: neighbours, so that most miss."""
FANOUT = 8
LANES, SUMS = 4, 4
"""An inner product is summed in so many vectors of so many numbers."""

# exp(-745.14) is the smallest positive float64.
UNDERFLOW = 746.0


class Nodes(NamedTuple):
    """N nodes: the first of each level, (levels + 1,); boxes; smallest iids; sets of clusters."""

    starts: Int64Array
    low: Float64Array
    high: Float64Array
    min_iid: Int64Array
    clusters: np.ndarray


class Balls(NamedTuple):
    """N nodes of an M-tree over S slots, breadth first: the root is 0, and the children of a node
    stand side by side, as the slots of a leaf do. Angles are in radians.

    A node's ball is around the vector of a slot, its routing object, and holds all items below it.
    """

    center: Int64Array  # (N,) the slot of the routing object
    length: Float64Array  # (N,) of the routing object's vector: 1, but for rounding
    radius: Float64Array  # (N,) the angle from it to the farthest item
    to_parent: Float64Array  # (N,) the angle from it to the routing object above; 0 for the root
    first: Int64Array  # (N,) the first child; of a leaf the first slot
    last: Int64Array  # (N,) one past the last
    is_leaf: BoolArray  # (N,)
    min_iid: Int64Array  # (N,) the smallest internal id of an item below
    hub_range: Float32Array  # (2, N) the smallest and the largest hubness of an item below
    to_center: Float64Array  # (S,) the angle from each item to its leaf's routing object
    vectors: Float32Array  # (S, dim)
    hubness: Float32Array  # (S,), or empty where there is none


class BallQuery(NamedTuple):
    """A query's side of what bounds balls, beside its `MeaningQuery` of B bounding terms."""

    directions: Float64Array  # (B, dim) unit vectors of the bounding terms
    lengths: Float64Array  # (B,)
    dense: Float64Array  # (n,) what is added to the meaning of each row; empty where nothing is
    added: float  # the most that is
    slack: float  # more than rounding makes of three angles, in radians


class Slots(NamedTuple):
    """S slots: internal ids, rows of the corpus or -1, positions (S, 3), and slots in a leaf.

    ``radius_m`` is how uncertain the places are, (S,), or empty where all were measured.
    """

    iid: Int64Array
    row: Int64Array
    position: Float64Array
    radius_m: Float32Array
    leaf: int


class Codes(NamedTuple):
    """Signatures of the slots, see `placelens.kernels.signatures`, and the vectors themselves.

    The vector of a slot is ``vectors[at[slot]]``. ``hubness`` is empty where there is none.
    """

    cluster: UInt8Array
    signs: UInt8Array
    signs_scale: Float32Array
    signs_ratio: Float32Array  # (S / 32,)
    second: UInt8Array
    second_scale: Float32Array
    second_ratio: Float32Array  # (S / 32,)
    fine: UInt8Array
    fine_scale: Float32Array
    fine_doubt: Float32Array
    hubness: Float32Array
    vectors: Float32Array
    at: Int64Array


class PlaceQuery(NamedTuple):
    """The place term; ``on`` is 0 without one. ``weight`` is mu, or 1 where meaning is off."""

    on: int
    weight: float
    space: int
    origin: Float64Array
    kind: int
    scale: float
    offset: float


class MeaningQuery(NamedTuple):
    """The meaning term: T terms as `MeaningTask` has them, and B terms that bound them.

    Bounding terms: similarity is at most ``sum_b weight * sign * f(sign * u_b)``, where ``u_b``
    bounds the inner product with ``sign * q_b`` and f is the calibration. Terms with raw cosines
    are one bounding term together. Without terms the meaning is what `Dense` adds to nothing.
    """

    queries: Float64Array
    term_weights: Float64Array
    term_slopes: Float64Array
    term_intercepts: Float64Array
    term_hub_weights: Float64Array  # empty where hubness does not count
    weight: Float64Array
    sign: Float64Array
    slope: Float64Array
    intercept: Float64Array
    hub: Float64Array  # what an item's hubness takes off u_b; empty where it does not count
    tables: UInt8Array  # (B, 4 dim)
    step: Float32Array
    lowest: Float32Array
    centers: Float32Array  # (B, K) inner products with the clusters' centres
    levels: np.ndarray  # (B, 4, size) int8
    vectors: Float32Array  # (B, dim), for a tree without codes
    fine_step: Float32Array
    offset: Float32Array
    doubt: Float32Array  # what to multiply an item's doubt by
    slack: Float32Array
    cluster_bound: Float64Array  # (K,) largest similarity in a cluster
    cluster_order: Int64Array  # clusters, the largest bound first


class Dense(NamedTuple):
    """What is added to the meaning of each row, (n,), and the most that is added below each node,
    (N,); both are empty where nothing is."""

    value: Float64Array
    largest: Float64Array


class Filter(NamedTuple):
    """What may be found: ``allowed`` by row (empty: all), and by area: where in ``inside`` a
    leaf's slots begin, -1 for a leaf outside (empty: no area); and the page's end."""

    allowed: BoolArray
    leaf_at: Int64Array
    inside: BoolArray
    paged: int
    after_score: float
    after_iid: int


class Found(NamedTuple):
    """The best so far, a heap with the worst on top, and counts: see ``COUNT`` and so on.

    ``threshold`` (1,) may be shared by threads: each writes only larger values that k items reach.
    """

    score: Float64Array
    iid: Int64Array
    slot: Int64Array
    counts: Int64Array
    threshold: Float64Array
    unopened: Float64Array  # (1,) the largest bound of a node that was not opened


class Work(NamedTuple):
    """Room for a batch of leaves, and for the candidates in them."""

    leaves: Int64Array
    leaf_proximity: Float64Array
    needed: Float64Array
    sums: np.ndarray  # (32,) uint16
    slot: Int64Array
    leaf: Int64Array  # which of the batch
    similarity: Float64Array  # an upper bound
    bound: Float64Array  # of the score


class Heap(NamedTuple):
    """Nodes to open, the largest bound first."""

    bound: Float64Array
    proximity: Float64Array
    node: Int64Array


# Places in Found.counts; the last is there for M-trees only.
COUNT, NODES, ITEMS, EXACT, PRUNED, ROUTED = 0, 1, 2, 3, 4, 5
