"""The point that lies a distance away in a direction."""

from __future__ import annotations

import math

from placelens.geo.distance import EARTH_RADIUS_M
from placelens.types import Place


def destination(start: Place, *, bearing_deg: float, distance_m: float) -> Place:
    """Go along a great circle; the bearing is clockwise from north.

    Examples
    --------
    >>> quarter = math.pi / 2 * EARTH_RADIUS_M
    >>> end = destination(Place(lat=0, lon=170), bearing_deg=90, distance_m=quarter)
    >>> round(end.lat, 9) + 0.0, round(end.lon, 9)
    (0.0, -100.0)
    """
    lon_deg, lat_deg = start.lonlat
    lat, bearing = math.radians(lat_deg), math.radians(bearing_deg)
    angle = distance_m / EARTH_RADIUS_M
    sine = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)
    east = math.sin(bearing) * math.sin(angle) * math.cos(lat)
    turn = math.degrees(math.atan2(east, math.cos(angle) - math.sin(lat) * sine))
    lon = (lon_deg + turn + 180.0) % 360.0 - 180.0
    return Place(lat=math.degrees(math.asin(max(-1.0, min(1.0, sine)))), lon=lon)
