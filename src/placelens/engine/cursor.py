"""Where a page ended, as a short text that stays valid while the collection grows.

The next page holds what comes after the last (score, internal id). Items that were added since
the first page are left out by their internal id, and the scale of the ``linear`` decay is kept,
so that nothing moves between pages; items deleted in between are simply missing.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import asdict, dataclass

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
        data = json.dumps(list(asdict(self).values()), separators=(",", ":"))
        return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")

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
            if len(text) > MAX_CURSOR:
                raise ValueError("no cursor is that long")
            padded = text + "=" * (-len(text) % 4)
            score, iid, end_iid, d_max_m, rank, owner = json.loads(
                base64.b64decode(padded, altchars=b"-_", validate=True)
            )
            cursor = cls(float(score), int(iid), int(end_iid), float(d_max_m), int(rank), owner)
            if not cursor._is_possible():
                raise ValueError("no page ends there")
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise QueryError(
                f"cursor {shown(text)} cannot be read; pass it exactly as the last page gave it"
            ) from None
        if cursor.digest != digest:
            raise QueryError(
                "the cursor belongs to another query; ask for the next page with the same "
                "words, place, mu and filters"
            )
        return cursor
