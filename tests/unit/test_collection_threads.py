"""One collection object in many threads: each answer is that of one version."""

import threading

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.storage.version import Version
from placelens.testing.fakes import HashEncoder


def test_a_refresh_between_finding_and_reading_gives_no_other_item(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    for name, width in (("a", 64), ("b", 128)):
        Image.new("RGB", (width, 64), "red").save(tmp_path / "photos" / f"{name}.png")
    writer = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    writer.add(pl.read_photos(tmp_path / "photos"), workers=0)
    first, second = writer.items()
    thumbnail = writer.thumbnail(first.id)
    reader = pl.Collection.open(writer.path)
    assert len(reader) == 2
    writer.update(first.id, attributes={"seen": True})  # a changed row goes to the table's end

    find = Version.row_of

    def find_then_refresh(snapshot, item_id):
        row = find(snapshot, item_id)
        reader.refresh()
        return row

    monkeypatch.setattr(Version, "row_of", find_then_refresh)
    assert reader.thumbnail(first.id) == thumbnail
    assert reader.get(second.id).width == 128


def test_threads_search_while_another_writes(tmp_path):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=4)
    collection.add_vectors(list("abcd"), np.eye(4))
    done = threading.Event()
    errors = []

    def search():
        while not done.is_set():
            try:
                assert collection.search(vector=[1, 0, 0, 0], k=1)[0].id == "a"
                assert collection.get("b").id == "b"
            except Exception as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for n in range(8):
            collection.add_vectors([f"x{n}"], np.eye(4)[3:])
            collection.update("b", attributes={"n": n})
            collection.delete([f"x{n}"])
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert collection.get("b").attributes == {"n": 7}


@pytest.mark.parametrize("change", ["append", "replace", "delete", "compact"])
def test_the_handle_that_threads_share_is_never_changed(tmp_path, change):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=4)
    collection.add_vectors(list("abcd"), np.eye(4))
    collection.delete(["d"])
    held, version = collection._table.dataset, collection.version
    {
        "append": lambda: collection.add_vectors(["e"], np.eye(4)[:1]),
        "replace": lambda: collection.update("a", text="new"),
        "delete": lambda: collection.delete(["a"]),
        "compact": collection.compact,
    }[change]()
    assert held.version == version < collection.version
