"""The trees of a collection: built, kept beside its table, and bound to each of its versions.

A tree on disk covers files of the table. Those never change, so a tree stays right whatever is
written later: what was deleted or replaced since is left out when the tree is bound to a version,
and what was added since is searched beside it, exactly. When that has grown, a thread gives it a
tree of its own, and joins small trees. Searches go on meanwhile with what there is.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from placelens.geo.distance import positions_of
from placelens.index.base import Corpus, VectorColumn
from placelens.index.gmr_tree import GMRTree
from placelens.index.limb import NO_IID, Limb
from placelens.index.signature import SignatureSpace
from placelens.storage.arrays import (
    Rows,
    folders_of_arrays,
    open_arrays,
    remove_unfinished,
    write_arrays,
)
from placelens.storage.snapshot import Fragment, FragmentKey, Snapshot
from placelens.types import Int64Array, Modality

FOLDER = "index"
FORMAT = 1
# A collection of this many items gets a tree: below, a scan takes less than some milliseconds.
TREE_FROM = 20_000
# What was added since is searched without codes up to here, and then gets a tree of its own.
LOOSE = 4_096
# So many small trees are joined to one.
MAX_TREES = 6
# When small trees hold this share of the items, all are joined.
REBUILD_SHARE = 0.25
CHUNK = 65_536

PLACE = "place"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class StoredTree:
    """A tree on disk: the table's files that it covers, and its arrays."""

    folder: Path
    files: frozenset[tuple[str, ...]]
    n_items: int
    arrays: Mapping[str, np.ndarray]
    spaces: Mapping[str, SignatureSpace]


Binding = tuple[tuple[FragmentKey, int], ...]
LimbsOf = dict[Modality | None, Limb]


