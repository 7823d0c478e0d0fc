"""Geometries to points in longitude and latitude, whatever they are written in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from placelens.errors import CoordinateError, FilterError, ReadError
from placelens.geo.geojson import read_area
from placelens.installed import install_command

if TYPE_CHECKING:
    from shapely import Geometry

LonLat = tuple[float, float]
WGS84 = "OGC:CRS84"
_WGS84_NAMES = frozenset({WGS84, "EPSG:4326", "EPSG:4979", "OGC:CRS84H"})

_WKT = re.compile(
    r"^(?:SRID\s*=\s*(?P<srid>\d+)\s*;)?\s*(?:MULTI)?"
    r"(?:POINT|LINESTRING|POLYGON|CURVE|SURFACE|GEOMETRYCOLLECTION)\s*(?:ZM|Z|M)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
# The shortest, a point: 1 byte of order, 4 of type and 16 of coordinates.
_WKB_HEX = re.compile(r"^(?:\\x|0x)?(?P<hex>0[01](?:[0-9a-f]{2}){20,})$", re.IGNORECASE)
_CONTENT = ("coordinates", "geometries", "geometry")


def is_geometry(value: Any) -> bool:
    """Whether a cell is written as a geometry: WKT, EWKT, WKB (bytes or hex), or GeoJSON."""
    if isinstance(value, bytes):
        return value[:1] in (b"\0", b"\1") and len(value) > 4
    if isinstance(value, Mapping):
        return isinstance(value.get("type"), str) and not value.keys().isdisjoint(_CONTENT)
    if not isinstance(value, str):
        return False
    text = value.strip()
    if text.startswith("{"):
        return is_geometry(_json(text))
    return _WKT.match(text) is not None or _WKB_HEX.match(text) is not None


def point_of(geometry: Any) -> LonLat | None:
    """A point of what ``is_geometry`` says is one; None when it is empty.

    Raises
    ------
    CoordinateError
        If it is damaged, or in a coordinate system that is unknown.
    """
    if isinstance(geometry, str):
        text = geometry.strip()
        if text.startswith("{"):
            geometry = _json(text)
        elif match := _WKB_HEX.match(text):
            geometry = bytes.fromhex(match["hex"])
        else:
            match = _WKT.match(text)
            srid = int(match["srid"] or 0) if match else 0
            return _from_srid(srid, _representative(_parsed(text.split(";", 1)[-1], "from_wkt")))
    if isinstance(geometry, Mapping):
        if geometry.get("type") == "Feature":
            geometry = geometry.get("geometry")
        return None if geometry is None else point_of_geojson(geometry)
    import shapely

    shape = _parsed(geometry, "from_wkb")
    return _from_srid(int(shapely.get_srid(shape)), _representative(shape))


def point_of_geojson(geometry: Any) -> LonLat | None:
    """A GeoJSON point's own coordinates, else a point that lies on the geometry.

    None when it is empty, which RFC 7946, 3.1, lets mean "no geometry".

    Raises
    ------
    CoordinateError
        If it cannot be read.
    """
    if isinstance(geometry, Mapping) and geometry.get("type") == "Point":
        position = geometry.get("coordinates")
        if position == []:
            return None
        if isinstance(position, list) and len(position) >= 2:
            lon, lat = position[:2]
            if all(isinstance(v, int | float) and not isinstance(v, bool) for v in (lon, lat)):
                return point_of_struct({"x": lon, "y": lat})
        raise CoordinateError(f"its point has the coordinates {str(position)[:60]}")
    import shapely
    from shapely.geometry import shape

    try:
        with np.errstate(invalid="ignore"):  # numbers that are none are told of as such
            return _representative(shape(geometry))
    except CoordinateError:
        raise
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError,
            IndexError, OverflowError, RecursionError) as error:  # fmt: skip
        raise CoordinateError(f"its geometry cannot be read: {str(error)[:200]}") from error


def point_of_wkb(geometry: Any) -> LonLat | None:
    """A point of a geometry in WKB, None when it is empty; its CRS is said elsewhere.

    Raises
    ------
    CoordinateError
        If it cannot be read.
    """
    return _representative(_parsed(geometry, "from_wkb"))


def point_of_struct(geometry: Mapping[str, Any]) -> LonLat | None:
    """GeoParquet's native points: a struct of x and y; None when it is empty.

    Raises
    ------
    CoordinateError
        If a number is too large.
    """
    x, y = geometry.get("x"), geometry.get("y")
    if x is None or y is None:
        return None
    try:
        return float(x), float(y)
    except OverflowError as error:
        raise CoordinateError("a coordinate is too large for a number of degrees") from error


def crs_name(crs: Any) -> str | None:
    """``EPSG:4326`` and the like, from a name or PROJJSON; None where it has no such name."""
    if isinstance(crs, str):
        return crs
    identity = crs.get("id") if isinstance(crs, dict) else None
    if not isinstance(identity, dict):
        return None
    return f"{identity.get('authority')}:{identity.get('code')}"


def reprojection(crs: Any) -> Callable[[LonLat], LonLat]:
    """The way from a coordinate system (a name, WKT or PROJJSON) to longitude and latitude.

    Raises
    ------
    ReadError
        If it is None or unknown, or pyproj is needed and not installed.
    """
    if crs is None:
        raise ReadError(
            "its geometries have no coordinate system; write it again with one, "
            "in geopandas with set_crs"
        )
    name = crs_name(crs)
    if name in _WGS84_NAMES:
        return lambda lonlat: lonlat
    shown = name if name and len(name) <= 40 else ""
    try:
        import pyproj
    except ImportError as error:
        raise ReadError(
            f"its coordinate system is {shown or 'not WGS84'}; to convert it run: "
            + install_command("geo")
        ) from error
    try:
        source = pyproj.CRS.from_user_input(crs)
        transformer = pyproj.Transformer.from_crs(source, WGS84, always_xy=True)
    except UnicodeEncodeError as error:
        raise ReadError("its coordinate system has half a character in its name") from error
    except pyproj.exceptions.ProjError as error:
        raise ReadError(
            f"its coordinate system {shown} cannot be brought to WGS84: {str(error)[:200]}"
        ) from error

    def transform(point: Sequence[float]) -> LonLat:
        lon, lat = transformer.transform(point[0], point[1])
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise CoordinateError(f"x {point[0]}, y {point[1]} lies outside {shown or 'its CRS'}")
        return lon, lat

    return transform


def _json(text: str) -> Any:
    """A text parsed as JSON; None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _representative(geometry: Any) -> LonLat | None:
    """A point's own coordinates, else a point that lies on the geometry; None when it is empty.

    An area that jumps over the antimeridian is read as ``geo.geojson`` reads one.
    """
    if geometry is None or geometry.is_empty:
        return None
    if geometry.geom_type in ("Polygon", "MultiPolygon") and _is_half_the_world_wide(geometry):
        try:
            geometry = read_area(geometry)
        except FilterError as error:
            raise CoordinateError(f"its geometry cannot be read: {error}") from error
    point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
    return point.x, point.y


def _parsed(written: Any, parser: str) -> Geometry:
    import shapely

    try:
        return getattr(shapely, parser)(written)
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise CoordinateError(f"its geometry cannot be read: {str(error)[:200]}") from error


def _from_srid(srid: int, point: LonLat | None) -> LonLat | None:
    """The point in longitude and latitude; 0 stands for "not said"."""
    if point is None or srid in (0, 4326):
        return point
    try:
        return reprojection(f"EPSG:{srid}")(point)
    except ReadError as error:
        raise CoordinateError(str(error)) from error


def _is_half_the_world_wide(geometry: Geometry) -> bool:
    """Whether it may jump over the antimeridian; degrees only, never metres."""
    west, south, east, north = geometry.bounds
    return east - west > 180.0 and west >= -180.0 and east <= 180.0 and max(-south, north) <= 90.0
