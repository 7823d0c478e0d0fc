"""Attribute conditions as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.engine.filters import OPERATORS, conditions
from placelens.engine.where import parse_bbox, parse_where
from placelens.errors import FilterError


def test_conditions_on_several_attributes():
    written = ["city=Paris", "city=Lyon", "rating>=3", "rating < 5", "kind!=map", "taken>2019-06"]
    assert parse_where(written) == {
        "city": {"in": ["Paris", "Lyon"]},
        "rating": {"gte": 3, "lt": 5},
        "kind": {"ne": ["map"]},
        "taken": {"gt": "2019-06"},
    }


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("note=a=b", {"note": {"in": ["a=b"]}}),
        ("note=it contains x", {"note": {"in": ["it contains x"]}}),
        ("note contains a=b", {"note": {"contains": "a=b"}}),
        ("alt text contains sea", {"alt text": {"contains": "sea"}}),
        ("folder starts 2019/rome trip", {"folder": {"starts": "2019/rome trip"}}),
        ("file ends .HEIC", {"file": {"ends": ".HEIC"}}),
        ("keywords all sea", {"keywords": {"all": ["sea"]}}),
        ("rating exists", {"rating": {"exists": True}}),
        ("rating not exists", {"rating": {"not": {"exists": True}}}),
        ("keywords not contains sea", {"keywords": {"not": {"contains": "sea"}}}),
        (" city = Praha ", {"city": {"in": ["Praha"]}}),
        ("city=", {"city": {"in": [""]}}),
        ("n>-1.5e3", {"n": {"gt": -1500.0}}),
        ("contains=3", {"contains": {"in": ["3"]}}),
        ("note=a\nb", {"note": {"in": ["a\nb"]}}),
    ],
)
def test_one_condition(written, wanted):
    assert parse_where([written]) == wanted


def test_what_may_be_said_twice():
    assert parse_where(["k all a", "k all b", "c!=x", "c!=y"]) == {
        "k": {"all": ["a", "b"]},
        "c": {"ne": ["x", "y"]},
    }
    both = parse_where(["rating exists", "rating>2"])
    assert conditions("rating", both["rating"])(3)


@pytest.mark.parametrize(
    "written",
    [["city"], ["=Paris"], ["rating>1", "rating>2"], ["k contains a", "k contains b"],
     ["contains sea"], ["rating exists yes"], [""], ["x" * 1000]],
)  # fmt: skip
def test_what_cannot_be_read_is_named(written):
    with pytest.raises(FilterError, match="--where") as caught:
        parse_where(written, option="--where")
    assert len(str(caught.value)) < 300


@given(
    st.text("abz_ ", min_size=1).filter(str.strip),
    st.sampled_from([name for name, operator in OPERATORS.items() if operator.written]),
    st.text("abc =<>!.019", max_size=9),
)
def test_whatever_can_be_written_can_be_asked(name, operator, value):
    """What is read back is a condition, and on the attribute that was meant."""
    if operator in ("contains", "starts", "ends") and not value.strip():
        value = "a"
    written = OPERATORS[operator].written
    spaced = f" {written} " if written.isalpha() else written
    end = "" if operator == "exists" else value
    if not written.isalpha() and end.lstrip().startswith(("=",)):
        return  # ">" and "=" together are another sign
    where = parse_where([f"{name}{spaced}{end}"])
    assert list(where) == [name.strip()]
    conditions(name, where[name.strip()])


def test_boxes():
    assert parse_bbox("-10,-20.5, 30,40") == (-10.0, -20.5, 30.0, 40.0)
    for written in ("1,2,3", "a,b,c,d", ""):
        with pytest.raises(FilterError, match="west,south,east,north"):
            parse_bbox(written)
