"""Patterns of what to leave out, as people know them from .gitignore, fd and rg."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.errors import InputError
from placelens.readers.base import Source
from placelens.readers.discover import read_photos
from placelens.readers.exclude import Excluded


@pytest.mark.parametrize(
    ("pattern", "out", "kept"),
    [
        ("*.png", ["a.png", "b/c/a.PNG"], ["a.png.jpg", "png"]),
        ("Private", ["Private/a.jpg", "x/private/y/b.jpg", "Private"], ["Private2/a.jpg"]),
        ("Private/", ["x/Private/a.jpg"], ["Private"]),  # a file of that name is no folder
        ("/Private", ["Private/a.jpg"], ["x/Private/a.jpg"]),
        ("2019/rome", ["2019/rome/a.jpg"], ["x/2019/rome/a.jpg", "2019/romea/a.jpg"]),
        ("**/Raw/**", ["Raw/a.jpg", "x/y/raw/z/a.jpg"], ["Raw", "xRaw/a.jpg"]),
        ("2019/**/raw", ["2019/raw/a", "2019/x/y/raw/a"], ["2018/raw/a"]),
        ("2019/*/raw", ["2019/x/raw/a"], ["2019/raw/a", "2019/x/y/raw/a"]),
        ("IMG_?.jpg", ["IMG_1.jpg"], ["IMG_10.jpg"]),
        ("IMG_[0-4].jpg", ["x/IMG_3.jpg"], ["IMG_5.jpg"]),
        ("IMG_[!0-4].jpg", ["IMG_5.jpg"], ["IMG_3.jpg"]),
        ("a+b(1).jpg", ["a+b(1).jpg"], ["aab1.jpg"]),
        ("a[1.jpg", ["a[1.jpg"], ["a1.jpg"]),
        ("./thumbs", ["thumbs/a.jpg", "x/thumbs/a.jpg"], []),
        (r"x\y", ["x/y/a.jpg", r"x\y\a.jpg"], ["a/x/y/a.jpg"]),
    ],
)
def test_patterns(pattern, out, kept):
    excluded = Excluded([pattern])
    assert [path for path in out if not excluded(path)] == []
    assert [path for path in kept if excluded(path)] == []


@pytest.mark.parametrize("pattern", ["", "  ", "/", "./", "[z-a]"])
def test_patterns_that_mean_nothing_are_named(pattern):
    with pytest.raises(InputError, match="to exclude"):
        Excluded([pattern])


@given(st.text("ab*?[]!/.\\^$(|+{", max_size=12), st.text("ab/.[", max_size=12))
def test_any_pattern_is_read_or_named(pattern, path):
    try:
        excluded = Excluded([pattern])
    except InputError:
        return
    assert excluded(path) in (True, False)


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=5), st.data())
def test_a_folder_takes_all_below_it_along(parts, data):
    name = data.draw(st.sampled_from(parts))
    for pattern in (name, f"**/{name}", f"{name[0]}*"):
        assert Excluded([pattern])("/".join(parts))


def keys(root, **options):
    found = list(read_photos(root, **options))
    assert all(isinstance(one, Source) for one in found), found
    return [one.key.removeprefix(str(root) + "/") for one in found]


def test_what_is_left_out_is_not_found(tmp_path, make_jpeg):
    for name in ("a.jpg", "b.png", "Private/c.jpg", "Private/x/d.jpg", "2019/raw/e.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_jpeg())
    (tmp_path / "photos.csv").write_text("image,lat,lon\na.jpg,1,2\nc.jpg,1,2\nd.jpg,1,2\n")
    (tmp_path / "Private" / "notes.csv").write_text("text,lat,lon\nsecret,1,2\n")
    all_of_it = ["2019/raw/e.jpg", "Private/c.jpg", "Private/notes.csv#1", "Private/x/d.jpg"]
    assert sorted(keys(tmp_path)) == [*all_of_it, "a.jpg", "b.png"]
    assert sorted(keys(tmp_path, exclude=["Private", "*.png"])) == ["2019/raw/e.jpg", "a.jpg"]
    # A file that is named itself is wanted.
    named = list(read_photos(tmp_path / "a.jpg", exclude=["*.jpg"]))
    assert [source.key for source in named] == [str(tmp_path / "a.jpg")]
