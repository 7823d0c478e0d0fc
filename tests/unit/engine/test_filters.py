"""Attribute conditions: what a value must be, whatever type the file gave it."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.engine.attributes import DERIVED
from placelens.engine.filters import OPERATORS, conditions
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
        (np.int64(3), [3, "3", 3.0], [4]),
        ({"gte": np.float32(3)}, [3, 4.5], [2, "3"]),
        (date(2019, 6, 1), ["2019-06-01"], ["2019-06"]),
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


KEYWORDS = ["Sea", "fishing boat", 2019]


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        ("sea", True),
        ("boat", False),  # a member is compared as a whole
        (2019, True),
        ("2019", True),
        (["harbour", "SEA"], True),
        (["harbour", "boat"], False),
        ({"all": ["sea", 2019]}, True),
        ({"all": ["sea", "boat"]}, False),
        ({"all": []}, True),
        ({"contains": "BOAT"}, True),
        ({"contains": 20}, True),
        ({"starts": "fish"}, True),
        ({"starts": "boat"}, False),
        ({"ends": "boat"}, True),
        ({"ne": "sea"}, False),
        ({"ne": "boat"}, True),
        ({"ne": ["boat", "sea"]}, False),
        ({"not": {"contains": "boat"}}, False),
        ({"not": {"starts": "boat", "ends": "x"}}, True),
        ({"gte": 2000}, True),
        ({"gt": 2019}, False),
        ({"exists": True}, True),
        ({"contains": "boat", "all": ["sea"]}, True),
    ],
)
def test_a_list_is_compared_member_by_member(wanted, passes):
    assert conditions("keywords", wanted)(KEYWORDS) is passes


def test_what_has_no_value_passes_only_what_is_denied():
    operands = {"in": ["a"], "all": ["a"], "exists": True, "not": {"eq": "a"}}
    passing = {
        name
        for name in OPERATORS
        if all(conditions("a", {name: operands.get(name, "a")})(none) for none in (None, []))
    }
    assert passing == {"ne", "not"}
    assert conditions("a", {"exists": False})(None)
    assert not conditions("a", {"all": []})(None)  # as with every other, there is nothing to test


def test_accents_are_equal_however_they_are_composed():
    """As macOS writes file names, and as people type them."""
    assert conditions("place", "Fe\u0302te")("F\u00eate")
    assert conditions("place", {"starts": "f\u00ea"})("Fe\u0302te")


@pytest.mark.parametrize(
    ("folder", "passes"),
    [
        ("rome", True),
        ("2019/rome", True),
        ("2019", True),  # with what lies below it
        ("/home/ann/Pictures/2019/rome/", True),
        ("./2019/Rome", True),
        ("home/ann", True),
        ("rom", False),
        ("2019/ro", False),
        ("ann/2019", False),
        ({"starts": "2019/ro"}, True),
        ({"starts": "/home/ann/Pic"}, True),
        ({"contains": "tures/20"}, True),
        ({"ne": "2019"}, False),
        ({"ne": "2020"}, True),
        ({"all": ["ann", "rome"]}, True),
    ],
)
@pytest.mark.parametrize("path", ["/home/ann/Pictures/2019/rome/a.jpg"])
def test_a_folder_is_found_by_any_part_of_its_path(folder, passes, path):
    assert conditions("folder", folder)(DERIVED["folder"].of(path)) is passes
    if isinstance(folder, str):
        many = [folder, *(f"elsewhere/{n}" for n in range(20))]
        assert conditions("folder", many)(DERIVED["folder"].of(path)) is passes


def test_windows_paths_are_folders_and_files_too():
    path = r"C:\Users\Ann\Pictures\Rome\a.HEIC"
    assert conditions("folder", r"ann\pictures")(DERIVED["folder"].of(path))
    assert conditions("folder", "Pictures/Rome")(DERIVED["folder"].of(path))
    assert conditions("file", {"ends": ".heic"})(DERIVED["file"].of(path))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"is": 1}, "'is' is not known; use eq, ne, in, all, contains"),
        ({}, "(none)"),
        ({"eq": ["a"]}, "'eq' needs one value"),
        ({"in": "a"}, "'in' needs a list, got 'a'"),
        ({"all": "a"}, "'all' needs a list"),
        ({"in": [{"a": 1}]}, "'in' needs one value, got {'a': 1}"),
        ({"contains": ""}, "needs a text, got ''"),
        (None, "'eq' needs one value, got None; {'exists': False} finds items without it"),
        (["a", None], "'in' needs one value, got None"),
        ({"contains": None}, "a part of a text needs one value, got None"),
        ({"gt": [1]}, "a range needs one value, got [1]"),
        ({"starts": ["a"]}, "a part of a text needs one value"),
        ({"gt": True}, "a range needs a number or a text"),
        ({"exists": "yes"}, "'exists' needs true or false"),
        ({"not": {"is": 1}}, "'is' is not known"),
        ({"not": "sea"}, "'not' needs other operators"),
        ({"not": {"not": {"eq": 1}}}, "'not' needs other operators"),
        ({"eq": ["x" * 1000]}, "…"),
    ],
)
def test_what_cannot_be_asked_is_named(wanted, message):
    with pytest.raises(FilterError) as caught:
        conditions("a", wanted)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200
