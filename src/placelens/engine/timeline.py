"""How many items there are of each month, or of each day."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from placelens.display import shown
from placelens.engine.periods import NO_TIME
from placelens.errors import InputError
from placelens.storage.version import Version
from placelens.types import BoolArray, Int64Array

__all__ = ["By", "Period", "Periods", "Timeline"]

By = Literal["month", "day"]

_UNITS: dict[By, Literal["M", "D"]] = {"month": "M", "day": "D"}


@dataclass(frozen=True, slots=True)
class Period:
    """A month, written like 2019-06, or a day, like 2019-06-30, and how many items are from it."""

    period: str
    n_items: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """The periods that items are from, the oldest first, and how many items have no time.

    Periods are those of the wall clock where an item was taken, as filters by time have them.
    """

    periods: tuple[Period, ...]
    n_undated: int
    by: By = "month"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        periods = [asdict(period) for period in self.periods]
        return {"by": self.by, "periods": periods, "n_undated": self.n_undated}


class _Numbered(NamedTuple):
    """The period of each row, (n,), as its place among those from ``first`` on, which is 1; 0 for
    an item without a time. ``first`` counts periods since the start of 1970."""

    places: Int64Array
    first: int


class Periods:
    """The months and days of one version's rows, found when first needed."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._kept: dict[By, _Numbered] = {}

    def timeline(self, allowed: BoolArray | None, by: By = "month") -> Timeline:
        """Count the rows that are allowed, (n,), or all; periods without any are left out.

        Raises
        ------
        InputError
            If ``by`` is no kind of period.
        """
        if by not in get_args(By):
            raise InputError(f"by {shown(by)} is no kind of period; give month or day")
        if by not in self._kept:
            self._kept[by] = self._number(_UNITS[by])
        places, first = self._kept[by]
        counts = np.bincount(places if allowed is None else places[allowed], minlength=1)
        n_undated, of_periods = int(counts[0]), counts[1:]
        there = np.flatnonzero(of_periods)
        names = np.datetime_as_string((there + first).astype(f"datetime64[{_UNITS[by]}]"))
        found = map(Period, names.tolist(), of_periods[there].tolist())
        return Timeline(tuple(found), n_undated=n_undated, by=by)

    def _number(self, unit: Literal["M", "D"]) -> _Numbered:
        times = self._version.times_us
        is_dated = times != NO_TIME
        periods = times.view("datetime64[us]").astype(f"datetime64[{unit}]").astype(np.int64)
        first = int(periods[is_dated].min()) if is_dated.any() else 0
        return _Numbered(np.where(is_dated, periods - first + 1, 0), first)
