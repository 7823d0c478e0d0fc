"""A limb of a GMR-tree: packed nodes over the items of one feature, and the search of them."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from placelens import kernels
from placelens.geo.areas import Area
from placelens.geo.distance import SPACES
from placelens.index.base import Certificate, Corpus, Task, TopK, is_measured
from placelens.index.kernel_calls import (
    ALL,
    EVERYWHERE,
    NO_CODES,
    NO_DENSE,
    NO_FILTER,
    NO_FLOATS,
    frozen,
    in_slots,
    no_codes,
    nothing_found,
    place_query,
    room_for,
)
from placelens.index.packing import build_nodes, pack
from placelens.index.signature import Codebook, hub_range_of
from placelens.kernels.layout import (
    COUNT,
    SPHERE,
    Codes,
    Dense,
    Filter,
    Found,
    MeaningQuery,
    Nodes,
    Slots,
)
from placelens.types import BoolArray, FeatureName, Float32Array, Float64Array, Int64Array, Space

LEAF = 512
# Leaves opened one after the other, by falling bound, before several threads share the rest.
SERIAL_LEAVES = 16
# Leaves at most that are looked at together.
BATCH = 32
# An area that touches fewer than one leaf in this many is searched leaf by leaf.
FEW_LEAVES = 8
# Leaves that are worth waking a thread for: some 50 microseconds of work.
LEAVES_PER_THREAD = 32
# Leaves that a thread scans between two looks at the deadline: some ten milliseconds of work.
LEAVES_A_CHECK = 8192

NO_IID = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """A tree over the items of one feature, or over all items, for place alone.

    ``radius_cos`` are the cones of the clusters, see `Codebook`, and ``hub_range`` what hubness
    their items have, see `hub_range_of`; without a ``codebook`` nothing but place is bounded.
    ``lonlat`` (2, S) are what areas are tested with, ``boxes`` (5, leaves) how far they reach,
    see `_leaf_boxes`.
    """

    nodes: Nodes
    slots: Slots
    codes: Codes
    codebook: Codebook | None
    radius_cos: Float64Array
    hub_range: Float32Array
    lonlat: Float64Array
    boxes: Float64Array
    is_loose: bool = False
    """Whether it stands in for a tree that is still to be built."""

    @classmethod
    def grow(
        cls,
        corpus: Corpus,
        feature: FeatureName | None,
        *,
        leaf: int = LEAF,
        signatures: Codebook | np.random.Generator | None,
    ) -> Limb:
        """Build from a corpus: its rows with a vector of the feature, or all rows.

        ``signatures`` is a codebook to use, what to draw one with, or None for a plain R-tree.
        """
        column = corpus.vectors[feature] if feature is not None else None
        rows = np.arange(len(corpus)) if column is None else column.rows
        at = pack(corpus.positions[rows], leaf)
        is_filled = at >= 0
        row, iid = np.full(len(at), -1), np.full(len(at), NO_IID)
        position, lonlat = np.full((len(at), 3), np.nan), np.full((2, len(at)), np.nan)
        row[is_filled] = rows[at[is_filled]]
        position[is_filled] = corpus.positions[row[is_filled]]
        iid[is_filled] = corpus.iids[row[is_filled]]
        if corpus.lonlat is not None:
            for axis in range(2):
                lonlat[axis, is_filled] = corpus.lonlat[axis][row[is_filled]]
        codes, radius_cos, clusters = no_codes(corpus, feature, at), np.ones(1), None
        codebook = None
        if column is not None and signatures is not None:
            codebook = (
                signatures
                if isinstance(signatures, Codebook)
                else Codebook.fit(column.matrix, signatures)
            )
            codes, radius_cos = codebook.encode(column.matrix, at)
            codes = codes._replace(vectors=frozen(codes.vectors))
            clusters = np.where(is_filled, codes.cluster.astype(np.int64), -1)
        hubness = in_slots(column.hubness if column is not None else None, at)
        hub_range = hub_range_of(
            hubness, np.where(is_filled, 0, -1) if clusters is None else clusters, len(radius_cos)
        )
        radius_m = in_slots(corpus.radius_m, row)
        if not (radius_m > 0.0).any():
            radius_m = NO_FLOATS
        nodes = build_nodes(position, iid, clusters, leaf)
        boxes = _leaf_boxes(lonlat, leaf)
        return cls(
            nodes=nodes,
            slots=Slots(iid=iid, row=row, position=position, radius_m=radius_m, leaf=leaf),
            codes=codes._replace(hubness=hubness),
            codebook=codebook,
            radius_cos=radius_cos,
            hub_range=hub_range,
            lonlat=lonlat,
            boxes=boxes,
        )

    @property
    def n_leaves(self) -> int:
        """Leaves, empty ones included."""
        return int(self.nodes.starts[1])

    @property
    def n_items(self) -> int:
        """Items in this version."""
        return int(np.count_nonzero(self.slots.row >= 0))

    def with_rows(self, rows: Int64Array) -> Limb:
        """The same limb over another version of its corpus: rows of the slots, -1 for none."""
        return replace(self, slots=self.slots._replace(row=rows))

    @property
    def has_measured(self) -> bool:
        """Whether an item of this version has a place that is known to a point."""
        alive = self.slots.row >= 0
        radius_m = self.slots.radius_m if len(self.slots.radius_m) else None
        return bool((alive & is_measured(self.slots.position, radius_m)).any())

    def farthest_m(
        self, space: Space, origin: Float64Array, *, measured_only: bool = False
    ) -> float:
        """The distance to the farthest item that has a place, or has a measured one; 0 if none."""
        radius_m = self.slots.radius_m if measured_only else NO_FLOATS
        n = self.n_leaves
        low, high = self.nodes.low[:n], self.nodes.high[:n]
        # Of a box the farthest corner; an empty box, whose low side is infinite, holds nothing.
        corner = np.maximum(np.abs(origin - low), np.abs(high - origin))
        reach = np.where(low[:, 0] <= high[:, 0], np.sum(corner * corner, axis=1), -1.0)
        farthest = 0.0
        leaf = self.slots.leaf
        for at in np.argsort(-reach):
            chord = math.sqrt(max(0.0, reach[at])) * (1.0 + 1e-12)
            bound = _arc(space, chord)
            if reach[at] < 0.0 or bound < farthest:
                break
            alive = self.slots.row[at * leaf : (at + 1) * leaf] >= 0
            if len(radius_m):
                alive &= ~(radius_m[at * leaf : (at + 1) * leaf] > 0.0)
            positions = self.slots.position[at * leaf : (at + 1) * leaf][alive]
            farthest = max(farthest, float(kernels._max_distance(SPACES[space], positions, origin)))
        return farthest

    def search(
        self,
        space: Space,
        task: Task,
        meaning: MeaningQuery | None,
        threshold: float,
        *,
        threads: int,
        picked: Int64Array | None = None,
    ) -> TopK:
        """The best k of the allowed items that reach the threshold; those at slots ``picked``."""
        place = place_query(space, task)
        codes = self.codes if meaning is not None else None
        # None with None: the loops for place alone are compiled apart.
        dense = None if meaning is None else self._dense(task, by_node=picked is None)
        filters = self._filter(task)
        found = nothing_found(min(task.k, len(self.slots.iid)), threshold)
        arguments = (self.nodes, self.slots, codes, place, meaning, dense, filters)
        if picked is not None:
            if len(filters.leaf_at):
                start = filters.leaf_at[picked // self.slots.leaf]
                picked, start = picked[start >= 0], start[start >= 0]
                picked = picked[filters.inside[start + picked % self.slots.leaf]]
            kernels._search_slots(*arguments[1:], found, room_for(BATCH, self.slots.leaf), picked)
            return self._answer(task, [found])
        if task.areas:
            inside = np.flatnonzero(filters.leaf_at >= 0)
            if len(inside) * FEW_LEAVES < self.n_leaves:
                # Few leaves are left: no need to find them from the top.
                return self._answer(task, self._share(task, arguments, found, inside, threads))
        if meaning is None or threads == 1:
            # One thread is soon done by place alone. Any leaf may be opened: none is left to do.
            room = None if meaning is None else room_for(BATCH, self.slots.leaf)
            kernels._search(*arguments, found, room, self.n_leaves, EVERYWHERE)
            return self._answer(task, [found])
        todo = np.empty(self.n_leaves, dtype=np.int64)
        n_todo = kernels._search(
            *arguments, found, room_for(BATCH, self.slots.leaf), SERIAL_LEAVES, todo
        )
        if n_todo == 0:
            return self._answer(task, [found])
        return self._answer(task, self._share(task, arguments, found, todo[:n_todo], threads))

    def _dense(self, task: Task, *, by_node: bool) -> Dense:
        """What is added to the meaning of rows, and of nodes if asked for."""
        if task.dense is None or not len(task.dense):
            return NO_DENSE
        value = np.require(task.dense, np.float64, ["C", "W"])
        largest = kernels._largest_dense(value, self.nodes, self.slots) if by_node else NO_DENSE[1]
        return Dense(value=value, largest=largest)

    def _share(
        self,
        task: Task,
        arguments: tuple[Any, ...],
        found: Found,
        todo: Int64Array,
        threads: int,
    ) -> list[Found]:
        """Scan leaves in several threads, each with a heap of its own and one threshold."""
        n_parts = max(1, min(threads, len(todo) // LEAVES_PER_THREAD))
        parts = [found]
        for _ in range(n_parts - 1):
            part = nothing_found(len(found.score), -math.inf)
            parts.append(part._replace(threshold=found.threshold))

        def scan(i: int) -> None:
            # Interleaved, since neighbours are alike in how much of them must be looked at.
            leaves = np.ascontiguousarray(todo[i::n_parts])
            for start in range(0, len(leaves), LEAVES_A_CHECK):
                task.deadline.check()
                some = leaves[start : start + LEAVES_A_CHECK]
                kernels._scan_leaves(*arguments, parts[i], room_for(BATCH, self.slots.leaf), some)

        running = [pool(threads).submit(scan, i) for i in range(1, n_parts)]
        scan(0)
        for part_done in running:
            part_done.result()
        return parts

    def _answer(self, task: Task, parts: list[Found]) -> TopK:
        """The best of what several threads, or one, have found."""
        n, nodes, items, _, pruned = parts[0].counts.tolist()
        scores, slots = parts[0].score[:n], parts[0].slot[:n]
        bound = float(parts[0].unopened[0])
        if len(parts) > 1:
            counts = [part.counts.tolist() for part in parts]
            _, nodes, items, _, pruned = map(sum, zip(*counts, strict=True))
            bound = max(float(part.unopened[0]) for part in parts)
            scores, iids, slots = (
                np.concatenate([part[i][: n[COUNT]] for part, n in zip(parts, counts, strict=True)])
                for i in range(3)
            )
            order = np.lexsort((iids, -scores))[: task.k]
            scores, slots = scores[order], slots[order]
        if pruned:
            # What a code ruled out had a bound below the threshold of the moment.
            bound = max(bound, float(parts[0].threshold[0]))
        doubtful = pruned and self.codebook is not None and task.meaning is not None
        certificate = Certificate(
            "proven" if not doubtful else "recall" if task.recall_target else "probability",
            None if bound == -math.inf else bound,
            nodes,
            items,
        )
        return TopK(self.slots.row[slots], scores, certificate)

    def _filter(self, task: Task) -> Filter:
        if task.allowed is None and task.after is None and not task.areas:
            return NO_FILTER
        allowed = ALL if task.allowed is None else task.allowed
        after_score, after_iid = task.after or (0.0, 0)
        leaf_at, inside = EVERYWHERE, ALL
        if task.areas:
            leaf_at, inside = self._inside(task)
        return Filter(
            allowed=allowed,
            leaf_at=leaf_at,
            inside=inside,
            paged=int(task.after is not None),
            after_score=after_score,
            after_iid=after_iid,
        )

    def _inside(self, task: Task) -> tuple[Int64Array, BoolArray]:
        """Which leaves may hold items of the task's areas, and which of their slots do."""
        n, leaf = self.n_leaves, self.slots.leaf
        is_open = np.logical_and.reduce([_may_touch(area, self.boxes) for area in task.areas])
        leaves = np.flatnonzero(is_open)
        lon, lat = self.lonlat.reshape(2, n, leaf)
        inside = np.ones(len(leaves) * leaf, dtype=np.bool_)
        for area in task.areas:
            task.deadline.check()
            inside &= area.contains(lon[leaves].ravel(), lat[leaves].ravel())
        leaf_at = np.full(n, -1)
        leaf_at[leaves] = np.arange(len(leaves)) * leaf
        return leaf_at, inside

    def slots_of_rows(self, n_rows: int) -> Int64Array:
        """Where each row's item is, (n_rows,); -1 for those that this limb does not have."""
        slots = np.full(n_rows + 1, -1)
        slots[self.slots.row] = np.arange(len(self.slots.row))  # rows of -1 write to the last
        return slots[:-1]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All but rows and vectors, which belong to a corpus, by name."""
        arrays = {f"nodes.{name}": value for name, value in self.nodes._asdict().items()}
        arrays |= {"slots.iid": self.slots.iid, "slots.position": self.slots.position}
        arrays |= {"slots.radius_m": self.slots.radius_m, "codes.hubness": self.codes.hubness}
        arrays["hub_range"] = self.hub_range
        arrays |= {"slots.leaf": np.array(self.slots.leaf), "lonlat": self.lonlat}
        arrays["boxes"] = self.boxes
        if self.codebook is not None:
            codes = self.codes._asdict()
            arrays |= {f"codes.{name}": codes[name] for name in _CODES}
            arrays["codebook.centers"] = self.codebook.centers
            arrays["codebook.rotation"] = self.codebook.rotation
            arrays["radius_cos"] = self.radius_cos
        return arrays

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, np.ndarray],
        rows: Int64Array,
        vectors: Float32Array,
        at: Int64Array,
    ) -> Limb:
        """What `to_arrays` wrote, over a corpus: rows of the slots, and ``vectors[at]`` of them."""
        nodes = Nodes(*(arrays[f"nodes.{name}"] for name in Nodes._fields))
        slots = Slots(
            iid=arrays["slots.iid"],
            row=rows,
            position=arrays["slots.position"],
            radius_m=arrays["slots.radius_m"],
            leaf=int(arrays["slots.leaf"]),
        )
        codebook, radius_cos = None, np.ones(1)
        hubness = arrays["codes.hubness"]
        codes = NO_CODES._replace(vectors=frozen(vectors), at=at, hubness=hubness)
        if "codebook.centers" in arrays:
            codebook = Codebook.of(arrays["codebook.centers"], arrays["codebook.rotation"])
            radius_cos = arrays["radius_cos"]
            codes = codes._replace(**{name: arrays[f"codes.{name}"] for name in _CODES})
        return cls(
            nodes=nodes,
            slots=slots,
            codes=codes,
            codebook=codebook,
            radius_cos=radius_cos,
            hub_range=arrays["hub_range"],
            lonlat=arrays["lonlat"],
            boxes=arrays["boxes"],
        )


_CODES = tuple(name for name in Codes._fields if name not in {"hubness", "vectors", "at"})


def _arc(space: Space, chord: float) -> float:
    if space == "plane":
        return chord
    return float(kernels._distance(SPHERE, chord)) * (1.0 + 1e-12)


def _leaf_boxes(lonlat: Float64Array, leaf: int) -> Float64Array:
    """West, south, east and north of each leaf, (5, leaves), and whether it has a point whose
    longitude is not the only one: at a pole or on the antimeridian."""
    lon, lat = lonlat.reshape(2, -1, leaf)
    has_many = (np.abs(lon) == 180.0) | (np.abs(lat) == 90.0)
    return np.array(
        [
            np.where(np.isnan(lon), np.inf, lon).min(axis=1),
            np.where(np.isnan(lat), np.inf, lat).min(axis=1),
            np.where(np.isnan(lon), -np.inf, lon).max(axis=1),
            np.where(np.isnan(lat), -np.inf, lat).max(axis=1),
            has_many.any(axis=1),
        ]
    )


def _may_touch(area: Area, boxes: Float64Array) -> BoolArray:
    """Whether leaves may hold items of an area; see `_leaf_boxes`."""
    west, south, east, north = area.bounds
    low_lon, low_lat, high_lon, high_lat, has_many = boxes
    after, before = high_lon >= west, low_lon <= east
    in_columns = after & before if west <= east else after | before
    if area.space == "sphere":
        in_columns |= has_many == 1.0
    touched: BoolArray = in_columns & (high_lat >= south) & (low_lat <= north)
    return touched


_pools: dict[int, ThreadPoolExecutor] = {}
_pools_lock = threading.Lock()


def pool(threads: int) -> ThreadPoolExecutor:
    """Threads for searches, shared by all trees."""
    with _pools_lock:
        if threads not in _pools:
            _pools[threads] = ThreadPoolExecutor(threads, thread_name_prefix="placelens-tree")
        return _pools[threads]


def cpus() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
