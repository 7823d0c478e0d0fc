"""Rows that wait beside a table: what comes back, and what is passed over."""

import numpy as np
import pyarrow as pa
import pytest

from placelens.storage import staging
from placelens.storage.staging import Staging, read_notes, write_notes

VECTOR = pa.list_(pa.float32(), 2)
COLUMNS = pa.schema(
    [("iid", pa.int64()), ("how", pa.string()), ("image_vector", VECTOR)], {"made_by": "one"}
)


def rows(iids, how="file", columns=COLUMNS):
    vectors = [[float(iid), 0.5] if iid % 2 else None for iid in iids]
    made = {"iid": list(iids), "how": [how] * len(iids), "image_vector": vectors}
    return pa.table(made, columns)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "waits"


@pytest.fixture
def filled(folder):
    store = Staging(folder, COLUMNS)
    store.add(rows([5, 2, 7]))
    store.add(rows([1, 9]))
    store.add(rows([2], how="again"))
    return store


def test_rows_come_back_in_the_order_asked_for(folder, filled):
    for store in (filled, Staging(folder, COLUMNS)):
        assert len(store) == 5
        assert store.holds(np.array([2, 3, 9])).tolist() == [True, False, True]
        taken = store.take(np.array([9, 2, 5, 1]), ["how", "image_vector"])
        assert taken["how"].to_pylist() == ["file", "again", "file", "file"]
        assert taken["image_vector"].to_pylist() == [[9.0, 0.5], None, [5.0, 0.5], [1.0, 0.5]]
        assert store.take(np.array([], np.int64), ["how"]).num_rows == 0
        assert {each["iid"]: each["how"] for each in store.small(("how",))}[2] == "again"


def test_the_last_of_two_is_taken(folder, filled):
    for number in range(12):
        Staging(folder, COLUMNS).add(rows([7], how=f"{number}"))
    assert Staging(folder, COLUMNS).take(np.array([7]), ["how"])["how"].to_pylist() == ["11"]


@pytest.mark.parametrize("damage", ["bit", "cut", "empty", "renamed"])
def test_what_is_damaged_is_as_if_it_were_not_there(folder, filled, damage):
    first = sorted(folder.glob("*.arrow"))[0]
    content = first.read_bytes()
    if damage == "renamed":
        first.rename(folder / "00000000-0123456789abcdef0123456789abcdef.arrow")
    elif damage == "bit":
        first.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    else:
        first.write_bytes(content[:-9] if damage == "cut" else b"")
    store = Staging(folder, COLUMNS)
    assert store.holds(np.array([5, 2, 7, 1])).tolist() == [False, True, False, True]
    assert len(list(folder.glob("*.arrow"))) == 3
    store.tidy()
    assert len(list(folder.glob("*.arrow"))) == 2


def test_what_is_for_another_use_is_passed_over(folder, filled):
    other = COLUMNS.with_metadata({"made_by": "two"})
    store = Staging(folder, other)
    assert len(store) == 0
    store.tidy()
    assert list(folder.glob("*.arrow")) == []


def test_nothing_is_left_in_the_end(folder, filled):
    (folder / "half.1.tmp").write_bytes(b"x")
    filled.clear()
    assert not folder.exists()
    filled.clear()


def test_notes(folder, filled):
    write_notes(folder, [3, 1], made_by="one")
    filled.clear()
    assert read_notes(folder, made_by="one") == [3, 1]
    assert read_notes(folder, made_by="two") == []
    write_notes(folder, [], made_by="one")
    assert not folder.exists()


@pytest.mark.parametrize(
    "written", ["", "[]", '{"made_by": "one"}', '{"made_by": "one", "iids": 3}']
)
def test_notes_that_a_stranger_wrote(folder, written):
    folder.mkdir()
    (folder / staging.NOTES_NAME).write_text(written)
    assert read_notes(folder, made_by="one") == []
