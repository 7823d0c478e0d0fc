"""Shapes from the cache folder are those that were drawn, or they are drawn anew."""

import numpy as np
import pytest
import shapely

from placelens.geo import kept_shapes, named_areas
from placelens.geo.areas import Polygon

SQUARE = shapely.box(1.1, 2.2, 3.3, 4.4)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PLACELENS_CACHE", str(tmp_path))
    return tmp_path / "areas"


def must_not_draw():
    raise AssertionError("what was kept is drawn again")


def test_what_was_drawn_is_kept_corner_by_corner(cache):
    assert kept_shapes.kept("Bali", lambda: SQUARE) is SQUARE
    again = kept_shapes.kept("Bali", must_not_draw)
    assert shapely.to_wkb(again) == shapely.to_wkb(SQUARE)


@pytest.mark.parametrize("damage", ["a bit", "an end", "everything"])
def test_a_damaged_file_is_drawn_anew(cache, damage):
    kept_shapes.kept("Bali", lambda: SQUARE)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    broken = {"a bit": whole[:-1] + bytes([whole[-1] ^ 1]), "an end": whole[:-8], "everything": b""}
    file.write_bytes(broken[damage])
    other = shapely.box(0, 0, 1, 1)
    assert kept_shapes.kept("Bali", lambda: other) is other
    assert kept_shapes.kept("Bali", must_not_draw).equals(other)


def test_a_shape_of_another_area_or_of_other_code_is_not_taken(cache, monkeypatch):
    kept_shapes.kept("Bali", lambda: SQUARE)
    (cache / "bali.wkb").rename(cache / "java.wkb")
    other = shapely.box(0, 0, 1, 1)
    assert kept_shapes.kept("Java", lambda: other) is other
    monkeypatch.setattr(kept_shapes, "_made_of", lambda: b"other code")
    assert kept_shapes.kept("Java", lambda: SQUARE) is SQUARE


def test_without_a_place_to_keep_it_a_shape_is_drawn(cache):
    cache.write_text("a file where the folder would be")
    assert kept_shapes.kept("Bali", lambda: SQUARE) is SQUARE


@pytest.mark.parametrize("code", ["Benelux", "East Germany", "FJ", "Iberia"])
def test_a_kept_region_holds_what_the_drawn_one_holds(cache, monkeypatch, code):
    drawn = Polygon(named_areas._drawn(code))
    named_areas.shape_of.cache_clear()
    named_areas.shape_of(code)
    named_areas.shape_of.cache_clear()
    monkeypatch.setattr(named_areas, "_drawn", must_not_draw)
    kept = named_areas.shape_of(code)
    rng = np.random.default_rng(0)
    west, south, east, north = drawn.geometry.bounds
    lon, lat = rng.uniform(west - 1, east + 1, 5_000), rng.uniform(south - 1, north + 1, 5_000)
    corners = shapely.get_coordinates(drawn.geometry)
    lon, lat = np.append(lon, corners[:, 0]), np.append(lat, corners[:, 1])
    assert np.array_equal(kept.contains(lon, lat), drawn.contains(lon, lat))
    assert 0 < np.count_nonzero(kept.contains(lon, lat)) < len(lon)
