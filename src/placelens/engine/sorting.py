"""The orders that items can be listed in: one key an item, smaller first.

What has no time or no place comes last in an order of these, by name.
"""

from __future__ import annotations

import bisect
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from placelens import kernels
from placelens.display import shown
from placelens.engine.periods import NO_TIME
from placelens.errors import QueryError
from placelens.geo.distance import SPACES, origin_of, positions_of
from placelens.storage.json_columns import attributes_from_json
from placelens.storage.version import Version
from placelens.types import BoolArray, Float64Array, Int64Array, Place, title_of

_DIGITS = re.compile(r"\d+")
# Enough to tell titles apart; a longer one would make a longer cursor.
_KEY_LENGTH = 100


Keys = tuple[Int64Array | Float64Array, BoolArray]
"""The number that each row is sorted by, and which rows have one, (n,) each."""


def _newest(version: Version, _near: Place | None) -> Keys:
    times = version.times_us
    return -times, times != NO_TIME


def _oldest(version: Version, _near: Place | None) -> Keys:
    times = version.times_us
    return times, times != NO_TIME


def _nearest(version: Version, near: Place | None) -> Keys:
    if near is None:
        raise QueryError("sort 'distance' needs a place to measure from: give near as well")
    positions = positions_of(version.space, *version.coordinates)
    distances = kernels._distances(SPACES[version.space], positions, origin_of(near, version.space))
    return distances, ~np.isnan(distances)


def _by_name_alone(version: Version, _near: Place | None) -> Keys:
    return np.zeros(version.n_items), np.zeros(version.n_items, dtype=np.bool_)


def natural_key(title: str) -> str:
    """A title as people sort it: without case, and IMG_2 before IMG_10.

    Examples
    --------
    >>> sorted(["IMG_10", "img_2", "Brno"], key=natural_key)
    ['Brno', 'img_2', 'IMG_10']
    """
    padded = _DIGITS.sub(lambda digits: digits[0].zfill(12), title.casefold())
    return padded[:_KEY_LENGTH]


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: the key of every row, and whether it depends on the place asked for."""

    keys: Callable[[Version, Place | None], Keys]
    by_place: bool = False


# "score" is the order of the ranking itself, and so has no key of its own.
SORTS: Mapping[str, Sort | None] = {
    "score": None,
    "time": Sort(_newest),
    "oldest": Sort(_oldest),
    "name": Sort(_by_name_alone),
    "distance": Sort(_nearest, by_place=True),
}


DEFAULT_SORT = "time"


def check_sort(sort: Any) -> None:
    """Raise QueryError unless it is None or one of `SORTS`."""
    if sort is not None and (not isinstance(sort, str) or sort not in SORTS):
        raise QueryError(f"sort {shown(sort)} is not known; use one of {', '.join(SORTS)}")


class Names:
    """The names that rows of a version are sorted by; each is read when first needed, and kept."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._lock = threading.Lock()
        self._names = np.empty(version.n_items, dtype=object)
        self._is_read = np.zeros(version.n_items, dtype=np.bool_)

    def of(self, rows: Sequence[int] | Int64Array) -> list[str]:
        """The names of some rows, as `natural_key` makes them."""
        rows = np.asarray(rows, dtype=np.int64)
        with self._lock:
            unread = rows[~self._is_read[rows]]
            if len(unread):
                self._names[unread] = self._read(unread)
                self._is_read[unread] = True
            names: list[str] = self._names[rows].tolist()
            return names

    def _read(self, rows: Int64Array) -> list[str]:
        table = self._version.take(rows, ["attributes", "text", "image", "id"])
        columns = (column.to_pylist() for column in table.columns)
        return [
            natural_key(title_of(attributes_from_json(attributes), text, image, item_id))
            for attributes, text, image, item_id in zip(*columns, strict=True)
        ]


class Order:
    """All rows of a version in an order: by their numbers, then those without one by name.

    Equal keys come in the order of their internal ids.
    """

    def __init__(self, version: Version, sort: str, near: Place | None, names: Names) -> None:
        chosen = SORTS[sort]
        if chosen is None:
            raise QueryError(f"there is nothing to rank by, so sort {shown(sort)} says nothing")
        self._keys, self._has_key = chosen.keys(version, near)
        self._names = names
        self._iids = version.iids

    @cached_property
    def _numbered(self) -> Int64Array:
        rows = np.flatnonzero(self._has_key)
        return rows[np.lexsort((self._iids[rows], self._keys[rows]))]

    @cached_property
    def _named(self) -> Int64Array:
        rows = np.flatnonzero(~self._has_key)
        rows = rows[np.argsort(self._iids[rows])]
        names = self._names.of(rows)
        return rows[np.array(sorted(range(len(rows)), key=names.__getitem__), dtype=np.int64)]

    @cached_property
    def _rows(self) -> Int64Array:
        return np.concatenate([self._numbered, self._named])

    def key_of(self, row: int) -> int | float | str:
        """The key of a row: its number, or the name of one without."""
        if not self._has_key[row]:
            return self._names.of([row])[0]
        number: int | float = self._keys[row].item()
        return number

    def after(self, key: int | float | str, iid: int) -> int:
        """Where in the order what comes after a key and internal id begins.

        Raises
        ------
        QueryError
            If the key is not of this order's kind: the cursor that it comes from was made up.
        """
        is_name = isinstance(key, str)
        if not (is_name or self._has_key.any() or not len(self._has_key)):
            raise QueryError(
                f"the cursor's key {shown(key)} is none of this order; start at page 1"
            )
        among = self._named if is_name else self._numbered
        at = bisect.bisect_right(
            among, (key, iid), key=lambda row: (self.key_of(row), int(self._iids[row]))
        )
        return at + len(self._numbered) if is_name else at

    def page(self, start: int, k: int, allowed: BoolArray | None) -> Int64Array:
        """The first ``k`` rows that are allowed, from a position on."""
        rows = self._rows[start:]
        if allowed is not None:
            rows = rows[allowed[rows]]
        return rows[:k]

    def positions(self, rows: Int64Array) -> list[int]:
        """The positions in ``rows``, in the order of what stands there."""
        listed = rows.tolist()
        return sorted(
            range(len(listed)),
            key=lambda i: (
                not self._has_key[listed[i]],
                self.key_of(listed[i]),
                int(self._iids[listed[i]]),
            ),
        )
