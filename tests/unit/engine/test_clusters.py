"""Clusters of a collection: filters, edges of the world, what is refused, what is kept."""

from datetime import datetime

import numpy as np
import pytest

import placelens as pl
from placelens.engine.clusters import Cluster, Clusters, Single, View


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    """Two in Prague, one in Brno, two on either side of the antimeridian, one nowhere."""
    made = pl.Collection.create(tmp_path_factory.mktemp("clusters") / "c.pl", dim=2)
    made.add_vectors(
        ["castle", "bridge", "brno", "fiji", "samoa", "nowhere"],
        np.ones((6, 2)),
        lat=[50.09, 50.07, 49.2, -17.0, -14.0, None],
        lon=[14.40, 14.42, 16.6, 180.0, -172.0, None],
        time=[datetime(2019, 1, 1), datetime(2020, 1, 1), None, None, None, datetime(2021, 1, 1)],
        attributes=[{"n": 1}, {"n": 2}, {"n": 1}, {"n": 1}, {"n": 1}, {"n": 1}],
    )
    return made


PRAGUE = Cluster(2, 50.08, 14.41, (14.40, 50.07, 14.42, 50.09), "bridge")


def shown(found: Clusters) -> dict[str, int]:
    """How many items the newest of each cluster stands for."""
    return {each.id: each.n_items for each in found.clusters} | {each.id: 1 for each in found.items}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # A cell of zoom 0 is 45 degrees wide.
        ({"zoom": 0}, {"bridge": 3, "fiji": 2}),
        # One of zoom 6 is 0.7 degrees wide, one of zoom 12 0.011 degrees.
        ({"zoom": 6}, {"bridge": 2, "brno": 1, "fiji": 1, "samoa": 1}),
        ({"zoom": 6.9}, {"bridge": 2, "brno": 1, "fiji": 1, "samoa": 1}),
        ({"zoom": 12}, {"bridge": 1, "castle": 1, "brno": 1, "fiji": 1, "samoa": 1}),
        ({"zoom": 6, "where": {"n": 1}}, {"castle": 1, "brno": 1, "fiji": 1, "samoa": 1}),
        ({"zoom": 6, "time": "2020"}, {"bridge": 1}),
        ({"zoom": 6, "unlocated_only": True}, {}),
        ({"zoom": 6, "near": "50.09,14.40", "radius": "500m"}, {"castle": 1}),
        ({"zoom": 6, "west": 10, "east": 15, "south": 49, "north": 51}, {"bridge": 2}),
        # Over the antimeridian, written in three ways.
        ({"zoom": 6, "west": 170, "east": -170, "south": -30, "north": 0}, {"fiji": 1, "samoa": 1}),
        ({"zoom": 6, "west": 170, "east": 190, "south": -30, "north": 0}, {"fiji": 1, "samoa": 1}),
        ({"zoom": 6, "west": -190, "east": -170, "south": -30}, {"fiji": 1, "samoa": 1}),
        ({"zoom": 6, "west": 179, "east": 180, "south": -30, "north": 0}, {"fiji": 1}),
        ({"zoom": 6, "west": -180, "east": -179, "south": -30, "north": 0}, {"fiji": 1}),
        # More than the whole world, as a wide screen shows it.
        ({"zoom": 0, "west": -700, "east": 700}, {"bridge": 3, "fiji": 2}),
        ({"zoom": 6, "west": 12, "east": 12, "south": 50, "north": 50}, {}),
    ],
)
def test_a_view_shows_what_passes(items, arguments, expected):
    assert shown(items.clusters(**arguments)) == expected


def test_a_cluster_says_where_its_items_are_and_which_is_the_newest(items):
    found = items.clusters(zoom=6, west=10, east=20, south=45, north=55)
    (cluster,) = found.clusters
    assert (cluster.n_items, cluster.bounds, cluster.id) == (2, PRAGUE.bounds, "bridge")
    assert (cluster.lat, cluster.lon) == pytest.approx((PRAGUE.lat, PRAGUE.lon))
    assert (found.zoom, found.n_items, found.items) == (6, 3, (Single("brno", 49.2, 16.6),))
    assert found.to_dict() == {
        "zoom": 6,
        "n_items": 3,
        "clusters": [
            {
                "n_items": 2,
                "lat": 50.08,
                "lon": 14.41,
                "bounds": [14.4, 50.07, 14.42, 50.09],
                "id": "bridge",
            }
        ],
        "items": [{"id": "brno", "lat": 49.2, "lon": 16.6}],
    }


def test_items_are_sorted_once_a_version(items, tmp_path):
    items.clusters(zoom=3)
    grid = items._versions.searcher.grid
    before = grid.sorted
    items.clusters(zoom=9, where={"n": 1})
    assert items._versions.searcher.grid.sorted is before
    grown = pl.Collection.create(tmp_path / "c.pl", dim=2)
    assert grown.clusters(zoom=22) == Clusters(22, 0, (), ())
    grown.add_vectors(["a"], [[1, 0]], lat=[1], lon=[1])
    assert shown(grown.clusters(zoom=22)) == {"a": 1}
    grown.delete(["a"])
    assert shown(grown.clusters(zoom=22)) == {}


def test_a_plane_has_no_web_map(tmp_path):
    plane = pl.Collection.create(tmp_path / "c.pl", dim=2, space="plane")
    plane.add_vectors(["a"], [[1, 0]], x=[1], y=[1])
    with pytest.raises(pl.QueryError, match="this collection lies on a plane"):
        plane.clusters(zoom=3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"zoom": 22.5}, r"the view's zoom 22.5 is not in \[0, 22\]"),
        ({"zoom": -1}, "zoom -1 is not in"),
        ({"zoom": "3"}, "zoom '3' is not a finite number"),
        ({"zoom": True}, "zoom True is not a finite number"),
        ({"zoom": 3, "west": float("nan")}, "west nan is not a finite number"),
        ({"zoom": 3, "north": 91}, r"north edge 91 is not in \[-90, 90\]"),
        ({"zoom": 3, "east": 1e300}, "east edge 1e\\+300 is not in"),
        ({"zoom": 3, "south": 5, "north": 4}, "south edge 5 lies above its north edge 4"),
        ({"zoom": 3, "west": 200, "east": 190}, "west edge 200 lies beyond its east edge 190"),
        ({"zoom": 3, "bbox": (1, 2)}, "needs four numbers"),
    ],
)
def test_what_is_wrong_is_said(items, arguments, said):
    with pytest.raises(pl.FilterError, match=said):
        items.clusters(**arguments)


def test_a_view_touches_whole_cells():
    # 45 degrees wide: from the one that begins at 0 to the one that ends at 90.
    assert View(zoom=0, west=1, east=46).columns() == [(4, 5)]
    assert View(zoom=0, west=170, east=-170).columns() == [(0, 0), (7, 7)]
    assert View(zoom=0, west=-170, east=170).columns() == [(0, 7)]
    assert View(zoom=0, west=350, east=370).columns() == [(3, 4)]
