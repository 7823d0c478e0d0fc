"""placelens's own: the index, the plain R-tree that it is without signatures, and the scan."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from placelens.index.base import Corpus, Index
from placelens.index.gmr_tree import GMRTree
from placelens.index.scan import Scan
from placelens.types import Int64Array
from placelens_bench.engine.methods.base import Method, Opened, Setting
from placelens_bench.engine.workloads import WORKLOADS, Query, Workload, task_of

RECALL_TARGET = 0.99


class Exact(Method):
    """An index of placelens over the matrix in memory; tasks are made outside the timer."""

    workloads = tuple(WORKLOADS)
    index: Index

    def read_corpus(self) -> Corpus:
        """The corpus, its matrix read into memory."""
        self.matrix = self.data.read_vectors()
        return self.data.corpus(self.matrix)

    def answer(self, workload: Workload, query: Query, setting: Setting) -> Int64Array:
        """Rows of the best ten, best first."""
        return self.prepared(workload, query, setting)()

    def prepared(
        self, workload: Workload, query: Query, setting: Setting
    ) -> Callable[[], Int64Array]:
        """The call of the index."""
        task = replace(task_of(workload, query), **setting)
        return lambda: self.index.top_k(task).rows


class ScanMethod(Exact):
    """The exact scan, whose answers are the truth."""

    def open(self) -> Opened:
        """There is nothing to build."""
        self.index = Scan(self.read_corpus())
        return Opened(0.0, 0)


class Tree(Exact):
    """A tree, which takes a batch at once."""

    batch_size = 1000
    paired = True
    index: GMRTree

    @abstractmethod
    def build(self, corpus: Corpus) -> GMRTree:
        """The tree over a corpus."""

    def open(self) -> Opened:
        """Read the matrix, then build."""
        corpus = self.read_corpus()
        start = time.perf_counter()
        self.index = self.build(corpus)
        return Opened(time.perf_counter() - start, self.index.index_bytes())

    def prepared_batch(
        self, workload: Workload, queries: Sequence[Query], setting: Setting
    ) -> Callable[[], list[Int64Array]]:
        """One call for all."""
        tasks = [replace(task_of(workload, query), **setting) for query in queries]
        return lambda: [found.rows for found in self.index.top_k_batch(tasks)]


class RTreeMethod(Tree):
    """The plain R-tree on the same nodes: they bound place only."""

    def build(self, corpus: Corpus) -> GMRTree:
        """Pack the places."""
        return GMRTree(corpus, signatures=False)


class PlacelensMethod(Tree):
    """The index of placelens; for meaning alone also with a target for recall, as an entry more."""

    def build(self, corpus: Corpus) -> GMRTree:
        """Pack the places, cluster the vectors and encode them."""
        return GMRTree(corpus)

    def entries(self, name: str, workload: Workload) -> Mapping[str, Sequence[Setting]]:
        """The exact one, and that which may miss one answer in a hundred."""
        if workload.name != "mu0":
            return {name: ({},)}
        return {name: ({},), f"{name}_r99": ({"recall_target": RECALL_TARGET},)}
