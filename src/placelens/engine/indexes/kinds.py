"""The kinds of index that collections keep: the one table of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.kind import IndexKind
from placelens.index.m_kind import MTreeKind

# By name; engines of these names can be asked for, see `placelens.engine.plan.engines`.
KINDS: dict[str, IndexKind[Any]] = {
    "gmrtree": GMRTreeKind(),
    "mtree": MTreeKind(),
}
# What folders of arrays are that do not say: they were written when there was one kind.
UNNAMED = "gmrtree"


@contextmanager
def registered(*kinds: IndexKind[Any]) -> Iterator[None]:
    """Have these kinds too, or instead of those of the same name, in collections opened inside.

    A collection keeps the kinds that there were when it was opened.

    Examples
    --------
    >>> from placelens.index.kind import Thresholds
    >>> early = GMRTreeKind(Thresholds(grow_from=100))
    >>> with registered(early):
    ...     KINDS["gmrtree"].thresholds.grow_from
    100
    >>> KINDS["gmrtree"].thresholds.grow_from
    20000
    """
    before = dict(KINDS)
    KINDS.update({kind.name: kind for kind in kinds})
    try:
        yield
    finally:
        KINDS.clear()
        KINDS.update(before)
