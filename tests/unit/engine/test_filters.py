"""Attribute conditions: what a value must be, whatever type the file gave it."""

import pytest

from placelens.engine.filters import conditions


@pytest.mark.parametrize(
    ("wanted", "passing", "failing"),
    [
        (3, [3, 3.0, "3"], [4, "4", None, True]),
        ("3", [3, "3"], [True, None, "33"]),
        (1, [1, 1.0, "1"], [True, 0]),
        (True, [True, "true", "True"], [1, 1.0, "1", False]),
        (0, [0, "0"], [False, "", None]),
        ([False, "no"], [False, "false", "NO"], [0, True, None]),
        ({"ne": 1}, [True, 2, None], [1, "1"]),
        ("Straße", ["STRASSE", "straße"], ["Strase"]),
    ],
)
def test_equal(wanted, passing, failing):
    check = conditions("a", wanted)
    assert [value for value in passing if not check(value)] == []
    assert [value for value in failing if check(value)] == []
