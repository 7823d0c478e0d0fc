"""Columns whose cells are whole positions: WKT, WKB, GeoJSON, "lat, lon", lists and mappings.

Of a bare pair, no cell says which number is the latitude. The whole column does: a number beyond
90 is a longitude. Where it does not, the usual order is taken, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from placelens.errors import CoordinateError
from placelens.readers.coordinates import Pair, parse_angle, parse_pair
from placelens.readers.geometries import is_geometry, point_of
from placelens.readers.values import is_missing
from placelens.types import Place

_LOOKED_AT = 50
_LAT_KEYS = ("lat", "latitude")
_LON_KEYS = ("lon", "lng", "long", "longitude")
# Names of columns in which two bare numbers are a position and not, say, a range.
_NAMED = re.compile(
    r"(?:^|_)(?:geo|the_geom|geom|geometry|geometria|geography|geo_?points?|geo_?point_2d|points?"
    r"|geo_?json|geo_?loc|geo_?location|gps|gps_?(?:position|coordinates?|coords?)|loc|location"
    r"|(?:geo_?)?coord|(?:geo_?)?coords|coordinates?|koordinaten?|coordonnees|coordonnées"
    r"|coordenadas|coordinate|posi(?:tion|zione|cion|ción)|pos|ubicaci[oó]n|standort|centroid"
    r"|cent(?:er|re)|place|wkt|wkb|shape|lat(?:itude)?_?(?:lon|lng|long|longitude)"
    r"|(?:lon|lng|long|longitude)_?lat(?:itude)?)(?:_|$)"
)
_NUMBERS = re.compile(r"[\s(\[]*-?[0-9.]+(?:[\s,;/|]+-?[0-9.]+)+[\s)\]]*")
_LATITUDE_FIRST = re.compile(r"lat(?:itude)?_?(?:and_?)?(?:lon|lng)")
_LONGITUDE_FIRST = re.compile(r"(?:lon|lng)(?:g|gitude)?_?(?:and_?)?lat")


def is_named_position(name: str) -> bool:
    """Whether a plain column name says that its cells are positions."""
    return _NAMED.search(name) is not None


def holds_positions(name: str, values: Iterable[Any]) -> bool:
    """Whether most of a column's first values are positions.

    Parameters
    ----------
    name : the column's plain name. Bare pairs are believed only where it names a position;
        geometries, and pairs with letters such as ``50.1N 14.4E``, anywhere.
    values : the column's cells.
    """
    given = list(islice((v for v in values if not is_missing(v)), _LOOKED_AT))
    named = is_named_position(name)
    return bool(given) and 2 * sum(_is_position(v, named) for v in given) > len(given)


def looks_like_positions(name: str, values: Iterable[Any]) -> bool:
    """Whether a column is named like one of positions and holds rows of numbers that are none.

    Such as ``14.421,50.087,200``, whose third number may be a height, or the edges of a box.
    """
    given = next((v for v in values if not is_missing(v)), None)
    return is_named_position(name) and isinstance(given, str) and bool(_NUMBERS.fullmatch(given))


class PositionColumn:
    """A column of positions, read in the order that all of its cells together tell.

    Parameters
    ----------
    name : the column's name.
    values : all of its cells.

    Attributes
    ----------
    note : what had to be assumed, and why; None when nothing was.
    """

    def __init__(self, name: str, values: Iterable[Any]) -> None:
        self.name = name
        pairs, in_lists = [], False
        for value in values:
            if (pair := _bare_pair(value)) is not None:
                pairs.append(pair)
                in_lists = in_lists or _is_list(value)
        self._latitude_first, self.note = _order(name, pairs, in_lists)

    def place_of(self, value: Any) -> Place | None:
        """A cell's place; None when the cell is empty.

        Raises
        ------
        CoordinateError
            If it is not a position, or one that lies nowhere.
        """
        if is_missing(value):
            return None
        if is_geometry(value):
            point = point_of(value)
            return None if point is None else Place(lon=point[0], lat=point[1])
        if isinstance(value, Mapping):
            return _place_of_mapping(value)
        pair = _pair_of(value)
        if pair is None:
            raise CoordinateError(f"{self.name} {str(value)[:40]!r} is not a position")
        return pair.place(self._latitude_first)


def _is_position(value: Any, named: bool) -> bool:
    if is_geometry(value):
        return True
    if isinstance(value, Mapping):
        return _keys(value) is not None
    try:
        pair = _pair_of(value)
    except CoordinateError:  # one that contradicts itself is one all the same
        return named
    return pair is not None and (named or pair.latitude_first is not None)


def _pair_of(value: Any) -> Pair | None:
    if isinstance(value, str):
        return parse_pair(value)
    if not _is_list(value):
        return None
    first, second = value[:2]
    return Pair(parse_angle(first, "position"), parse_angle(second, "position"), None)


def _is_list(value: Any) -> bool:
    """Whether it is a list of two numbers, or three: GeoJSON's with a height."""
    if isinstance(value, str):
        return value.lstrip().startswith("[")
    return (
        isinstance(value, list | tuple)
        and len(value) in (2, 3)
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
    )


