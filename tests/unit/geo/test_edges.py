"""Points in polygons against GEOS, and areas that would take minutes to mend."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from placelens.errors import FilterError
from placelens.geo.areas import Polygon
from placelens.geo.edges import edges_of, inside
from placelens.limits import MAX_DEPTH, MAX_POSITIONS

corners = st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=3, max_size=14)
# On no edge between whole numbers: rounding decides nothing.
GRID = np.array([(x + 1 / math.pi, y + 1 / math.e) for x in range(-7, 7) for y in range(-7, 7)])


def is_odd(x, y, ring):
    """How often a ray to the left crosses the ring, one edge after the other."""
    crossed = 0
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (ay > y) != (by > y):
            crossed += ax + (y - ay) * (bx - ax) / (by - ay) < x
    return crossed % 2 == 1


@given(corners)
def test_the_even_odd_rule(ring):
    found = inside(GRID[:, 0], GRID[:, 1], edges_of([ring]))
    assert found.tolist() == [is_odd(x, y, ring) for x, y in GRID]


# Lines that nearly coincide, of which GEOS passes over some cuts: between rings, and within one.
NEARLY = [
    [
        [(0, 0), (-5, 4), (1, -3), (-5, 1), (0, 2)],
        [(-2, 0), (-4, -5), (1, 0), (0, 1), (2, -1), (-4, -4), (3, 1), (-5, -1)],
        [(-3, 0), (-2, 0), (-4, -5), (1, 0), (0, 1), (1, 0), (0, -2), (-3, -1), (3, 1), (-5, -1),
         (0, 1)],
    ],
    [
        [(-3, -5), (-1, 4), (4, -1), (2, -1), (-2, 4), (-4, 1), (4, -2), (-4, 1), (-4, -5),
         (-3, -5), (4, -1), (5, 1), (2, -1)],
        [(2, 1), (-2, 5), (-4, 1), (2, 1), (2, -1), (-4, 1), (-4, -5)],
    ],
    [
        [(4, -5), (4, 0), (-2, -2), (1, -2), (4, 0), (-1, 3), (4, 0), (3, -5), (-5, 4), (3, -4),
         (-1, 2), (-1, 6), (-1, 6), (1, -2)],
        [(-1, 2), (3, -4), (4, 0), (2, 1), (3, -4), (-6, -3), (-1, 2), (-1, 2), (0, 1), (5, 6),
         (4, 0), (5, 6), (5, 6)],
    ],
    [[(0, 1), (1, -1), (-2, -6), (1, 0), (2, -6)], [(0, 0), (1, 0), (-2, -6)]],
]  # fmt: skip


@example(NEARLY[0])
@example(NEARLY[1])
@example(NEARLY[2])
@example(NEARLY[3])
@given(st.lists(corners, min_size=1, max_size=4))
def test_areas_that_cross_themselves_and_each_other(rings):
    geojson = {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
    expected = [any(is_odd(x, y, ring) for ring in rings) for x, y in GRID]
    try:
        area = Polygon.from_geojson(geojson)
    except FilterError:  # three corners on a line, or fewer, enclose nothing
        assert not any(expected) or any(len(set(ring)) < 3 for ring in rings)
        return
    assert area.geometry.is_valid
    if len(rings) == 1 and not any(expected):
        return  # drawn twice: see below
    if all(any(is_odd(x, y, ring) for x, y in GRID) for ring in rings):
        assert area.contains(GRID[:, 0], GRID[:, 1]).tolist() == expected


@pytest.mark.parametrize("size", [4e-320, 1e-200, 1e-40])
def test_an_area_smaller_than_an_atom_is_none(size):
    bow_tie = [(0, 0), (size, size), (size, 0), (0, size)]
    with pytest.raises(FilterError, match="the area"):
        Polygon.from_geojson({"type": "Polygon", "coordinates": [bow_tie]})


def test_a_ring_that_runs_around_twice_encloses_its_area():
    once = [(0, 0), (4, 0), (4, 3), (0, 3)]
    area = Polygon.from_geojson({"type": "Polygon", "coordinates": [once * 2]})
    assert area.geometry.area == 12


def test_a_bow_tie_is_mended_as_geos_mends_it():
    bow_tie = [(0, 0), (4, 4), (4, 0), (0, 4)]
    expected = shapely.make_valid(shapely.Polygon(bow_tie))
    area = Polygon.from_geojson({"type": "Polygon", "coordinates": [bow_tie]})
    assert area.geometry.equals(expected)


@given(corners)
def test_corners_of_a_valid_ring_belong_to_it(ring):
    polygon = shapely.Polygon(ring)
    if polygon.is_valid and polygon.area:
        lon, lat = np.array(ring, dtype=float).T
        assert inside(lon, lat, edges_of([ring])).all()


def test_many_points_are_answered_in_the_order_given():
    # More points than one block, more edges than are compared without an order.
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.column_stack([np.cos(turn), np.sin(turn)])
    points = np.random.default_rng(0).uniform(-1.2, 1.2, (5_000, 2))
    expected = shapely.intersects_xy(shapely.Polygon(ring), points)
    np.testing.assert_array_equal(inside(points[:, 0], points[:, 1], edges_of([ring])), expected)


def star(n: int) -> list:
    return [
        corner
        for i in range(n)
        for corner in ((0.0, 0.0), (math.cos(6 * i / n), math.sin(6 * i / n)))
    ]


rng = np.random.default_rng(0)
ENTANGLED = {
    "random": [rng.uniform(-80, 80, (600, 2)).tolist()],
    "one line": [[(0, 50), *((x, 0) for x in rng.uniform(-80, 80, 900))]],
    "one corner": [star(3_000)],
    "bars": [
        *([(i, -80), (i + 0.5, -80), (i + 0.5, 80), (i, 80)] for i in range(-80, 80)),
        *([(-85, j), (85, j), (85, j + 0.5), (-85, j + 0.5)] for j in range(-80, 80)),
    ],
}


@pytest.mark.parametrize("name", ENTANGLED)
def test_areas_that_are_too_entangled_are_refused(name):
    rings = [np.asarray(ring).tolist() for ring in ENTANGLED[name]]
    geojson = {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
    with pytest.raises(FilterError, match="crossings are the most"):
        Polygon.from_geojson(geojson)


def test_areas_that_share_borders_are_not():
    # A map of 400 districts: each corner belongs to four of them.
    boxes = [shapely.box(x, y, x + 1, y + 1) for x in range(20) for y in range(20)]
    area = Polygon.from_geojson(shapely.GeometryCollection(boxes))
    assert area.geometry.equals(shapely.box(0, 0, 20, 20))


def test_more_corners_or_levels_than_any_area_has():
    turn = np.linspace(0, 6, MAX_POSITIONS + 1)
    ring = np.column_stack([turn, np.sin(turn)]).tolist()
    with pytest.raises(FilterError, match="200,001 corners, and 200,000 is the most"):
        Polygon.from_geojson({"type": "Polygon", "coordinates": [ring]})
    nested: dict = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
    for _ in range(MAX_DEPTH):
        nested = {"type": "GeometryCollection", "geometries": [nested]}
    with pytest.raises(FilterError, match="levels of collections"):
        Polygon.from_geojson(nested)
