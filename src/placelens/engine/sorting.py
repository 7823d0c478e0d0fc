"""The orders that items can be listed in: one key an item, smaller first, what has none last."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from placelens import kernels
from placelens.errors import QueryError
from placelens.geo.distance import SPACES, origin_of, positions_of
from placelens.storage.version import Version
from placelens.types import BoolArray, Float64Array, Int64Array, Place, title_of

_NO_TIME = np.iinfo(np.int64).min
_LAST = np.iinfo(np.int64).max
_DIGITS = re.compile(r"\d+")
# Enough to tell titles apart; a longer one would make a longer cursor.
_KEY_LENGTH = 100


Keys = Int64Array | Float64Array | list[str]


def _newest(version: Version, _near: Place | None) -> Keys:
    times = version.times_us
    return np.where(times == _NO_TIME, _LAST, -times)


def _oldest(version: Version, _near: Place | None) -> Keys:
    times = version.times_us
    return np.where(times == _NO_TIME, _LAST, times)


def _nearest(version: Version, near: Place | None) -> Keys:
    if near is None:
        raise QueryError("sort 'distance' needs a place to measure from: give near as well")
    positions = positions_of(version.space, *version.coordinates)
    distances = kernels._distances(SPACES[version.space], positions, origin_of(near, version.space))
    return np.where(np.isnan(distances), np.inf, distances)


def _by_title(version: Version, _near: Place | None) -> Keys:
    columns = (version.texts(name) for name in ("text", "image", "id"))
    return [
        natural_key(title_of(attributes, text, image, item_id or ""))
        for attributes, text, image, item_id in zip(version.attributes, *columns, strict=True)
    ]


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
    "name": Sort(_by_title),
    "distance": Sort(_nearest, by_place=True),
}


DEFAULT_SORT = "time"


def check_sort(sort: Any) -> None:
    """Raise QueryError unless it is None or one of `SORTS`."""
    if sort is not None and (not isinstance(sort, str) or sort not in SORTS):
        raise QueryError(f"sort {sort!r} is not known; use one of {', '.join(SORTS)}")


class Order:
    """All rows of a version in an order; equal keys in the order of their internal ids."""

    def __init__(self, version: Version, sort: str, near: Place | None) -> None:
        chosen = SORTS[sort]
        if chosen is None:
            raise QueryError(f"there is nothing to rank by, so sort {sort!r} says nothing")
        self.by_place = chosen.by_place
        self._keys = keys = chosen.keys(version, near)
        self._iids = version.iids
        self._rows: Int64Array
        if isinstance(keys, list):
            by_id = np.argsort(self._iids, kind="stable").tolist()
            self._rows = np.array(sorted(by_id, key=keys.__getitem__), dtype=np.int64)
        else:
            self._rows = np.lexsort((self._iids, keys))

    def key_of(self, row: int) -> Any:
        """The key of a row as a plain value."""
        key = self._keys[row]
        return key.item() if isinstance(key, np.generic) else key

    def after(self, key: Any, iid: int) -> int:
        """Where in the order what comes after a key and internal id begins.

        Raises
        ------
        QueryError
            If the key is not of this order's kind: the cursor that it comes from was made up.
        """
        if isinstance(key, str) != isinstance(self._keys, list):
            raise QueryError(f"the cursor's key {key!r} is none of this order; start at page 1")
        return bisect.bisect_right(
            self._rows, (key, iid), key=lambda row: (self.key_of(row), int(self._iids[row]))
        )

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
            range(len(listed)), key=lambda i: (self.key_of(listed[i]), int(self._iids[listed[i]]))
        )