def _bare_pair(value: Any) -> Pair | None:
    """A pair whose order its cell does not tell."""
    if is_missing(value) or is_geometry(value) or isinstance(value, Mapping):
        return None
    try:
        pair = _pair_of(value)
    except CoordinateError:
        return None
    return pair if pair is not None and pair.latitude_first is None else None


def _order(name: str, pairs: Sequence[Pair], in_lists: bool) -> tuple[bool, str | None]:
    """Whether latitudes come first, and what is to be said of it."""
    beyond_first = sum(abs(pair.first) > 90 for pair in pairs)
    beyond_second = sum(abs(pair.second) > 90 for pair in pairs)
    plain = re.sub(r"[\W_]+", "_", name.casefold())
    says_lat, says_lon = _LATITUDE_FIRST.search(plain), _LONGITUDE_FIRST.search(plain)
    assumed = bool(says_lat) or not (says_lon or in_lists)
    if says_lat or says_lon or not pairs:
        return assumed, None  # a number that is out of range is its row's mistake
    if beyond_first == beyond_second:
        order, other = ("latitude, longitude", "lonlat") if assumed else (
            "longitude, latitude", "latlon")  # fmt: skip
        custom = "GeoJSON has lists" if in_lists else "people write them"
        return assumed, (
            f"column {name!r} is read as {order}, as {custom}; no number in it tells which is "
            f"which; call the column {other} if it is the other way round"
        )
    latitude_first = beyond_second > beyond_first
    if latitude_first == assumed:
        return assumed, None
    order = "latitude, longitude" if latitude_first else "longitude, latitude"
    count = max(beyond_first, beyond_second)
    return latitude_first, (
        f"column {name!r} is read as {order}, since {count} of its {len(pairs)} pairs have a "
        f"{'second' if latitude_first else 'first'} number beyond 90"
    )


def _keys(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """The keys of latitude and longitude in a mapping."""
    plain = {str(key).casefold(): key for key in value}
    lat = next((plain[key] for key in _LAT_KEYS if key in plain), None)
    lon = next((plain[key] for key in _LON_KEYS if key in plain), None)
    return None if lat is None or lon is None else (lat, lon)


def _place_of_mapping(value: Mapping[str, Any]) -> Place | None:
    keys = _keys(value)
    if keys is None:
        raise CoordinateError(f"{str(value)[:60]} has no lat and lon")
    lat, lon = (value[key] for key in keys)
    if is_missing(lat) and is_missing(lon):
        return None
    return Place(
        lat=parse_angle(lat, "latitude", comma="decimal"),
        lon=parse_angle(lon, "longitude", comma="decimal"),
    )
