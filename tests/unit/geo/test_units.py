"""Distances as people type them, and texts that only look like some."""

import pytest

from placelens.errors import QueryError
from placelens.geo.decay import Decay
from placelens.geo.units import parse_distance_m


@pytest.mark.parametrize(
    ("written", "metres"),
    [
        ("5km", 5_000), (" 5 km ", 5_000), (".5mi", 804.672), ("1e3", 1_000), ("+2.50 KM", 2_500),
        ("1E-3km", 1), ("0", 0), (7, 7), (2.5, 2.5),
    ],
)  # fmt: skip
def test_distances(written, metres):
    assert parse_distance_m(written) == pytest.approx(metres)


@pytest.mark.parametrize(
    "written",
    [
        "", "km", "5.", "1..2", "5 6km", "5km km", "-1", "1e999", "nan", "inf", "٥km", "5\x00km",
        "9" * 100_000, "9" * 150 + "!", "1" * 99 + " " * 99 + "!", float("nan"), 10**400, None, [5],
    ],
    ids=lambda value: str(value)[:9],
)  # fmt: skip
def test_what_is_no_distance(written):
    with pytest.raises(QueryError):
        parse_distance_m(written)
    if isinstance(written, str):
        with pytest.raises(QueryError):
            Decay.parse(f"gauss:{written}")
