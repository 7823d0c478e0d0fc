"""The filters of a request: what its words say of place and time, and what its arguments say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from placelens.display import shown
from placelens.engine.filters import Filters, conditions
from placelens.engine.periods import Periods
from placelens.engine.times import parse_time_range
from placelens.errors import FilterError
from placelens.geo.areas import Area, Box, Circle, Polygon
from placelens.geo.uncertain import UNCERTAIN, Uncertain
from placelens.geo.understood import Understood
from placelens.geo.units import parse_distance_m
from placelens.limits import MAX_CONDITIONS, within
from placelens.query.request import SearchRequest
from placelens.query.values import flag, number
from placelens.types import Place, Space


def filters_of(
    request: SearchRequest,
    *,
    space: Space,
    near: Place | None,
    understood: Understood | None,
    periods: tuple[Periods, ...],
    without: tuple[str, ...],
) -> Filters:
    """The filters of a request; ``without`` are ids to leave out.

    Raises
    ------
    FilterError, QueryError
        Naming what cannot be used.
    """
    said, outside = None, None
    if understood is not None:
        said, outside = understood.area, understood.outside
    where = request.where
    if not isinstance(where, Mapping | None):
        raise FilterError(f"where {shown(where)} is not a mapping; write {{'city': 'Paris'}}")
    areas = _areas(request, space, near)
    where = dict(within(where or {}, MAX_CONDITIONS, "where", error=FilterError))
    for name, wanted in where.items():
        conditions(name, wanted)  # an unknown operator is an error before anything is read
    return Filters(
        areas=areas if said is None else (said, *areas),
        outside=() if outside is None else (outside,),
        periods=periods,
        time_us=parse_time_range(request.time),
        where=where,
        without=without,
        located=_located(request),
        uncertain=_uncertain(request.uncertain),
    )


def _areas(request: SearchRequest, space: Space, near: Place | None) -> tuple[Area, ...]:
    areas: list[Area] = []
    if request.bbox is not None:
        if not isinstance(request.bbox, Sequence | np.ndarray) or len(request.bbox) != 4:
            raise FilterError(
                f"bbox {shown(request.bbox)} needs four numbers: west, south, east, north"
            )
        west, south, east, north = (number(v, "bbox") for v in request.bbox)
        areas.append(Box(west=west, south=south, east=east, north=north, space=space))
    if request.radius is not None:
        if near is None:
            raise FilterError(f"radius {shown(request.radius)} needs a place: give near as well")
        metres = parse_distance_m(request.radius, name="radius")
        areas.append(Circle(center=near, radius_m=metres))
    if request.polygon is not None:
        areas.append(Polygon.from_geojson(request.polygon, space=space))
    return tuple(areas)


def _uncertain(value: object) -> Uncertain:
    if value is None:
        return "centre"
    if not (isinstance(value, str) and value in UNCERTAIN):
        raise FilterError(
            f"uncertain {shown(value)} is not known; use {', '.join(UNCERTAIN)}: how places that "
            "are known to within a radius lie in an area"
        )
    return value


def _located(request: SearchRequest) -> bool | None:
    located = flag(request.located_only, "located_only")
    unlocated = flag(request.unlocated_only, "unlocated_only")
    if located and unlocated:
        raise FilterError("located_only and unlocated_only exclude each other; give one of them")
    return True if located else False if unlocated else None
