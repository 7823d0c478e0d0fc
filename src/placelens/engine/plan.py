"""Which index answers a query, and why; pure, so that it can be shown without running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from placelens.display import shown
from placelens.engine.indexes.kinds import KINDS
from placelens.engine.query import Similarity
from placelens.errors import QueryError
from placelens.index.base import Corpus, Index
from placelens.index.gmr_tree import FilterFirst, RTree, TreeShape
from placelens.index.kind import over
from placelens.index.scan import Scan
from placelens.types import BoolArray

# Fewer items than this are scanned in a few milliseconds.
SCAN_BELOW = 20_000
# An item that is picked out costs about this many times what it costs among its neighbours.
PICKED_COST = 30
# Items that no tree covers are compared without codes; more than this share, and a scan is faster.
LOOSE_SHARE = 0.2


def engines() -> Mapping[str, Callable[[Corpus], Index]]:
    """What can be asked for, and how it is built over a corpus where none of it is kept."""
    kept = {name: over(kind) for name, kind in KINDS.items()}
    return {"scan": Scan, **kept, "filter": FilterFirst.build, "rtree": RTree}


@dataclass(frozen=True, slots=True)
class Plan:
    """The index chosen, the reason in words, and the numbers the choice rests on.

    ``n_allowed`` are the items that pass the filters; in a ranking, those by area left aside.
    ``tree`` is what there is of it: items, trees, and items that were added since. ``reach`` says
    in words how far "near" reached, where the collection decided that. ``reranker`` ordered
    the first hits anew, so that nothing vouches for them. ``is_corrected`` tells whether cosines
    were corrected for hubs, items that are near every query.
    """

    engine: str
    reason: str
    n_items: int
    n_allowed: int
    similarity: Similarity | None
    tree: TreeShape | None = None
    reach: str | None = None
    reranker: str | None = None
    is_corrected: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def make_plan(
    *,
    engine: str | None,
    n_items: int,
    n_allowed: int | None,
    n_areas: int,
    tree: TreeShape | None,
    similarity: Similarity | None,
    is_corrected: bool = False,
    unbounded: str | None = None,
    is_fused: bool = True,
) -> Plan:
    """Choose an index; ``n_allowed`` is None without filters but areas.

    ``unbounded`` is the label of a term that offers no bound; ``is_fused`` whether there is
    anything that a tree bounds.

    Raises
    ------
    QueryError
        If the engine asked for is not known.
    """
    left = n_items if n_allowed is None else n_allowed

    def plan(engine: str, reason: str) -> Plan:
        return Plan(engine, reason, n_items, left, similarity, tree, is_corrected=is_corrected)

    if engine is not None:
        if engine not in engines():
            raise QueryError(
                f"engine {shown(engine)} is not known; there are: {', '.join(engines())}"
            )
        return plan(engine, "asked for")
    if n_items < SCAN_BELOW:
        return plan("scan", f"{n_items:,} items: fewer than {SCAN_BELOW:,} are scanned at once")
    if unbounded is not None:
        return plan("scan", f"nothing bounds how similar items are to {shown(unbounded)}")
    if not is_fused:
        return plan("scan", "all similarities are at hand; there is nothing to bound")
    if tree is None:
        return plan("scan", "the collection has no tree yet; placelens compact builds it")
    if tree.n_loose > LOOSE_SHARE * n_items:
        return plan("scan", f"{tree.n_loose:,} of {n_items:,} items are not in a tree yet")
    if n_allowed is not None and not n_areas and n_allowed * PICKED_COST < n_items:
        return plan("filter", f"only {n_allowed:,} of {n_items:,} items pass the filters")
    return plan("gmrtree", f"{n_items:,} items, bounded by place and meaning")


def list_plan(sort: str, n_items: int, allowed: BoolArray | None) -> Plan:
    """The plan of a list: nothing ranks, so no index is asked."""
    n_allowed = n_items if allowed is None else int(np.count_nonzero(allowed))
    return Plan("list", f"nothing to rank by; in the order of {sort}", n_items, n_allowed, None)
