from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from placelens.readers.values import (
    clean_text,
    converter_of,
    join_texts,
    parse_time,
    to_attribute,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  a\tb\n", "a\tb"),
        ("a\0b\0\0", "a b"),
        ("\ud800a", "?a"),
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "café"),
        ("", None),
        (" \0", None),
        (None, None),
        (5, None),
    ],
)
def test_clean_text(value, text):
    assert clean_text(value) == text
    if text:
        text.encode("utf-8")


def test_join_texts_keeps_order_and_drops_repeats():
    assert join_texts(["b", "a", None, "B ", ""]) == "b\na"
    assert join_texts([]) is None


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        (True, True),
        (5, 5),
        (2**70, str(2**70)),
        (1.5, 1.5),
        (float("nan"), None),
        (float("inf"), None),
        (Decimal("1.5"), 1.5),
        (" x ", "x"),
        (date(2020, 1, 2), "2020-01-02"),
        (datetime(2020, 1, 2, 3), "2020-01-02T03:00:00"),
        (["sea", None, 3], ["sea", 3]),
        ([["sea"], {"a": 1}], None),
        ([], None),
        ([{"a": 1}], None),
        ({"a": 1}, None),
        (b"raw", None),
    ],
)
def test_to_attribute(value, attribute):
    result = to_attribute(value)
    assert result == attribute
    assert type(result) is type(attribute)


@pytest.mark.parametrize(
    ("cells", "converted"),
    [
        (["1", "-2", "30"], [1, -2, 30]),
        (["1", "2.5"], [1.0, 2.5]),
        (["1e3", "2"], [1000.0, 2.0]),
        (["true", "False"], [True, False]),
        (["01", "2"], ["01", "2"]),  # post codes
        (["1", "two"], ["1", "two"]),
        (["1", "12345678901234567890"], [1.0, 12345678901234567890.0]),
        (["+5"], ["+5"]),
        (["1_000"], ["1_000"]),
        (["٣"], ["٣"]),
    ],
)
def test_a_column_is_read_one_way(cells, converted):
    way = converter_of([None, *cells])
    assert [way(cell) for cell in cells] == converted
    assert [type(way(cell)) for cell in cells] == [type(value) for value in converted]


def test_a_column_without_values_is_text():
    assert converter_of([None, None])("5") == "5"


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2019", datetime(2019, 1, 1)),
        ("2019-06", datetime(2019, 6, 1)),
        ("2019-06-01", datetime(2019, 6, 1)),
        ("2019/6/1", datetime(2019, 6, 1)),
        ("20190601", datetime(2019, 6, 1)),
        ("1.6.2019", datetime(2019, 6, 1)),
        ("2019-06-01T12:30", datetime(2019, 6, 1, 12, 30)),
        ("2019-06-01 12:30:15.25", datetime(2019, 6, 1, 12, 30, 15, 250_000)),
        ("2019:06:01 12:30:15", datetime(2019, 6, 1, 12, 30, 15)),
        ("2019-06-01T12:30:15Z", datetime(2019, 6, 1, 12, 30, 15, tzinfo=UTC)),
        (
            "2019-06-01 12:30:15 +0530",
            datetime(2019, 6, 1, 12, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ),
        # `date -u -d @1224692919` gives 2008-10-22 16:28:39
        (1224692919, datetime(2008, 10, 22, 16, 28, 39, tzinfo=UTC)),
        ("1224692919000", datetime(2008, 10, 22, 16, 28, 39, tzinfo=UTC)),
        (date(2019, 6, 1), datetime(2019, 6, 1)),
        (2019, datetime(2019, 1, 1)),
    ],
)
def test_parse_time(value, time):
    assert parse_time(value) == time
    assert parse_time(value).tzinfo == time.tzinfo


@pytest.mark.parametrize(
    "value", ["", "soon", "6/1/2019", "2019-13", "0000", "2019-02-30", "12:30", 5, "nan", "inf",
              "1e400", "2019-06-01T25:00", "9999-12-31T23:59:59+99:00", True],
)  # fmt: skip
def test_what_is_no_time_names_the_value(value):
    with pytest.raises(ValueError, match="is not a time that is understood; write it like"):
        parse_time(value)
