"""What was understood of the places in a query: to be shown to people, and searched by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from placelens.geo.gazetteer import PlaceChoice
from placelens.geo.names import fold
from placelens.geo.regions import Region
from placelens.geo.units import format_distance
from placelens.types import Place

__all__ = ["PlaceMention", "Relation", "Understood"]

Relation = Literal["near", "in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMention:
    """A place found in a query: the words, the place they mean, and the others of that name.

    ``phrase`` is all that stood for it ("near Paris, Texas"), ``written`` the bare name.

    ``radius_m`` is set when a distance was given ("within 5 km of Lyon").
    """

    phrase: str
    written: str
    relation: Relation
    choices: tuple[PlaceChoice, ...]
    radius_m: float | None = None

    @property
    def choice(self) -> PlaceChoice:
        """The place that was taken."""
        return self.choices[0]

    @property
    def name(self) -> str:
        """The place's name."""
        return self.choice.name

    @property
    def kind(self) -> str:
        """``town``, ``country``, ``state``, ``region`` or ``point``."""
        return self.choice.kind

    @property
    def lat(self) -> float:
        """Latitude of the place's centre, in degrees."""
        return self.choice.lat

    @property
    def lon(self) -> float:
        """Longitude of the place's centre, in degrees."""
        return self.choice.lon

    @property
    def others(self) -> tuple[PlaceChoice, ...]:
        """The other places that go by the name that was written, as their main name."""
        written = fold(self.written)
        return tuple(choice for choice in self.choices[1:] if fold(choice.name) == written)

    def describe(self) -> str:
        """The mention in words: ``near Lyon, France``."""
        if self.radius_m is not None:
            return f"within {format_distance(self.radius_m)} of {self.choice.label}"
        return f"{self.relation} {self.choice.label}"

    def to_dict(self) -> dict[str, Any]:
        """The mention as plain JSON types."""
        return {
            "phrase": self.phrase,
            "relation": self.relation,
            "radius_m": self.radius_m,
            **self.choice.to_dict(),
            "choices": [choice.to_dict() for choice in self.choices],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was understood of a query: the words that are left, and the place terms.

    ``near`` and ``decay`` make the place term; ``region`` is a hard filter.
    """

    text: str
    mentions: tuple[PlaceMention, ...] = ()
    near: Place | None = None
    decay: str | None = None
    region: Region | None = None

    def describe(self) -> str:
        """One line for people; empty when the query names no place."""
        parts = [mention.describe() for mention in self.mentions]
        if self.decay is not None:
            parts.append(f"decay {self.decay}")
        for mention in self.mentions:
            if mention.others:
                labels = " / ".join(choice.label for choice in mention.others[:3])
                parts.append(f"other places of that name: {labels}")
        return "; ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """What was understood as plain JSON types; the region by its bounds."""
        near = None if self.near is None else {"lat": self.near.lat, "lon": self.near.lon}
        return {
            "text": self.text,
            "mentions": [mention.to_dict() for mention in self.mentions],
            "near": near,
            "decay": self.decay,
            "bounds": None if self.region is None else list(self.region.bounds),
            "description": self.describe(),
        }
