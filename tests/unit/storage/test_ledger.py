"""Checksums: what is damaged is told, what was never acknowledged is not."""

import os

import pytest
import xxhash

from placelens.errors import CollectionError, ReadError
from placelens.storage.durable import write_whole
from placelens.storage.ledger import Ledger


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data" / "a.bin"
    path.parent.mkdir()
    path.write_bytes(b"content")
    return path


def test_a_file_is_sound_until_it_changes(tmp_path, file):
    Ledger(tmp_path).record([file])
    assert Ledger(tmp_path).damage_of(file) is None
    file.write_bytes(b"contenT")
    assert Ledger(tmp_path).damage_of(file) == "data/a.bin is not what was written (other bytes)"
    file.write_bytes(b"cont")
    assert "4 bytes instead of 7" in Ledger(tmp_path).damage_of(file)
    file.unlink()
    assert Ledger(tmp_path).damage_of(file) == "data/a.bin is missing"


def test_a_line_is_the_checksum_of_the_rest_then_digest_size_and_path(tmp_path, file):
    Ledger(tmp_path).record([file])
    rest = f"{xxhash.xxh3_128_hexdigest(b'content')} 7 data/a.bin"
    check = xxhash.xxh3_64_hexdigest(rest.encode())
    assert (tmp_path / "checksums.txt").read_text() == f"{check} {rest}\n"


def test_nothing_is_said_of_a_file_that_was_never_recorded(tmp_path, file):
    assert Ledger(tmp_path).damage_of(file) is None
    assert not Ledger(tmp_path)


def test_a_line_that_was_cut_off_is_left_out_and_the_next_one_is_whole(tmp_path, file):
    Ledger(tmp_path).record([file])
    path = tmp_path / "checksums.txt"
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    ledger = Ledger(tmp_path)
    assert (list(ledger), ledger.n_damaged) == (["data/a.bin"], 0)
    ledger.record([file])
    assert path.read_bytes() == whole + whole


@pytest.mark.parametrize("at", [3, 20, 40, 55])
def test_a_damaged_line_is_counted_and_not_believed(tmp_path, file, at):
    Ledger(tmp_path).record([file])
    path = tmp_path / "checksums.txt"
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    ledger = Ledger(tmp_path)
    assert (list(ledger), ledger.n_damaged) == ([], 1)


def test_what_another_process_adds_is_seen(tmp_path, file):
    here, there = Ledger(tmp_path), Ledger(tmp_path)
    there.record([file])
    assert "data/a.bin" not in here
    here.refresh()
    assert "data/a.bin" in here
    there.rewrite()  # a new file in its place
    here.refresh()
    assert "data/a.bin" in here


def test_a_file_that_is_replaced_may_be_what_it_was_or_what_was_announced(tmp_path):
    path = tmp_path / "manifest.json"
    write_whole(path, b"old")
    ledger = Ledger(tmp_path)
    ledger.record([path])
    ledger.announce(path, b"new")
    assert Ledger(tmp_path).damage_of(path) is None
    write_whole(path, b"new")
    assert Ledger(tmp_path).damage_of(path) is None
    write_whole(path, b"other")
    assert Ledger(tmp_path).damage_of(path) is not None


def test_lines_that_could_not_be_synced_are_taken_back(tmp_path, file, monkeypatch):
    ledger = Ledger(tmp_path)
    ledger.record([file])
    before = (tmp_path / "checksums.txt").read_bytes()
    real = os.fsync

    def fails(descriptor):
        if os.path.samestat(os.fstat(descriptor), (tmp_path / "checksums.txt").stat()):
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="Input/output"):
        ledger.record([file])
    assert (tmp_path / "checksums.txt").read_bytes() == before


def test_rewriting_leaves_out_what_is_gone(tmp_path, file):
    ledger = Ledger(tmp_path)
    ledger.record([file])
    file.unlink()
    ledger.rewrite()
    assert list(ledger) == []


def test_a_file_that_was_not_written_whole_is_not_there(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_whole(path, b"old")

    def fails(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert path.read_bytes() == b"old"


def test_a_file_that_was_removed_on_purpose_is_forgotten(tmp_path, file):
    ledger = Ledger(tmp_path)
    ledger.record([file])
    ledger.forget(file)
    file.write_bytes(b"another of the same name")
    assert Ledger(tmp_path).damage_of(file) is None
    assert "data/a.bin" not in Ledger(tmp_path)


def test_a_ledger_that_was_written_anew_is_read_anew_whatever_its_inode(tmp_path, file):
    other = file.with_name("a file with a longer name.bin")
    other.write_bytes(b"more")
    here = Ledger(tmp_path)
    here.record([file])
    Ledger(tmp_path).record([other])
    Ledger(tmp_path).record([file])
    lines = here.path.read_bytes().splitlines(keepends=True)
    here = Ledger(tmp_path)
    # In place: as when a system gives the number of a file that is gone to the next one.
    here.path.write_bytes(lines[1] + lines[1] + lines[1])
    assert len(here.path.read_bytes()) > len(b"".join(lines))
    here.refresh()
    assert (list(here), here.n_damaged) == ([f"data/{other.name}"], 0)


def test_a_ledger_that_cannot_be_read_now_is_not_taken_for_none(tmp_path, file, monkeypatch):
    ledger = Ledger(tmp_path)
    ledger.record([file])
    content = ledger.path.read_bytes()

    def refuse(path):
        raise ReadError("it cannot be opened: Too many open files")

    monkeypatch.setattr("placelens.storage.ledger.open_regular", refuse)
    for read in (ledger.refresh, lambda: Ledger(tmp_path), lambda: ledger.announce(file, b"")):
        with pytest.raises(CollectionError, match="Too many open files"):
            read()
    monkeypatch.undo()
    assert ledger.path.read_bytes() == content


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo])
def test_what_is_no_ledger_is_never_written_to(tmp_path, file, make):
    ledger = Ledger(tmp_path)
    make(ledger.path)
    with pytest.raises(OSError, match="is no file"):
        ledger.record([file])
