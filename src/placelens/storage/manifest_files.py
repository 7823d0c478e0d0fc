"""The manifest on disk: a small JSON file beside the table, and a copy for when it is damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from placelens.display import shown
from placelens.errors import (
    CollectionDamagedError,
    CollectionError,
    FormatVersionError,
    ReadError,
)
from placelens.files import read_regular
from placelens.storage.durable import write_whole
from placelens.storage.ledger import Ledger
from placelens.storage.manifest import Manifest
from placelens.storage.manifest_v1 import ManifestV1
from placelens.storage.manifest_v2 import FORMAT, ManifestV2

FILE_NAME = "manifest.json"
COPY_NAME = "manifest.copy.json"
# `MAX_DIM` named concepts.
MAX_BYTES = 2**24


class _Version(Protocol):
    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str) -> Manifest: ...


VERSIONS: Mapping[int, _Version] = {1: ManifestV1, 2: ManifestV2}


def manifest_files(folder: Path) -> list[Path]:
    """The manifest and the copy that `placelens repair` takes when the manifest is damaged."""
    return [path for path in (folder / FILE_NAME, folder / COPY_NAME) if path.exists()]


def read_manifest(folder: Path, ledger: Ledger | None = None, *, name: str = FILE_NAME) -> Manifest:
    """Read the manifest of the collection in ``folder``, or its copy.

    Raises
    ------
    CollectionDamagedError
        If it cannot be read, or is not what was written.
    FormatVersionError
        If a newer placelens wrote it.
    """
    path = folder / name
    try:
        data = json.loads(read_regular(path, MAX_BYTES).decode())
        if not _is_newer(data):  # a newer placelens may have another ledger as well
            wrong = ledger.damage_of(path) if ledger is not None else None
            if wrong is not None:
                raise ValueError(wrong)
    except (ReadError, ValueError, RecursionError) as error:
        raise CollectionDamagedError(
            f"{path} cannot be read ({error}); bring it back with: placelens repair {folder}"
        ) from error
    return parsed(data, where=str(path))


def parsed(data: Any, *, where: str) -> Manifest:
    """The manifest that JSON stands for, by the version that it names.

    Raises
    ------
    CollectionError
        If a value is out of place.
    FormatVersionError
        If a newer placelens wrote it.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise CollectionError(f"{where} is not the manifest of a placelens collection")
    if _is_newer(data):
        raise FormatVersionError(
            f"{where} has format version {shown(data.get('format_version'))}, and this placelens "
            f"reads {' and '.join(map(str, VERSIONS))}; install a newer placelens to open it"
        )
    return VERSIONS[data["format_version"]].from_json(data, where=where)


def _is_newer(data: Any) -> bool:
    """Whether a manifest says that it has a version of the format that is not known."""
    is_ours = isinstance(data, dict) and data.get("format") == FORMAT
    version = data.get("format_version") if is_ours else None
    return is_ours and (type(version) is not int or version not in VERSIONS)


def write_manifest(folder: Path, manifest: Manifest, ledger: Ledger | None = None) -> None:
    """Replace the manifest in one step: a crash leaves the old one or the new one."""
    content = json.dumps(ManifestV2.to_json(manifest), indent=1).encode()
    for path in (folder / FILE_NAME, folder / COPY_NAME):
        # What is replaced first, so that a crash between the two leaves what the ledger knows as
        # well; what is new last, or a crash would leave a file that is missing.
        is_new = not path.exists()
        if ledger is not None and not is_new:
            ledger.announce(path, content)
        write_whole(path, content)
        if ledger is not None and is_new:
            ledger.announce(path, content)


def is_copied(folder: Path) -> bool:
    """Whether the copy of the manifest is the same: a crash between the two leaves an older one."""
    try:
        first, second = ((folder / name).read_bytes() for name in (FILE_NAME, COPY_NAME))
    except OSError:
        return False
    return first == second
