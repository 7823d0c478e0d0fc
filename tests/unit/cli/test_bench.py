"""``placelens bench``, whether or not what it runs is installed."""

from importlib import metadata
from typing import Any

import pytest
from typer.testing import CliRunner

from placelens.cli.bench import installed_command
from placelens.cli.main import app
from placelens.installed import install_command


@pytest.fixture
def without_benches(monkeypatch: pytest.MonkeyPatch) -> None:
    """No distribution offers the command; others keep their entry points."""

    def entry_points(**wanted: Any) -> metadata.EntryPoints:
        assert wanted == {"group": "placelens.bench", "name": "command"}
        return metadata.EntryPoints(())

    monkeypatch.setattr(metadata, "entry_points", entry_points)


@pytest.mark.usefixtures("without_benches")
@pytest.mark.parametrize("words", ["scan", "scan --quick --items 4", "engine -x", ""])
def test_without_the_benchmarks_it_says_how_to_install_them(words: str) -> None:
    assert installed_command() is None
    ended = CliRunner().invoke(app, ["bench", *words.split()])
    assert ended.exit_code == 1
    command = install_command(distribution="placelens-bench")
    assert ended.stderr.splitlines() == [
        f"error: placelens bench needs packages that are not installed; run: {command}"
    ]
    assert ended.stdout == ""


@pytest.mark.usefixtures("without_benches")
def test_its_help_says_that_they_are_not_installed() -> None:
    ended = CliRunner().invoke(app, ["bench", "--help"])
    assert ended.exit_code == 0
    assert "placelens-bench, which is not installed here" in " ".join(ended.stdout.split())


def test_what_an_installed_distribution_offers_is_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = metadata.EntryPoint("command", "module:offered", "placelens.bench")
    monkeypatch.setattr(metadata.EntryPoint, "load", lambda self: offered)
    monkeypatch.setattr(metadata, "entry_points", lambda **_: metadata.EntryPoints([entry]))
    ended = CliRunner().invoke(app, ["bench", "scan", "--times", "3"])
    assert (ended.exit_code, ended.stdout) == (0, "scan 3\n")
    told = CliRunner().invoke(app, ["bench", "-h"]).stdout
    assert "Usage: placelens bench [OPTIONS] {name}" in told
    assert "--times N" in " ".join(told.split())


def offered(name: str, *, times: int = 1) -> None:
    """What a distribution might offer."""
    print(name, times)
