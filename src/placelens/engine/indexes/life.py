"""The indexes of a collection: grown, kept beside its table, and bound to each of its versions.

What is due is done in a thread, and searches go on meanwhile with what there is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from functools import partial
from itertools import pairwise
from pathlib import Path

from threadpoolctl import threadpool_limits

from placelens.engine.indexes.builder import build, build_behind
from placelens.engine.indexes.kept import KeptIndex
from placelens.engine.indexes.kinds import KINDS
from placelens.engine.indexes.shelf import Shelf
from placelens.errors import CollectionLockedError
from placelens.index.base import Index
from placelens.index.limb import cpus
from placelens.storage.version import Version
from placelens.storage.versioned_table import INDEX_NAME
from placelens.types import FeatureName

# A table of more files than this that are below a size has them merged: each costs every commit,
# and the reading of hits, some time.
SMALL_FILE = 8_192
MAX_SMALL_FILES = 48

log = logging.getLogger(__name__)


class Indexes:
    """The indexes of one collection, of every kind; may be used from several threads.

    Both calls come from the thread that builds: ``merge`` to merge the small files of the table,
    which returns the version then; ``changed`` when there is a new part.
    """

    def __init__(
        self,
        folder: Path,
        features: tuple[FeatureName, ...],
        dim: int,
        *,
        merge: Callable[[], Version],
        changed: Callable[[], object],
    ) -> None:
        self._folder = folder / INDEX_NAME
        self._merge, self._changed = merge, changed
        kinds = dict(KINDS)
        self.shelf = Shelf(self._folder, kinds, features, dim)
        self.kept = {name: KeptIndex(kind, self.shelf, features) for name, kind in kinds.items()}
        self._running: Future[None] | None = None
        self._awaited = threading.Event()
        # Kinds whose part could not be grown here; they wait until they are asked for.
        self._given_up: set[str] = set()

    @property
    def generation(self) -> int:
        """Grows when there are other parts than before."""
        return self.shelf.generation

    def refresh(self) -> None:
        """See what is on disk now."""
        self.shelf.refresh()

    def verify(self) -> bool:
        """Compare with its checksum what was left for later; False when something is damaged."""
        return self.shelf.verify()

    def bind(self, version: Version) -> dict[str, Index]:
        """The indexes of a version by kind; none of a kind that has nothing to speak of."""
        bound = {name: kept.bind(version) for name, kept in self.kept.items()}
        indexes = {name: index for name, index in bound.items() if index is not None}
        if indexes:
            _ = version.coordinates  # or the first search would read them
        return indexes

    def is_awaited(self) -> bool:
        """Whether a build is to end, for another waits for it and may hold what it waits for."""
        return self._awaited.is_set()

    def carry(self, before: Version, after: Version) -> None:
        """See `KeptIndex.carry`."""
        for kept in self.kept.values():
            kept.carry(before, after)

    def forget(self) -> None:
        """Remove all parts, before a restore: what was deleted when they were grown comes back.

        Call with the table's write lock or without: a build that waits for it gives way.
        """
        self._awaited.set()
        try:
            self.wait()
        finally:
            self._awaited.clear()
        with self.shelf.lock:
            for kept in self.kept.values():
                kept.forget()
            self.shelf.remove_all()

    def settle(self, version: Version) -> None:
        """Grow what is wanted, and return when it is there."""
        with self.shelf.lock:
            self._running = running = build(partial(self._work, version))
        running.result()
        self._given_up.clear()

    def settle_soon(self, version: Version) -> None:
        """`settle` in a thread, unless one runs or there is nothing to do."""
        with self.shelf.lock:
            is_wanted = any(self.kept[name].wanted(version) is not None for name in self._hopeful)
            if (is_wanted or self._is_to_merge(version)) and self._is_idle():
                self._running = build_behind(partial(self._work_quietly, version))

    @property
    def _hopeful(self) -> list[str]:
        return [name for name in self.kept if name not in self._given_up]

    def _is_to_merge(self, version: Version) -> bool:
        return not self._given_up and _is_scattered(version)

    def _is_idle(self) -> bool:
        return self._running is None or self._running.done()

    def wait(self) -> None:
        """Return when nothing is being built."""
        with self.shelf.lock:
            running = self._running
        if running is not None:
            wait([running])

    def _work(self, version: Version) -> None:
        self.shelf.refresh()
        failed: Exception | None = None
        for kept in self.kept.values():
            try:
                self._grow(kept, version)
            except Exception as error:  # one kind's failure is not the others'
                failed = failed or error
        if failed is not None:
            raise failed

    def _work_quietly(self, version: Version) -> None:
        try:
            if self._is_to_merge(version):
                version = self._merge()
            self.shelf.refresh()
        except CollectionLockedError:
            log.info("%s is being written to by another process or thread", self._folder)
            return
        except Exception:  # a thread of its own: nobody would see it
            self._give_up(self._hopeful)
            return
        for name in self._hopeful:
            try:
                self._grow(self.kept[name], version)
            except Exception:  # neither would they see this, nor is it the other kinds' failure
                self._give_up([name])

    def _give_up(self, names: Iterable[str]) -> None:
        """Leave kinds alone until they are asked for, and log the exception at hand."""
        for name in names:
            self._given_up.add(name)
            log.exception(
                "the %s of %s could not be built; searches go on without it, "
                "and placelens compact tries again",
                self.kept[name].kind.noun,
                self._folder,
            )

    def _grow(self, kept: KeptIndex, version: Version) -> None:
        wanted = kept.wanted(version)
        if wanted is None:
            return
        # Not on all processors: searches go on meanwhile, and threads of BLAS spin when they are
        # done with a product.
        with threadpool_limits(max(1, cpus() // 2), user_api="blas"):
            kept.grow(version, wanted)
        kept.kind.warm()  # here, where nobody waits for a search
        with self.shelf.lock:
            self.shelf.refresh()
            needed = {name for each in self.kept.values() for name in each.cover(version)[0]}
            self.shelf.remove_needless(version, needed)
        version.forget_vectors_of(wanted)
        self._changed()

    def tidy(self) -> None:
        """Remove what a crash left behind; call with the table's write lock."""
        with self.shelf.lock:
            if self._is_idle():
                self.shelf.tidy()


def _is_scattered(version: Version) -> bool:
    """Whether a version's table has many small files side by side, which can be merged."""
    is_small = [fragment.stop - fragment.start < SMALL_FILE for fragment in version.fragments]
    return sum(a and b for a, b in pairwise(is_small)) > MAX_SMALL_FILES
