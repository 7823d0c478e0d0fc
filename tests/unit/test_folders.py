"""Where the cache goes; how a file is written whole. Read-only machines: tests/integration."""

import logging

import pytest

from placelens import folders


@pytest.fixture(autouse=True)
def ask_anew():
    folders._writable.cache_clear()
    yield
    folders._writable.cache_clear()


def test_the_cache_is_where_it_is_told_to_be(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PLACELENS_CACHE", str(tmp_path / "a" / "b"))
    assert folders.cache_folder() == folders.lasting_cache_folder() == tmp_path / "a" / "b"
    assert list((tmp_path / "a" / "b").iterdir()) == []
    assert caplog.text == ""


@pytest.mark.parametrize("n_asked", [1, 3])
def test_a_warning_is_given_once(tmp_path, monkeypatch, caplog, n_asked):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PLACELENS_CACHE", str(tmp_path / "file" / "below"))
    monkeypatch.setattr(folders.tempfile, "gettempdir", lambda: str(tmp_path))
    with caplog.at_level(logging.WARNING):
        for _ in range(n_asked):
            assert folders.cache_folder().parent == tmp_path
            assert folders.lasting_cache_folder() is None
    assert caplog.text.count("cannot be written") == 1
    assert "PLACELENS_CACHE" in caplog.text


def test_a_temporary_folder_that_others_may_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.tempfile, "gettempdir", lambda: str(tmp_path))
    own = folders._temporary()
    assert folders._temporary() == own  # the same in the next process
    own.chmod(0o777)
    other = folders._temporary()
    assert other != own
    assert other.stat().st_mode & 0o077 == 0


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "new" / "a.txt"
    with folders.written_whole(file) as stream:
        stream.write(b"first")
        assert not file.exists()
    assert file.read_bytes() == b"first"
    with pytest.raises(TypeError), folders.written_whole(file) as stream:
        stream.write("text, which is not bytes")
    assert file.read_bytes() == b"first"
    assert list(file.parent.iterdir()) == [file]
