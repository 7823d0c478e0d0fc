"""Where a page ended, as a short text that stays valid while the collection grows.

The next page holds what comes after the last (score, internal id). Items that were added since
the first page are left out by their internal id, and the scale of the ``linear`` decay is kept,
so that nothing moves between pages; items deleted in between are simply missing.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass

from placelens.errors import QueryError


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

    @classmethod
    def decode(cls, text: str, *, digest: str) -> Cursor:
        """Read a cursor and check that it belongs to the query.

        Raises
        ------
        QueryError
            If the text is not a cursor, or one of another query.
        """
        try:
            padded = text + "=" * (-len(text) % 4)
            score, iid, end_iid, d_max_m, rank, owner = json.loads(
                base64.b64decode(padded, altchars=b"-_", validate=True)
            )
            cursor = cls(float(score), int(iid), int(end_iid), float(d_max_m), int(rank), owner)
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise QueryError(
                f"cursor {str(text)[:40]!r} cannot be read; "
                "pass it exactly as the last page gave it"
            ) from None
        if cursor.digest != digest:
            raise QueryError(
                "the cursor belongs to another query; ask for the next page with the same "
                "words, place, mu and filters"
            )
        return cursor
