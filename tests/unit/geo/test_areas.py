import numpy as np
import pytest
import shapely

from placelens.errors import FilterError
from placelens.geo.areas import Box, Circle, Polygon, parse_bbox
from placelens.types import Place

SQUARE = [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0], [0.0, 0.0]]
HOLE = [[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}


def inside(area, *lonlats):
    lon, lat = np.array(lonlats, float).T
    return area.contains(lon, lat).tolist()


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"west": 181.0}, "west edge 181.0 is not in [-180, 180]"),
        ({"south": -91.0}, "south edge -91.0 is not in [-90, 90]"),
        ({"north": float("nan")}, "north edge nan is not a finite number"),
        ({"south": 5.0, "north": 4.0}, "south edge 5.0 lies above its north edge 4.0"),
        ({"west": 2.0, "space": "plane"}, "west edge 2.0 lies beyond its east edge 1.0"),
    ],
)
def test_a_box_names_its_wrong_edge(edges, message):
    valid = {"west": 0.0, "south": 0.0, "east": 1.0, "north": 1.0}
    with pytest.raises(FilterError) as error:
        Box(**valid | edges)
    assert message in str(error.value)


def test_a_box_on_the_plane_takes_metres():
    box = Box(west=-500.0, south=0.0, east=2e6, north=9e6, space="plane")
    assert inside(box, (2e6, 9e6), (2e6 + 1, 0.0)) == [True, False]


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "1,2,3,4,5"])
def test_a_bbox_that_is_not_four_numbers(text):
    with pytest.raises(FilterError, match="not four numbers"):
        parse_bbox(text)


def test_a_box_over_the_antimeridian_is_two_polygons():
    geojson = Box(west=170.0, south=-10.0, east=-170.0, north=10.0).to_geojson()
    assert geojson["type"] == "MultiPolygon"
    assert [ring[0][0][0] for ring in geojson["coordinates"]] == [170.0, -180.0]


@pytest.mark.parametrize("radius", [-1.0, float("nan"), float("inf")])
def test_a_circle_needs_a_finite_radius(radius):
    with pytest.raises(FilterError, match="radius"):
        Circle(center=Place(lat=0.0, lon=0.0), radius_m=radius)


def test_bounds_of_circles():
    # One degree of a great circle is 111,195 m on this sphere.
    degree = 111_195.08
    equator = Circle(center=Place(lat=0.0, lon=179.5), radius_m=degree).bounds
    assert equator == pytest.approx((178.5, -1.0, -179.5, 1.0), abs=1e-4)
    pole = Circle(center=Place(lat=89.5, lon=10.0), radius_m=degree).bounds
    assert pole == pytest.approx((-180.0, 88.5, 180.0, 90.0), abs=1e-4)


def test_holes_and_edges():
    polygon = Polygon.from_geojson({"type": "Polygon", "coordinates": [SQUARE, HOLE]})
    # Middle of the hole, its corner, the outline's edge and corner, and outside.
    points = [(5, 5), (4, 4), (10, 5), (0, 0), (10.001, 5)]
    assert inside(polygon, *points) == [False, True, True, True, False]


@pytest.mark.parametrize(
    "wrapped",
    [
        {"type": "Feature", "properties": {}, "geometry": POLYGON},
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "GeometryCollection", "geometries": [POLYGON]},
        {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "geometry": POLYGON}
            ],
        },
        shapely.box(0, 0, 10, 10),
        {"type": "Polygon", "coordinates": [[[*xy, 99.0] for xy in SQUARE]]},
        {"type": "Polygon", "coordinates": [SQUARE[:-1]]},
    ],
)  # fmt: skip
def test_all_wrappings_of_a_polygon_mean_the_same(wrapped):
    assert inside(Polygon.from_geojson(wrapped), (5, 5), (11, 5)) == [True, False]


