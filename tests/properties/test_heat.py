"""Heat: what a plain loop over all items finds, for any view, scores and cap."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties.test_clusters import MAX_LATITUDE, Items, cell, items_of, seen_in, views

from placelens.engine.clusters import Grid, View
from placelens.engine.heat import FEW, Heat, HeatCell, heat_of


def corner(column: float, row: float, level: int) -> tuple[float, float]:
    """Longitude and latitude of the north-west corner of a cell."""
    n = 2**level
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / n))))
    return column / n * 360 - 180, lat


def reference(items: list, view: View, at_most: int) -> Heat:
    """The slow way: look at every item, and try every grid."""
    scored = [each for each in items if each.score is not None and not math.isnan(each.lat)]
    for item in scored:
        item.lon = -180.0 if item.lon == 180 else item.lon
    ordered = sorted(item.score for item in scored)
    if not ordered:
        return Heat(math.floor(view.zoom), 0, None, None, ())
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    seen = seen_in(scored, view)
    for level in range(min(math.floor(view.zoom) + 4, 25), 2, -1):
        members = defaultdict(list)
        for item in seen:
            members[cell(item.lon, item.lat, level)].append(item)
        if level == 3 or len(members) <= at_most:
            break
    cells = []
    for (column, row), own in members.items():
        own.sort(key=lambda item: (-item.score, -item.row))  # the internal id is minus the row
        few = [item.score for item in own[:FEW]]
        (west, north), (east, south) = (
            corner(column, row, level),
            corner(column + 1, row + 1, level),
        )
        lon, lat = corner(column + 0.5, row + 0.5, level)
        mean = sum(few) / len(few)
        cells.append(
            HeatCell(len(own), lat, lon, (west, south, east, north), few[0], mean, str(own[0].row))
        )
    zoom = math.floor(view.zoom) if not seen else max(level - 4, 0)
    return Heat(zoom, len(seen), median, ordered[-1], tuple(cells))


def rounded(cells: tuple[HeatCell, ...]) -> set[tuple]:
    """What the cells are, whatever the order; what is computed to within rounding."""
    return {
        (
            each.n_items,
            each.id,
            each.best,
            *(round(value, 9) + 0.0 for value in (each.mean, each.lat, each.lon, *each.bounds)),
        )
        for each in cells
    }


scores = st.none() | st.sampled_from([0.0, -0.25, 0.5]) | st.floats(-1, 1)


@given(items_of, views(), st.integers(64, 70) | st.just(4_000), st.data())
def test_the_grid_finds_what_the_loop_finds(items, view, at_most, data):
    for row, item in enumerate(items):
        item.row = row
        item.score = data.draw(scores)
    version = Items(items)
    rows = np.array([item.row for item in items if item.score is not None], dtype=np.int64)
    order = data.draw(st.permutations(range(len(rows))))
    of_rows = np.array([items[row].score for row in rows.tolist()], dtype=np.float64)
    found = heat_of(Grid(version), view, rows[order], of_rows[order], at_most=at_most)
    expected = reference(items, view, at_most)
    assert (found.zoom, found.n_items, found.highest) == (
        expected.zoom,
        expected.n_items,
        expected.highest,
    )
    assert found.median == (None if expected.median is None else pytest.approx(expected.median))
    assert len(found.cells) == len(expected.cells)
    assert rounded(found.cells) == rounded(expected.cells)
    ranks = [(cell.mean, cell.best) for cell in found.cells]
    assert ranks == sorted(ranks, reverse=True)
    for cell_ in found.cells:
        west, south, east, north = cell_.bounds
        assert west < cell_.lon < east
        assert south < cell_.lat < north
        assert -MAX_LATITUDE - 1e-9 <= south < north <= MAX_LATITUDE + 1e-9
        assert cell_.mean <= cell_.best <= found.highest
