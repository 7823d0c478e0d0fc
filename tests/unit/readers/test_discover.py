import os
import time
from pathlib import Path

import pytest

from placelens.errors import ReadError
from placelens.readers.base import Skipped, Source
from placelens.readers.discover import discover, read_photos


def names(found, root):
    return [Path(one.key).relative_to(root).as_posix() for one in found]


def test_photos_come_in_order_of_name_folder_by_folder(write, tmp_path):
    for name in ("b.JPG", "a.heic", "z/1.png", "m/2.dng", "notes.txt", "clip.mov", "a.heic.aae"):
        write(name, b"x")
    assert names(read_photos(tmp_path), tmp_path) == ["a.heic", "b.JPG", "m/2.dng", "z/1.png"]
    assert names(read_photos(tmp_path, recursive=False), tmp_path) == ["a.heic", "b.JPG"]


def test_what_other_programs_keep_is_passed_over(write, tmp_path):
    for name in (
        "a.jpg", ".hidden.jpg", ".thumbnails/a.jpg", "@eaDir/a.jpg/t.jpg", "#recycle/a.jpg",
        "__MACOSX/a.jpg", "Lib.photoslibrary/originals/0/b.jpg",
        "Lib.photoslibrary/resources/derivatives/b.jpg",
    ):  # fmt: skip
        write(name, b"x")
    assert names(read_photos(tmp_path), tmp_path) == [
        "a.jpg",
        "Lib.photoslibrary/originals/0/b.jpg",
    ]


def test_sidecars_are_attached(write, tmp_path):
    for name in ("a.jpg", "a.xmp", "a.jpg.json", "b.jpg", "other.xmp"):
        write(name, b"{}")
    a, b = read_photos(tmp_path)
    assert [Path(path).name for path in a.sidecars] == ["a.xmp", "a.jpg.json"]
    assert b.sidecars == ()


def test_the_stamp_follows_the_file_and_its_sidecars(write):
    path = write("a.jpg", b"x")

    def stamp():
        [source] = read_photos(path)
        return source.stamp

    stamps = [stamp()]
    assert stamp() == stamps[0]
    write("a.jpg", b"xy")
    stamps.append(stamp())
    os.utime(path, ns=(0, 5))
    stamps.append(stamp())
    sidecar = write("a.xmp", b"<a/>")
    stamps.append(stamp())
    os.utime(sidecar, ns=(0, 5))
    stamps.append(stamp())
    sidecar.unlink()
    assert stamp() == stamps[2]
    assert len(set(stamps)) == 5


def test_loops_of_links_end_and_links_are_followed_once(write, tmp_path):
    write("photos/a.jpg", b"x")
    write("elsewhere/b.jpg", b"x")
    (tmp_path / "photos" / "loop").symlink_to(tmp_path / "photos")
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "photos" / "link2").symlink_to(tmp_path / "elsewhere")
    assert names(read_photos(tmp_path / "photos"), tmp_path) == [
        "photos/a.jpg",
        "photos/link/b.jpg",
    ]


def test_a_link_to_nothing_is_named(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    [skipped] = read_photos(tmp_path)
    assert skipped == Skipped(
        key=str(tmp_path / "a.jpg"), reason="it cannot be opened: No such file or directory"
    )


def test_a_link_to_itself_is_named_and_a_pipe_passed_over(write, tmp_path):
    write("a.jpg", b"x")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "b.jpg")
    os.mkfifo(tmp_path / "c.jpg")
    os.mkfifo(tmp_path / "d.csv")
    a, skipped = read_photos(tmp_path)
    assert a.key == str(tmp_path / "a.jpg")
    assert "symbolic links" in skipped.reason


