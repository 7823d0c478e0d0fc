"""The demo on a drawn Earth, and its parts on the real picture where that is installed."""

import json
import math
import re

import numpy as np
import pytest
from PIL import Image

from placelens.collection import Collection
from placelens.demo import blue_marble, hit_rates
from placelens.demo.blue_marble import Tile, cut_tiles, find_picture, tile_grid
from placelens.demo.landscapes import landscapes, tiles_of
from placelens.demo.run import run_demo
from placelens.errors import MissingExtraError, ReadError
from placelens.geo.distance import EARTH_RADIUS_M, distances_m
from placelens.readers.images import decode
from placelens.testing.fakes import HashEncoder
from placelens.types import ImageSpec, Place


@pytest.fixture(scope="module")
def earth(tmp_path_factory):
    """Deep blue sea, and one continent of 40 x 40 degrees in the middle, green and sandy."""
    pixels = np.full((360, 720, 3), (2, 5, 20), np.uint8)
    pixels[140:220, 320:400] = (40, 90, 30)
    pixels[160:180, 340:380] = (200, 170, 110)
    file = tmp_path_factory.mktemp("earth") / "earth.png"
    Image.fromarray(pixels).save(file)
    return file


def test_the_grid_covers_the_earth_with_tiles_of_one_size():
    tiles = list(tile_grid())
    assert len({tile.name for tile in tiles}) == len(tiles)
    areas = [
        (t.east - t.west) * (math.sin(math.radians(t.north)) - math.sin(math.radians(t.south)))
        for t in tiles
    ]
    # All of the sphere: 360 degrees times (sin 90 - sin -90).
    assert sum(areas) == pytest.approx(720.0, rel=1e-6)
    # But for the rows next to the poles, within a sixth of the middle one.
    middle = sorted(areas)[len(areas) // 2]
    assert sum(abs(area / middle - 1) > 1 / 6 for area in areas) < 40


def test_tiles_of_land_carry_their_place_as_a_photo_does(earth, tmp_path):
    seen = []
    tiles = cut_tiles(tmp_path, picture=earth, progress=lambda done, n: seen.append((done, n)))
    # 40 x 40 degrees in tiles of 4 degrees, and those its edges reach into.
    assert 100 <= len(tiles) <= 144
    assert seen[-1] == (len(tiles), len(tiles))
    for tile in tiles[::20]:
        reading = decode(str(tmp_path / f"{tile.name}.jpg"), ImageSpec(size=64))
        assert reading.pixels.shape == (64, 64, 3)
    assert all(abs(tile.lat) <= 24 and abs(tile.lon) <= 24 for tile in tiles)


def test_a_second_cut_leaves_the_files_alone(earth, tmp_path):
    tiles = cut_tiles(tmp_path, picture=earth)
    file = tmp_path / f"{tiles[0].name}.jpg"
    before = file.stat().st_mtime_ns
    assert cut_tiles(tmp_path, picture=earth) == tiles
    assert file.stat().st_mtime_ns == before


def test_a_picture_that_is_none(tmp_path):
    broken = tmp_path / "earth.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(ReadError, match=r"earth\.jpg cannot be read"):
        cut_tiles(tmp_path / "tiles", picture=broken)


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr("placelens.demo.blue_marble.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[demo\]"):
        find_picture()


def test_the_landscapes_are_usable():
    every = landscapes()
    assert len(every) >= 100
    assert len({landscape.name for landscape in every}) == len(every)
    assert len({landscape.text for landscape in every}) == len(every)
    for landscape in every:
        assert landscape.text.endswith(".")
        assert 100 <= landscape.radius_km <= 1000
        assert landscape.source().place == landscape.place


def test_a_tile_shows_the_landscapes_it_holds_or_lies_in():
    amazon = next(one for one in landscapes() if one.name == "Amazon rainforest")
    tiles = list(tile_grid())
    shown = tiles_of(amazon, tiles)
    # Radius 700 km: 1.54 million km² of tiles of 0.198 million km² each, about 7.8.
    assert 6 <= len(shown) <= 10
    assert all(abs(tile.lat + 3.5) < 8 and abs(tile.lon + 63) < 8 for tile in shown)


def test_chance_is_hypergeometric():
    # Two right ones among five, two drawn: 1 - (3/5)(2/4) = 0.7.
    assert hit_rates._chance(2, 5, 2) == pytest.approx(0.7)
    assert hit_rates._chance(4, 5, 2) == 1.0
    assert hit_rates._chance(1, 100, 10) == pytest.approx(0.1)


def test_the_offset_point_is_a_thousand_kilometres_away():
    rng = np.random.default_rng(3)
    for lat, lon in ((0.0, 0.0), (89.0, 10.0), (-45.0, 179.9), (72.0, -40.0)):
        there = hit_rates._away(Place(lat=lat, lon=lon), rng)
        distance = distances_m(np.array([lat]), np.array([lon]), to=there)[0]
        assert distance == pytest.approx(EARTH_RADIUS_M * math.radians(9.0), rel=1e-6)


def test_a_tile_contains_its_edges():
    tile = Tile(name="x", west=0.0, south=0.0, east=4.0, north=4.0)
    assert tile.contains(lat=4.0, lon=0.0)
    assert not tile.contains(lat=4.001, lon=2.0)


@pytest.fixture(scope="module")
def result(earth, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    stages = []
    made = run_demo(
        folder, encoder=HashEncoder(), picture=earth, progress=lambda *state: stages.append(state)
    )
    return made, stages


def test_the_demo_makes_a_collection_with_places(result):
    made, stages = result
    collection = Collection.open(made.collection, encoder=HashEncoder())
    assert len(collection) == made.n_tiles + made.n_texts
    stats = collection.stats()
    assert (stats.n_images, stats.n_texts) == (made.n_tiles, made.n_texts)
    assert stats.n_located == len(collection)
    tile = next(item for item in collection.items() if item.image)
    assert tile.place_source == "exif"
    assert {stage for stage, _, _ in stages} == {"cutting tiles", "indexing", "asking"}


def test_the_demo_counts_all_directions_and_mixtures(result):
    made, _ = result
    asked = [(rate.direction, rate.mu) for rate in made.rates]
    assert len(asked) == len(set(asked)) == 9
    for rate in made.rates:
        for rates in (rate.top, rate.chance):
            assert 0.0 <= rates[1] <= rates[5] <= rates[10] <= 1.0
    texts = [answer for answer in made.answers if answer.direction == "text to image"]
    assert all(answer.hits.understood.mentions for answer in texts)
    assert json.loads(json.dumps(made.to_dict()))["n_texts"] == made.n_texts


def test_the_page_needs_nothing_from_elsewhere(result):
    made, _ = result
    page = made.page.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert f"placelens serve {made.collection}" in page
    assert page.count("<article>") == sum(len(answer.hits) for answer in made.answers)
    # Every source is inline, and no link leads out of the page.
    assert set(re.findall(r'(?:src|href)="([a-z]+:[a-z]+|#|.)', page)) <= {"data:image", "#"}
    assert not re.search(r"https?://|url\(|@import|<script", page)


def test_a_second_run_goes_on_with_what_is_there(result, earth):
    made, _ = result
    again = run_demo(made.collection.parent, encoder=HashEncoder(), picture=earth)
    assert again.report.n_unchanged == made.n_tiles + made.n_texts
    assert [rate.top for rate in again.rates] == [rate.top for rate in made.rates]


def test_every_landscape_but_small_islands_has_a_tile_of_the_real_picture():
    try:
        picture = Image.open(find_picture()).convert("RGB")
    except MissingExtraError as error:
        pytest.skip(str(error))
    tiles = [
        tile for tile in tile_grid() if blue_marble._shows_land(blue_marble._cut(picture, tile))
    ]
    assert 900 <= len(tiles) <= 1000
    without = [one.name for one in landscapes() if not tiles_of(one, tiles)]
    assert set(without) <= {"Bahama Banks", "Tasmania"}
