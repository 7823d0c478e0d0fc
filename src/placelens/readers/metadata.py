"""What one source of facts (EXIF, an XMP packet, a Takeout file) says about a photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from placelens.types import Attribute, Place, PlaceSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Facts about a photo from one source; whatever it does not say is None or absent."""

    place: Place | None = None
    place_source: PlaceSource | None = None
    time: datetime | None = None
    text: str | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def merge(ranked: Sequence[Metadata]) -> Metadata:
    """Join what several sources say: of each fact, what the first of them says.

    A place and its source go together, and so do the warnings of all.
    """
    place = next((m for m in ranked if m.place is not None), Metadata())
    attributes: dict[str, Attribute] = {}
    for metadata in reversed(ranked):
        attributes.update({k: v for k, v in metadata.attributes.items() if v is not None})
    return Metadata(
        place=place.place,
        place_source=place.place_source,
        time=next((m.time for m in ranked if m.time is not None), None),
        text=next((m.text for m in ranked if m.text), None),
        attributes=attributes,
        warnings=tuple(w for m in ranked for w in m.warnings),
    )
