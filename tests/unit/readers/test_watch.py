import threading
from pathlib import Path

import pytest
from watchfiles import Change

from placelens.readers.watch import Follower, watch


@pytest.fixture
def library(tmp_path):
    """A root with one photo two folders down, and a place outside of it."""
    for name in ("root/trip/day/a.jpg", "outside/b.jpg", "outside/deep/c.nef", "outside/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


def changed(follower, *changes):
    """What a batch of reports comes to; a report is a kind and a path."""
    return follower.changed({(kind, str(path)) for kind, path in changes})


def names(paths, root):
    return sorted(str(Path(path).relative_to(root)) for path in paths)


# The reports below are those that Linux gives, recorded with watchfiles 1.3.


def test_a_folder_moved_in_brings_what_is_in_it(library):
    root = library / "root"
    follower = Follower([root])
    (library / "outside").rename(root / "new")
    found = changed(follower, (Change.added, root / "new"))
    assert names(found, root) == ["new/b.jpg", "new/deep/c.nef"]


def test_a_folder_renamed_goes_and_comes(library):
    root = library / "root"
    follower = Follower([root])
    (root / "trip").rename(root / "travels")
    found = changed(follower, (Change.deleted, root / "trip"), (Change.added, root / "travels"))
    assert names(found, root) == ["travels/day/a.jpg", "trip"]
    # It has gone for good, and what was in it too.
    assert changed(follower, (Change.deleted, root / "trip")) == set()
    assert changed(follower, (Change.deleted, root / "trip/day")) == set()


def test_a_folder_moved_out_is_named(library):
    root = library / "root"
    follower = Follower([root])
    (root / "trip").rename(library / "elsewhere")
    assert names(changed(follower, (Change.deleted, root / "trip")), root) == ["trip"]


def test_a_folder_that_came_later_is_known_when_it_goes(library):
    root = library / "root"
    follower = Follower([root])
    (library / "outside").rename(root / "new")
    changed(follower, (Change.added, root / "new"))
    (root / "new" / "deep").rename(library / "deep")
    found = changed(follower, (Change.deleted, root / "new" / "deep"))
    assert names(found, root) == ["new/deep"]


def test_a_folder_replaced_within_one_pause_is_looked_through(library):
    root = library / "root"
    follower = Follower([root])
    (root / "trip").rename(library / "elsewhere")
    (library / "outside").rename(root / "trip")
    found = changed(follower, (Change.deleted, root / "trip"), (Change.added, root / "trip"))
    assert names(found, root) == ["trip/b.jpg", "trip/deep/c.nef"]


def test_a_folder_whose_rights_change_is_not_looked_through_again(library):
    root = library / "root"
    follower = Follower([root])
    assert changed(follower, (Change.modified, root / "trip")) == set()


def test_hidden_folders_and_other_files_count_for_nothing(library):
    root = library / "root"
    follower = Follower([root])
    (library / "outside").rename(root / ".trash")
    reports = [
        (Change.added, root / ".trash"),
        (Change.added, root / "@eaDir"),
        (Change.deleted, root / "README"),
        (Change.modified, root / "notes.txt"),
        (Change.added, root / "empty"),
    ]
    (root / "empty").mkdir()
    assert changed(follower, *reports) == set()
    # A folder that comes out of hiding, or goes into it, is seen.
    (root / ".trash").rename(root / "back")
    found = changed(follower, (Change.deleted, root / ".trash"), (Change.added, root / "back"))
    assert names(found, root) == ["back/b.jpg", "back/deep/c.nef"]
    (root / "back").rename(root / ".trash")
    found = changed(follower, (Change.deleted, root / "back"), (Change.added, root / ".trash"))
    assert names(found, root) == ["back"]


@pytest.mark.parametrize("name", ["a.jpg", "sub/b.NEF", "t.csv", "a.jpg.json", "a.xmp"])
@pytest.mark.parametrize("kind", list(Change))
def test_photos_sidecars_and_tables_count_whatever_befell_them(tmp_path, name, kind):
    assert changed(Follower([tmp_path]), (kind, tmp_path / name)) == {str(tmp_path / name)}


def test_a_root_may_lie_in_a_hidden_folder_or_be_a_file(tmp_path):
    root = tmp_path / ".x" / "r"
    root.mkdir(parents=True)
    table = tmp_path / "places.txt"
    table.write_text("x")
    follower = Follower([root, table])
    assert changed(follower, (Change.added, root / "a.jpg")) == {str(root / "a.jpg")}
    assert changed(follower, (Change.modified, table)) == {str(table)}


def test_the_system_reports_what_the_follower_expects(library):
    root = library / "root"
    stop = threading.Event()
    guard = threading.Timer(60, stop.set)  # ends a run that would otherwise wait for ever
    guard.start()
    armed = threading.Event()

    def knock():
        while not (armed.is_set() or stop.is_set()):
            (root / "knock.jpg").write_text("x")
            armed.wait(0.05)

    knocker = threading.Thread(target=knock)
    knocker.start()
    changes = watch([root], stop, debounce_s=0.1)
    next(changes)
    armed.set()
    knocker.join()

    def until(*expected):
        seen = set()
        while not seen.issuperset(str(root / name) for name in expected):
            seen |= next(changes)  # StopIteration when the guard has ended the watch
        return seen

    try:
        (library / "outside").rename(root / "new")
        until("new/b.jpg", "new/deep/c.nef")
        (root / "new").rename(root / "renamed")
        until("new", "renamed/b.jpg", "renamed/deep/c.nef")
        (root / "renamed" / "deep" / "d.jpg").write_text("x")
        until("renamed/deep/d.jpg")
        (root / "renamed").rename(library / "outside")
        until("renamed")
    finally:
        stop.set()
        guard.cancel()


def test_a_set_event_ends_it_at_once(tmp_path):
    stop = threading.Event()
    stop.set()
    assert list(watch([tmp_path], stop)) == []


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        next(watch([tmp_path / "none"], threading.Event()))
