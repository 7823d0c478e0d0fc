"""What every reader gives: sources found cheaply, then read one by one, perhaps elsewhere.

Discovery only lists files and tables, so that an unchanged library is passed over in seconds.
Reading opens the file, decodes it, and may run in another process: a source and its reading
therefore hold plain data only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from placelens.display import shown
from placelens.errors import InputError
from placelens.readers.metadata import Metadata
from placelens.types import Attribute, Place, PlaceSource, UInt8Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something to read, found but not opened: a photo, or one row of a table.

    ``key`` names it uniquely (a photo's absolute path; ``table.csv#7`` for a row without an
    image). ``stamp`` changes when the file, a sidecar or the row changes. What a table's row
    says travels along and outranks what the image file says. ``warnings`` name what was
    ignored already when it was found.
    """

    key: str
    stamp: str
    image: str | None = None
    sidecars: tuple[str, ...] = ()
    id: str | None = None
    text: str | None = None
    place: Place | None = None
    place_source: PlaceSource | None = None
    place_radius_m: float | None = None
    time: datetime | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source holds. ``pixels`` is (size, size, 3) uint8 RGB, upright; None for a text.

    ``wholes`` are all of it, squashed to each height and width that the spec asks for.
    ``statements`` are what is said of it in the file and beside it; the facts are these merged.
    """

    source: Source
    content_hash: str
    statements: tuple[Metadata, ...] = ()
    text: str | None = None
    place: Place | None = None
    place_source: PlaceSource | None = None
    place_radius_m: float | None = None
    time: datetime | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    width: int | None = None
    height: int | None = None
    pixels: UInt8Array | None = None
    wholes: Mapping[tuple[int, int], UInt8Array] = field(default_factory=dict)
    thumbnail: bytes | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A file or row that was not taken, and why, in words for the user."""

    key: str
    reason: str


def checked_sources(sources: Any) -> Iterator[Source | Skipped]:
    """What readers found, one by one.

    Raises
    ------
    InputError
        For anything else, before it is read.
    """
    if not isinstance(sources, Iterable):
        raise InputError(f"sources {shown(sources)} is not what read_photos gives")
    for source in sources:
        if not isinstance(source, Source | Skipped):
            raise InputError(f"{shown(source)} is not a source; give what read_photos gives")
        yield source
