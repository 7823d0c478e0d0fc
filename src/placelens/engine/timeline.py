"""How many items there are of each month."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from placelens.engine.periods import NO_TIME
from placelens.storage.version import Version
from placelens.types import BoolArray, Int64Array

__all__ = ["Month", "Months", "Timeline"]


@dataclass(frozen=True, slots=True)
class Month:
    """A month, written like 2019-06, and how many items are from it."""

    month: str
    n_items: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The months that items are from, the oldest first, and how many items have no time.

    Months are those of the wall clock where an item was taken, as filters by time have them.
    """

    months: tuple[Month, ...]
    n_undated: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"months": [asdict(month) for month in self.months], "n_undated": self.n_undated}


class _Numbered(NamedTuple):
    """The month of each row, (n,), as its place among those from ``first`` on, which is 1; 0 for
    an item without a time. ``first`` counts months since January 1970."""

    places: Int64Array
    first: int


class Months:
    """The months of one version's rows, found when first needed."""

    def __init__(self, version: Version) -> None:
        self._version = version

    @cached_property
    def _numbered(self) -> _Numbered:
        times = self._version.times_us
        is_dated = times != NO_TIME
        months = times.view("datetime64[us]").astype("datetime64[M]").astype(np.int64)
        first = int(months[is_dated].min()) if is_dated.any() else 0
        return _Numbered(np.where(is_dated, months - first + 1, 0), first)

    def timeline(self, allowed: BoolArray | None) -> Timeline:
        """Count the rows that are allowed, (n,), or all; months without any are left out."""
        places, first = self._numbered
        counts = np.bincount(places if allowed is None else places[allowed], minlength=1)
        n_undated, of_months = int(counts[0]), counts[1:]
        there = np.flatnonzero(of_months)
        names = np.datetime_as_string((there + first).astype("datetime64[M]"), unit="M")
        return Timeline(
            tuple(map(Month, names.tolist(), of_months[there].tolist())), n_undated=n_undated
        )
