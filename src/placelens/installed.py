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

# The other distributions of this repository: their folders in it.
_FOLDERS = {"placelens-bench": "benchmarks"}


def install_command(extra: str = "", *, distribution: str = "placelens") -> str:
    """The command that adds an extra, or another distribution of the same repository.

    Parameters
    ----------
    extra
        Its name; "" for the distribution without one.
    distribution
        ``placelens`` or ``placelens-bench``, installed or not.

    Examples
    --------
    >>> "[hub]" in install_command("hub")
    True
    >>> "benchmarks[rivals]" in install_command("rivals", distribution="placelens-bench")
    True
    """
    return _pip_install(_origin(distribution), f"[{extra}]" if extra else "")


def reinstall_command() -> str:
    """The command that puts back files of placelens that are missing or damaged."""
    return _pip_install(_origin("placelens"), "", "--force-reinstall", "--no-deps")


def _pip_install(origin: _Origin, extra: str, *options: str) -> str:
    from shlex import quote

    editable = ("-e",) if origin.is_editable else ()
    wanted = quote(origin.with_extra(extra))
    return " ".join([_pip(), "install", *options, *editable, wanted]) + origin.note


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

    name: str
    where: str
    is_folder: bool = False
    is_editable: bool = False
    is_url: bool = False
    # Of a repository: what makes it the very same.
    commit: str = ""
    # What the command does not say.
    note: str = ""

    def with_extra(self, extra: str) -> str:
        return f"{self.name}{extra} @ {self.where}" if self.is_url else f"{self.where}{extra}"

    def beside(self, name: str) -> _Origin:
        """Another distribution, from the same checkout or repository."""
        folder = _FOLDERS[name]
        if self.is_folder:
            return self._replace(name=name, where=f"{self.where}/{folder}")
        if self.commit:
            there = f"{self.where}@{self.commit}#subdirectory={folder}"
            return self._replace(name=name, where=there)
        from placelens import __version__

        return _Origin(name, f"./{folder}", note=f" in a checkout of placelens {__version__}")


@cache
def _origin(name: str) -> _Origin:
    """Where a distribution came from (PEP 610), or would come from."""
    # These take longer to import than all of placelens.errors, which needs them in a mishap only.
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        written = distribution(name).read_text("direct_url.json")
    except PackageNotFoundError:
        if name in _FOLDERS:
            return _origin("placelens").beside(name)
        written = None
    if written is not None:
        return _given(name, json.loads(written))
    checkout = Path(__file__).resolve().parents[2]
    if name == "placelens" and (checkout / "pyproject.toml").is_file():  # run, not installed
        return _Origin(name, _short(checkout), is_folder=True, is_editable=True)
    return _Origin(name, name)


def _given(name: str, origin: dict[str, Any]) -> _Origin:
    """The folder, wheel or repository of a ``direct_url.json``."""
    from urllib.parse import unquote, urlsplit

    url = urlsplit(origin["url"])
    if url.scheme == "file":
        is_editable = bool(origin.get("dir_info", {}).get("editable"))
        # On Windows a path behind file:// starts with a slash before its drive.
        path = unquote(url.path).removeprefix("/" if os.name == "nt" else "")
        is_folder = "archive_info" not in origin
        return _Origin(name, _short(Path(path)), is_folder=is_folder, is_editable=is_editable)
    vcs = origin.get("vcs_info")
    if vcs is None:
        return _Origin(name, url.geturl(), is_url=True)
    folder = origin.get("subdirectory")
    where = f"{vcs['vcs']}+{url.geturl()}" + (f"#subdirectory={folder}" if folder else "")
    return _Origin(name, where, is_url=True, commit=vcs["commit_id"])


def _short(path: Path) -> str:
    """The path as one would type it from the folder we are in, if it is below it.

    With a separator: pip takes a bare name for that of a package in the index.
    """
    try:
        below = path.relative_to(Path.cwd())
    except (ValueError, OSError):  # elsewhere; or the folder we are in was removed
        return str(path)
    return os.path.join(".", below) if len(below.parts) == 1 else str(below)  # noqa: PTH118