class Trees:
    """The trees of one collection; may be used from several threads."""

    def __init__(self, folder: Path, modalities: tuple[Modality, ...]) -> None:
        self._folder = folder / FOLDER
        self._modalities = modalities
        self._lock = threading.RLock()
        self._stored: dict[str, StoredTree] = {}
        self._bound: dict[str, tuple[Binding, LimbsOf]] = {}
        self._spaces: dict[str, dict[str, SignatureSpace]] = {}
        self._running: Future[None] | None = None
        self.generation = 0
        """Grows when there are other trees than before."""

    def refresh(self) -> None:
        """See what is on disk now."""
        with self._lock:
            names = {path.name: path for path in folders_of_arrays(self._folder)}
            gone, new = set(self._stored) - set(names), set(names) - set(self._stored)
            for name in gone:
                del self._stored[name]
                self._bound.pop(name, None)
            for name in sorted(new):
                tree = self._open(names[name])
                if tree is not None:
                    self._stored[name] = tree
            if gone or new:
                self.generation += 1

    def _open(self, folder: Path) -> StoredTree | None:
        try:
            arrays, meta = open_arrays(folder)
        except (OSError, ValueError) as error:
            # Removed this moment by another process, or damaged: the scan answers without it.
            log.warning("the tree in %s cannot be read and is passed over: %s", folder, error)
            return None
        if meta["format"] != FORMAT:
            return None
        # Trees that were made with one rotation share one object, and so one probe a query.
        spaces = self._spaces.setdefault(
            meta["spaces"],
            {
                modality: SignatureSpace.of(
                    arrays[f"{modality}/space.centers"], arrays[f"{modality}/space.rotation"]
                )
                for modality in self._modalities
            },
        )
        files = frozenset(tuple(files) for files in meta["files"])
        return StoredTree(folder, files, meta["n_items"], arrays, spaces)

    def cover(self, snapshot: Snapshot) -> tuple[dict[str, list[Fragment]], list[Fragment]]:
        """Which fragments each tree answers for, and those that none does."""
        with self._lock:
            trees = sorted(self._stored.items(), key=lambda item: -item[1].n_items)
        covered: dict[str, list[Fragment]] = {}
        loose = []
        for fragment in snapshot.fragments:
            for name, tree in trees:
                if fragment.files in tree.files:
                    covered.setdefault(name, []).append(fragment)
                    break
            else:
                loose.append(fragment)
        return covered, loose

    def bind(self, snapshot: Snapshot, iids: Int64Array) -> GMRTree | None:
        """The tree of a version; None when there is none to speak of."""
        with self._lock:
            covered, loose = self.cover(snapshot)
            if not covered:
                return None
            parts = [self._limbs(name, snapshot, iids, covered[name]) for name in covered]
        if loose:
            parts.append(self._loose_limbs(snapshot, loose))
        limbs = {key: [part[key] for part in parts] for key in (None, *self._modalities)}
        return GMRTree.of_limbs(snapshot.space, iids, limbs)

    def _limbs(
        self, name: str, snapshot: Snapshot, iids: Int64Array, fragments: list[Fragment]
    ) -> LimbsOf:
        binding = tuple((fragment.key, fragment.start) for fragment in fragments)
        with self._lock:
            tree = self._stored[name]
            before = self._bound.get(name)
        if before is not None and before[0] == binding:
            return before[1]
        rows = _rows_by_iid(iids, fragments)
        limbs: LimbsOf = {}
        for modality in self._modalities:
            own = _under(tree.arrays, modality)
            at = _numbers(own["slots.iid"])
            limb = Limb.from_arrays(own, rows(own["slots.iid"]), own["vectors"], at)
            limbs[modality] = replace(limb, space=tree.spaces[modality])
        own = _under(tree.arrays, PLACE)
        if own:
            none = np.zeros((0, 1), dtype=np.float32)
            slots = rows(own["slots.iid"])
            limbs[None] = Limb.from_arrays(own, slots, none, slots)
        else:
            limbs[None] = limbs[self._modalities[0]]
        with self._lock:
            self._bound[name] = (binding, limbs)
        return limbs

    def _loose_limbs(self, snapshot: Snapshot, fragments: list[Fragment]) -> LimbsOf:
        corpus, rows = corpus_of(snapshot, fragments, self._modalities)
        limbs: LimbsOf = {}
        for modality in (None, *self._modalities):
            limb = Limb.grow(corpus, modality, signatures=None)
            slots = np.where(limb.slots.row >= 0, rows[limb.slots.row], -1)
            limbs[modality] = replace(limb.with_rows(slots), is_loose=True)
        return limbs

    def settle(self, snapshot: Snapshot) -> None:
        """Give everything a tree that wants one, and return when it has it."""
        self._await()
        with self._lock:
            self.refresh()
        self._work(snapshot)

    def settle_soon(self, snapshot: Snapshot) -> None:
        """`settle` in a thread, unless one runs or there is nothing to do."""
        with self._lock:
            idle = self._running is None or self._running.done()
            if idle and self._wanted(snapshot) is not None:
                self._running = _builder().submit(self._work_quietly, snapshot)

    def _await(self) -> None:
        with self._lock:
            running = self._running
        if running is not None:
            running.result()

    def _work_quietly(self, snapshot: Snapshot) -> None:
        try:
            self._work(snapshot)
        except Exception:  # a thread of its own: nobody would see it
            log.exception("the tree of %s could not be built; searches scan", self._folder)

    def _wanted(self, snapshot: Snapshot) -> list[Fragment] | None:
        """The fragments that are to have a tree of their own; None when all is well."""
        covered, loose = self.cover(snapshot)
        if snapshot.n_items < TREE_FROM:
            return None
        sizes = {name: _size(fragments) for name, fragments in covered.items()}
        largest = max(sizes, key=sizes.__getitem__, default=None)
        n_small = snapshot.n_items - (sizes[largest] if largest is not None else 0)
        if n_small > REBUILD_SHARE * snapshot.n_items:
            return snapshot.fragments
        if _size(loose) <= LOOSE:
            return None
        if len(covered) < MAX_TREES:
            return loose
        return [f for name, part in covered.items() if name != largest for f in part] + loose

    def _work(self, snapshot: Snapshot) -> None:
        wanted = self._wanted(snapshot)
        if wanted is None:
            return
        wanted = sorted(wanted, key=lambda fragment: fragment.start)
        whole = len(wanted) == len(snapshot.fragments)
        self._write(snapshot, wanted, anew=whole)
        with self._lock:
            self.refresh()
            self._remove_needless(snapshot)

    def _write(self, snapshot: Snapshot, fragments: list[Fragment], *, anew: bool) -> None:
        corpus, _ = corpus_of(snapshot, fragments, self._modalities)
        with self._lock:
            base = max(self._stored.values(), key=lambda tree: tree.n_items, default=None)
        rng = np.random.default_rng()
        arrays: dict[str, np.ndarray | Rows] = {}
        for modality in self._modalities:
            space = rng if anew or base is None else base.spaces[modality]
            limb = Limb.grow(corpus, modality, signatures=space)
            arrays |= {f"{modality}/{key}": array for key, array in limb.to_arrays().items()}
            arrays[f"{modality}/vectors"] = _in_slot_order(limb)
        first = corpus.vectors[self._modalities[0]]
        if len(first.rows) < len(corpus):
            limb = Limb.grow(corpus, None, signatures=None)
            arrays |= {f"{PLACE}/{key}": array for key, array in limb.to_arrays().items()}
        meta = {
            "format": FORMAT,
            "files": [list(fragment.files) for fragment in fragments],
            "n_items": len(corpus),
            "spaces": _digest(arrays, self._modalities),
        }
        write_arrays(self._folder, arrays, meta)
        if anew:
            snapshot.forget_vectors()

    def _remove_needless(self, snapshot: Snapshot) -> None:
        """Remove trees that no fragment of the version needs."""
        covered, _ = self.cover(snapshot)
        for name in [name for name in self._stored if name not in covered]:
            shutil.rmtree(self._stored[name].folder, ignore_errors=True)
        self.refresh()

    def tidy(self) -> None:
        """Remove what a crash left behind; call with the table's write lock."""
        self._await()
        remove_unfinished(self._folder)


