"""A place in the forms that programs have it in, each of which says which number is which."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from placelens.errors import CoordinateError, QueryError
from placelens.types import Place, Space

# What a latitude and a longitude are called; on a plane x and y.
_NAMES = (("lat", "lon"), ("latitude", "longitude"), ("lat", "lng"), ("lat", "long"), ("x", "y"))
_FORMS = (
    "a Place, {'lat': 50.087, 'lon': 14.421}, a shapely or GeoJSON point (x is the longitude), "
    "'50.087,14.421' or a name"
)


def as_place(value: Any, space: Space, *, name: str = "near") -> Place:
    """A place from a mapping, an object with named coordinates, or a GeoJSON or shapely point.

    A bare pair is refused, since half of the world writes the latitude first and half the
    longitude.

    Parameters
    ----------
    value
        A `Place`; a mapping or object with ``lat`` and ``lon`` (or latitude and longitude, ``lng``;
        ``x`` and ``y`` on a plane); a GeoJSON Point, or anything with ``__geo_interface__``, whose
        x is the longitude.
    space
        Whether the point's x and y are degrees or metres.
    name
        What the value is called in a message.

    Raises
    ------
    QueryError
        If it is none of these.
    CoordinateError
        If a coordinate is no number, or out of range.

    Examples
    --------
    >>> as_place({"lat": 50.087, "lon": 14.421}, "sphere")
    Place(lat=50.087, lon=14.421)
    >>> as_place({"type": "Point", "coordinates": [14.421, 50.087]}, "sphere")
    Place(lat=50.087, lon=14.421)
    >>> as_place((50.1, 14.4), "sphere")
    Traceback (most recent call last):
        ...
    placelens.errors.QueryError: near (50.1, 14.4) is a tuple; give a Place, since two numbers do \
not say which is which: Place(lat=50.1, lon=14.4) or Place(lat=14.4, lon=50.1)
    """
    if isinstance(value, Place):
        return value
    geojson = getattr(value, "__geo_interface__", value)
    if isinstance(geojson, Mapping) and "type" in geojson:
        return _of_geojson(geojson, space, name)
    for first, second in _NAMES:
        pair = _named(value, first), _named(value, second)
        if None not in pair:
            numbers = [_degrees(number, name, value) for number in pair]
            if first == "x":
                return Place(x=numbers[0], y=numbers[1])
            return Place(lat=numbers[0], lon=numbers[1])
    if not isinstance(value, Mapping) and hasattr(value, "__len__") and len(value) == 2:
        a, b = map(_short, value)
        both = f"Place(lat={a}, lon={b}) or Place(lat={b}, lon={a})"
        raise QueryError(
            f"{name} {_short(value)} is a {type(value).__name__}; give a Place, since two numbers "
            "do not say which is which: "
            + (both if space == "sphere" else f"Place(x={a}, y={b}) or Place(x={b}, y={a})")
        )
    raise QueryError(f"{name} {_short(value)} is a {type(value).__name__}; give {_FORMS}")


def _of_geojson(geojson: Mapping[str, Any], space: Space, name: str) -> Place:
    """A Point, or a Feature of one, in GeoJSON's order: longitude, latitude."""
    geometry = geojson.get("geometry") if geojson["type"] == "Feature" else geojson
    geometry = geometry if isinstance(geometry, Mapping) else {}
    kind, position = geometry.get("type"), geometry.get("coordinates")
    if kind != "Point" or not isinstance(position, list | tuple) or len(position) < 2:
        raise QueryError(
            f"{name} is a GeoJSON {_short(kind)}; give a Point, whose coordinates are "
            "[longitude, latitude], or use polygon for an area"
        )
    x, y = (_degrees(number, name, geojson) for number in position[:2])
    return Place(lat=y, lon=x) if space == "sphere" else Place(x=x, y=y)


def _named(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else getattr(value, key, None)


def _degrees(number: Any, name: str, value: Any) -> float:
    try:
        return float(number)
    except (TypeError, ValueError, OverflowError):
        raise CoordinateError(
            f"{name} {_short(value)}: {_short(number)} is not a number of degrees or metres"
        ) from None


def _short(value: Any) -> str:
    text = reprlib.repr(value)  # whatever its length and depth
    return text if len(text) <= 60 else text[:59] + "…"
