"""How placelens was installed, and so which command installs more of it.

Nothing is published under its name, so ``pip install placelens[hub]`` would fail, or worse, find
somebody else's package: the command names the checkout or the wheel that this install came from,
and the pip of the Python that runs.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

__all__ = ["install_command", "reinstall_command"]


def install_command(extra: str) -> str:
    """The command that adds an extra to this install.

    Examples
    --------
    >>> install_command("hub").endswith("[hub]'")
    True
    """
    from shlex import quote

    origin, is_editable = _origin()
    return f"{_pip()} install {'-e ' if is_editable else ''}{quote(f'{origin}[{extra}]')}"


def reinstall_command() -> str:
    """The command that puts back files of placelens that are missing or damaged."""
    from shlex import quote

    origin, is_editable = _origin()
    options = "--force-reinstall --no-deps" + (" -e" if is_editable else "")
    return f"{_pip()} install {options} {quote(origin)}"


def _pip() -> str:
    """``pip`` where typing that reaches the Python that runs, which else is named."""
    from shlex import quote
    from shutil import which

    typed = which("pip")
    if typed is not None and Path(typed).parent == Path(sys.executable).parent:
        return "pip"
    return f"{quote(_short(Path(sys.executable)))} -m pip"


@cache
def _origin() -> tuple[str, bool]:
    """What pip was given, and whether the install is editable (PEP 610)."""
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
        return _short(checkout), True
    return "placelens", False


def _given(origin: dict[str, dict[str, object]]) -> tuple[str, bool]:
    """The folder, wheel or repository of a ``direct_url.json``."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    url = urlsplit(str(origin["url"]))
    if url.scheme == "file":
        is_editable = bool(origin.get("dir_info", {}).get("editable"))
        return _short(Path(url2pathname(url.path))), is_editable
    system = origin.get("vcs_info", {}).get("vcs")
    return f"placelens @ {f'{system}+' if system else ''}{url.geturl()}", False


def _short(path: Path) -> str:
    """The path as one would type it from the folder we are in, if it is below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere; or the folder we are in was removed
        return str(path)
