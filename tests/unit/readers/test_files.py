"""Only regular files are opened; nothing here may wait, so every open is one that would."""

import os
import socket
from pathlib import Path

import pytest

from placelens.errors import ReadError
from placelens.files import open_regular, read_regular
from placelens.readers.base import Skipped
from placelens.readers.discover import read_photos
from placelens.readers.read import read


def special_files(folder: Path) -> dict[str, Path]:
    """One of each kind that can be made without being root."""
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path may have 107 bytes
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
    (folder / "linked").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("loop")
    (folder / "gone").symlink_to("nowhere")
    return {
        "a pipe": folder / "pipe",
        "a folder": folder / "sub",
        "a socket": folder / "socket",
        "a device": folder / "linked",
        "cannot be opened": folder / "loop",
        "no such file": folder / "gone",
        "cannot be that of a file": folder / "nul\0",
    }


def test_what_is_no_regular_file_is_refused_by_its_kind(tmp_path):
    for reason, path in special_files(tmp_path).items():
        with pytest.raises(ReadError, match=reason):
            open_regular(path)
        with pytest.raises(ReadError, match=reason):
            read_regular(path, 10)


def test_a_file_exchanged_for_a_pipe_after_it_was_looked_at(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    before = (tmp_path / "file").stat()
    monkeypatch.setattr(os, "stat", lambda path: before)
    with pytest.raises(ReadError, match="it is a pipe, not a file"):
        open_regular(tmp_path / "pipe")


def test_no_more_is_read_than_a_file_claims_to_hold(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_regular(path, 10) == b"0123456789"
    with pytest.raises(ReadError, match="the limit is 0 MiB; split it"):
        read_regular(path, 9, advice="split it")
    # The kernel's files claim to be empty, and may never end.
    assert read_regular("/proc/self/status", 10) == b""


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.geojson", "a.parquet", "a.jsonl"])
@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_a_table_that_is_no_file_is_named_or_passed_over(tmp_path, name, kind):
    path = tmp_path / name
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    [skipped] = read_photos(path)
    assert skipped.reason == f"it is a {'pipe' if kind == 'pipe' else 'device'}, not a file"
    # In a folder a pipe is no entry at all, and a JSON may be anything.
    is_named = kind == "zero" and not name.endswith(".json")
    assert list(read_photos(tmp_path)) == ([skipped] if is_named else [])


@pytest.mark.parametrize("sidecar", ["a.xmp", "a.jpg.json", "a.jpg.xmp"])
def test_a_sidecar_that_is_a_device_costs_a_warning(tmp_path, make_jpeg, sidecar):
    (tmp_path / "a.jpg").write_bytes(make_jpeg())
    (tmp_path / sidecar).symlink_to("/dev/zero")
    [source] = read_photos(tmp_path / "a.jpg")
    assert read(source, None).warnings == (
        f"its sidecar {sidecar} is ignored: it is a device, not a file",
    )


@pytest.mark.parametrize("cell", ["a.jpg", "/dev/stdin", "/dev/zero"])
def test_an_image_that_is_a_device_names_its_reason(tmp_path, make_jpeg, cell):
    (tmp_path / "a.jpg").symlink_to("/dev/zero")
    (tmp_path / "b.jpg").write_bytes(make_jpeg())
    (tmp_path / "photos.csv").write_text(f"image,text\nb.jpg,one\n{cell},two\n")
    [other] = [f for f in read_photos(tmp_path / "photos.csv") if "b.jpg" not in f.key]
    if isinstance(other, Skipped):
        assert "is not beside the table" in other.reason
    else:
        with pytest.raises(ReadError, match=r"it is a (device|pipe), not a file"):
            read(other, None)


@pytest.mark.parametrize("cell", [r"\\host\share\a.jpg", "//host/a.jpg", "file:////host/a.jpg"])
def test_an_image_on_another_computer_is_not_asked_for(tmp_path, cell):
    (tmp_path / "photos.csv").write_text(f"image,text\n{cell},one\n")
    [skipped] = read_photos(tmp_path / "photos.csv")
    assert "is on another computer; copy it first" in skipped.reason
