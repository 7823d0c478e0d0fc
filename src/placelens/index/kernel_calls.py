"""What kernels are called with: tuples made of a task, empty ones, and room to work in."""

from __future__ import annotations

import math
import threading

import numpy as np

from placelens.geo.distance import SPACES
from placelens.index.base import Corpus, Task
from placelens.kernels.layout import (
    BLOCK,
    LINEAR,
    SPHERE,
    Codes,
    Dense,
    Filter,
    Found,
    PlaceQuery,
    Work,
)
from placelens.types import FeatureName, Float32Array, Int64Array, Space

NO_BYTES, NO_FLOATS = np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.float32)
NO_CODES = Codes(
    cluster=NO_BYTES,
    signs=NO_BYTES,
    signs_scale=NO_FLOATS,
    signs_ratio=NO_FLOATS,
    second=NO_BYTES,
    second_scale=NO_FLOATS,
    second_ratio=NO_FLOATS,
    fine=NO_BYTES.reshape(0, 1),
    fine_scale=NO_FLOATS,
    fine_doubt=NO_FLOATS,
    hubness=NO_FLOATS,
    vectors=NO_FLOATS.reshape(0, 1),
    at=np.zeros(0, dtype=np.int64),
)
NO_PLACE = PlaceQuery(
    on=0, weight=0.0, space=SPHERE, origin=np.zeros(3), kind=LINEAR, scale=1.0, offset=0.0
)
NO_DENSE = Dense(value=np.zeros(0), largest=np.zeros(0))
ALL = np.zeros(0, dtype=np.bool_)
EVERYWHERE = np.zeros(0, dtype=np.int64)
NO_FILTER = Filter(
    allowed=ALL, leaf_at=EVERYWHERE, inside=ALL, paged=0, after_score=0.0, after_iid=0
)


def in_slots(values: Float32Array | None, at: Int64Array) -> Float32Array:
    """Values in slot order, (S,), of where -1 is none: 0 there and for NaN; empty without any."""
    if values is None:
        return NO_FLOATS
    out = np.zeros(len(at), dtype=np.float32)
    out[at >= 0] = values[at[at >= 0]]
    out[np.isnan(out)] = 0.0
    return out


def place_query(space: Space, task: Task) -> PlaceQuery:
    """The place term of a task."""
    if task.place is None:
        return NO_PLACE
    place = task.place
    return PlaceQuery(
        on=1,
        weight=float(task.weight_of_place),
        space=SPACES[space],
        origin=place.origin,
        kind=place.kind,
        scale=float(place.scale_m),
        offset=float(place.offset_m),
    )


def nothing_found(k: int, threshold: float) -> Found:
    """Room for the best k, of which only those that reach the threshold are kept."""
    return Found(
        score=np.empty(k),
        iid=np.empty(k, dtype=np.int64),
        slot=np.empty(k, dtype=np.int64),
        counts=np.zeros(5, dtype=np.int64),
        threshold=np.array([threshold]),
        unopened=np.array([-math.inf]),
    )


_rooms = threading.local()


def room_for(n_leaves: int, leaf: int) -> Work:
    """Room for a batch, one for each thread: memory that is new each time is cold."""
    rooms: dict[tuple[int, int], Work] = _rooms.__dict__.setdefault("by_size", {})
    if (n_leaves, leaf) not in rooms:
        n = n_leaves * leaf
        rooms[n_leaves, leaf] = Work(
            leaves=np.empty(n_leaves, dtype=np.int64),
            leaf_proximity=np.empty(n_leaves),
            needed=np.empty(n_leaves),
            sums=np.empty(BLOCK, dtype=np.uint16),
            slot=np.empty(n, dtype=np.int64),
            leaf=np.empty(n, dtype=np.int64),
            similarity=np.empty(n),
            bound=np.empty(n),
        )
    return rooms[n_leaves, leaf]


def frozen(vectors: Float32Array) -> Float32Array:
    """A view that cannot be written to, as columns of the table are: kernels are compiled for one
    of the two kinds only."""
    view = vectors.view()
    view.flags.writeable = False
    return view


def no_codes(corpus: Corpus, feature: FeatureName | None, at: Int64Array) -> Codes:
    """The vectors of a feature at ``at`` (S,), without codes; no vectors for place alone."""
    matrix = (
        np.zeros((0, 1), dtype=np.float32) if feature is None else corpus.vectors[feature].matrix
    )
    return NO_CODES._replace(vectors=frozen(matrix), at=at)
