"""The GMR-tree as a kind of index that collections keep: its parts are trees, each with limbs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from placelens import kernels
from placelens.index.base import Corpus
from placelens.index.gmr_tree import GMRTree, compile_kernels
from placelens.index.kind import Arrays, Thresholds, Written, under
from placelens.index.limb import NO_IID, Limb
from placelens.index.signature import Codebook
from placelens.index.stored import check_limb
from placelens.types import ArrayInParts, FeatureName, Int64Array, Space

PLACE = "place"
# Vectors that are brought into the order of the leaves at a time.
CHUNK = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Limbs over the same items; under None the one that holds all of them, for place alone."""

    limbs: Mapping[FeatureName | None, Limb]

    @property
    def iids(self) -> Int64Array:
        """Internal ids of the items in the version it is bound to."""
        slots = self.limbs[None].slots
        return slots.iid[slots.row >= 0]

    def bound(self, rows: Int64Array, iids: Int64Array) -> Tree:
        """The tree over another version; a limb that answers for two features stays one."""
        limbs = {id(limb): limb for limb in self.limbs.values()}
        now = {
            key: limb.with_rows(kernels._rows_of_slots(rows, iids, limb.slots.iid))
            for key, limb in limbs.items()
        }
        return Tree({name: now[id(limb)] for name, limb in self.limbs.items()})


@dataclass(frozen=True, slots=True)
class GMRTreeKind:
    """See `placelens.index.kind.IndexKind`."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    name: str = GMRTree.name
    noun: str = "tree"
    # 2 has checksums, 3 other names of arrays; a tree of an older format is built anew.
    format: int = 3

    def needs(self, features: Sequence[FeatureName]) -> Sequence[FeatureName]:
        """All of them."""
        return features

    def grow(self, corpus: Corpus, like: Tree | None) -> Tree:
        """A tree with signatures, by the codebooks of another one."""
        drawn = np.random.default_rng()
        limbs: dict[FeatureName | None, Limb] = {}
        for feature in corpus.vectors:
            codebook = drawn if like is None else like.limbs[feature].codebook
            limbs[feature] = Limb.grow(corpus, feature, signatures=codebook)
        first = next(iter(corpus.vectors.items()), None)
        if first is not None and len(first[1].rows) == len(corpus):
            limbs[None] = limbs[first[0]]
        else:
            limbs[None] = Limb.grow(corpus, None, signatures=None)
        return Tree(limbs)

    def loose(self, corpus: Corpus) -> Tree:
        """A tree without signatures."""
        limbs: dict[FeatureName | None, Limb] = {}
        for feature, column in corpus.vectors.items():
            limbs[feature] = _loose(corpus, feature)
            if len(column.rows) == len(corpus):
                limbs[None] = limbs[feature]
        if None not in limbs:
            limbs[None] = _loose(corpus, None)
        return Tree(limbs)

    def write(self, grown: Tree) -> Written:
        """Arrays by feature, with the vectors in the order of the leaves."""
        arrays: dict[str, np.ndarray | ArrayInParts] = {}
        whole = grown.limbs[None]
        for feature, limb in grown.limbs.items():
            if feature is not None:
                arrays |= {f"{feature}/{key}": array for key, array in limb.to_arrays().items()}
                arrays[f"{feature}/vectors"] = _in_slot_order(limb)
        if not any(limb is whole for name, limb in grown.limbs.items() if name is not None):
            arrays |= {f"{PLACE}/{key}": array for key, array in whole.to_arrays().items()}
        return arrays, {}

    def open(
        self,
        arrays: Arrays,
        parameters: Mapping[str, Any],
        *,
        dims: Mapping[FeatureName, int],
        others: Sequence[Tree],
    ) -> Tree:
        """A tree whose arrays kernels may be given."""
        for feature, dim in dims.items():
            check_limb(under(arrays, feature), dim=dim)
        if own := under(arrays, PLACE):
            check_limb(own, dim=None)
        limbs: dict[FeatureName | None, Limb] = {}
        for feature in dims:
            mine = under(arrays, feature)
            at = _numbers(mine["slots.iid"])
            limb = Limb.from_arrays(mine, np.full(len(at), -1), mine["vectors"], at)
            known = [other.limbs[feature].codebook for other in others]
            limbs[feature] = replace(limb, codebook=_shared(limb.codebook, known))
        if own:
            none = np.zeros((0, 1), dtype=np.float32)
            slots = np.full(len(own["slots.iid"]), -1)
            limbs[None] = Limb.from_arrays(own, slots, none, slots)
        else:
            limbs[None] = limbs[next(iter(dims))]
        return Tree(limbs)

    def join(self, space: Space, iids: Int64Array, parts: Sequence[Tree]) -> GMRTree:
        """One tree with the limbs of all."""
        limbs = {key: [part.limbs[key] for part in parts] for key in parts[0].limbs}
        return GMRTree.of_limbs(space, iids, limbs)

    def warm(self) -> None:
        """Compile the kernels."""
        compile_kernels()


def _loose(corpus: Corpus, feature: FeatureName | None) -> Limb:
    return replace(Limb.grow(corpus, feature, signatures=None), is_loose=True)


def _numbers(iid: Int64Array) -> Int64Array:
    """Where the vectors of slots are: each at its own, padding at the first."""
    numbers = np.arange(len(iid))
    numbers[iid == NO_IID] = 0
    return numbers


def _in_slot_order(limb: Limb) -> ArrayInParts:
    at, vectors = limb.codes.at, limb.codes.vectors

    def parts() -> Iterator[np.ndarray]:
        for start in range(0, len(at), CHUNK):
            own = at[start : start + CHUNK]
            part = np.zeros((len(own), vectors.shape[1]), dtype=np.float32)
            part[own >= 0] = vectors[own[own >= 0]]
            yield part

    return ArrayInParts((len(at), vectors.shape[1]), np.float32, parts)


def _shared(own: Codebook | None, known: Sequence[Codebook | None]) -> Codebook | None:
    """The codebook that is known already, if one is equal: what shares one needs one probe."""
    for other in known:
        if (
            own is not None
            and other is not None
            and np.array_equal(own.rotation, other.rotation)
            and np.array_equal(own.centers, other.centers)
        ):
            return other
    return own