def test_a_ring_that_crosses_itself_is_read_by_the_even_odd_rule():
    bow_tie = [[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]
    polygon = Polygon.from_geojson({"type": "Polygon", "coordinates": [bow_tie]})
    assert inside(polygon, (1, 5), (9, 5), (5, 1)) == [True, True, False]


@pytest.mark.parametrize(
    ("geojson", "message"),
    [
        ({"type": "Point", "coordinates": [0, 0]}, "type 'Point' is not an area"),
        ("POLYGON ((0 0, 1 0, 1 1))", "must be a GeoJSON mapping"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "three different"),
        ({"type": "Polygon", "coordinates": [[[0, 95], [1, 0], [2, 2]]]}, "longitude first"),
        ({"type": "Polygon", "coordinates": [[[0, "x"], [1, 0], [2, 2]]]}, "pair of numbers"),
        ({"type": "Polygon", "coordinates": [[[0, float("nan")], [1, 0], [2, 2]]]}, "not finite"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [2, 0]]]}, "enclose nothing"),
        ({"type": "FeatureCollection", "features": []}, "holds no polygon"),
    ],
)  # fmt: skip
def test_what_is_no_area_is_named(geojson, message):
    with pytest.raises(FilterError) as error:
        Polygon.from_geojson(geojson)
    assert message in str(error.value)


def test_a_polygon_cut_at_the_antimeridian_has_narrow_bounds():
    fiji = shapely.MultiPolygon(
        [shapely.box(177, -20, 180, -15), shapely.box(-180, -19, -178, -16)]
    )
    assert Polygon.from_geojson(fiji).bounds == (177.0, -20.0, -178.0, -15.0)


def test_a_polygon_on_the_plane_is_not_wrapped():
    polygon = Polygon.from_geojson(shapely.box(0, 0, 5_000, 5_000), space="plane")
    assert polygon.bounds == (0.0, 0.0, 5_000.0, 5_000.0)
    assert inside(polygon, (5_000, 2_500), (5_001, 2_500)) == [True, False]


FIJI = [[177, -20], [-178, -20], [-178, -15], [177, -15], [177, -20]]


@pytest.mark.parametrize(
    "ring",
    [
        FIJI,
        FIJI[::-1],
        FIJI[1:] + FIJI[1:2],  # begun in the east
        [[x + 360 if x < 0 else x, y] for x, y in FIJI],  # longitudes that run on
        [[177, -20], [180, -20], [-178, -20], [-178, -15], [180, -15], [177, -15]],
        [[177, -20], [-180, -20], [-178, -20], [-178, -15], [-180, -15], [177, -15]],
    ],
)
def test_an_uncut_area_over_the_antimeridian_holds_what_it_encloses(ring):
    polygon = Polygon.from_geojson({"type": "Polygon", "coordinates": [ring]})
    assert polygon.bounds == (177.0, -20.0, -178.0, -15.0)
    points = [(178, -17), (180, -17), (-180, -17), (-179, -17), (0, -17), (176, -17)]
    assert inside(polygon, *points) == [True, True, True, True, False, False]


@pytest.mark.parametrize("hole", [(179, 181), (177.5, 178), (-178.7, -178.3)])
def test_holes_go_with_an_uncut_area(hole):
    west, east = hole
    ring = [[x - 360 if x > 180 else x, y] for x in (west, east) for y in (-18, -16)]
    ring = [ring[0], ring[2], ring[3], ring[1]]
    polygon = Polygon.from_geojson({"type": "Polygon", "coordinates": [FIJI, ring]})
    assert inside(polygon, ((west + east) / 2, -17), (178.5, -17)) == [False, True]


@pytest.mark.parametrize(
    "edges",
    [(-170, -60, 170, 60), (-180, -90, 180, 90), (-180, -60, 170, 80), (-179, -85, 179, 85)],
)
def test_a_wide_area_is_not_taken_for_a_narrow_one(edges):
    polygon = Polygon.from_geojson(shapely.box(*edges))
    assert polygon.bounds == edges
    assert inside(polygon, (0, 0)) == [True]


@pytest.mark.parametrize("west", [-170.0, -100.0])
def test_a_wide_flat_box_comes_back_from_geojson(west):
    box = Box(west=west, south=-1.0, east=170.0, north=1.0)
    assert Polygon.from_geojson(box.to_geojson()).bounds == box.bounds
