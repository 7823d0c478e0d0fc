import threading
import time
from pathlib import Path

import pytest

from placelens.readers.watch import _is_wanted, watch


def test_changes_are_gathered_and_others_left_out(tmp_path):
    stop = threading.Event()
    seen = set()

    def act():
        # Written until seen: the watcher may not have begun when it is first asked.
        deadline = time.monotonic() + 20
        while not seen and time.monotonic() < deadline:
            (tmp_path / "notes.txt").write_text("x")
            (tmp_path / ".hidden.jpg").write_text("x")
            (tmp_path / "a.jpg").write_text("x")
            (tmp_path / "a.xmp").write_text("x")
            time.sleep(0.2)

    writer = threading.Thread(target=act)
    writer.start()
    for changed in watch([tmp_path], stop, debounce_s=0.1):
        seen |= changed
        if len(seen) >= 2:
            stop.set()
    writer.join()
    assert seen == {str(tmp_path / "a.jpg"), str(tmp_path / "a.xmp")}


def test_a_set_event_ends_it_at_once(tmp_path):
    stop = threading.Event()
    stop.set()
    assert list(watch([tmp_path], stop)) == []


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        next(watch([tmp_path / "none"], threading.Event()))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/r/a.jpg", True), ("/r/sub/b.NEF", True), ("/r/t.csv", True), ("/r/a.jpg.json", True),
        ("/r/a.txt", False), ("/r/.cache/a.jpg", False), ("/r/@eaDir/a.jpg", False),
    ],
)  # fmt: skip
def test_which_files_count(path, wanted):
    assert _is_wanted(path, [Path("/r")]) is wanted


def test_a_root_may_lie_in_a_hidden_folder():
    assert _is_wanted("/home/.x/r/a.jpg", [Path("/home/.x/r")])
