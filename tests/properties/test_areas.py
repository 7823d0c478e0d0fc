"""Areas against plain definitions, point by point: antimeridian, poles, edges, NaN."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from placelens.errors import FilterError
from placelens.geo.areas import AnyOf, Box, Circle, Polygon
from placelens.geo.distance import EARTH_RADIUS_M
from placelens.types import Place

# Round numbers and seams come up often, so that edges and corners are hit exactly.
lons = st.one_of(
    st.sampled_from([-180.0, -179.0, -90.0, 0.0, 90.0, 179.0, 180.0]),
    st.integers(-180, 180).map(float),
    st.floats(-180, 180),
)
lats = st.one_of(
    st.sampled_from([-90.0, -89.0, 0.0, 45.0, 89.0, 90.0]),
    st.integers(-90, 90).map(float),
    st.floats(-90, 90),
)
points = st.lists(st.tuples(lons, lats), min_size=1, max_size=20)


@st.composite
def boxes(draw):
    south, north = sorted((draw(lats), draw(lats)))
    return Box(west=draw(lons), south=south, east=draw(lons), north=north)


@st.composite
def rectangles(draw):
    """A box that does not cross the antimeridian and has an area, for polygons."""
    west, east = sorted(draw(st.lists(st.integers(-180, 180), min_size=2, max_size=2, unique=True)))
    south, north = sorted(draw(st.lists(st.integers(-90, 90), min_size=2, max_size=2, unique=True)))
    return float(west), float(south), float(east), float(north)


def outline(west, south, east, north):
    """A box as a polygon whose sides have corners in between: the longer way round is meant."""
    return shapely.segmentize(shapely.box(west, south, east, north), 90.0)


def columns(rows):
    lon, lat = np.array(rows, float).T
    return lon, lat


def in_box(box, lon, lat):
    """The definition, one point at a time: a pole is one point, 180 is -180."""
    if not box.south <= lat <= box.north:
        return False
    if abs(lat) == 90.0:
        return True
    same = {lon, -lon} if abs(lon) == 180.0 else {lon}
    if box.west <= box.east:
        return any(box.west <= x <= box.east for x in same)
    return any(x >= box.west or x <= box.east for x in same)


def angle(lon_a, lat_a, lon_b, lat_b):
    """The central angle in radians, by the haversine formula."""
    a, b = math.radians(lat_a), math.radians(lat_b)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    )
    return 2 * math.asin(min(1.0, math.sqrt(half)))


@given(boxes(), points)
@example(Box(west=170, south=-10, east=180, north=10), [(-180.0, 0.0)])
@example(Box(west=-180, south=-10, east=-170, north=10), [(180.0, 0.0)])
@example(Box(west=10, south=80, east=20, north=90), [(-100.0, 90.0)])
def test_box_contains_what_its_edges_say(box, rows):
    lon, lat = columns(rows)
    assert box.contains(lon, lat).tolist() == [in_box(box, x, y) for x, y in rows]


@given(lons, lats, st.floats(0, 2.2e7), points)
def test_circle_contains_what_lies_within_its_radius(lon, lat, radius_m, rows):
    circle = Circle(center=Place(lat=lat, lon=lon), radius_m=radius_m)
    inside = circle.contains(*columns(rows)).tolist()
    for (x, y), found in zip(rows, inside, strict=True):
        distance = EARTH_RADIUS_M * angle(lon, lat, x, y)
        if abs(distance - radius_m) > 1.0:  # a metre: the formulas' rounding near antipodes
            assert found == (distance <= radius_m)


@given(rectangles(), points)
def test_polygon_of_a_box_contains_what_the_box_does(edges, rows):
    west, south, east, north = edges
    box = Box(west=west, south=south, east=east, north=north)
    polygon = Polygon.from_geojson(box.to_geojson())
    lon, lat = columns(rows)
    assert polygon.contains(lon, lat).tolist() == box.contains(lon, lat).tolist()
    assert Polygon.from_geojson(polygon.to_geojson()) == polygon


@given(rectangles(), st.sampled_from([-360.0, 360.0]), points)
def test_longitudes_a_turn_away_mean_the_same(edges, turn, rows):
    west, south, east, north = edges
    moved = shapely.box(west + turn, south, east + turn, north)
    lon, lat = columns(rows)
    expected = Polygon.from_geojson(outline(*edges)).contains(lon, lat).tolist()
    assert Polygon.from_geojson(moved).contains(lon, lat).tolist() == expected


@given(st.integers(-179, 179), st.integers(1, 300), st.integers(-90, 89), points)
def test_a_polygon_past_180_is_the_box_over_the_antimeridian(west, width, south, rows):
    east = west + min(width, 359)
    polygon = Polygon.from_geojson(outline(west, south, east, south + 1))
    wrapped = Box(west=west, south=south, east=east - 360 if east > 180 else east, north=south + 1)
    lon, lat = columns(rows)
    assert polygon.contains(lon, lat).tolist() == wrapped.contains(lon, lat).tolist()


@given(
    st.integers(-179, 179), st.integers(1, 60), st.integers(-60, 59), st.integers(1, 60),
    st.integers(0, 7), st.booleans(), points,
)  # fmt: skip
def test_an_uncut_polygon_over_the_antimeridian_is_the_box_that_it_encloses(
    west, width, south, height, first, clockwise, rows
):
    # A box of up to 60 by 60 degrees, twice as long as wide at most: never as long as the world.
    width, height = max(width, height / 2), min(height, 2 * width, 90 - south)
    east, north = west + width, south + height
    ring = shapely.get_coordinates(shapely.segmentize(shapely.box(west, south, east, north), 20.0))
    ring = [[x - 360.0 if x > 180.0 else x, y] for x, y in ring[:-1].tolist()]
    ring = ring[first % len(ring) :] + ring[: first % len(ring)]
    polygon = {"type": "Polygon", "coordinates": [ring[:: -1 if clockwise else 1]]}
    box = Box(west=west, south=south, east=east - 360 if east > 180 else east, north=north)
    lon, lat = columns(rows)
    assert Polygon.from_geojson(polygon).contains(lon, lat).tolist() == (
        box.contains(lon, lat).tolist()
    )


@st.composite
def areas(draw):
    kind = draw(st.sampled_from(["box", "circle", "polygon", "any"]))
    if kind == "box":
        return draw(boxes())
    if kind == "circle":
        center = Place(lat=draw(lats), lon=draw(lons))
        return Circle(center=center, radius_m=draw(st.floats(0, 2.1e7)))
    if kind == "polygon":
        return Polygon.from_geojson(shapely.box(*draw(rectangles())))
    return AnyOf((draw(boxes()), draw(boxes())))


@given(areas(), points)
@example(Circle(center=Place(lat=45.0, lon=1e-279), radius_m=0.0), [(0.0, 45.0)])
@settings(max_examples=300)
def test_bounds_hold_every_point_that_the_region_holds(area, rows):
    lon, lat = columns(rows)
    west, south, east, north = area.bounds
    around = Box(west=west, south=max(south, -90.0), east=east, north=min(north, 90.0))
    inside = area.contains(lon, lat)
    if isinstance(area, Circle):
        # Bounds and chord are computed by different functions: leave out the outermost metre.
        smaller = Circle(center=area.center, radius_m=max(0.0, area.radius_m - 1.0))
        inside &= smaller.contains(lon, lat)
    assert not np.any(inside & ~around.contains(lon, lat))


@given(areas())
def test_a_point_with_nan_lies_in_no_area(area):
    nan = math.nan
    lon, lat = np.array([nan, 0.0, nan, nan]), np.array([0.0, nan, nan, 90.0])
    assert not area.contains(lon, lat).any()


@given(lons, lats, st.floats(1_000, 1.9e7), points)
def test_a_circle_drawn_as_geojson_is_nearly_the_circle(lon, lat, radius_m, rows):
    circle = Circle(center=Place(lat=lat, lon=lon), radius_m=radius_m)
    drawn = Polygon.from_geojson(circle.to_geojson())
    inside = drawn.contains(*columns(rows)).tolist()
    for (x, y), found in zip(rows, inside, strict=True):
        distance = EARTH_RADIUS_M * angle(lon, lat, x, y)
        # Edges are straight in longitude and latitude; near a pole they stray from the circle.
        reach_deg = abs(lat) + math.degrees(radius_m / EARTH_RADIUS_M)
        if reach_deg < 80 and abs(distance - radius_m) > 0.05 * radius_m:
            assert found == (distance <= radius_m)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e5), points)
def test_a_circle_on_the_plane_is_euclidean(x, y, radius_m, rows):
    circle = Circle(center=Place(x=x, y=y), radius_m=radius_m)
    px, py = columns(rows)
    for found, a, b in zip(circle.contains(px, py), px, py, strict=True):
        distance = math.hypot(a - x, b - y)
        if not math.isclose(distance, radius_m, rel_tol=1e-9, abs_tol=1e-6):
            assert found == (distance <= radius_m)


@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["type", "coordinates", "geometry", "features", "geometries"]),
            st.one_of(inner, st.sampled_from(["Polygon", "MultiPolygon", "Feature", "Point"])),
            max_size=3,
        ),
    ),
    max_leaves=12,
))  # fmt: skip
def test_any_mapping_is_an_area_or_a_filter_error(value):
    try:
        area = Polygon.from_geojson(value)
    except FilterError:
        return
    assert area.geometry.area > 0


def test_union_of_spaces_is_refused():
    plane = Box(west=0, south=0, east=1, north=1, space="plane")
    with pytest.raises(FilterError, match="same space"):
        AnyOf((plane, Box(west=0, south=0, east=1, north=1)))
