"""Piped output in encodings that lack most characters: it is written oddly, never broken off."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from placelens.cli.console import waiting
from placelens.cli.main import app
from placelens.collection import Collection

TITLE = "červená 😀 東京 – “dome”"


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """An item whose every text is outside most encodings."""
    path = tmp_path / "odd.pl"
    Collection.create(path, dim=2).add_vectors(
        ["ďábel"],
        [[1, 0]],
        text=[TITLE],
        image=["/fotky/Plzeň/č.jpg"],
        lat=[50.1],
        lon=[14.4],
        attributes=[{"město": "Plzeň", "keywords": ["město", "😀"]}],
    )
    return path


COMMANDS = [
    ("search", "--near", "50,14"),
    ("search", "--near", "50,14", "--format", "json"),
    ("search", "--where", "mesto=Praha"),
    ("show", "ďábel"),
    ("show", "ďábel", "--json"),
    ("stats",),
    ("export", "--format", "csv"),
    ("export", "--format", "html"),
    ("export", "--format", "paths"),
]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_any_encoding_will_do(odd: Path, command: tuple[str, ...], encoding: str) -> None:
    name, *rest = command
    result = CliRunner(charset=encoding).invoke(app, [name, str(odd), *rest])
    assert result.exception is None, result.exception
    assert result.exit_code == 0
    if "json" in rest or "--json" in rest:
        answer = json.loads(result.stdout_bytes.decode(encoding))
        assert TITLE in json.dumps(answer, ensure_ascii=False)
    elif name == "export":  # a file's content does not depend on where it goes
        assert "č".encode() in result.stdout_bytes


def test_errors_and_help_too(tmp_path: Path) -> None:
    runner = CliRunner(charset="ascii")
    result = runner.invoke(app, ["stats", str(tmp_path / "žádná.pl")])
    assert result.exit_code == 1
    assert r"\u017e\xe1dn\xe1.pl does not exist" in result.stderr
    assert runner.invoke(app, ["search", "--help"]).exit_code == 0


def test_what_is_waited_for_is_said_once_it_takes_a_while(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with waiting("loading the encoder", after_s=60):
        pass
    assert capsys.readouterr().err == ""
    from threading import Event

    said = Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("placelens.cli.console.notice", lambda text: said.set())
        with waiting("loading the encoder", after_s=0):
            assert said.wait(60)
