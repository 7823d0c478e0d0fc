"""From the places that a query names to what it is searched by: a place term and areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from placelens.geo import named_areas
from placelens.geo.areas import AnyOf, Area, Circle
from placelens.geo.decay import Decay
from placelens.geo.gazetteer import Gazetteer, PlaceChoice, town_radius_m
from placelens.geo.understood import AWAY_M, PlaceMention
from placelens.types import Place

__all__ = ["NEAR_DECAY", "area_inside", "area_outside", "place_term", "settled"]

NEAR_DECAY = "gauss:25km"
"""For "near" a town; 25 km is a day's outing, where the value is 0.61."""


def settled(mentions: Sequence[PlaceMention]) -> tuple[PlaceMention, ...]:
    """Take for each town the choice that lies in a country or state of the same query."""
    wider = {m.name for m in mentions if m.kind not in ("town", "point") and not m.negated}
    settled = []
    for mention in mentions:
        choices = mention.choices
        if mention.kind == "town":
            inside = [choice for choice in choices if wider & {choice.country, choice.admin}]
            choices = tuple(dict.fromkeys([*inside, *choices]))
        settled.append(replace(mention, choices=choices))
    return tuple(settled)


def place_term(mentions: Sequence[PlaceMention]) -> tuple[Place | None, str | None]:
    """Where the place term lies and how it falls: of the "near", else of a single town."""
    mentions = [mention for mention in mentions if not mention.negated]
    near = next((mention for mention in mentions if mention.relation == "near"), None)
    if near is None:
        towns = [mention for mention in mentions if mention.kind == "town"]
        if len(towns) != 1:
            return None, None
        return towns[0].choice.place, Decay("gauss", _radius_m(towns[0].choice)).write()
    if near.kind not in ("town", "point", "item"):
        radius_m = named_areas.area(near.choice.code).radius_m
        return near.choice.place, Decay("gauss", radius_m / 2.0, radius_m).write()
    if near.radius_m:
        return near.choice.place, Decay("gauss", near.radius_m).write()
    return near.choice.place, NEAR_DECAY


def area_inside(mentions: Sequence[PlaceMention], gazetteer: Gazetteer) -> Area | None:
    """The hard filter: the circle of a given distance; else the narrowest places that are "in"."""
    mentions = [mention for mention in mentions if not mention.negated]
    areas: list[Area] = [
        _around(mention.choice, mention.radius_m)
        for mention in mentions
        if mention.radius_m is not None
    ]
    if not areas:
        inside = [mention.choice for mention in mentions if mention.relation == "in"]
        narrowest = [choice for choice in inside if choice.kind == "town"] or inside
        areas = [_inside(choice, gazetteer) for choice in narrowest]
    return _joined(areas)


def _inside(choice: PlaceChoice, gazetteer: Gazetteer) -> Area:
    """What is "in" a place: the circle of a town, the area of anything wider."""
    if choice.kind == "town":
        return Circle(center=choice.place, radius_m=_radius_m(choice))
    return gazetteer.shape(choice)


def _around(choice: PlaceChoice, radius_m: float) -> Area:
    """All that lies within a distance of a place."""
    if choice.kind in ("town", "point", "item"):
        return Circle(center=choice.place, radius_m=radius_m)
    return named_areas.shape_around(choice.code, radius_m)


def _left_out(mention: PlaceMention, gazetteer: Gazetteer) -> Area:
    """What a negated mention leaves out."""
    choice = mention.choice
    if mention.radius_m is not None:
        return _around(choice, mention.radius_m)
    if choice.kind in ("point", "item") or (choice.kind == "town" and mention.relation == "near"):
        return Circle(center=choice.place, radius_m=AWAY_M)
    return _inside(choice, gazetteer)


def area_outside(mentions: Sequence[PlaceMention], gazetteer: Gazetteer) -> Area | None:
    """What nothing may be known to lie in; None when no place is left out."""
    return _joined([_left_out(mention, gazetteer) for mention in mentions if mention.negated])


def _joined(areas: Sequence[Area]) -> Area | None:
    if len(areas) <= 1:
        return areas[0] if areas else None
    return AnyOf(tuple(areas))


def _radius_m(town: PlaceChoice) -> float:
    return float(town_radius_m(town.population))
