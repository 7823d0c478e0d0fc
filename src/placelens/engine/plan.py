"""Which index answers a query, and why; pure, so that it can be shown without running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from placelens.errors import QueryError
from placelens.index.base import Corpus, Index
from placelens.index.gmr_tree import GMRTree, RTree
from placelens.index.scan import Scan

ENGINES: Mapping[str, Callable[[Corpus], Index]] = {
    "scan": Scan,
    "gmrtree": GMRTree,
    "rtree": RTree,
}

# From this many located items on, opening a few leaves is faster than computing all distances.
TREE_FROM = 20_000
# Where place counts for less, similarity (bounded by 1 in a plain R-tree) opens nearly every leaf.
TREE_FROM_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The index chosen, the reason in words, and the numbers the choice rests on."""

    engine: str
    reason: str
    n_items: int
    n_allowed: int
    similarity: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "engine": self.engine,
            "reason": self.reason,
            "n_items": self.n_items,
            "n_allowed": self.n_allowed,
            "similarity": self.similarity,
        }


def make_plan(
    *,
    engine: str | None,
    corpus: Corpus,
    n_allowed: int,
    weight_of_place: float,
    similarity: str | None,
) -> Plan:
    """Choose an index.

    Raises
    ------
    QueryError
        If the engine asked for is not known.
    """
    n = len(corpus)
    if engine is not None:
        if engine not in ENGINES:
            raise QueryError(f"engine {engine!r} is not known; there are: {', '.join(ENGINES)}")
        return Plan(engine, "asked for", n, n_allowed, similarity)
    if weight_of_place >= TREE_FROM_WEIGHT and n_allowed >= TREE_FROM:
        reason = f"place alone decides, and {n_allowed:,} items are many"
        return Plan("rtree", reason, n, n_allowed, similarity)
    if n_allowed < TREE_FROM:
        reason = f"{n_allowed:,} items to look at: fewer than {TREE_FROM:,} are scanned at once"
    else:
        reason = "meaning counts, and a plain R-tree does not bound meaning"
    return Plan("scan", reason, n, n_allowed, similarity)
