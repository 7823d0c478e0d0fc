"""Clusters: what a plain loop over all items finds, for any view, filter and cap."""

import math
from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.engine.clusters import Cluster, Clusters, Grid, Single, View
from placelens.engine.periods import NO_TIME

MAX_LATITUDE = math.degrees(math.atan(math.sinh(math.pi)))


class Items:
    """As much of a version as clusters are made of; the id of an item is its row."""

    space = "sphere"

    def __init__(self, items: list[SimpleNamespace]) -> None:
        self.lonlat = (
            np.array([item.lon for item in items], dtype=np.float64),
            np.array([item.lat for item in items], dtype=np.float64),
        )
        self.times_us = np.array([item.time for item in items], dtype=np.int64)
        # Not in the order of rows, as after a merge of files.
        self.iids = np.array([-item.row for item in items], dtype=np.int64)

    def ids_at(self, rows: np.ndarray) -> list[str]:
        return [str(row) for row in rows]


def cell(lon: float, lat: float, level: int) -> tuple[int, int]:
    """Column and row of a point; a column may be one beyond the world."""
    n = 2**level
    lat = min(max(lat, -MAX_LATITUDE), MAX_LATITUDE)
    row = math.floor((0.5 - math.atanh(math.sin(math.radians(lat))) / (2 * math.pi)) * n)
    return math.floor((lon + 180) / 360 * n), min(max(row, 0), n - 1)


def seen_in(items: list, view: View) -> list:
    """The items in the cells of 64 pixels that a view touches."""
    level = math.floor(view.zoom) + 3
    n = 2**level
    east = view.east + 360 if view.west > view.east else view.east
    first, top = cell(view.west, view.north, level)
    last, bottom = cell(east, view.south, level)
    seen = []
    for item in items:
        column, row = cell(item.lon, item.lat, level)
        is_in = any(first <= column + turn * n <= last for turn in range(-12, 13))
        if is_in and top <= row <= bottom:
            seen.append(item)
    return seen


def reference(
    items: list[SimpleNamespace], passing: list[bool], view: View, at_most: int
) -> Clusters:
    """The slow way: look at every item, and try every grid."""
    located = [
        SimpleNamespace(**{**vars(item), "lon": -180.0 if item.lon == 180 else item.lon})
        for item, passes in zip(items, passing, strict=True)
        if passes and not math.isnan(item.lat)
    ]
    seen = seen_in(located, view)
    zooms = range(math.floor(view.zoom), -1, -1)
    by_zoom = {zoom: _in_cells(seen, zoom + 3) for zoom in zooms}
    zoom = next(zoom for zoom in zooms if zoom == 0 or len(by_zoom[zoom]) <= at_most)
    clusters, singles = [], []
    for members in by_zoom[zoom].values():
        # The newest; without a time the one that was added first.
        newest = min(members, key=lambda item: (item.time == NO_TIME, -item.time, -item.row))
        lats, lons = [item.lat for item in members], [item.lon for item in members]
        if len(members) == 1:
            singles.append(Single(str(newest.row), lats[0], lons[0]))
        else:
            bounds = (min(lons), min(lats), max(lons), max(lats))
            mean = (sum(lats) / len(lats), sum(lons) / len(lons))
            clusters.append(Cluster(len(members), *mean, bounds, str(newest.row)))
    return Clusters(zoom, len(seen), tuple(clusters), tuple(singles))


def _in_cells(items: list[SimpleNamespace], level: int) -> dict[tuple[int, int], list]:
    cells = defaultdict(list)
    for item in items:
        cells[cell(item.lon, item.lat, level)].append(item)
    return cells


def as_set(found: Clusters) -> tuple:
    """What a view shows, whatever the order; means to within rounding."""
    clusters = {
        (each.n_items, each.bounds, each.id, round(each.lat, 9), round(each.lon, 9))
        for each in found.clusters
    }
    assert len(clusters) == len(found.clusters)
    return found.zoom, found.n_items, clusters, set(found.items)


