"""Attribute conditions: what a value must be, whatever type the file gave it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.engine.filters import conditions
from placelens.errors import FilterError

VALUES = st.sampled_from(
    ["3", 3, 3.0, True, "true", "True", 1, 0, False, "no", "NO", "Straße", "STRASSE", ""]
)


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


@given(
    st.lists(VALUES, min_size=1, max_size=5),
    st.lists(st.none() | VALUES, max_size=8),
)
def test_one_of_many_is_equal_to_any_of_them(wanted, values):
    # The slow way: each wanted value on its own.
    each = [conditions("a", value) for value in wanted]
    expected = [any(check(value) for check in each) for value in values]
    assert [conditions("a", wanted)(value) for value in values] == expected


@pytest.mark.parametrize(
    "wanted",
    [None, [None], {"in": "abc"}, {"gte": None}, {"eq": [1]}, {"in": [{}]}, object(), b"x"],
)
def test_what_no_attribute_can_be_is_named(wanted):
    with pytest.raises(FilterError, match="filter on 'a'"):
        conditions("a", wanted)
