"""A shard: a part of a collection that can be asked for its best, by whoever merges the answers.

The searcher plans nothing that depends on where items lie: it asks every shard for facts, settles
with them how far "near" reaches, asks for the best by internal id, merges, and fetches the hits
that are left, once each. A version of a table on this machine is one shard (`LocalShard`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from placelens.deadline import NEVER, Deadline
from placelens.engine.plan import Plan
from placelens.engine.query import Query
from placelens.index.base import Certificate, joined
from placelens.types import BoolArray, Float64Array, Hit, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """A query as shards are asked it.

    Attributes
    ----------
    query : with the decay that counts, once that is settled.
    k : how many are wanted.
    d_max_m : the paper's d_max over all shards, for a decay without a scale.
    after : score and internal id that the page before ended with.
    end_iid : items from this id on came after the first page, and are left out.
    threshold : what others have found already; items that score below it are not wanted.
    kept : what a shard keeps between its answers, by itself: masks, similarities.
    """

    query: Query
    k: int
    d_max_m: float = 0.0
    after: tuple[float, int] | None = None
    end_iid: int | None = None
    threshold: float = -math.inf
    deadline: Deadline = NEVER
    kept: dict[int, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a searcher must know of a shard before it can rank.

    Attributes
    ----------
    last_iid : the largest internal id; -1 when it is empty.
    farthest_m : distance from the query's place to the farthest item; 0 without a place or items.
    """

    last_iid: int
    farthest_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The best of a shard, best first: internal ids and scores, and how they were found."""

    iids: Int64Array
    scores: Float64Array
    certificate: Certificate
    plan: Plan


class Shard(Protocol):
    """A part of a collection; all ids are internal ones, of which no two shards share any."""

    def facts(self, ask: Ask) -> Facts:
        """What must be known of it before the query can be ranked."""
        ...

    def holds(self, iids: Int64Array) -> BoolArray:
        """Which of some items are here, (len(iids),)."""
        ...

    def nearest_m(self, ask: Ask, k: int) -> Float64Array:
        """Distances of the k nearest items that pass the filters, but for the circle around the
        query's own place; increasing."""
        ...

    def top_k(self, asks: Sequence[Ask]) -> list[Found]:
        """The best of each ask among the items that pass its filters."""
        ...

    def fetch(self, ask: Ask, iids: Int64Array, scores: Float64Array) -> list[Hit]:
        """The items of some ids as hits, ranked from 1 in the order given, their scores split."""
        ...

    def scores(self, ask: Ask) -> tuple[Int64Array, Float64Array]:
        """Internal ids and scores of all items that pass the filters and can be compared.

        For heat maps, and whoever draws a distribution.
        """
        ...


def merged(found: Sequence[Found], k: int) -> Found:
    """The best k of several shards' best; equal scores by internal id.

    The certificate vouches for the whole: the weakest kind, the largest bound, all that was looked
    at. The plan is that of the largest shard, with the items of all.
    """
    if len(found) == 1:
        return found[0]
    iids = np.concatenate([each.iids for each in found])
    scores = np.concatenate([each.scores for each in found])
    order = np.lexsort((iids, -scores))[:k]
    largest = max(found, key=lambda each: each.plan.n_items).plan
    plan = replace(
        largest,
        n_items=sum(each.plan.n_items for each in found),
        n_allowed=sum(each.plan.n_allowed for each in found),
    )
    certificate = joined([each.certificate for each in found])
    return Found(iids[order], scores[order], certificate, plan)