def corpus_of(
    snapshot: Snapshot, fragments: Sequence[Fragment], modalities: tuple[Modality, ...]
) -> tuple[Corpus, Int64Array]:
    """The corpus of some fragments, and the snapshot's rows of its rows."""
    rows = _rows(fragments)
    first, second = (column[rows] for column in snapshot.coordinates)
    lonlat = (snapshot.lonlat[0][rows], snapshot.lonlat[1][rows])
    own = np.full(snapshot.n_items, -1)
    own[rows] = np.arange(len(rows))
    columns = {}
    for modality in modalities:
        matrix, of_rows = snapshot.vectors_in(fragments, modality)
        columns[modality] = VectorColumn.of(matrix, own[of_rows], len(rows))
    positions = positions_of(snapshot.space, first, second)
    return Corpus(snapshot.space, snapshot.iids[rows], positions, columns, lonlat), rows


def _rows(fragments: Sequence[Fragment]) -> Int64Array:
    if not fragments:
        return np.empty(0, dtype=np.int64)
    return np.concatenate([np.arange(f.start, f.stop) for f in fragments])


def _rows_by_iid(
    iids: Int64Array, fragments: Sequence[Fragment]
) -> Callable[[Int64Array], Int64Array]:
    """A function from internal ids to the rows in some fragments, -1 for none."""
    rows = _rows(fragments)
    top = int(iids[rows].max(initial=-1)) + 1
    table = np.full(top + 1, -1)
    table[iids[rows]] = rows
    return lambda wanted: table[np.minimum(wanted, top)]


def _numbers(iid: Int64Array) -> Int64Array:
    """Where the vectors of slots are: each at its own, padding at the first."""
    numbers = np.arange(len(iid))
    numbers[iid == NO_IID] = 0
    return numbers


def _in_slot_order(limb: Limb) -> Rows:
    at, vectors = limb.codes.at, limb.codes.vectors

    def parts() -> Iterator[np.ndarray]:
        for start in range(0, len(at), CHUNK):
            own = at[start : start + CHUNK]
            part = np.zeros((len(own), vectors.shape[1]), dtype=np.float32)
            part[own >= 0] = vectors[own[own >= 0]]
            yield part

    return Rows((len(at), vectors.shape[1]), np.float32, parts)


def _digest(arrays: Mapping[str, Any], modalities: tuple[Modality, ...]) -> str:
    import xxhash

    digest = xxhash.xxh128()
    for modality in modalities:
        digest.update(arrays[f"{modality}/space.rotation"].tobytes())
        digest.update(arrays[f"{modality}/space.centers"].tobytes())
    return digest.hexdigest()


def _under(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    prefix = f"{name}/"
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}


def _size(fragments: Sequence[Fragment]) -> int:
    return sum(fragment.stop - fragment.start for fragment in fragments)


_executor: ThreadPoolExecutor | None = None
_executor_lock = threading.Lock()


def _builder() -> ThreadPoolExecutor:
    """One thread for all collections of a process: building takes all the cores it can get."""
    global _executor
    with _executor_lock:
        if _executor is None:
            _executor = ThreadPoolExecutor(1, thread_name_prefix="placelens-build")
        return _executor
