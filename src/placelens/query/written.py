"""The filters of a search as people write them, in a shell and in URLs: one table for both.

The options of ``placelens search``, ``export`` and ``timeline`` and the fields of
``GET .../items``, ``.../timeline`` and ``.../clusters`` are made from it; a filter that is added
here is added to all of them. What a filter means is said in `placelens.engine.filters`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from placelens.display import shown
from placelens.errors import FilterError
from placelens.geo.uncertain import UNCERTAIN
from placelens.types import FEATURES

__all__ = ["FILTERS", "UNORDERED", "WrittenFilter", "read_filters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFilter:
    """How one argument of `placelens.Collection.items` is written.

    ``takes`` tells whether it is one text, several, or a switch; ``default`` is that of one text.
    ``help`` names other filters in backquotes. ``read`` makes the argument of a text, or of the
    list of them; it is given what to call it in messages. ``flag`` is its name in a shell where
    that is not ``--name``.
    """

    takes: Literal["text", "texts", "switch"] = "text"
    example: str | None = None
    help: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    read: Callable[[Any, str], Any] = lambda written, _name: written
    flag: str | None = None


# What reads them is imported on use: a shell that asks for help waits for none of it.
def _bbox(written: str, name: str) -> tuple[float, float, float, float]:
    from placelens.engine.where import parse_bbox

    return parse_bbox(written, option=name)


def _polygon(written: str, name: str) -> Any:
    try:
        return json.loads(written)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"{name} is not GeoJSON: {shown(str(error))}") from error


def _time(written: str, _name: str) -> str | tuple[str | None, str | None]:
    from placelens.engine.times import split_range

    return split_range(written)


def _where(written: list[str], name: str) -> dict[str, Any]:
    from placelens.engine.where import parse_where

    return parse_where(written, option=name)


FILTERS: Mapping[str, WrittenFilter] = MappingProxyType(
    {
        "near": WrittenFilter(
            example="LAT,LON",
            help="What `radius` and `sort` distance are measured from; or a town's name.",
        ),
        "radius": WrittenFilter(example="5km", help="Nothing farther from `near`."),
        "bbox": WrittenFilter(example="W,S,E,N", help="A box; W > E crosses 180.", read=_bbox),
        "polygon": WrittenFilter(help="A GeoJSON area.", read=_polygon),
        "time": WrittenFilter(
            example="2019-06",
            help="A year, a month, a day, or a span: 2019-06..2020, 2019.. and ..2019.",
            read=_time,
        ),
        "where": WrittenFilter(
            takes="texts",
            example="COND",
            help="city=Paris, rating>=3, 'keywords contains sea', folder=2019/rome; "
            "see the manual.",
            read=_where,
        ),
        "modality": WrittenFilter(
            takes="texts", example="M", help="Compare image or text only.", choices=FEATURES
        ),
        "located_only": WrittenFilter(takes="switch", help="Only items with a place."),
        "unlocated_only": WrittenFilter(
            takes="switch", help="Only items without a place.", flag="--unlocated"
        ),
        "uncertain": WrittenFilter(
            example="HOW",
            help="How a place known to within a radius must lie in an area: by its centre, surely, "
            "or maybe.",
            choices=UNCERTAIN,
            default="centre",
        ),
        "sort": WrittenFilter(
            example="KEY",
            help="time (newest first), oldest, name, distance, or score; of a list, time.",
        ),
    }
)
"""By the argument of `placelens.Collection.search` that they become; the last one orders."""

UNORDERED: Mapping[str, WrittenFilter] = MappingProxyType(
    {name: each for name, each in FILTERS.items() if name != "sort"}
)
"""Those of what is counted and not listed: all but the order."""


def read_filters(
    written: Mapping[str, Any],
    *,
    called: Callable[[str], str] = str,
    own: Mapping[str, Callable[[Any, str], Any]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Arguments of `placelens.Collection.items` from what was written for each filter.

    Parameters
    ----------
    written
        Texts, lists of them and switches by the filter's name; None or no texts for no limit.
    called
        The name that a filter has for whoever wrote it, for messages.
    own
        What reads a filter in another way than the table says.

    Raises
    ------
    FilterError
        Naming the filter that cannot be read.

    Examples
    --------
    >>> read_filters({"time": "2019..", "where": ["rating>=3"], "bbox": None})
    {'time': ('2019', None), 'where': {'rating': {'gte': 3}}, 'bbox': None}
    """
    return {
        name: None
        if value is None or value == []
        else own.get(name, FILTERS[name].read)(value, called(name))
        for name, value in written.items()
    }
