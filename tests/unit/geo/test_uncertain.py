"""Places with a radius against areas, compared with circles drawn point by point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.geo.areas import AnyOf, Box, Circle, Polygon
from placelens.geo.distance import EARTH_RADIUS_M
from placelens.geo.uncertain import edge_distances_m, lies_in
from placelens.types import Place

TRIANGLE = {"type": "Polygon", "coordinates": [[(10, 40), (12, 40), (11, 42), (10, 40)]]}
HOLE = {
    "type": "Polygon",
    "coordinates": [
        [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)],
        [(1, 1), (1, 3), (3, 3), (3, 1), (1, 1)],
    ],
}
AREAS = [
    Box(west=9.0, south=39.0, east=12.0, north=42.0),
    Box(west=170.0, south=-20.0, east=-170.0, north=10.0),
    Box(west=-180.0, south=-90.0, east=180.0, north=-60.0),
    Circle(center=Place(lat=40.0, lon=11.0), radius_m=60_000.0),
    Polygon.from_geojson(TRIANGLE),
    Polygon.from_geojson(HOLE),
    AnyOf((Polygon.from_geojson(TRIANGLE), Circle(center=Place(lat=1.0, lon=2.0), radius_m=9e4))),
]


def ring(lon, lat, radius_m, n=720):
    """Points on a circle on the sphere: the direct problem, by bearing."""
    bearing = np.linspace(0.0, 2.0 * np.pi, n, endpoint=False)
    angle, phi = radius_m / EARTH_RADIUS_M, np.radians(lat)
    sin_lat = np.sin(phi) * np.cos(angle) + np.cos(phi) * np.sin(angle) * np.cos(bearing)
    east = np.sin(bearing) * np.sin(angle) * np.cos(phi)
    turned = np.radians(lon) + np.arctan2(east, np.cos(angle) - np.sin(phi) * sin_lat)
    return (np.degrees(turned) + 180.0) % 360.0 - 180.0, np.degrees(np.arcsin(sin_lat))


@pytest.mark.parametrize("area", AREAS, ids=range(len(AREAS)))
@given(data=st.data())
def test_circles_drawn_point_by_point_agree(area, data):
    west, south, east, north = area.bounds
    width = (east - west) % 360.0 or 360.0
    lon = (west - 0.5 + data.draw(st.floats(0.0, 1.0)) * (width + 1.0) + 180.0) % 360.0 - 180.0
    lat = max(-89.0, south - 0.5) + data.draw(st.floats(0.0, 1.0)) * (north - max(-89, south) + 1)
    radius_m = data.draw(st.floats(10.0, 80_000.0))
    lat = min(lat, 89.0)
    place = (np.array([lon]), np.array([lat]), np.array([radius_m]))
    # A circle a little smaller: on the edge itself neither answer is right.
    inside = area.contains(*ring(lon, lat, 0.99 * radius_m))
    if lies_in(area, *place, "surely")[0]:
        assert inside.all()
    if not lies_in(area, *place, "maybe")[0]:
        assert not inside.any()


def test_what_is_measured_lies_by_its_place():
    box = AREAS[0]
    lon, lat = np.array([9.001, 8.999, np.nan]), np.array([40.0, 40.0, np.nan])
    for how in ("centre", "surely", "maybe"):
        assert lies_in(box, lon, lat, np.zeros(3), how).tolist() == [True, False, False]
        assert lies_in(box, lon, lat, None, how).tolist() == [True, False, False]


def test_half_a_kilometre_from_the_edge():
    # 0.005 degrees of latitude are 556 m; the box's north edge is at 42.
    lon, lat = np.full(4, 10.0), np.array([41.995, 41.995, 42.005, 42.005])
    radius = np.array([500.0, 600.0, 500.0, 600.0])
    box = AREAS[0]
    assert lies_in(box, lon, lat, radius, "surely").tolist() == [True, False, False, False]
    assert lies_in(box, lon, lat, radius, "maybe").tolist() == [True, True, False, True]


def test_a_cap_at_the_pole_has_no_edge_but_its_parallel():
    cap = AREAS[2]
    metres = edge_distances_m(cap, np.array([179.9, 0.0]), np.array([-61.0, -89.0]))
    assert metres == pytest.approx(np.radians([1.0, 29.0]) * EARTH_RADIUS_M, rel=2e-3)


def test_the_plane_has_straight_edges():
    box = Box(west=0.0, south=0.0, east=10.0, north=10.0, space="plane")
    x, y, radius = np.array([3.0, 12.0]), np.array([5.0, 12.0]), np.array([3.0, 3.0])
    assert edge_distances_m(box, x, y) == pytest.approx([3.0, np.hypot(2.0, 2.0)])
    assert lies_in(box, x, y, radius, "surely").tolist() == [True, False]
    assert lies_in(box, x, y, radius, "maybe").tolist() == [True, True]
