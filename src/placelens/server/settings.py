"""What a server is told before it starts."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from placelens.display import shown
from placelens.errors import InputError

if TYPE_CHECKING:
    from placelens.collection import Collection

__all__ = ["Settings", "is_loopback"]

_TILE_PLACEHOLDERS = ("{z}", "{x}", "{y}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `create_app` needs to know.

    Parameters
    ----------
    collections
        By the name they have in URLs: a path, opened when first asked for, or an open collection.
    host
        The address that the server binds to; it decides which ``Host`` headers are answered and
        whether file paths are shown.
    allowed_hosts
        More host names that it is reached by, for instance behind a proxy.
    tile_url
        A raster tile template with ``{z}``, ``{x}`` and ``{y}`` for the map's background. The
        browser then asks that host for tiles; without it nothing leaves the machine.
    max_upload_bytes
        Largest request body, images as base64 included.
    max_points
        Most dots that the map's background is given.
    show_paths
        Whether items carry the full path of their file, or its name only. By default the full
        path only when the host is a loopback address.
    timeout_s
        How long a search may take, the time it waits for its turn included; then it is given up
        with 503. None for no limit.
    max_requests
        Most requests that are worked on, or wait for their turn, at once; others get 503.
    allow_download
        Whether a collection may have its encoder's weights fetched from the hub; else it is
        loaded from what this machine has already.
    warm_up
        Whether to open the collections and load their encoders and the gazetteer in the
        background as soon as the server starts; else the first search waits for them.
    write
        Whether those with a token for it may add, change and delete items.
    uploads
        Where pictures that clients send are kept, in a folder for each collection; by default in
        ``NAME-uploads`` beside the collection.
    allowed_roots
        Folders that clients may name paths of, to take their photos in.
    auth
        Whether tokens are asked for: to write anywhere, and to read where the host is no loopback
        address.
    token_file
        Where the tokens are; by default where ``placelens tokens`` keeps them.
    run_token
        One more token, of this server alone: who has it may write where the server does, else
        read. It is how the page that the command opens gets in.
    metrics
        Whether ``/metrics`` tells numbers for Prometheus.
    cors_origins
        Origins like ``https://photos.example.org`` whose pages may read answers and send requests.

    Raises
    ------
    InputError
        If a name, the tile URL, an origin, a root or a limit is not usable.
    """

    collections: Mapping[str, str | os.PathLike[str] | Collection]
    host: str = "127.0.0.1"
    allowed_hosts: tuple[str, ...] = ()
    tile_url: str | None = None
    max_upload_bytes: int = 64 * 1024 * 1024
    max_points: int = 200_000
    show_paths: bool | None = None
    timeout_s: float | None = 30.0
    max_requests: int = 256
    allow_download: bool = False
    warm_up: bool = False
    write: bool = False
    uploads: Path | None = None
    allowed_roots: tuple[Path, ...] = ()
    auth: bool = True
    token_file: Path | None = None
    run_token: str | None = None
    metrics: bool = False
    cors_origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.collections:
            if not name or "/" in name or name in {".", ".."}:
                raise InputError(
                    f"collection name {shown(name)} cannot stand in a URL; it must not be empty, "
                    "hold a slash, or be . or .."
                )
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise InputError(f"timeout_s = {self.timeout_s} is not a number of seconds above 0")
        for limit in ("max_upload_bytes", "max_points", "max_requests"):
            if getattr(self, limit) < 1:
                raise InputError(f"{limit} = {getattr(self, limit)} is not 1 or more")
        if self.tile_url is not None:
            _check_tile_url(self.tile_url)
        for root in self.allowed_roots:
            if not root.expanduser().is_dir():
                raise InputError(f"{root} is no folder, so nothing can be taken in from it")
        for origin in self.cors_origins:
            _check_origin(origin)

    @property
    def paths_shown(self) -> bool:
        """Whether items carry the full path of their file."""
        return is_loopback(self.host) if self.show_paths is None else self.show_paths

    @property
    def reading_needs_token(self) -> bool:
        """Whether even reading takes a token: others than this machine's users reach the server."""
        return self.auth and not is_loopback(self.host)

    @property
    def page_needs_token(self) -> bool:
        """Whether the page cannot do all that it offers without a token."""
        return self.auth and (self.write or self.reading_needs_token)

    @property
    def tile_origin(self) -> str | None:
        """Scheme, host and port of the tile server."""
        if self.tile_url is None:
            return None
        parts = urlsplit(self.tile_url)
        return f"{parts.scheme}://{parts.netloc}"


@lru_cache(maxsize=16)  # asked for each item of an answer
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback.

    Examples
    --------
    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("192.168.1.4")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _check_origin(origin: str) -> None:
    """Browsers compare letter by letter, so that nothing else than what they send would match."""
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or origin != (
        f"{parts.scheme}://{parts.netloc}".lower()
    ):
        raise InputError(
            f"origin {shown(origin)} is not a scheme and a host like https://photos.example.org or "
            "http://localhost:3000; write each without a path, and no *"
        )


def _check_tile_url(template: str) -> None:
    parts = urlsplit(template)
    missing = [mark for mark in _TILE_PLACEHOLDERS if mark not in template]
    if parts.scheme not in {"http", "https"} or not parts.netloc or missing:
        raise InputError(
            f"tile URL {template!r} is not a template like "
            "https://tiles.example.org/{z}/{x}/{y}.png"
            + (f"; it lacks {', '.join(missing)}" if missing else "")
        )
    # The origin becomes part of the Content-Security-Policy header, where these end a rule.
    if any(mark in parts.netloc for mark in ";, {}'\"@"):
        raise InputError(
            f"tile URL {template!r}: the host {parts.netloc!r} must be a plain host name; "
            "write one host instead of a list, and no password"
        )
