"""Where a query is near: a place in any form that people give one, with the decay that suits it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from placelens.display import shown
from placelens.errors import QueryError
from placelens.geo.decay import Decay
from placelens.geo.points import as_place
from placelens.limits import MAX_NAME, within
from placelens.types import Place, Space

if TYPE_CHECKING:
    from placelens.geo.gazetteer import Gazetteer
    from placelens.geo.understood import Understood

DEFAULT_DECAY = "gauss:25km"
# With nothing but a place the nearest come first, however far they are: a Gaussian is 0 from some
# forty scales on, and what lies beyond would come in the order of ids.
DEFAULT_DECAY_OF_PLACE_ALONE = "linear"


class Near(NamedTuple):
    """A place, its name in words, and the decay that suits it; all None where there is none."""

    place: Place | None = None
    label: str | None = None
    decay: str | None = None


def near_of(near: Any, understood: Understood | None, space: Space) -> Near:
    """What a request says of a place: the argument first, then the words.

    Raises
    ------
    QueryError, CoordinateError
        Naming what is no place.
    """
    if near is None:
        return _said(understood)
    if not isinstance(near, str):
        return Near(as_place(near, space))
    near = within(near, MAX_NAME, "near")
    if space == "plane":
        return Near(_plane_place(near))
    from placelens.geo.place_names import read_near

    mention, place, decay = read_near(near, gazetteer())
    return Near(place, None if mention.kind == "point" else mention.name, decay)


def _said(understood: Understood | None) -> Near:
    if understood is None or understood.near is None:
        return Near()
    positive = [mention for mention in understood.mentions if not mention.negated]
    names = [m.name for m in sorted(positive, key=lambda m: m.relation != "near")]
    return Near(understood.near, names[0], understood.decay)


def reach_m(decay: str | None) -> float:
    """How far "near" reaches where nobody said it: within its scale."""
    parsed = Decay.parse(decay or DEFAULT_DECAY)
    return (parsed.scale_m or 0.0) + parsed.offset_m


def is_open(understood: Understood | None, *, is_given: bool, has_radius: bool) -> bool:
    """Whether nobody has said how far "near" reaches; ``is_given`` if near was an argument."""
    if is_given:
        return not has_radius
    mentions = understood.mentions if understood is not None else ()
    near = [m for m in mentions if m.relation == "near" and not m.negated]
    return bool(near) and near[0].radius_m is None


def _plane_place(near: str) -> Place:
    try:
        x, y = (float(part) for part in near.split(","))
    except ValueError:
        raise QueryError(
            f"near {shown(near)} cannot be read; on a plane write x,y in metres"
        ) from None
    return Place(x=x, y=y)


@cache
def gazetteer() -> Gazetteer:
    """The one gazetteer of this process; its names are read when first used."""
    from placelens.geo.gazetteer import Gazetteer

    return Gazetteer()
