"""Blurring moves a little, tells a cell only, and never leaves the globe."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from placelens.export import blur_lonlat

RADIUS_M = 6_371_008.8


def metres_between(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Haversine, written out."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


lons, lats = st.floats(-180, 180), st.floats(-90, 90)
cells = st.floats(10, 500_000)


@given(lons, lats, cells)
@example(180.0, 90.0, 1000.0)
@example(-180.0, -90.0, 1000.0)
def test_stays_on_the_globe_and_near(lon: float, lat: float, cell_m: float) -> None:
    blurred = blur_lonlat(lon, lat, cell_m=cell_m)
    assert -180 <= blurred[0] <= 180
    assert -90 <= blurred[1] <= 90
    # Half the diagonal of a square cell is 0.71; near a pole cells are up to twice as wide.
    assert metres_between(lon, lat, *blurred) <= 1.5 * cell_m


@given(lons, st.floats(-80, 80), cells)
def test_blurring_again_changes_nothing(lon: float, lat: float, cell_m: float) -> None:
    once = blur_lonlat(lon, lat, cell_m=cell_m)
    assert blur_lonlat(*once, cell_m=cell_m) == once
