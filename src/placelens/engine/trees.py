"""The trees of a collection: built, kept beside its table, and bound to each of its versions.

A tree on disk covers files of the table. Those never change, so a tree stays right whatever is
written later: what was deleted or replaced since is left out when the tree is bound to a version,
and what was added since is searched beside it, exactly. When that has grown, a thread gives it a
tree of its own, and joins small trees. Searches go on meanwhile with what there is.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from placelens.engine.parts import (
    GROUP,
    Claim,
    Files,
    LimbsOf,
    Owners,
    Part,
    corpus_of,
    group_loose,
    grow_loose,
    merged_owners,
)
from placelens.errors import CollectionLockedError
from placelens.index.gmr_tree import GMRTree, compile_kernels
from placelens.index.limb import NO_IID, Limb, cpus
from placelens.index.signature import Codebook
from placelens.index.stored import check_limb
from placelens.storage.arrays import (
    NOT_SOUND,
    Rows,
    check_arrays,
    folders_of_arrays,
    open_arrays,
    remove_arrays,
    remove_unfinished,
    write_arrays,
)
from placelens.storage.snapshot import Fragment, Snapshot
from placelens.storage.versioned_table import INDEX_NAME
from placelens.types import FeatureName, Int64Array

# 2 has checksums, 3 other names of arrays; a tree of an older format is built anew.
FORMAT = 3
# Larger arrays, the vectors of a hundred thousand items or more, are not compared with their
# checksums when a tree is opened but by `Trees.check`: all else is.
CHECK_AT_OPEN = 2**28
# A collection of this many items gets a tree: below, a scan takes less than some milliseconds.
TREE_FROM = 20_000
# What was added since is searched without codes up to here, and then gets a tree of its own.
LOOSE = 4_096
# So many small trees are joined to one.
MAX_TREES = 6
# A table of more files than this that are below a size has them merged: each costs every commit,
# and the reading of hits, some time.
SMALL_FILE = 8_192
MAX_SMALL_FILES = 48
# When small trees hold this share of the items, all are joined.
REBUILD_SHARE = 0.25
CHUNK = 65_536
NICE = 15

PLACE = "place"
log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class StoredTree(Part):
    """A tree on disk."""

    folder: Path = Path()
    version: int = 0
    spaces: Mapping[str, Codebook] = field(default_factory=dict)


class Trees:
    """The trees of one collection; may be used from several threads.

    Both calls come from the thread that builds: ``merge`` to merge the small files of the table,
    which returns the version then; ``changed`` when there is a new tree.
    """

    def __init__(
        self,
        folder: Path,
        features: tuple[FeatureName, ...],
        dim: int,
        *,
        merge: Callable[[], Snapshot],
        changed: Callable[[], object],
    ) -> None:
        self._folder = folder / INDEX_NAME
        self._features, self._dim = features, dim
        self._merge, self._changed = merge, changed
        self._lock = threading.RLock()
        self._stored: dict[str, StoredTree] = {}
        self._passed_over: set[str] = set()
        self._loose: list[Part] = []
        self._owners: dict[Files, Owners] = {}
        self._spaces: dict[str, dict[str, Codebook]] = {}
        self._running: Future[None] | None = None
        self._gave_up = False
        self.generation = 0
        """Grows when there are other trees than before."""
        self.n_built = 0
        """How many trees were built here."""

    def refresh(self) -> None:
        """See what is on disk now."""
        with self._lock:
            names = {path.name: path for path in folders_of_arrays(self._folder)}
            self._passed_over &= set(names)
            gone = set(self._stored) - set(names)
            new = set(names) - set(self._stored) - self._passed_over
            for name in gone:
                del self._stored[name]
            for name in sorted(new):
                tree = self._open(names[name])
                if tree is not None:
                    self._stored[name] = tree
            if gone or new:
                used = [tree.spaces for tree in self._stored.values()]
                self._spaces = {
                    name: spaces
                    for name, spaces in self._spaces.items()
                    if any(spaces is other for other in used)
                }
                self.generation += 1

    def _open(self, folder: Path) -> StoredTree | None:
        try:
            return self._opened(folder)
        except NOT_SOUND as error:
            if folder.exists():  # and was not removed this moment by another process
                self._pass_over(folder, error)
            return None

    def _opened(self, folder: Path) -> StoredTree:
        """A tree from disk; raises what `open_arrays` does, and for what no kernel may be given."""
        arrays, meta = open_arrays(folder, check_up_to=CHECK_AT_OPEN)
        if meta["format"] != FORMAT:
            raise ValueError(f"format {meta['format']}, not {FORMAT}")
        for feature in self._features:
            check_limb(_under(arrays, feature), dim=self._dim)
        if own := _under(arrays, PLACE):
            check_limb(own, dim=None)
        # Trees that were made with one rotation share one object, and so one probe a query.
        spaces = self._spaces.setdefault(
            meta["spaces"],
            {
                feature: Codebook.of(
                    arrays[f"{feature}/codebook.centers"], arrays[f"{feature}/codebook.rotation"]
                )
                for feature in self._features
            },
        )
        limbs: LimbsOf = {}
        for feature in self._features:
            own = _under(arrays, feature)
            at = _numbers(own["slots.iid"])
            limb = Limb.from_arrays(own, np.full(len(at), -1), own["vectors"], at)
            limbs[feature] = replace(limb, codebook=spaces[feature])
        own = _under(arrays, PLACE)
        if own:
            none = np.zeros((0, 1), dtype=np.float32)
            slots = np.full(len(own["slots.iid"]), -1)
            limbs[None] = Limb.from_arrays(own, slots, none, slots)
        else:
            limbs[None] = limbs[self._features[0]]
        files = frozenset(tuple(files) for files in meta["files"])
        version = meta.get("version", 0)
        return StoredTree(
            files, limbs, meta["n_items"], folder=folder, version=version, spaces=spaces
        )

    def verify(self) -> bool:
        """Compare with its checksum what was left for later when trees were opened.

        False when there is a damaged one: it is not used any more.
        """
        with self._lock:
            folders = {name: tree.folder for name, tree in self._stored.items()}
        wrong = {name: check_arrays(folder) for name, folder in folders.items()}
        with self._lock:
            for name, what in wrong.items():
                if what is not None and folders[name].exists() and name in self._stored:
                    del self._stored[name]
                    self._pass_over(folders[name], what)
                    self.generation += 1
            return not self._passed_over

    def _pass_over(self, folder: Path, what: object) -> None:
        self._passed_over.add(folder.name)
        log.warning(
            "the tree in %s is damaged or of an older placelens (%s): searches go on without it; "
            "the next import, or placelens compact, builds it anew",
            folder,
            what,
        )

    def cover(self, snapshot: Snapshot) -> tuple[dict[str, list[Fragment]], list[Fragment]]:
        """Which fragments each tree on disk answers for, and those that none does."""
        with self._lock:
            trees = sorted(self._stored.items(), key=lambda item: -item[1].n_items)
        tree_of = {files: name for name, tree in reversed(trees) for files in tree.files}
        covered: dict[str, list[Fragment]] = {}
        loose = []
        for fragment in snapshot.fragments:
            name = tree_of.get(fragment.files)
            if name is None:
                loose.append(fragment)
            else:
                covered.setdefault(name, []).append(fragment)
        return covered, loose

    def bind(self, snapshot: Snapshot) -> GMRTree | None:
        """The tree of a version; None when there is none to speak of."""
        with self._lock:
            if self._stored:
                covered_files = {files for tree in self._stored.values() for files in tree.files}
                snapshot.read_small(self._features, up_to=LOOSE, but=covered_files)
            covered, loose = self.cover(snapshot)
            if not covered and not any(fragment.files in self._owners for fragment in loose):
                return None
            parts = [part.bind(snapshot.iids, own) for part, own in self._claims(snapshot)]
            snapshot.forget_vectors_of(f for own in covered.values() for f in own)
        _ = snapshot.coordinates  # or the first search would read them
        limbs = {key: [part[key] for part in parts] for key in (None, *self._features)}
        return GMRTree.of_limbs(snapshot.space, snapshot.iids, limbs)

    def _claims(self, snapshot: Snapshot) -> list[tuple[Part, list[Claim]]]:
        """All parts that answer for something in a version, and for what."""
        covered, loose = self.cover(snapshot)
        claims: dict[Part, list[Claim]] = {
            self._stored[name]: [(fragment, None) for fragment in own]
            for name, own in covered.items()
        }
        self._owners = {f.files: self._owners[f.files] for f in loose if f.files in self._owners}
        alone = []
        for fragment in loose:
            owners = self._owners.get(fragment.files)
            if owners is None:
                alone.append(fragment)
            for part in owners.parts if owners else ():
                claims.setdefault(part, []).append((fragment, owners))
        for part, own in self._loose_parts(snapshot, alone):
            claims.setdefault(part, []).extend(own)
        return list(claims.items())

    def _loose_parts(
        self, snapshot: Snapshot, loose: list[Fragment]
    ) -> list[tuple[Part, list[Claim]]]:
        """Parts in memory for loose fragments: those that are full are kept, the last one grows."""
        files = {fragment.files for fragment in loose}
        full = [p for p in self._loose if p.n_items >= GROUP and p.files & files]
        others = {part.files: part for part in self._loose}
        self._loose = full
        for group in group_loose(full, loose):
            names = frozenset(fragment.files for fragment in group)
            part = others.get(names) or grow_loose(snapshot, group, self._features)
            self._loose = [*self._loose, part]
        return [
            (part, [(fragment, None) for fragment in loose if fragment.files in part.files])
            for part in self._loose
        ]

    def carry(self, before: Snapshot, after: Snapshot) -> None:
        """Files were merged and no item changed: the parts that had them answer for them still.

        Call before the version after is bound, with the one before it bound.
        """
        with self._lock:
            if not self._stored:
                return
        known = {fragment.files for fragment in before.fragments}
        merged = [fragment for fragment in after.fragments if fragment.files not in known]
        with self._lock:
            parts = [part for part, own in self._claims(before) if part.bind(before.iids, own)]
            owners = merged_owners(after, parts, merged)
            if owners is not None:
                self._owners |= {fragment.files: owners for fragment in merged}

    def forget(self) -> None:
        """Remove all trees, before a restore: what was deleted when they were built comes back."""
        self.wait()
        with self._lock:
            self._loose, self._owners = [], {}
            for tree in self._stored.values():
                remove_arrays(tree.folder)
            self.refresh()

    def settle(self, snapshot: Snapshot) -> None:
        """Give everything a tree that wants one, and return when it has it."""
        with self._lock:
            # In the thread of all builds, so that there is one at a time.
            self._running = running = _builder().submit(self._work, snapshot)
        running.result()
        self._gave_up = False

    def settle_soon(self, snapshot: Snapshot) -> None:
        """`settle` in a thread, unless one runs or there is nothing to do."""
        with self._lock:
            is_needed = _is_scattered(snapshot) or self._wanted(snapshot) is not None
            if is_needed and self._is_idle() and not self._gave_up:
                self._running = _builder().submit(self._work_quietly, snapshot)

    def _is_idle(self) -> bool:
        return self._running is None or self._running.done()

    def wait(self) -> None:
        """Return when nothing is being built."""
        with self._lock:
            running = self._running
        if running is not None:
            wait([running])

    def _work_quietly(self, snapshot: Snapshot) -> None:
        try:
            self._work(self._merge() if _is_scattered(snapshot) else snapshot)
        except CollectionLockedError:
            log.info("%s is being written to by another process", self._folder)
        except Exception:  # a thread of its own: nobody would see it
            self._gave_up = True
            log.exception(
                "the tree of %s could not be built; searches go on without it, "
                "and placelens compact tries again",
                self._folder,
            )

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
        with self._lock:
            self.refresh()
        wanted = self._wanted(snapshot)
        if wanted is None:
            return
        wanted = sorted(wanted, key=lambda fragment: fragment.start)
        whole = len(wanted) == len(snapshot.fragments)
        # Not on all processors: searches go on meanwhile, and threads of BLAS spin when they are
        # done with a product.
        with threadpool_limits(max(1, cpus() // 2), user_api="blas"):
            self._write(snapshot, wanted, anew=whole)
        compile_kernels()  # here, where nobody waits for a search
        with self._lock:
            self.refresh()
            self._remove_needless(snapshot)
        snapshot.forget_vectors_of(wanted)
        self._changed()

    def _write(self, snapshot: Snapshot, fragments: list[Fragment], *, anew: bool) -> None:
        corpus, _ = corpus_of(snapshot, fragments, self._features)
        with self._lock:
            base = max(self._stored.values(), key=lambda tree: tree.n_items, default=None)
        rng = np.random.default_rng()
        arrays: dict[str, np.ndarray | Rows] = {}
        for feature in self._features:
            space = rng if anew or base is None else base.spaces[feature]
            limb = Limb.grow(corpus, feature, signatures=space)
            arrays |= {f"{feature}/{key}": array for key, array in limb.to_arrays().items()}
            arrays[f"{feature}/vectors"] = _in_slot_order(limb)
        first = corpus.vectors[self._features[0]]
        if len(first.rows) < len(corpus):
            limb = Limb.grow(corpus, None, signatures=None)
            arrays |= {f"{PLACE}/{key}": array for key, array in limb.to_arrays().items()}
        meta = {
            "format": FORMAT,
            "files": [list(fragment.files) for fragment in fragments],
            "n_items": len(corpus),
            "version": snapshot.version,
            "spaces": _digest(arrays, self._features),
        }
        write_arrays(self._folder, arrays, meta)
        self.n_built += 1

    def _remove_needless(self, snapshot: Snapshot) -> None:
        """Remove trees that no fragment of the version needs, but not those of a later one."""
        covered, _ = self.cover(snapshot)
        for name, tree in self._stored.items():
            if name not in covered and tree.version <= snapshot.version:
                remove_arrays(tree.folder)
        for name in self._passed_over:
            remove_arrays(self._folder / name)
        self.refresh()

    def tidy(self) -> None:
        """Remove what a crash left behind; call with the table's write lock."""
        with self._lock:
            if self._is_idle():
                remove_unfinished(self._folder)


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


