"""Each command in this process, with the fake encoder."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

import placelens.encoders.registry
from placelens.cli.main import app
from placelens.encoders.registry import EncoderKind
from placelens.testing.fakes import HashEncoder


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run ``placelens`` with arguments; the encoder is the fake one."""
    fake = EncoderKind(pattern="hash", summary="the fake one", load=lambda _: HashEncoder())
    known = {**placelens.encoders.registry.ENCODERS, "lite": fake, "hash": fake}
    monkeypatch.setattr(placelens.encoders.registry, "ENCODERS", known)
    runner = CliRunner()

    def run(*arguments: object, code: int = 0) -> Any:
        result = runner.invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.output
        return result

    return run
