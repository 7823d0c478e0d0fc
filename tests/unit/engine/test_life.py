"""What a collection's indexes do by themselves while items come; see also the suite of kinds."""

import threading

import pytest

from placelens.engine.indexes import life as lives
from placelens.engine.indexes.kinds import registered
from placelens.index.gmr_kind import GMRTreeKind
from placelens.storage.arrays import open_arrays, remove_arrays, write_arrays
from placelens.testing.blocks import BlocksKind
from placelens.testing.lives import EARLY, Life


@pytest.fixture
def life(tmp_path):
    with registered(GMRTreeKind(EARLY)):
        yield Life(tmp_path / "c.pl", "gmrtree")


def test_small_files_are_merged_while_items_come(life, monkeypatch):
    """Each addition starts a merge where there are too many; here it is given its time."""
    monkeypatch.setattr(lives, "MAX_SMALL_FILES", 6)
    for _ in range(30):
        life.add(1)
        life.collection._versions.indexes.wait()
        # At most as many neighbours as are left alone, the one added, and the large first file.
        assert len(life.collection._versions.version.fragments) <= lives.MAX_SMALL_FILES + 3
        life.check()
    life.reopen()
    life.check()


def test_a_merge_gives_way_to_a_restore_that_waits_for_it(life, monkeypatch):
    """Who restores holds the lock that a merge needs, and waits until nothing is built."""
    life.add(2)
    life.collection.snapshot("before")
    n_items = len(life.collection)
    versions = life.collection._versions
    versions.indexes.wait()
    monkeypatch.setattr(lives, "MAX_SMALL_FILES", 0)
    begun = threading.Event()
    merge = versions.indexes._merge

    def begin():
        begun.set()
        return merge()

    versions.indexes._merge = begin
    check = versions._table.check_snapshot

    def checked(name):
        # Here the lock is held; the merge that is wanted now has begun before anybody waits for it.
        versions.indexes.settle_soon(scattered)
        assert begun.wait(60)
        return check(name)

    life.add(1)
    life.add(1)
    versions.indexes.wait()
    scattered = versions.version
    monkeypatch.setattr(lives, "_is_scattered", lambda _: True)
    begun.clear()
    monkeypatch.setattr(versions._table, "check_snapshot", checked)
    restoring = threading.Thread(target=life.collection.restore, args=("before",))
    restoring.start()
    restoring.join(60)
    assert not restoring.is_alive()
    assert begun.is_set()
    assert len(life.collection) == n_items


def test_a_merge_that_fails_is_logged_and_left_until_asked_for(life, monkeypatch, caplog):
    tries = []

    def fail(*_):
        tries.append(1)
        raise OSError("no room")

    monkeypatch.setattr(lives, "MAX_SMALL_FILES", 2)
    life.collection._versions.indexes._merge = fail
    for _ in range(6):
        life.add(1)
        life.collection._versions.indexes.wait()
    assert tries == [1]
    assert "placelens compact tries again" in caplog.text
    life.check()


class Failing(BlocksKind):
    """A kind that cannot be grown."""

    def grow(self, corpus, like):
        raise MemoryError("no room")


def test_a_kind_that_fails_does_not_keep_others_from_growing(life, caplog):
    with registered(Failing(EARLY), GMRTreeKind(EARLY)):
        life.reopen()
        for n in (2, 2):
            life.add_many()
            life.collection._versions.indexes.wait()
            assert len(life.folders()) == n
        assert caplog.text.count("the blocks of") == 1
        with pytest.raises(MemoryError):
            life.settle()
        life.check()


def test_what_names_no_kind_is_a_tree(life):
    """As they were written when there was one kind."""
    (folder,) = life.folders()
    arrays, meta = open_arrays(folder)
    for name in ("kind", "parameters", "arrays"):
        del meta[name]
    old = write_arrays(folder.parent, arrays, {**meta, "spaces": "0"})
    remove_arrays(folder)
    life.reopen()
    assert life.folders() == {old}
    assert life.is_kept
    life.check()
