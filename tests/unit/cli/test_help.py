"""Help speaks in words, and the shell completes values."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from placelens.cli.group import _range_in_words
from placelens.cli.main import app
from placelens.collection import Collection

Run = Callable[..., Any]


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


@pytest.mark.parametrize("path", list(commands(typer.main.get_command(app))), ids=" ".join)
def test_no_help_shows_a_type_of_python(cli: Run, path: tuple[str, ...]) -> None:
    text = cli(*path, "--help").stdout
    assert "Usage:" in text
    assert not re.search(r"<\w+(\[\w+\])?( range)?>|list\[|\.\.\.\}|<=", text), text


@pytest.mark.parametrize(
    ("written", "words"),
    [("x>=1", "1 or more"), ("0.0<=x<=1.0", "0 to 1"), ("0<=x<=65535", "0 to 65535"),
     ("x<=9", "up to 9"), ("0.05<=x<=10.0", "0.05 to 10")],
)  # fmt: skip
def test_ranges_are_read_out(written: str, words: str) -> None:
    assert _range_in_words(written) == words


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a collection and a folder of pictures."""
    made = Collection.create(tmp_path / "photos.pl", dim=2)
    made.add_vectors(
        ["id-1", "id-2"],
        [[1, 0], [0, 1]],
        image=["/pictures/rome/a.jpg", None],
        time=[datetime(2020, 1, 1), None],
        attributes=[{"city": "Praha", "keywords": ["sea", "boat"]}, {"city": "Paris"}],
    )
    made.snapshot("before")
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("search p", ["photos.pl", "pictures/"]),
        ("serve ph", ["photos.pl"]),
        ("search photos.pl --sort ", ["score", "time", "oldest", "name", "distance"]),
        ("search photos.pl --format g", ["geojson", "gpx", "gpkg", "geoparquet"]),
        ("search photos.pl --format t", ["table"]),
        ("export photos.pl --format h", ["html"]),
        ("search photos.pl --engine s", ["scan"]),
        ("search photos.pl --decay l", ["linear:", "linear"]),
        ("search photos.pl --modality t", ["text"]),
        ("export photos.pl --uncertain s", ["surely"]),
        ("search photos.pl --where k", ["keywords="]),
        ("search photos.pl --where f", ["folder=", "file="]),
        ("search photos.pl --where city=P", ["city=Praha", "city=Paris"]),
        ("search photos.pl --where keywords=", ["keywords=sea", "keywords=boat"]),
        ("export photos.pl --where folder=", ["folder=rome"]),
        ("search gone.pl --where k", []),
        ("show photos.pl id", ["id-1", "id-2"]),
        ("delete photos.pl id-2", ["id-2"]),
        ("restore photos.pl b", ["before"]),
        ("index pictures --encoder l", ["lite"]),
        ("train cosmat photos.pl --labels c", ["city"]),
    ],
)
@pytest.mark.usefixtures("photos")
def test_values_are_completed(
    typed: str,
    offered: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As fish asks: one value a line, a tab before its help."""
    monkeypatch.setenv("_PLACELENS_COMPLETE", "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", f"placelens {typed}")
    with pytest.raises(SystemExit):
        app(prog_name="placelens")
    shown = [line.split("\t")[0] for line in capsys.readouterr().out.split("\n") if line]
    assert sorted(shown) == sorted(offered)
