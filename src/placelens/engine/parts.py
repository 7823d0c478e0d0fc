"""Parts of a collection's tree, and which rows of a version each of them answers for.

A part is a tree on disk, or a few loose items in memory. It holds items by internal id; binding it
to a version finds their rows there. An item of a version is answered for by one part: by the one
that covers the file it is in, or, when files were merged, by the one that answered for it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from placelens import kernels
from placelens.geo.distance import positions_of
from placelens.index.base import Corpus, VectorColumn
from placelens.index.limb import Limb
from placelens.storage.snapshot import Fragment, FragmentKey, Snapshot
from placelens.types import FeatureName, Int64Array

LimbsOf = dict[FeatureName | None, Limb]
Files = tuple[str, ...]
# Loose items in one part: so many are sorted anew with each commit, at most.
GROUP = 1_024
# Ids that the table of `Owners` spans for each row, at most: most may have been deleted.
MOST_HOLES = 64


class Owners(NamedTuple):
    """Which part answers for each item of a merged file: ``codes[iid - first]`` of ``parts``."""

    first: int
    codes: Int64Array
    parts: tuple[Part, ...]

    def rows(self, part: Part, rows: Int64Array, iids: Int64Array) -> Int64Array:
        """Those of the rows that a part answers for."""
        codes = self.codes[iids[rows] - self.first]
        wanted = [code for code, other in enumerate(self.parts) if other is part]
        return rows[np.isin(codes, wanted)]


Claim = tuple[Fragment, Owners | None]


@dataclass(slots=True, eq=False)
class Part:
    """Limbs over the items of some files; rows of their slots are those of the last binding."""

    files: frozenset[Files]
    limbs: LimbsOf
    n_items: int
    is_loose: bool = False
    bound_to: tuple[tuple[FragmentKey, int], ...] | None = None

    def bind(self, iids: Int64Array, claims: Sequence[Claim]) -> LimbsOf:
        """The limbs for the rows claimed; ``iids`` (n,) are those of the version's rows."""
        binding = tuple((fragment.key, fragment.start) for fragment, _ in claims)
        if binding != self.bound_to:
            rows = self._claimed(iids, claims)
            bound: dict[int, Limb] = {}
            for limb in self.limbs.values():
                if id(limb) not in bound:
                    bound[id(limb)] = limb.with_rows(
                        kernels._rows_of_slots(rows, iids, limb.slots.iid)
                    )
            self.limbs = {name: bound[id(limb)] for name, limb in self.limbs.items()}
            self.bound_to = binding
        return self.limbs

    def _claimed(self, iids: Int64Array, claims: Sequence[Claim]) -> Int64Array:
        parts = []
        for fragment, owners in claims:
            rows = np.arange(fragment.start, fragment.stop)
            parts.append(rows if owners is None else owners.rows(self, rows, iids))
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def grow_loose(
    snapshot: Snapshot, fragments: Sequence[Fragment], features: tuple[FeatureName, ...]
) -> Part:
    """A part in memory, without codes, over some fragments."""
    corpus, rows = corpus_of(snapshot, fragments, features)
    limbs: LimbsOf = {}
    for feature in (None, *features):
        if feature is not None and len(corpus.vectors[feature].rows) == len(corpus):
            limbs[None] = limbs[feature] = _loose(corpus, rows, feature)
        elif feature is not None:
            limbs[feature] = _loose(corpus, rows, feature)
    if None not in limbs:
        limbs[None] = _loose(corpus, rows, None)
    files = frozenset(fragment.files for fragment in fragments)
    return Part(files, limbs, len(rows), is_loose=True)


def _loose(corpus: Corpus, rows: Int64Array, feature: FeatureName | None) -> Limb:
    limb = Limb.grow(corpus, feature, signatures=None)
    slots = np.where(limb.slots.row >= 0, rows[limb.slots.row], -1)
    return replace(limb.with_rows(slots), is_loose=True)


def group_loose(parts: Sequence[Part], loose: Sequence[Fragment]) -> list[list[Fragment]]:
    """Loose fragments that no part in memory has, joined to groups in row order."""
    known = {files for part in parts for files in part.files}
    groups: list[list[Fragment]] = []
    size = GROUP
    for fragment in loose:
        if fragment.files in known:
            continue
        if size >= GROUP:
            groups.append([])
            size = 0
        groups[-1].append(fragment)
        size += fragment.stop - fragment.start
    return groups


def merged_owners(
    after: Snapshot, parts: Sequence[Part], merged: Sequence[Fragment]
) -> Owners | None:
    """Who answers for the items of new fragments: the parts, as they are bound, that hold them.

    None when nobody does for some.
    """
    rows = rows_of(merged)
    if not len(rows):
        return None
    own = after.iids[rows]
    first = int(own.min())
    span = int(own.max()) - first + 1
    if span > MOST_HOLES * len(rows):
        return None  # a tree of their own takes less than a table of such ids
    codes = np.full(span, -1)
    for code, part in enumerate(parts):
        slots = part.limbs[None].slots
        iids = slots.iid[slots.row >= 0]
        codes[iids[(iids >= first) & (iids < first + span)] - first] = code
    if (codes[own - first] < 0).any():
        return None
    there = np.unique(codes[own - first])
    short = np.searchsorted(there, codes)
    return Owners(first, short, tuple(parts[code] for code in there.tolist()))


def corpus_of(
    snapshot: Snapshot, fragments: Sequence[Fragment], features: tuple[FeatureName, ...]
) -> tuple[Corpus, Int64Array]:
    """The corpus of some fragments, and the snapshot's rows of its rows."""
    rows = rows_of(fragments)
    first, second = (column[rows] for column in snapshot.coordinates)
    lonlat = (snapshot.lonlat[0][rows], snapshot.lonlat[1][rows])
    columns = {}
    for feature in features:
        matrix, of_rows = snapshot.vectors_in(fragments, feature)
        own = np.searchsorted(rows, of_rows) if _increasing(fragments) else _at(rows, of_rows)
        columns[feature] = VectorColumn.of(matrix, own, len(rows))
    positions = positions_of(snapshot.space, first, second)
    return Corpus(snapshot.space, snapshot.iids[rows], positions, columns, lonlat), rows


def _increasing(fragments: Sequence[Fragment]) -> bool:
    starts = [fragment.start for fragment in fragments]
    return starts == sorted(starts)


def _at(rows: Int64Array, of_rows: Int64Array) -> Int64Array:
    order = np.argsort(rows)
    return order[np.searchsorted(rows, of_rows, sorter=order)]


def rows_of(fragments: Sequence[Fragment]) -> Int64Array:
    """The rows of some fragments."""
    if not fragments:
        return np.empty(0, dtype=np.int64)
    return np.concatenate([np.arange(f.start, f.stop) for f in fragments])
