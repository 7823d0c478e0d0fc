"""Folders on the server that jobs may read: those that its user has named, and nothing else."""

from __future__ import annotations

import os
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from placelens.display import shown
from placelens.errors import InputError, ReadError
from placelens.server.errors import ProblemError

if TYPE_CHECKING:
    from placelens.server.settings import Settings

__all__ = ["below_roots"]


def below_roots(written: str, settings: Settings) -> tuple[Path, Path]:
    """A path that a client names, and the root that it lies below, wherever links lead.

    A relative one is looked for below each root. Whether there is something at another path is not
    told.

    Raises
    ------
    ProblemError
        403 if it lies below none.
    ReadError
        If there is nothing at a path below one.
    """
    if "\0" in written:
        raise InputError(f"the path {shown(written)} cannot be that of a file")
    outside = True
    for root in settings.allowed_roots:
        # As an import from the command line writes it: links of the root itself stay.
        path = os.path.abspath(root.expanduser().absolute() / written)  # noqa: PTH100
        real_root = Path(os.path.realpath(root.expanduser()))
        if not Path(os.path.realpath(path)).is_relative_to(real_root):
            continue
        outside = False
        if Path(path).exists():
            return Path(path), real_root
    if outside:
        roots = ", ".join(map(str, settings.allowed_roots)) or "none"
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            f"the path {shown(written)} is not below a folder that this server may read"
            + (f"; these are: {roots}" if settings.paths_shown else "")
            + ". They are named with placelens serve --allow-root",
            kind="root",
            title="Not to be read",
        )
    raise ReadError(f"there is nothing at {shown(written)}")
