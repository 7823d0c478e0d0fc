"""A cursor is read as it was written, and anything else is refused by name."""

import base64
import json

import pytest

from placelens.engine.cursor import Cursor
from placelens.errors import QueryError


def as_text(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_comes_back_to_the_bit():
    cursor = Cursor(score=0.1 + 0.2, iid=2**53 + 1, end_iid=7, d_max_m=1e7 / 3, rank=3, digest="q")
    assert Cursor.decode(cursor.encode(), digest="q") == cursor


@pytest.mark.parametrize(
    "text",
    [
        "?",
        "é",
        5,
        as_text([]),
        as_text([1, "x", 3, 4, 5, "q"]),
        as_text([1, float("inf"), 3, 4, 5, "q"]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        as_text([1, 2**63, 3, 4, 5, "q"]),
        as_text([1, 2, -1, 4, 5, "q"]),
        as_text([1, 2, 3, 4, 10**400, "q"]),
        as_text([float("nan"), 2, 3, 4, 5, "q"]),
        as_text([1, 2, 3, -4, 5, "q"]),
    ],
    ids=[
        *("letters", "accent", "number", "short", "words", "infinite", "deep"),
        *("beyond int64", "negative", "digits", "nan", "scale"),
    ],
)
def test_what_is_no_cursor_is_named(text):
    with pytest.raises(QueryError, match="cannot be read; pass it exactly"):
        Cursor.decode(text, digest="q")
