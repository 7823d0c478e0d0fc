"""The index of one kind that a collection keeps: its parts, and what they are to a version.

A part on disk covers files of the table. Those never change, so a part stays right whatever is
written later: what was deleted or replaced since is left out when it is bound to a version, and
what was added since is searched beside it, exactly. When that has grown it gets a part of its own,
and small parts are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from placelens.engine.indexes.parts import (
    GROUP,
    Claim,
    Files,
    Owners,
    Part,
    corpus_of,
    group_loose,
    grow_loose,
    merged_owners,
    size_of,
)
from placelens.engine.indexes.shelf import Shelf, StoredPart
from placelens.index.base import Index
from placelens.index.kind import IndexKind
from placelens.storage.version import Fragment, Version
from placelens.types import FeatureName


class KeptIndex:
    """One kind's index of one collection; may be used from several threads."""

    def __init__(
        self, kind: IndexKind[Any], shelf: Shelf, features: tuple[FeatureName, ...]
    ) -> None:
        self.kind = kind
        self._shelf = shelf
        self._features = tuple(kind.needs(features))
        self._loose: list[Part] = []
        self._owners: dict[Files, Owners] = {}

    @property
    def _stored(self) -> dict[str, StoredPart]:
        return self._shelf.of(self.kind.name)

    def cover(self, version: Version) -> tuple[dict[str, list[Fragment]], list[Fragment]]:
        """Which fragments each part on disk answers for, and those that none does."""
        parts = sorted(self._stored.items(), key=lambda item: -item[1].n_items)
        part_of = {files: name for name, part in reversed(parts) for files in part.files}
        covered: dict[str, list[Fragment]] = {}
        loose = []
        for fragment in version.fragments:
            name = part_of.get(fragment.files)
            if name is None:
                loose.append(fragment)
            else:
                covered.setdefault(name, []).append(fragment)
        return covered, loose

    def bind(self, version: Version) -> Index | None:
        """The index of a version; None when there is none to speak of."""
        with self._shelf.lock:
            stored = self._stored
            if stored:
                covered_files = {files for part in stored.values() for files in part.files}
                up_to = self.kind.thresholds.most_loose
                version.read_small(self._features, up_to=up_to, but=covered_files)
            covered, loose = self.cover(version)
            if not covered and not any(fragment.files in self._owners for fragment in loose):
                return None
            parts = [part.bind(version.iids, own) for part, own in self._claims(version)]
            version.forget_vectors_of(f for own in covered.values() for f in own)
        return self.kind.join(version.space, version.iids, parts)

    def _claims(self, version: Version) -> list[tuple[Part, list[Claim]]]:
        """All parts that answer for something in a version, and for what."""
        stored = self._stored
        covered, loose = self.cover(version)
        claims: dict[Part, list[Claim]] = {
            stored[name]: [(fragment, None) for fragment in own] for name, own in covered.items()
        }
        self._owners = {f.files: self._owners[f.files] for f in loose if f.files in self._owners}
        alone = []
        for fragment in loose:
            owners = self._owners.get(fragment.files)
            if owners is None:
                alone.append(fragment)
            for part in owners.parts if owners else ():
                claims.setdefault(part, []).append((fragment, owners))
        for part, own in self._loose_parts(version, alone):
            claims.setdefault(part, []).extend(own)
        return list(claims.items())

    def _loose_parts(
        self, version: Version, loose: list[Fragment]
    ) -> list[tuple[Part, list[Claim]]]:
        """Parts in memory for loose fragments: those that are full are kept, the last one grows."""
        files = {fragment.files for fragment in loose}
        full = [p for p in self._loose if p.n_items >= GROUP and p.files & files]
        others = {part.files: part for part in self._loose}
        self._loose = full
        for group in group_loose(full, loose):
            names = frozenset(fragment.files for fragment in group)
            part = others.get(names) or grow_loose(self.kind, version, group, self._features)
            self._loose = [*self._loose, part]
        return [
            (part, [(fragment, None) for fragment in loose if fragment.files in part.files])
            for part in self._loose
        ]

    def carry(self, before: Version, after: Version) -> None:
        """Files were merged and no item changed: the parts that had them answer for them still.

        Call before the version after is bound, with the one before it bound.
        """
        with self._shelf.lock:
            if not self._stored:
                return
        known = {fragment.files for fragment in before.fragments}
        merged = [fragment for fragment in after.fragments if fragment.files not in known]
        with self._shelf.lock:
            parts = [part for part, own in self._claims(before) if part.bind(before.iids, own)]
            owners = merged_owners(after, parts, merged)
            if owners is not None:
                self._owners |= {fragment.files: owners for fragment in merged}

    def forget(self) -> None:
        """Let go of what is in memory."""
        self._loose, self._owners = [], {}

    def wanted(self, version: Version) -> list[Fragment] | None:
        """The fragments that are to have a part of their own; None when all is well."""
        limits = self.kind.thresholds
        covered, loose = self.cover(version)
        if version.n_items < limits.grow_from:
            return None
        sizes = {name: size_of(fragments) for name, fragments in covered.items()}
        largest = max(sizes, key=sizes.__getitem__, default=None)
        n_small = version.n_items - (sizes[largest] if largest is not None else 0)
        if n_small > limits.rebuild_share * version.n_items:
            return version.fragments
        if size_of(loose) <= limits.most_loose:
            return None
        if len(covered) < limits.most_parts:
            return loose
        return [f for name, part in covered.items() if name != largest for f in part] + loose

    def grow(self, version: Version, wanted: Sequence[Fragment]) -> None:
        """Grow a part over some fragments and write it; over all of them, it is drawn anew."""
        fragments = sorted(wanted, key=lambda fragment: fragment.start)
        is_whole = len(fragments) == len(version.fragments)
        corpus = corpus_of(version, fragments, self._features)
        base = max(self._stored.values(), key=lambda part: part.n_items, default=None)
        like = None if is_whole or base is None else base.grown
        self._shelf.write(
            self.kind,
            self.kind.grow(corpus, like),
            files=[fragment.files for fragment in fragments],
            n_items=len(corpus),
            version=version.number,
        )
