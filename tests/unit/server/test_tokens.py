"""Tokens in their file: what is kept of them, who may read it, and what is refused."""

import hashlib
import json
import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from placelens.errors import InputError, ReadError
from placelens.server.tokens import TokenFile


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(tmp_path: Path, clock: Clock) -> TokenFile:
    return TokenFile(tmp_path / "own" / "tokens.json", clock)


def test_what_is_kept_is_the_hash_of_256_bits(tokens: TokenFile) -> None:
    token, secret = tokens.create("write", name="Ann")
    assert tokens.find(secret) == token
    assert secret not in tokens.path.read_text()
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    # 43 letters of base64 hold 32 bytes.
    assert len(secret.removeprefix("placelens_")) == 43
    assert secret != tokens.create("write")[1]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_nobody_else_may_read_the_file(tokens: TokenFile) -> None:
    tokens.create("read")
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    tokens.path.chmod(0o640)
    with pytest.raises(ReadError, match=r"mode 640, with which others may .*chmod 600"):
        tokens.all()


@pytest.mark.parametrize("sent", ["", "guessed", "placelens_", "\udcff", "é"])
def test_other_secrets_are_none(tokens: TokenFile, sent: str) -> None:
    assert tokens.find(sent) is None  # also where there is no file yet
    tokens.create("read")
    assert tokens.find(sent) is None


def test_a_token_ends_when_its_time_has_passed(tokens: TokenFile, clock: Clock) -> None:
    token, secret = tokens.create("read", lasts=timedelta(days=1))
    clock.now += timedelta(days=1) - timedelta(seconds=1)
    assert tokens.find(secret) == token
    assert tokens.get(token.id) == token
    clock.now += timedelta(seconds=1)
    assert tokens.find(secret) is None
    assert tokens.get(token.id) is None
    assert tokens.all() == (token,)  # still listed: it can be rotated


def test_rotation_keeps_all_but_the_secret(tokens: TokenFile, clock: Clock) -> None:
    tokens.create("read")
    old, before = tokens.create("write", name="Ann", lasts=timedelta(days=3))
    clock.now += timedelta(days=2)
    new, secret = tokens.rotate(old.id)
    assert (new.id, new.name, new.scope) == (old.id, "Ann", "write")
    assert new.expires == clock.now + timedelta(days=3)
    assert tokens.find(before) is None
    assert tokens.find(secret) == new
    assert len(tokens.all()) == 2


def test_another_process_s_changes_are_seen_at_once(tokens: TokenFile) -> None:
    token, secret = tokens.create("read")
    server = TokenFile(tokens.path, Clock())
    assert server.find(secret) is not None
    tokens.revoke(token.id)
    assert server.find(secret) is None
    assert server.all() == ()


def test_what_cannot_be_made_or_revoked_is_named(tokens: TokenFile) -> None:
    with pytest.raises(InputError, match="scope 'admin' is not one of read, write"):
        tokens.create("admin")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is over before it is used"):
        tokens.create("read", lasts=timedelta(0))
    for change in (tokens.revoke, tokens.rotate):
        with pytest.raises(InputError, match="no token with the id 'ff'; there are: none"):
            change("ff")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: "{",
        lambda content: "[" * 100_000,
        lambda content: json.dumps({**content, "format": 2}),
        lambda content: json.dumps({"format": 1}),
        lambda content: json.dumps({"format": 1, "tokens": [{"id": "a"}]}),
        lambda content: json.dumps({"format": 1, "tokens": [content["tokens"][0] | {"id": 5}]}),
        lambda content: json.dumps(
            {"format": 1, "tokens": [content["tokens"][0] | {"scope": "admin"}]}
        ),
        lambda content: json.dumps(
            {"format": 1, "tokens": [content["tokens"][0] | {"expires": "2026-01-01"}]}
        ),
    ],
)
def test_a_file_that_is_something_else_lets_nobody_in(tokens: TokenFile, change) -> None:
    _, secret = tokens.create("read")
    tokens.path.write_text(change(json.loads(tokens.path.read_text())))
    with pytest.raises(ReadError, match="is not a list of tokens"):
        tokens.find(secret)


def test_tokens_made_at_once_are_all_kept(tokens: TokenFile) -> None:
    def make() -> None:
        TokenFile(tokens.path).create("read")

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({token.id for token in tokens.all()}) == 8
