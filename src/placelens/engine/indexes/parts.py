"""Parts of a collection's index, and which rows of a version each of them answers for.

A part is on disk, or has a few loose items in memory. It holds items by internal id; binding it
to a version finds their rows there. An item of a version is answered for by one part: by the one
that covers the file it is in, or, when files were merged, by the one that answered for it before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from placelens.geo.distance import positions_of
from placelens.index.base import Corpus, VectorColumn
from placelens.index.kind import Grown, IndexKind
from placelens.storage.version import Fragment, FragmentKey, Version
from placelens.types import FeatureName, Int64Array

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
    """What a kind of index has grown over the items of some files, bound to a version at a time."""

    files: frozenset[Files]
    grown: Grown
    n_items: int
    bound_to: tuple[tuple[FragmentKey, int], ...] | None = field(default=None, kw_only=True)

    def bind(self, iids: Int64Array, claims: Sequence[Claim]) -> Grown:
        """What was grown, for the rows claimed; ``iids`` (n,) are those of the version's rows."""
        binding = tuple((fragment.key, fragment.start) for fragment, _ in claims)
        if binding != self.bound_to:
            self.grown = self.grown.bound(self._claimed(iids, claims), iids)
            self.bound_to = binding
        return self.grown

    def _claimed(self, iids: Int64Array, claims: Sequence[Claim]) -> Int64Array:
        parts = []
        for fragment, owners in claims:
            rows = np.arange(fragment.start, fragment.stop)
            parts.append(rows if owners is None else owners.rows(self, rows, iids))
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def grow_loose(
    kind: IndexKind[Any],
    version: Version,
    fragments: Sequence[Fragment],
    features: Sequence[FeatureName],
) -> Part:
    """A part in memory over some fragments."""
    corpus = corpus_of(version, fragments, features)
    files = frozenset(fragment.files for fragment in fragments)
    return Part(files, kind.loose(corpus), len(corpus))


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
    after: Version, parts: Sequence[Part], merged: Sequence[Fragment]
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
        return None  # a part of their own takes less than a table of such ids
    codes = np.full(span, -1)
    for code, part in enumerate(parts):
        iids = part.grown.iids
        codes[iids[(iids >= first) & (iids < first + span)] - first] = code
    if (codes[own - first] < 0).any():
        return None
    there = np.unique(codes[own - first])
    short = np.searchsorted(there, codes)
    return Owners(first, short, tuple(parts[code] for code in there.tolist()))


def corpus_of(
    version: Version, fragments: Sequence[Fragment], features: Sequence[FeatureName]
) -> Corpus:
    """The corpus of some fragments."""
    rows = rows_of(fragments)
    first, second = (column[rows] for column in version.coordinates)
    lonlat = (version.lonlat[0][rows], version.lonlat[1][rows])
    columns = {}
    for feature in features:
        matrix, of_rows = version.vectors_in(fragments, feature)
        own = np.searchsorted(rows, of_rows) if _increasing(fragments) else _at(rows, of_rows)
        hubness = version.hubness(feature)
        columns[feature] = VectorColumn.of(
            matrix, own, len(rows), None if hubness is None else hubness[rows[own]]
        )
    positions = positions_of(version.space, first, second)
    radius_m = version.radius_m
    return Corpus(
        version.space,
        version.iids[rows],
        positions,
        columns,
        lonlat,
        radius_m=None if radius_m is None else radius_m[rows],
    )


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


def size_of(fragments: Sequence[Fragment]) -> int:
    """How many rows some fragments have."""
    return sum(fragment.stop - fragment.start for fragment in fragments)
