"""Where a page ended, as a short text that stays valid while the collection grows.

The next page holds what comes after the last (score, internal id). Items that were added since
the first page are left out by their internal id, and the scale of the ``linear`` decay is kept,
so that nothing moves between pages; items deleted in between are simply missing.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from placelens.display import shown
from placelens.errors import QueryError
from placelens.limits import MAX_CURSOR

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of a page: score and internal id of its last hit, and what must not move."""

    score: float
    iid: int
    end_iid: int
    d_max_m: float
    rank: int
    digest: str

    def encode(self) -> str:
        """As text for a URL."""
        return _encode(asdict(self).values())

    def _is_possible(self) -> bool:
        """Whether a page can end like this: finite numbers, and ids that a table can hold."""
        numbers = (self.iid, self.end_iid, self.rank)
        is_finite = math.isfinite(self.score) and math.isfinite(self.d_max_m)
        return is_finite and self.d_max_m >= 0 and all(0 <= n <= LARGEST_ID for n in numbers)

    @classmethod
    def decode(cls, text: str, *, digest: str) -> Cursor:
        """Read a cursor and check that it belongs to the query.

        Raises
        ------
        QueryError
            If the text is not a cursor, or one of another query.
        """
        try:
            score, iid, end_iid, d_max_m, rank, owner = _decode(text)
            cursor = cls(float(score), int(iid), int(end_iid), float(d_max_m), int(rank), owner)
            if not cursor._is_possible():
                raise ValueError("no page ends there")
        except _UNREADABLE:
            raise _unreadable(text) from None
        _check_owner(owner, digest)
        return cursor


@dataclass(frozen=True, slots=True)
class ListCursor:
    """The end of a page of a list: the key that its last item is sorted by, and its internal id."""

    key: int | float | str
    iid: int
    end_iid: int
    rank: int
    digest: str

    def encode(self) -> str:
        """As text for a URL."""
        return _encode(asdict(self).values())

    @classmethod
    def decode(cls, text: str, *, digest: str) -> ListCursor:
        """Read a cursor and check that it belongs to the query; raises as `Cursor.decode` does."""
        try:
            key, iid, end_iid, rank, owner = _decode(text)
            if not isinstance(key, int | float | str):
                raise TypeError
            cursor = cls(key, int(iid), int(end_iid), int(rank), owner)
        except _UNREADABLE:
            raise _unreadable(text) from None
        _check_owner(owner, digest)
        return cursor


_UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError)


def _encode(values: Iterable[Any]) -> str:
    # Not escaped: a name of characters beyond ASCII would take twice as long a cursor.
    data = json.dumps(list(values), separators=(",", ":"), ensure_ascii=False)
    written = base64.urlsafe_b64encode(data.encode(errors="surrogatepass"))
    return written.decode().rstrip("=")


def _decode(text: str) -> Any:
    if len(text) > MAX_CURSOR:
        raise ValueError("no cursor is that long")
    padded = text + "=" * (-len(text) % 4)
    return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))


def _unreadable(text: str) -> QueryError:
    return QueryError(
        f"cursor {shown(text)} cannot be read; pass it exactly as the last page gave it"
    )


def _check_owner(owner: Any, digest: str) -> None:
    if owner != digest:
        raise QueryError(
            "the cursor belongs to another query; ask for the next page with the same "
            "words, place, mu, sort and filters"
        )
