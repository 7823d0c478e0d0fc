"""A place in every form that says which number is which; pairs that do not are refused."""

from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely

import placelens as pl
from placelens.geo.points import as_place

PRAGUE = pl.Place(lat=50.087, lon=14.421)
Point = namedtuple("Point", "lat lon")
Longlat = namedtuple("Longlat", "lon lat")


@pytest.mark.parametrize(
    "value",
    [
        PRAGUE,
        {"lat": 50.087, "lon": 14.421},
        {"lon": 14.421, "lat": 50.087, "name": "Praha"},
        {"latitude": 50.087, "longitude": 14.421},
        {"lat": 50.087, "lng": 14.421},
        {"lat": "50.087", "long": np.float32(14.421)},
        Point(50.087, 14.421),
        Longlat(14.421, 50.087),
        SimpleNamespace(latitude=50.087, longitude=14.421),
        pd.Series({"lat": 50.087, "lon": 14.421, "city": "Praha"}),
        shapely.Point(14.421, 50.087),
        {"type": "Point", "coordinates": [14.421, 50.087, 230.0]},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": (14.421, 50.087)}},
    ],
    ids=str,
)
def test_every_named_order(value):
    place = as_place(value, "sphere")
    assert place.lonlat == pytest.approx(PRAGUE.lonlat, abs=1e-6)


def test_on_a_plane():
    assert as_place({"x": 1, "y": 2}, "plane") == pl.Place(x=1, y=2)
    assert as_place(shapely.Point(1, 2), "plane") == pl.Place(x=1, y=2)
    with pytest.raises(pl.QueryError, match=r"Place\(x=1, y=2\) or Place\(x=2, y=1\)"):
        as_place((1, 2), "plane")


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ((50.1, 14.4), pl.QueryError, r"is a tuple; give a Place.*lat=50.1, lon=14.4.*lat=14.4"),
        ([50.1, 14.4], pl.QueryError, "is a list; give a Place"),
        (np.array([50.1, 14.4]), pl.QueryError, "is a ndarray; give a Place"),
        (50.1, pl.QueryError, "near 50.1 is a float; give a Place, {'lat'"),
        ({"lat": 50.1}, pl.QueryError, "is a dict; give a Place"),
        ({"lat": "fifty", "lon": 1}, pl.CoordinateError, "'fifty' is not a number"),
        ({"lat": 10**400, "lon": 1}, pl.CoordinateError, "is not a number of degrees"),
        ({"lat": "9" * 9_000, "lon": 1}, pl.CoordinateError, "not a finite number"),
        ({"lat": "x" * 9_000, "lon": 1}, pl.CoordinateError, r"^.{1,200}$"),
        (("x" * 9_000, 1), pl.QueryError, r"^.{1,300}$"),
        ({"lat": 95, "lon": 1}, pl.CoordinateError, "latitude 95.0 is not in"),
        ({"lat": float("nan"), "lon": 1}, pl.CoordinateError, "not a finite number"),
        (shapely.box(0, 0, 1, 1), pl.QueryError, "is a GeoJSON 'Polygon'; give a Point.*polygon"),
        ({"type": "Point", "coordinates": []}, pl.QueryError, "give a Point"),
        ({"type": "Feature", "geometry": None}, pl.QueryError, "is a GeoJSON None; give a Point"),
    ],
    ids=str,
)
def test_what_does_not_say_is_refused_with_what_to_write(value, error, message):
    with pytest.raises(error, match=message):
        as_place(value, "sphere")


def test_a_search_takes_them(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(["a", "b"], np.eye(2), lat=[50, -50], lon=[14, 100])
    for near in ({"lat": 50, "lon": 14}, shapely.Point(14, 50), Point(50, 14), "50,14"):
        assert made.search(near=near)[0].distance_m == pytest.approx(0, abs=1e-6)
    asked = made.search(near=shapely.Point(14, 50)).query["near"]
    assert asked == {"type": "Point", "coordinates": [14.0, 50.0]}
    assert made.search(near=Point(50, 14)).query["near"] == {"lat": 50, "lon": 14}


def test_a_place_of_bare_numbers_says_what_to_write():
    with pytest.raises(pl.CoordinateError, match=r"Place\(14, 50\).*write Place\(lat=50.087, lon"):
        pl.Place(14, 50)
    with pytest.raises(pl.CoordinateError, match="'Lyon'"):
        pl.Place("Lyon")


@pytest.mark.parametrize("value", ["50", 1j, [1], object()])
def test_a_coordinate_is_a_number(value):
    with pytest.raises(pl.CoordinateError, match=r"not a (finite )?number"):
        pl.Place(lat=value, lon=1)
    with pytest.raises(pl.CoordinateError, match=r"x = .* is not a (finite )?number"):
        pl.Place(x=value, y=1)
