"""The manifest: what a collection is, in one small JSON file beside its table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from placelens.display import shown
from placelens.errors import (
    CollectionDamagedError,
    CollectionError,
    FormatVersionError,
    ReadError,
)
from placelens.files import read_regular
from placelens.limits import MAX_DIM
from placelens.storage.durable import write_whole
from placelens.storage.ledger import Ledger
from placelens.types import FEATURES, FeatureName, Space

FILE_NAME = "manifest.json"
COPY_NAME = "manifest.copy.json"
# `MAX_DIM` named concepts.
MAX_BYTES = 2**24
FORMAT = "placelens collection"
FORMAT_VERSION = 1
LARGEST_SLOPE = 1e6

# (query feature, item feature) -> (slope, intercept) of the logistic map
Calibrations = Mapping[tuple[FeatureName, FeatureName], tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What must be known before a collection can be read or written.

    ``concepts`` names the vectors' components where each means something.
    ``next_id`` is a lower bound of the next internal id: ids are never used again, not even
    after the newest items are deleted, so that cursors and ties stay stable.
    """

    dim: int
    features: tuple[FeatureName, ...]
    space: Space = "sphere"
    encoder: str | None = None
    fingerprint: str | None = None
    calibrations: Calibrations = field(default_factory=dict)
    concepts: tuple[str, ...] = ()
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    next_id: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, as written to disk."""
        # Left out where there are none, so that every placelens can read an ordinary collection.
        concepts = {"concepts": list(self.concepts)} if self.concepts else {}
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "created": self.created,
            "space": self.space,
            "dim": self.dim,
            "modalities": list(self.features),
            "encoder": self.encoder,
            "fingerprint": self.fingerprint,
            "calibrations": [
                {"query": query, "item": item, "slope": slope, "intercept": intercept}
                for (query, item), (slope, intercept) in sorted(self.calibrations.items())
            ],
            **concepts,
            "next_id": self.next_id,
        }

    @classmethod
    def from_json(cls, data: Any, *, where: str) -> Manifest:
        """Parse strictly: an unknown version, or a value out of place, is an error."""
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise CollectionError(f"{where} is not the manifest of a placelens collection")
        version = data.get("format_version")
        if version != FORMAT_VERSION:
            raise FormatVersionError(
                f"{where} has format version {shown(version)}, and this placelens reads "
                f"{FORMAT_VERSION}; install a newer placelens to open it"
            )
        expected = {*cls.__dataclass_fields__, "format", "format_version", "modalities"} - {
            "features"
        }
        data = {"concepts": [], **data}
        if set(data) != expected:
            odd = ", ".join(sorted(set(data) ^ expected)[:10])
            raise CollectionError(f"{where}: fields missing or unknown: {odd}")
        for name, (what, is_one) in _FIELDS.items():
            if not is_one(data[name]):
                raise CollectionError(f"{where}: {name} {shown(data[name])} is not {what}")
        if len(data["concepts"]) not in (0, data["dim"]):
            raise CollectionError(
                f"{where}: {len(data['concepts'])} concepts do not name {data['dim']} components"
            )
        return cls(
            dim=data["dim"],
            features=tuple(data["modalities"]),
            space=data["space"],
            encoder=data["encoder"],
            fingerprint=data["fingerprint"],
            calibrations={
                (c["query"], c["item"]): (float(c["slope"]), float(c["intercept"]))
                for c in data["calibrations"]
            },
            concepts=tuple(data["concepts"]),
            created=data["created"],
            next_id=data["next_id"],
        )

    def with_next_id(self, next_id: int) -> Manifest:
        """A copy whose ``next_id`` is at least the one given."""
        return replace(self, next_id=max(self.next_id, next_id))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object, least: int, most: int = 2**63 - 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_list(value: object, is_one: Callable[[object], bool]) -> bool:
    return isinstance(value, list) and all(map(is_one, value))


def _is_features(value: object) -> bool:
    known = _is_list(value, lambda entry: _is_text(entry) and entry in FEATURES)
    return known and isinstance(value, list) and 0 < len(value) == len(set(value))


def _is_calibration(value: object) -> bool:
    """One logistic map: which query and item it is for, and two finite numbers."""
    if not isinstance(value, dict) or set(value) != {"query", "item", "slope", "intercept"}:
        return False
    ends, numbers = (value["query"], value["item"]), (value["slope"], value["intercept"])
    is_known = all(_is_text(end) and end in FEATURES for end in ends)
    return is_known and all(isinstance(n, int | float) and abs(n) < LARGEST_SLOPE for n in numbers)


# What each field must be, in words and as a test: the file may come from anybody.
_FIELDS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "dim": (
        f"a whole number from 1 to {MAX_DIM}",
        lambda value: _is_whole(value, 1, MAX_DIM),
    ),
    "modalities": (f"a list of {', '.join(FEATURES)}", _is_features),
    "space": ("sphere or plane", lambda value: _is_text(value) and value in ("sphere", "plane")),
    "encoder": ("a name", lambda value: value is None or _is_text(value)),
    "fingerprint": ("a text", lambda value: value is None or _is_text(value)),
    "calibrations": ("a list of maps", lambda value: _is_list(value, _is_calibration)),
    "concepts": ("a list of names", lambda value: _is_list(value, _is_text)),
    "created": ("a time", _is_text),
    "next_id": ("an id", lambda value: _is_whole(value, 0)),
}


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
    return Manifest.from_json(data, where=str(path))


def _is_newer(data: Any) -> bool:
    """Whether a manifest says that it has another version of the format."""
    is_ours = isinstance(data, dict) and data.get("format") == FORMAT
    return is_ours and data.get("format_version") != FORMAT_VERSION


def write_manifest(folder: Path, manifest: Manifest, ledger: Ledger | None = None) -> None:
    """Replace the manifest in one step: a crash leaves the old one or the new one."""
    content = json.dumps(manifest.to_json(), indent=1).encode()
    for path in (folder / FILE_NAME, folder / COPY_NAME):
        if ledger is not None:
            # First, so that a crash between the two leaves what the ledger knows as well.
            ledger.announce(path, content)
        write_whole(path, content)
