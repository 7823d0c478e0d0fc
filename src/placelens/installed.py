"""How placelens was installed, and so which command installs more of it.

Nothing is published under its name, so ``pip install placelens[hub]`` would fail, or worse, find
somebody else's package: the command names the checkout or the wheel that this install came from,
and the pip of the Python that runs.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["install_command", "reinstall_command"]


def install_command(extra: str) -> str:
    """The command that adds an extra to this install.

    Examples
    --------
    >>> "[hub]" in install_command("hub")
    True
    """
    return _pip_install(f"[{extra}]")


def reinstall_command() -> str:
    """The command that puts back files of placelens that are missing or damaged."""
    return _pip_install("", "--force-reinstall", "--no-deps")


def _pip_install(extra: str, *options: str) -> str:
    from shlex import quote

    origin = _origin()
    editable = ("-e",) if origin.is_editable else ()
    return " ".join([_pip(), "install", *options, *editable, quote(origin.with_extra(extra))])


def _pip() -> str:
    """``pip`` where typing that reaches the Python that runs, which else is named."""
    from shlex import quote
    from shutil import which

    typed = which("pip")
    if typed is not None and Path(typed).parent == Path(sys.executable).parent:
        return "pip"
    return f"{quote(_short(Path(sys.executable)))} -m pip"


class _Origin(NamedTuple):
    """What pip was given: a path, or the URL that stands behind the name."""

    where: str
    is_editable: bool = False
    is_url: bool = False

    def with_extra(self, extra: str) -> str:
        return f"placelens{extra} @ {self.where}" if self.is_url else f"{self.where}{extra}"


@cache
def _origin() -> _Origin:
    """Where this install came from (PEP 610)."""
    # These take longer to import than all of placelens.errors, which needs them in a mishap only.
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        written = distribution("placelens").read_text("direct_url.json")
    except PackageNotFoundError:
        written = None
    if written is not None:
        return _given(json.loads(written))
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():  # run without being installed
        return _Origin(_short(checkout), is_editable=True)
    return _Origin("placelens")


def _given(origin: dict[str, Any]) -> _Origin:
    """The folder, wheel or repository of a ``direct_url.json``."""
    from urllib.parse import unquote, urlsplit

    url = urlsplit(origin["url"])
    if url.scheme == "file":
        is_editable = bool(origin.get("dir_info", {}).get("editable"))
        # On Windows a path behind file:// starts with a slash before its drive.
        path = unquote(url.path).removeprefix("/" if os.name == "nt" else "")
        return _Origin(_short(Path(path)), is_editable=is_editable)
    system = origin.get("vcs_info", {}).get("vcs")
    return _Origin(f"{system}+{url.geturl()}" if system else url.geturl(), is_url=True)


def _short(path: Path) -> str:
    """The path as one would type it from the folder we are in, if it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere; or the folder we are in was removed
        return str(path)