# A few places again and again, on the edges of the world and of cells, and anywhere.
lons = st.sampled_from([-180.0, 180.0, 179.99, -179.99, 0.0, 45.0, 14.42]) | st.floats(-180, 180)
lats = st.sampled_from([90.0, -90.0, 86.0, 0.0, 50.09, -17.0]) | st.floats(-90, 90)
items_of = st.lists(
    st.builds(
        lambda lon, lat, time: SimpleNamespace(lon=lon, lat=lat, time=time),
        lons,
        lats,
        st.sampled_from([NO_TIME, -5, 0, 7]) | st.integers(-(10**17), 10**17),
    )
    | st.builds(lambda: SimpleNamespace(lon=math.nan, lat=math.nan, time=3)),
    max_size=40,
)


@st.composite
def views(draw):
    """Views of every zoom, over the antimeridian, turns of the globe away, and of one point."""
    south, north = sorted((draw(lats), draw(lats)))
    west, east = draw(lons), draw(lons)
    if draw(st.booleans()):
        west, east = sorted((west, east))
        turns = 360.0 * draw(st.integers(-3, 3))
        west, east = west + turns, east + turns + 360.0 * draw(st.integers(0, 2))
    zoom = draw(st.integers(0, 22) | st.floats(0, 22))
    return View(zoom=zoom, west=west, south=south, east=east, north=north)


@given(items_of, views(), st.integers(64, 70) | st.just(4_000), st.data())
def test_the_grid_finds_what_the_loop_finds(items, view, at_most, data):
    for row, item in enumerate(items):
        item.row = row
    passing = data.draw(
        st.just([True] * len(items))
        | st.lists(st.booleans(), min_size=len(items), max_size=len(items))
    )
    grid = Grid(Items(items))
    allowed = None if all(passing) else np.array(passing, dtype=np.bool_)
    found = grid.clusters(view, allowed, at_most=at_most)
    assert as_set(found) == as_set(reference(items, passing, view, at_most))
    assert grid.clusters(view, allowed, at_most=at_most) == found
    for cluster in found.clusters:
        west, south, east, north = cluster.bounds
        assert west <= cluster.lon <= east
        assert south <= cluster.lat <= north


@pytest.mark.parametrize("at_most", [64, 100, 1_000, 4_000])
@pytest.mark.parametrize("view", [View(zoom=22), View(zoom=7.9, west=100, east=-60, south=-20)])
def test_no_more_are_answered_than_may_be(at_most, view):
    """Enough items that finer grids have too many cells."""
    rng = np.random.default_rng(3)
    items = [
        SimpleNamespace(row=row, lon=lon, lat=lat, time=time)
        for row, (lon, lat, time) in enumerate(
            zip(
                rng.uniform(-180, 180, 12_000).tolist(),
                np.degrees(np.arcsin(rng.uniform(-1, 1, 12_000))).tolist(),
                rng.integers(0, 9, 12_000).tolist(),
                strict=True,
            )
        )
    ]
    found = Grid(Items(items)).clusters(view, None, at_most=at_most)
    assert len(found.clusters) + len(found.items) <= at_most
    assert found.zoom < math.floor(view.zoom)
    assert as_set(found) == as_set(reference(items, [True] * len(items), view, at_most))
    n_items = len(found.items) + sum(cluster.n_items for cluster in found.clusters)
    assert n_items == found.n_items


@given(items_of, st.integers(0, 22))
def test_a_cluster_is_the_same_in_every_view_that_shows_it(items, zoom):
    for row, item in enumerate(items):
        item.row = row
    grid = Grid(Items(items))
    whole = grid.clusters(View(zoom=zoom), None)
    for cluster in whole.clusters:
        west, south, east, north = cluster.bounds
        view = View(zoom=zoom, west=west, south=south, east=east, north=north)
        assert cluster in grid.clusters(view, None).clusters
