"""``placelens tokens``: printed once, listed without their secrets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from placelens.server.tokens import TokenFile

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_life_of_a_token(cli: Run, home: Path) -> None:
    assert "placelens tokens create" in cli("tokens", "list").stderr
    made = cli("tokens", "create", "--scope", "write", "--name", "Ann", "--days", 30)
    secret = made.stdout.strip()
    (token,) = TokenFile(home / "tokens.json").all()
    assert TokenFile(home / "tokens.json").find(secret) == token
    assert (token.expires - token.created).days == 30
    listed = cli("tokens", "list")
    assert "write, Ann, made" in listed.stdout
    assert secret not in listed.output
    (entry,) = json.loads(cli("tokens", "list", "--json").stdout)
    assert set(entry) == {"id", "name", "scope", "created", "expires"}
    other = cli("tokens", "rotate", token.id).stdout.strip()
    assert other != secret
    assert TokenFile(home / "tokens.json").find(secret) is None
    cli("tokens", "revoke", token.id)
    assert json.loads(cli("tokens", "list", "--json").stdout) == []
    assert f"no token with the id '{token.id}'" in cli("tokens", "revoke", token.id, code=1).stderr


def test_reading_is_the_default(cli: Run, home: Path) -> None:
    cli("tokens", "create")
    (token,) = TokenFile(home / "tokens.json").all()
    assert (token.scope, token.expires) == ("read", None)