def _digest(arrays: Mapping[str, Any], features: tuple[FeatureName, ...]) -> str:
    import xxhash

    digest = xxhash.xxh128()
    for feature in features:
        digest.update(arrays[f"{feature}/codebook.rotation"].tobytes())
        digest.update(arrays[f"{feature}/codebook.centers"].tobytes())
    return digest.hexdigest()


def _under(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    prefix = f"{name}/"
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}


def _size(fragments: Sequence[Fragment]) -> int:
    return sum(fragment.stop - fragment.start for fragment in fragments)


def _is_scattered(snapshot: Snapshot) -> bool:
    """Whether a version's table has many small files side by side, which can be merged."""
    is_small = [fragment.stop - fragment.start < SMALL_FILE for fragment in snapshot.fragments]
    return sum(a and b for a, b in pairwise(is_small)) > MAX_SMALL_FILES


def _step_back() -> None:
    """Let the threads that answer searches go first, where a thread has a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


_executor: ThreadPoolExecutor | None = None
_executor_lock = threading.Lock()


def _builder() -> ThreadPoolExecutor:
    """One thread for all collections of a process."""
    global _executor
    with _executor_lock:
        if _executor is None:
            _executor = ThreadPoolExecutor(
                1, thread_name_prefix="placelens-build", initializer=_step_back
            )
        return _executor
