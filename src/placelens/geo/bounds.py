"""The narrowest box around points, also over the antimeridian."""

from __future__ import annotations

import numpy as np

from placelens.types import Float64Array, Space

# Items all over the world have a tiny widest gap somewhere; a box that starts there reads oddly.
CLEARLY_NARROWER = 0.75


def bounds_of(
    first: Float64Array, second: Float64Array, space: Space
) -> tuple[float, float, float, float] | None:
    """West, south, east, north of the points that are not NaN; None when there are none.

    ``first`` and ``second`` are latitudes and longitudes in degrees, or x and y in metres. On the
    sphere west is greater than east where a box over the antimeridian is clearly narrower.

    Examples
    --------
    >>> bounds_of(np.array([-17.0, -18.0]), np.array([179.0, -179.0]), "sphere")
    (179.0, -18.0, -179.0, -17.0)
    """
    known = ~(np.isnan(first) | np.isnan(second))
    if not known.any():
        return None
    first, second = first[known], second[known]
    if space == "plane":
        return (float(first.min()), float(second.min()), float(first.max()), float(second.max()))
    lon = np.unique(second)
    gaps = np.append(np.diff(lon), lon[0] + 360.0 - lon[-1])
    widest = int(gaps.argmax())
    west, east = lon[0], lon[-1]
    if 360.0 - gaps[widest] < CLEARLY_NARROWER * (east - west):
        west, east = lon[(widest + 1) % len(lon)], lon[widest]
    return (float(west), float(first.min()), float(east), float(first.max()))
