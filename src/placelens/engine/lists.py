"""All that passes the filters, in an order of its own: what a query is when nothing ranks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from placelens import kernels
from placelens.deadline import NEVER, Deadline
from placelens.engine.cursor import Cursor, ListCursor
from placelens.engine.plan import Plan, list_plan
from placelens.engine.query import Query
from placelens.engine.sorting import DEFAULT_SORT, SORTS, Names, Order
from placelens.geo.distance import SPACES, origin_of, positions_of
from placelens.storage.version import Version
from placelens.types import BoolArray, Hit, Int64Array, Place

# Of so many places the order by distance is kept, so that a page costs what the one before did.
KEPT_PLACES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page of a list: hits without scores, and where the next page begins."""

    hits: list[Hit]
    plan: Plan
    cursor: str | None


class Lists:
    """Lists of one version; its orders are made when first needed."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._lock = threading.Lock()
        self._names = Names(version)
        self._orders: OrderedDict[tuple[str, Place | None], Order] = OrderedDict()

    def page(self, query: Query, deadline: Deadline = NEVER) -> Page:
        """The k items after the query's cursor, unless the deadline comes first."""
        deadline.check()
        sort = query.sort or DEFAULT_SORT
        order = self.order(sort, query.near)
        cursor = ListCursor.decode(query.cursor, digest=query.digest()) if query.cursor else None
        iids = self._version.iids
        allowed = known_then(self.passing(query, deadline), iids, cursor)
        start = order.after(cursor.key, cursor.iid) if cursor else 0
        rows = order.page(start, query.k + 1, allowed)
        more, rows = len(rows) > query.k, rows[: query.k]
        rank = cursor.rank if cursor else 0
        following = None
        if more:
            last = int(rows[-1])
            following = ListCursor(
                key=order.key_of(last),
                iid=int(iids[last]),
                end_iid=cursor.end_iid if cursor else int(iids.max()) + 1,
                rank=rank + len(rows),
                digest=query.digest(),
            ).encode()
        plan = list_plan(sort, self._version.n_items, allowed)
        return Page(self._hits(query, rows, rank), plan, following)

    def rows(self, query: Query, *, in_order: bool) -> Int64Array:
        """All rows that pass a query's filters, in its order or in the table's."""
        allowed, n = self.passing(query), self._version.n_items
        if in_order:
            return self.order(query.sort or DEFAULT_SORT, query.near).page(0, n, allowed)
        return np.arange(n) if allowed is None else np.flatnonzero(allowed)

    def passing(self, query: Query, deadline: Deadline = NEVER) -> BoolArray | None:
        """Which rows pass a query's filters, (n,); None when there are none."""
        return replace(query.filters, only=query.features).mask(self._version, deadline)

    def nearest_m(self, query: Query, deadline: Deadline = NEVER) -> float | None:
        """How far from a query's place the nearest is that passes its filters; None for nothing."""
        order = self.order("distance", query.near)
        rows = order.page(0, 1, self.passing(query, deadline))
        key = order.key_of(int(rows[0])) if len(rows) else None
        return key if isinstance(key, float) else None  # what has no place has its name

    def order(self, sort: str, near: Place | None) -> Order:
        """All rows in an order; kept, of those by distance the ones that were last asked for."""
        chosen = SORTS.get(sort)
        key = (sort, near if chosen is not None and chosen.by_place else None)
        with self._lock:
            known = self._orders.get(key)
            if known is not None:
                self._orders.move_to_end(key)
                return known
        order = Order(self._version, sort, near, self._names)
        with self._lock:
            self._orders[key] = order
            of_places = [kept for kept in self._orders if kept[1] is not None]
            for oldest in of_places[:-KEPT_PLACES]:
                del self._orders[oldest]
        return order

    def _hits(self, query: Query, rows: Int64Array, rank: int) -> list[Hit]:
        """Hits without a score; their distance where a place was given."""
        distances = np.full(len(rows), np.nan)
        if query.near is not None:
            space = self._version.space
            positions = positions_of(space, *(c[rows] for c in self._version.coordinates))
            distances = kernels._distances(SPACES[space], positions, origin_of(query.near, space))
        return [
            Hit(
                rank=rank + i + 1,
                id=item.id,
                score=None,
                terms=(),
                distance_m=None if np.isnan(distances[i]) else float(distances[i]),
                matched=None,
                item=item,
            )
            for i, item in enumerate(self._version.items(rows))
        ]


def known_then(
    mask: BoolArray | None, iids: Int64Array, cursor: Cursor | ListCursor | None
) -> BoolArray | None:
    """What passes, of the items that were there when the first page was made."""
    if cursor is None:
        return mask
    known: BoolArray = iids < cursor.end_iid
    return known if mask is None else mask & known