def test_a_name_that_is_not_utf8_is_named(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    try:
        Path(os.fsdecode(raw)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    [skipped] = read_photos(tmp_path)
    assert "not valid UTF-8" in skipped.reason
    skipped.key.encode("utf-8")
    [skipped] = discover([os.fsdecode(raw)])
    assert "not valid UTF-8" in skipped.reason


def test_a_path_that_does_not_exist_is_an_error_at_once(tmp_path):
    with pytest.raises(ReadError, match=r"nothing-here does not exist"):
        read_photos(tmp_path / "nothing-here")


def test_a_folder_that_cannot_be_listed_is_named(write, tmp_path, monkeypatch):
    write("a.jpg", b"x")
    write("closed/b.jpg", b"x")
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    closed, a = read_photos(tmp_path)
    assert isinstance(a, Source)
    assert closed.reason == "the folder cannot be listed: Permission denied"


def test_home_and_dots_are_understood(write, tmp_path, monkeypatch):
    path = write("a.jpg", b"x")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    ways = ("~", "~/a.jpg", ".", "x/../a.jpg", path)
    keys = {source.key for way in ways for source in read_photos(way)}
    assert keys == {str(path)}


def test_several_paths_give_each_photo_once(write, tmp_path):
    path = write("sub/a.jpg", b"x")
    write("b.jpg", b"x")
    found = read_photos([tmp_path / "sub", path, tmp_path, tmp_path])
    assert names(found, tmp_path) == ["sub/a.jpg", "b.jpg"]


def test_a_file_of_another_kind_is_named_when_asked_for(write):
    [skipped] = read_photos(write("a.docx", b"x"))
    assert skipped.reason.startswith(".docx is no file that placelens reads")


def test_a_table_in_a_folder_describes_its_photos(write, tmp_path):
    write("a.jpg", b"x")
    write("b.jpg", b"x")
    write("t.csv", "image,caption\na.jpg,A mill\nnone.jpg,B\n")
    skipped, a, b = read_photos(tmp_path)
    assert (a.key, a.text) == (str(tmp_path / "a.jpg"), "A mill")
    assert "none.jpg" in skipped.reason
    assert (b.key, b.text) == (str(tmp_path / "b.jpg"), None)
    assert names(read_photos(tmp_path, tables=False), tmp_path) == ["a.jpg", "b.jpg"]


def test_tables_that_are_about_something_else_are_passed_over_unless_named(write, tmp_path):
    write("a.jpg", b"x")
    for name, content in {
        "prices.csv": "item,price\nx,1\n",
        "notes.csv": "text\nno place here\n",
        "package.json": '{"name": "x"}',
        "list.json": "[1, 2]",
        "broken.json": "[",
        "other.csv": "file,caption\ngone.jpg,x\n",
        "skipped.csv": "file,reason\na.jpg,the file is cut off\n",
    }.items():
        write(name, content)
    assert names(read_photos(tmp_path), tmp_path) == ["a.jpg"]
    [source] = read_photos(tmp_path / "notes.csv")
    assert source.text == "no place here"
    [skipped] = read_photos(tmp_path / "prices.csv")
    assert "no column of images or texts" in skipped.reason


def test_a_table_of_texts_with_places_is_taken(write, tmp_path):
    write("t.jsonl", '{"name": "a", "lat": 1, "lon": 2}')
    [source] = read_photos(tmp_path)
    assert source.text == "a"


def test_a_takeout_json_is_no_table(write, tmp_path):
    write("a.jpg", b"x")
    write("a.jpg.json", "[]")
    [source] = read_photos(tmp_path)
    assert len(source.sidecars) == 1


def test_what_two_tables_say_of_one_photo_is_taken_once_and_counted(write, tmp_path):
    write("a.jpg", b"x")
    write("1.csv", "image,caption\na.jpg,first\n")
    write("2.csv", "image,caption\na.jpg,second\n")
    source, skipped = read_photos(tmp_path)
    assert source.text == "first"
    assert skipped.key == str(tmp_path / "2.csv")
    assert skipped.reason.startswith("1 of its images came with")


def test_what_ten_thousand_files_cost_grows_with_their_number(tmp_path):
    for folder in range(20):
        (tmp_path / str(folder)).mkdir()
        for i in range(500):
            (tmp_path / str(folder) / f"IMG_{i:04}.jpg").touch()

    def cost_s(root):
        start = time.process_time()  # of this process, however busy the machine is
        n = sum(1 for _ in read_photos(root))
        return n, time.process_time() - start

    cost_s(tmp_path / "0")  # what is loaded on first use
    (few, least), (many, most) = cost_s(tmp_path / "0"), cost_s(tmp_path)
    assert (few, many) == (500, 10_000)
    assert most < 20 * 8 * max(least, 1e-3)  # 20 times the files; 400 times were it quadratic
