"""What was understood of the places in a query: to be shown to people, and searched by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from placelens.geo.areas import Area
from placelens.geo.gazetteer import PlaceChoice
from placelens.geo.names import fold
from placelens.geo.relations import Relation
from placelens.geo.time_words import TimeMention
from placelens.geo.units import format_distance
from placelens.types import Place

__all__ = ["Offer", "PlaceMention", "Relation", "Understood", "Unread"]

AWAY_M = 25_000.0
"""How far "not near" a town keeps away, in metres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceMention:
    """A place found in a query: the words, the place they mean, and the others of that name.

    ``phrase`` is all that stood for it ("near Paris, Texas"), ``written`` the bare name.

    ``radius_m`` is set when a distance was given ("within 5 km of Lyon"). ``negated`` asks for what
    is not there ("not in Lyon", "more than 5 km from Lyon"). ``is_bare`` marks a name without a
    word like "near": the whole query.
    """

    phrase: str
    written: str
    relation: Relation
    choices: tuple[PlaceChoice, ...]
    radius_m: float | None = None
    negated: bool = False
    is_bare: bool = False

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
        label = self.choice.label
        if self.radius_m is not None:
            distance = format_distance(self.radius_m)
            return (
                f"more than {distance} from {label}"
                if self.negated
                else f"within {distance} of {label}"
            )
        if self.negated and self.relation == "near" and self.kind in ("town", "point", "item"):
            return f"not within {format_distance(AWAY_M)} of {label}"
        return f"{'not ' if self.negated else ''}{self.relation} {label}"

    def to_dict(self) -> dict[str, Any]:
        """The mention as plain JSON types."""
        return {
            "phrase": self.phrase,
            "relation": self.relation,
            "radius_m": self.radius_m,
            "negated": self.negated,
            "words": self.describe(),
            **self.choice.to_dict(),
            "choices": [choice.to_dict() for choice in self.choices],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A phrase that may name a place or time and was left to the words, and why."""

    phrase: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"phrase": self.phrase, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a phrase might mean, too uncertain to act on: what to write in its place for that."""

    phrase: str
    write: str
    label: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"phrase": self.phrase, "write": self.write, "label": self.label}


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was understood of a query: the words that are left, the place terms, the times.

    ``near`` and ``decay`` make the place term; ``area`` is a hard filter, and nothing that is
    known to lie in ``outside`` is found. ``times`` are the periods named.
    ``unread`` are phrases that were left to the words, ``offers`` what else phrases might mean.
    """

    text: str
    mentions: tuple[PlaceMention, ...] = ()
    near: Place | None = None
    decay: str | None = None
    area: Area | None = None
    outside: Area | None = None
    times: tuple[TimeMention, ...] = ()
    unread: tuple[Unread, ...] = ()
    offers: tuple[Offer, ...] = ()

    def describe(self) -> str:
        """One line for people; empty when the query names no place and no time."""
        parts = [mention.describe() for mention in self.mentions]
        if self.decay is not None:
            parts.append(f"decay {self.decay}")
        parts += [time.describe() for time in self.times]
        for mention in self.mentions:
            if mention.others:
                labels = " / ".join(choice.label for choice in mention.others[:3])
                parts.append(f"other places of that name: {labels}")
        return "; ".join(parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """In words, what was not read, and what might be meant instead."""
        unread = [f"{each.phrase!r} is left to the words: {each.reason}" for each in self.unread]
        offers = [
            f"{each.phrase!r} may mean a place or time; for that write: {each.write}"
            for each in self.offers
        ]
        return (*unread, *offers)

    def to_dict(self) -> dict[str, Any]:
        """What was understood as plain JSON types; the area by its bounds."""
        near = None if self.near is None else {"lat": self.near.lat, "lon": self.near.lon}
        return {
            "text": self.text,
            "mentions": [mention.to_dict() for mention in self.mentions],
            "times": [time.to_dict() for time in self.times],
            "near": near,
            "decay": self.decay,
            "bounds": None if self.area is None else list(self.area.bounds),
            "unread": [each.to_dict() for each in self.unread],
            "offers": [each.to_dict() for each in self.offers],
            "description": self.describe(),
        }
