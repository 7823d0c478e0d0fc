"""Tokens: who may read and who may write over HTTP.

A token is 256 random bits. What is kept of it is its SHA-256: nobody can guess so many bits, so
that a slow hash, which passwords need because people choose them, would only let anybody who sends
wrong tokens take the processor.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import filelock

from placelens.display import shown
from placelens.errors import InputError, ReadError
from placelens.files import read_regular
from placelens.folders import data_folder, written_whole

__all__ = ["SCOPES", "Scope", "Token", "TokenFile", "digest_of", "new_secret"]

Scope = Literal["read", "write"]
"""What a token allows; who may write may read."""
SCOPES: tuple[Scope, ...] = get_args(Scope)

_BYTES = 32
# Programs that look for secrets in files that are about to be published find it by this.
_PREFIX = "placelens_"
_FORMAT = 1
_MAX_FILE_BYTES = 2**20
_LOCK_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token: not itself, but its digest."""

    id: str
    name: str
    scope: Scope
    digest: str
    created: datetime
    expires: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.expires is not None and now >= self.expires

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; without the digest, which is nobody's to see."""
        shown_of = asdict(self)
        del shown_of["digest"]
        return {**shown_of, "created": _written(self.created), "expires": _written(self.expires)}


def new_secret() -> str:
    """What a client sends: 256 random bits, in letters that need no quoting anywhere."""
    return _PREFIX + secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


class TokenFile:
    """The tokens that this user has made, in a file that only this user can read.

    Parameters
    ----------
    path
        The file; ``tokens.json`` in `placelens.folders.data_folder` by default.
    clock
        Tells the time, in UTC.

    Examples
    --------
    >>> tokens = TokenFile(getfixture("tmp_path") / "tokens.json")
    >>> token, secret = tokens.create("read", name="the kitchen")
    >>> tokens.find(secret).name, tokens.find("guessed")
    ('the kitchen', None)
    >>> tokens.revoke(token.id)
    >>> tokens.find(secret) is None
    True
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], datetime] = _now) -> None:
        self.path = path if path is not None else data_folder() / "tokens.json"
        self._clock = clock
        self._read: tuple[tuple[int, ...] | None, tuple[Token, ...]] = (None, ())

    def all(self) -> tuple[Token, ...]:
        """The tokens there are, the oldest first; those that are over too.

        Raises
        ------
        ReadError
            If the file is not what this class writes, or others may read or change it.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ReadError(f"{self.path} cannot be read: {error.strerror or error}") from error
        # A server reads it again when it was replaced: what is revoked is refused at once.
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode)
        if self._read[0] != stamp:
            self._check_closed(found)
            self._read = (stamp, self._parsed())
        return self._read[1]

    def find(self, secret: str) -> Token | None:
        """The token that a client has sent; None when there is none, or it is over."""
        sent, found = digest_of(secret), None
        for token in self.all():  # all of them: how long it takes tells nothing
            if hmac.compare_digest(token.digest, sent):
                found = token
        return None if found is None or found.is_over(self._clock()) else found

    def get(self, token_id: str) -> Token | None:
        """The token of an id; None when there is none, or it is over."""
        found = next((token for token in self.all() if token.id == token_id), None)
        return None if found is None or found.is_over(self._clock()) else found

    def create(
        self, scope: Scope, *, name: str = "", lasts: timedelta | None = None
    ) -> tuple[Token, str]:
        """Make a token; returns it and what the client is to send, which is kept nowhere.

        Raises
        ------
        InputError
            If the scope is not known, or it would be over at once.
        """
        if scope not in SCOPES:
            raise InputError(f"scope {shown(scope)} is not one of {', '.join(SCOPES)}")
        if lasts is not None and lasts <= timedelta(0):
            raise InputError(f"a token that lasts {lasts} is over before it is used")
        secret, now = new_secret(), self._clock()
        with self._changing() as tokens:
            token = Token(
                id=_free_id(tokens),
                name=name,
                scope=scope,
                digest=digest_of(secret),
                created=now,
                expires=None if lasts is None else now + lasts,
            )
            tokens.append(token)
        return token, secret

    def rotate(self, token_id: str) -> tuple[Token, str]:
        """Give a token another secret; the one before is refused from now on.

        It lasts as long from now as it lasted from when it was made.

        Raises
        ------
        InputError
            If there is no such token.
        """
        secret, now = new_secret(), self._clock()
        with self._changing() as tokens:
            position = _position(tokens, token_id, self.path)
            old = tokens[position]
            lasts = None if old.expires is None else old.expires - old.created
            tokens[position] = replace(
                old,
                digest=digest_of(secret),
                created=now,
                expires=None if lasts is None else now + lasts,
            )
            return tokens[position], secret

    def revoke(self, token_id: str) -> None:
        """Forget a token; running servers refuse it from the next request on.

        Raises
        ------
        InputError
            If there is no such token.
        """
        with self._changing() as tokens:
            del tokens[_position(tokens, token_id, self.path)]

    @contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """Change the list, and write it whole: two commands at once lose nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(self.path.with_suffix(".lock"), timeout=_LOCK_S):
                tokens = list(self.all())
                yield tokens
                content = {"format": _FORMAT, "tokens": [_to_json(token) for token in tokens]}
                with written_whole(self.path) as file:  # which no one else may read from the start
                    file.write(json.dumps(content, indent=2).encode())
                    file.flush()
                    os.fsync(file.fileno())
        except filelock.Timeout:
            raise InputError(
                f"another command is changing {self.path}; try again when it has finished"
            ) from None

    def _check_closed(self, found: os.stat_result) -> None:
        if os.name == "posix" and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ReadError(
                f"{self.path} has the mode {stat.S_IMODE(found.st_mode):o}, with which others may "
                f"read or change it; run: chmod 600 {self.path}"
            )

    def _parsed(self) -> tuple[Token, ...]:
        try:
            content = json.loads(read_regular(self.path, _MAX_FILE_BYTES))
            if content["format"] != _FORMAT:
                raise ValueError(f"it has the format {shown(content['format'])}")
            return tuple(_from_json(entry) for entry in content["tokens"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ReadError(
                f"{self.path} is not a list of tokens ({shown(str(error))}); "
                "move it away and make new ones with placelens tokens create"
            ) from error


def _position(tokens: list[Token], token_id: str, path: Path) -> int:
    for position, token in enumerate(tokens):
        if token.id == token_id:
            return position
    known = ", ".join(token.id for token in tokens) or "none"
    raise InputError(f"{path} has no token with the id {shown(token_id)}; there are: {known}")


def _free_id(tokens: list[Token]) -> str:
    taken = {token.id for token in tokens}
    while (made := secrets.token_hex(4)) in taken:
        pass
    return made


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds")


def _to_json(token: Token) -> dict[str, Any]:
    return {**token.to_dict(), "digest": token.digest}


def _from_json(entry: dict[str, Any]) -> Token:
    """A token as it was written; anything else raises ValueError, KeyError or TypeError."""
    expires = entry["expires"]
    token = Token(
        id=entry["id"],
        name=entry["name"],
        scope=entry["scope"],
        digest=entry["digest"],
        created=datetime.fromisoformat(entry["created"]),
        expires=None if expires is None else datetime.fromisoformat(expires),
    )
    texts = (token.id, token.name, token.digest)
    if token.scope not in SCOPES or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"the token {shown(token.id)} has members of other types")
    if any(time is not None and time.tzinfo is None for time in (token.created, token.expires)):
        raise ValueError(f"the token {token.id} has a time without its zone")
    return token
