"""Paths on a terminal: shortened by folders, never inside a name."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len

from placelens.cli.paths import short_path

parts = st.lists(st.text("ab é東", min_size=1, max_size=9), min_size=1, max_size=7)


@given(parts, st.integers(0, 80))
def test_names_are_whole_or_left_out(names: list[str], width: int) -> None:
    path = "/" + "/".join(names)
    short = short_path(path, width)
    shown = short.split("/")
    assert shown[-1] == names[-1]
    kept = [name for name in shown[1:] if name != "…"]
    assert shown.count("…") <= 1
    if "…" not in shown:
        assert short == path
    else:
        at = shown.index("…")
        assert shown[1:at] == names[: at - 1]
        assert kept[at - 1 :] == names[len(names) - len(kept) + at - 1 :]
        # No folder that is left out would have fitted in its place.
        longest = [*shown[:at], names[at - 1], *shown[at:]]
        assert cell_len("/".join(longest)) > width
    assert cell_len(short) <= width or len(kept) <= 1 or short == path


@given(parts)
def test_what_fits_is_as_it_is(names: list[str]) -> None:
    path = "/" + "/".join(names)
    assume("…" not in path)
    assert short_path(path, cell_len(path)) == path


def test_the_home_folder_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ann"))
    assert short_path("/home/ann/Pictures/a.jpg", 80) == "~/Pictures/a.jpg"
    assert short_path("/home/anna/a.jpg", 80) == "/home/anna/a.jpg"
    assert short_path("/home/ann", 80) == "/home/ann"
    assert short_path("/home/ann/Pictures/2019/rome/a.jpg", 20) == "~/Pictures/…/a.jpg"
    assert short_path(r"C:\Users\Ann\Pictures\2019\a.jpg", 20) == r"C:\Users\Ann\…\a.jpg"
    assert short_path("a.jpg", 2) == "a.jpg"
