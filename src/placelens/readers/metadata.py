"""What one source of facts (EXIF, an XMP packet, a Takeout file) says about a photo, and who is
believed where several say something.

This is the one table of it. A photo with copies has the statements of all of them.

========= ===================================================================================
fact      the first of these that states it is believed
========= ===================================================================================
place     a table's row; the XMP sidecar of the file's own name (``IMG.jpg.xmp``), then the one
          of its stem (``IMG.xmp``); a raster's georeference; the EXIF; the XMP packet inside the
          file; Takeout's JSON.
          A place that was estimated follows all; one given by hand precedes what copies say
text      the same, with the IPTC record of the file before Takeout's JSON
attribute the same, each name by itself
time      a table's row; then by what the time is: when the photo was **taken** (EXIF
          DateTimeOriginal, photoshop:DateCreated, IPTC DateCreated, photoTakenTime, in the
          order above), **digitised** (DateTimeDigitized, xmp:CreateDate), when the
          **satellites** gave the position, what the file's **name** says, when the file was
          **changed** (EXIF DateTime), **uploaded** (Takeout's creationTime), and last what
          looks like a clock that was never set
========= ===================================================================================

The file's own time of change on disk is no statement: copying and unpacking set it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from placelens.readers.values import join_texts
from placelens.types import Attribute, Place, PlaceSource

# Attributes that are lists; of equal rank, copies add to each other's.
_LISTS = frozenset({"keywords", "people"})


class Origin(IntEnum):
    """Who makes a statement, the most reliable first."""

    BY_HAND = 0
    ROW = 1
    SIDECAR = 2
    SIDECAR_OF_STEM = 3
    RASTER = 4
    EXIF = 5
    PACKET = 6
    IPTC = 7
    TAKEOUT = 8
    NAME = 9
    KEPT = 10  # what the collection holds of a file that cannot be read at the moment
    ESTIMATE = 11


class TimeKind(IntEnum):
    """What a stated time is the time of, the most reliable first."""

    GIVEN = 0
    TAKEN = 1
    DIGITISED = 2
    SATELLITES = 3
    NAMED = 4
    CHANGED = 5
    UPLOADED = 6
    UNSET_CLOCK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Facts about a photo from one source; whatever it does not say is None or absent."""

    origin: Origin
    place: Place | None = None
    place_source: PlaceSource | None = None
    place_radius_m: float | None = None
    time: datetime | None = None
    time_kind: TimeKind = TimeKind.GIVEN
    text: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def merge(statements: Iterable[Metadata]) -> Metadata:
    """Join what several sources say, each fact by the table above.

    A place, its source and its radius go together, and so do the warnings of all. Of equal rank
    the first is believed, but their texts are joined and their lists of people and keywords united.

    Examples
    --------
    >>> exif = Metadata(origin=Origin.EXIF, text="DSC", attributes={"rating": 2})
    >>> sidecar = Metadata(origin=Origin.SIDECAR, text="A green dome")
    >>> both = merge([exif, sidecar])
    >>> both.text, both.attributes
    ('A green dome', {'rating': 2})
    """
    ranked = sorted(statements, key=lambda m: m.origin)
    silent = Metadata(origin=Origin.ESTIMATE)
    placed = next((m for m in ranked if m.place is not None), silent)
    timed = min(
        (m for m in ranked if m.time is not None), key=lambda m: m.time_kind, default=silent
    )
    worded = next((m for m in ranked if m.text), silent)
    return Metadata(
        origin=ranked[0].origin if ranked else silent.origin,
        place=placed.place,
        place_source=placed.place_source,
        place_radius_m=placed.place_radius_m,
        time=timed.time,
        time_kind=timed.time_kind,
        text=join_texts(m.text for m in ranked if m.origin == worded.origin),
        attributes=_attributes(ranked),
        warnings=tuple(w for m in ranked for w in m.warnings),
    )


def _attributes(ranked: Iterable[Metadata]) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    origin_of: dict[str, Origin] = {}
    for metadata in ranked:
        for name, value in metadata.attributes.items():
            if value is None:
                continue
            if name not in found:
                found[name], origin_of[name] = value, metadata.origin
            elif name in _LISTS and origin_of[name] == metadata.origin:
                found[name] = _united(found[name], value)
    return found


def _united(first: Any, second: Any) -> list[Any]:
    """Two lists as one, each member once; a row may have a single value."""
    lists = (value if isinstance(value, list | tuple) else [value] for value in (first, second))
    return list(dict.fromkeys(member for members in lists for member in members))
