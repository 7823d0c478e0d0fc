"""A disk that is full or gone is said in words, without anybody's build folder."""

import errno
import shutil

import numpy as np
import pytest

import placelens as pl
from placelens.storage.table import ItemTable


@pytest.fixture
def collection(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=4)
    made.add_vectors(["a", "b"], np.eye(4)[:2], lat=[1, 2], lon=[3, 4])
    return made


CALLS = {
    "get": lambda c: c.get("a"),
    "items": lambda c: list(c.items()),
    "search": lambda c: c.search(vector=[1, 0, 0, 0]),
    "stats": lambda c: c.stats(),
    "points": lambda c: c.points(),
    "vector": lambda c: c.vector("a"),
    "refresh": lambda c: c.refresh(),
    "update": lambda c: c.update("a", text="b"),
    "delete": lambda c: c.delete("a"),
    "compact": lambda c: c.compact(),
    "snapshot": lambda c: c.snapshot("s"),
    "restore": lambda c: c.restore("s"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_folder_that_is_gone(collection, name):
    shutil.rmtree(collection.path)
    with pytest.raises(pl.CollectionError) as caught:
        CALLS[name](collection)
    assert str(collection.path) in str(caught.value)
    assert ".rs" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "/x/y"),
        OSError("LanceError(IO): copy: No space left on device (os error 28), /ci/io.rs:1:2"),
    ],
)
def test_a_full_disk(collection, monkeypatch, error):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(ItemTable, "append", fail)
    with pytest.raises(pl.CollectionError, match="No space left on device") as caught:
        collection.add_vectors(["c"], np.eye(4)[:1])
    assert "/ci/" not in str(caught.value)


def test_the_callers_own_mistakes_stay_what_they_are(collection):
    with pytest.raises(pl.QueryError, match=r"io\.rs:1"):
        collection.search(vector=[1, 0, 0, 0], engine="/ci/io.rs:1:2")
