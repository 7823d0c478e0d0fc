"""Which of a table's columns say where, told by their names and, where these leave it open, cells.

Names are compared as ``plain_name`` or, for coordinates, as ``_axis_name`` writes them: without
case, blanks, signs and units.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from placelens.errors import CoordinateError
from placelens.readers.coordinates import parse_hemisphere
from placelens.readers.positions import (
    holds_positions,
    is_named_position,
    looks_like_positions,
)
from placelens.readers.values import is_missing

# A coordinate's column is called by its axis, perhaps with one of these around it.
_AXES = {
    "latitude": "(?:lat|latitude|latitud|latitudine|breitengrad)",
    "longitude": "(?:lon|lng|long|longitude|longitud|longitudine|laengengrad|längengrad)",
}
_BEFORE = "(?:gps_?|decimal_?|geo_?|wgs84_?)?"
_AFTER = "(?:_?(?:deg|degs|degrees?|d|dd|dms|decimal|wgs84))?"
_IN_DEGREES = re.compile(r"(?:_?(?:deg|degs|degrees?)|_d)$")
_PARTS = {"minutes": r"_?(?:m|min|mins|minutes?)", "seconds": r"_?(?:s|sec|secs|seconds?)"}
_HEMISPHERE = (
    r"_?(?:ref|reference|dir|direction|hem|hemi|hemisphere|cardinal|letter|suffix|quadrant"
    r"|{letters})"
)
# These say nothing of what they belong to, so their cells must all be such letters.
_BARE_HEMISPHERE = (
    r"(?:(?:hem|hemi|hemisphere|dir|direction)_)?(?:{letters}|{words})(?:_(?:hem|hemi|hemisphere"
    r"|dir|direction|ind|indicator|ref))?|hem|hemi|hemisphere"
)
_LETTERS = {"latitude": "n_?s", "longitude": "e_?w"}
_WORDS = {"latitude": "north_?south", "longitude": "east_?west"}
# Positions in forms that are not read: said, since the place would be missed in silence.
_UNREAD = re.compile(
    r"(?:utm_?)?(?:easting|northing)|utm(?:_(?:zone|x|y|e|n))?|mgrs|usng|osgb|grid_ref(?:erence)?"
    r"|maidenhead|plus_?codes?|olc|open_location_code|geohash|what3words|w3w|(?:h3|s2)_?(?:cell|index"
    r"|id)(?:_id)?|h3"
)


# How far off a position is, in metres; a bare "radius" or "accuracy" may be of anything.
_RADIUS = re.compile(
    r"(?:place_|gps_|location_|position_)?(?:radius|accuracy|uncertainty)_(?:m|metres|meters)"
    r"|(?:gps|horizontal|location|position|h)_?accuracy|(?:gps)?hpositioningerror"
    r"|coordinate_?uncertainty_?in_?met(?:er|re)s"  # Darwin Core
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisColumns:
    """The columns of one coordinate: its degrees, and what of it stands in columns of its own."""

    degrees: str
    minutes: str | None = None
    seconds: str | None = None
    hemisphere: str | None = None

    def names(self) -> set[str]:
        """All of them."""
        parts = (self.degrees, self.minutes, self.seconds, self.hemisphere)
        return {name for name in parts if name is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceColumns:
    """The columns that say where: ``lat`` and ``lon``, ``x`` and ``y``, or ``position``.

    ``position`` is one column of whole positions, ``radius`` how far off they may be, in metres.
    ``notes`` say what was seen and is not read.
    """

    lat: AxisColumns | None = None
    lon: AxisColumns | None = None
    x: str | None = None
    y: str | None = None
    position: str | None = None
    radius: str | None = None
    notes: tuple[str, ...] = ()

    def names(self) -> set[str]:
        """All columns that are used up by the place."""
        single = (self.x, self.y, self.position, self.radius)
        found = {name for name in single if name is not None}
        for axis in (self.lat, self.lon):
            found |= axis.names() if axis else set()
        return found


def find_place_columns(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    position: str | None = None,
    lat: str | None = None,
    lon: str | None = None,
    radius: str | None = None,
    has_geometry: bool = False,
) -> PlaceColumns:
    """Tell the columns of the place: two coordinates, else x and y, else whole positions.

    Parameters
    ----------
    names : the columns, in order.
    rows : the table's rows.
    position, lat, lon, radius : what the user says; it outranks the names.
    has_geometry : whether the file gives the places itself, as GeoJSON does.
    """
    found = _where(names, rows, position=position, lat=lat, lon=lon, has_geometry=has_geometry)
    if not has_geometry and not found.names():
        return found  # how far off is nothing without a place
    called = (name for name in names if _RADIUS.fullmatch(_with_unit(name)))
    return replace(found, radius=radius or next(called, None))


def _with_unit(name: str) -> str:
    """A plain name in which a unit in brackets is a part of it: accuracy (m) is accuracy_m."""
    return re.sub(r"[\W_]+", "_", plain_name(name)).strip("_")


def _where(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    position: str | None,
    lat: str | None,
    lon: str | None,
    has_geometry: bool,
) -> PlaceColumns:
    """The columns that say where, but not how far off."""
    if position is not None:
        return PlaceColumns(position=position)
    by_axis = {_axis_name(name): name for name in reversed(names)}
    lat_columns = _axis_columns("latitude", lat, by_axis, rows)
    lon_columns = _axis_columns("longitude", lon, by_axis, rows)
    if lat_columns is not None and lon_columns is not None:
        return PlaceColumns(lat=lat_columns, lon=lon_columns)
    plain = {plain_name(name): name for name in reversed(names)}
    if "x" in plain and "y" in plain:
        return PlaceColumns(x=plain["x"], y=plain["y"])
    if has_geometry:
        return PlaceColumns()
    # Named ones first; of several alike, the first.
    for name in sorted(names, key=lambda name: not is_named_position(_axis_name(name))):
        if holds_positions(_axis_name(name), (row.get(name) for row in rows)):
            return PlaceColumns(position=name)
    return PlaceColumns(notes=_what_is_missed(names, rows, lat_columns, lon_columns))


def _axis_columns(
    axis: str, asked: str | None, by_axis: Mapping[str, str], rows: Sequence[Mapping[str, Any]]
) -> AxisColumns | None:
    """The columns of one coordinate, by their names; None when there is none."""
    called = re.compile(f"{_BEFORE}{_AXES[axis]}{_AFTER}")
    # The shortest is the plainest: "lat" comes before "lat_dms".
    matches = sorted((n for n in by_axis if called.fullmatch(n)), key=len)
    degrees = asked or (by_axis[matches[0]] if matches else None)
    if degrees is None:
        return None
    # What minutes and the like are called: the axis's name or, where asked for, the column's own.
    stem = f"(?:{_BEFORE}{_AXES[axis]}|{re.escape(_IN_DEGREES.sub('', _axis_name(degrees)))})"

    def beside(suffix: str) -> str | None:
        matches = (by_axis[n] for n in by_axis if re.fullmatch(stem + suffix, n))
        return next((name for name in matches if name != degrees), None)

    # lat_min beside lat, and not beside lat_deg, is the least of a range.
    whole = _IN_DEGREES.search(_axis_name(degrees)) is not None
    return AxisColumns(
        degrees=degrees,
        minutes=beside(_PARTS["minutes"]) if whole else None,
        seconds=beside(_PARTS["seconds"]) if whole else None,
        hemisphere=beside(_HEMISPHERE.format(letters=_LETTERS[axis]))
        or _bare_hemisphere(axis, by_axis, rows),
    )


def _bare_hemisphere(
    axis: str, by_axis: Mapping[str, str], rows: Sequence[Mapping[str, Any]]
) -> str | None:
    """A column such as ``N/S`` or ``hemisphere`` that holds nothing but letters of the axis."""
    pattern = _BARE_HEMISPHERE.format(letters=_LETTERS[axis], words=_WORDS[axis])
    for plain, name in by_axis.items():
        if re.fullmatch(pattern, plain):
            given = [row[name] for row in rows if not is_missing(row.get(name))]
            if given and all(_is_hemisphere(value, axis) for value in given):
                return name
    return None


def _is_hemisphere(value: Any, axis: str) -> bool:
    try:
        return parse_hemisphere(value, axis) is not None
    except CoordinateError:
        return False


def _what_is_missed(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    lat: AxisColumns | None,
    lon: AxisColumns | None,
) -> tuple[str, ...]:
    """What of positions is there, and of no use: one of two coordinates, or an unread form."""
    for there, missing, wanted in ((lat, "longitudes", "lon"), (lon, "latitudes", "lat")):
        if there is not None and (lat is None or lon is None):
            return (
                f"column {there.degrees!r} is not used, since there is none of {missing}; "
                f"say which it is with {wanted}_column (--column {wanted}=NAME)",
            )
    unread = [
        name
        for name in names
        if _UNREAD.fullmatch(_axis_name(name))
        or looks_like_positions(_axis_name(name), (row.get(name) for row in rows))
    ]
    if not unread:
        return ()
    return (f"places in the form of {', '.join(map(repr, unread))} are not read; add lat and lon",)


def plain_name(name: str) -> str:
    """A column's name without case, blanks, dashes and a namespace such as ``exif:``."""
    plain = re.sub(r"[\s-]+", "_", name.strip().casefold())
    return re.sub(r"^(exif|gps|xmp|xmp_exif|composite|dwc)[:.]", "", plain)


def _axis_name(name: str) -> str:
    """A plain name with nothing but letters, digits and single underscores: no unit in brackets."""
    bare = re.sub(r"[(\[].*?[)\]]", "", plain_name(name))
    return re.sub(r"[\W_]+", "_", bare).strip("_") or plain_name(name)
