"""What is quoted is short, what is printed is tame."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.display import LONGEST_MESSAGE, LONGEST_VALUE, shown, visible
from placelens.errors import InputError


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("not today")


def deep(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(values)
def test_a_value_is_quoted_in_few_characters(value):
    assert len(shown(value)) <= LONGEST_VALUE


@pytest.mark.parametrize(
    "value",
    [
        10**5000,
        "x" * 10**7,
        b"x" * 10**7,
        deep(100_000),
        Rude(),
        np.zeros((99, 99)),
        {1: 2, "a": 3},
    ],
    ids=["digits", "text", "bytes", "deep", "rude", "array", "mixed keys"],
)
def test_no_value_is_too_much(value):
    assert len(shown(value)) <= LONGEST_VALUE


def test_numbers_of_numpy_are_shown_as_numbers():
    assert [shown(n) for n in (np.float64(91.0), np.int32(3), np.bool_(True))] == [
        "91.0", "3", "True",
    ]  # fmt: skip


def test_a_message_is_cut_whoever_wrote_it():
    message = str(InputError("start " + "x" * 10**6 + " end"))
    assert len(message) <= LONGEST_MESSAGE
    assert message.startswith("start ")
    assert message.endswith(" end")


@given(st.text(st.characters()))
def test_nothing_that_a_terminal_obeys_is_printed(text):
    kept = visible(text)
    joiners = {"\u200c", "\u200d"}
    assert not [
        c
        for c in kept
        if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} - joiners and c not in joiners
    ]
    # Letters, marks, digits and signs of every script are as they were.
    harmless = [c for c in text if unicodedata.category(c)[0] in "LMNPS"]
    assert all(c in kept for c in harmless)


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("\u2066left\u2069 \u202egpj", "\\u2066left\\u2069 \\u202egpj"),
        ("pay\u200bpal pay\u200dpal \ufeff", "pay\\u200bpal pay\\u200dpal \\ufeff"),
        ("\u2028 \ud800", "\\u2028 \\ud800"),
        ("می\u200cخواهم 👨\u200d👩\u200d👧", "می\u200cخواهم 👨\u200d👩\u200d👧"),
    ],
)
def test_escapes(text, shown_as):
    assert visible(text) == shown_as
