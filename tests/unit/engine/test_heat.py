"""Heat of a collection: scores are those of hits, filters hold, what is refused."""

import numpy as np
import pytest

import placelens as pl


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    """Two in Prague, one in Brno, two on either side of the antimeridian, one nowhere."""
    made = pl.Collection.create(tmp_path_factory.mktemp("heat") / "h.pl", dim=2)
    angles = np.array([0.0, 0.4, 0.8, 1.2, 1.4, 0.0])
    made.add_vectors(
        ["castle", "bridge", "brno", "fiji", "samoa", "nowhere"],
        np.column_stack([np.cos(angles), np.sin(angles)]),
        lat=[50.09, 50.07, 49.2, -17.0, -14.0, None],
        lon=[14.40, 14.42, 16.6, 180.0, -172.0, None],
        attributes=[{"n": 1}, {"n": 2}, {"n": 1}, {"n": 1}, {"n": 1}, {"n": 1}],
    )
    return made


def shown(heat):
    """How many items the best of each cell stands for, the best cell first."""
    return [(cell.id, cell.n_items) for cell in heat.cells]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # A cell of zoom 5 is 0.7 degrees wide, one of zoom 11 0.011 degrees.
        ({"zoom": 5}, [("castle", 2), ("brno", 1), ("fiji", 1), ("samoa", 1)]),
        ({"zoom": 11, "east": 15}, [("castle", 1), ("bridge", 1), ("fiji", 1), ("samoa", 1)]),
        ({"zoom": 5, "where": {"n": 2}}, [("bridge", 1)]),
        ({"zoom": 5, "bbox": (16, 49, 17, 50)}, [("brno", 1)]),
        # Whole cells of clusters, of 1.4 degrees.
        ({"zoom": 5, "west": 14.4, "east": 14.5, "south": 50, "north": 50.1}, [("castle", 2)]),
        (
            {"zoom": 5, "west": 170, "east": 190, "south": -30, "north": 0},
            [("fiji", 1), ("samoa", 1)],
        ),
        ({"zoom": 5, "unlocated_only": True}, []),
    ],
)
def test_a_view_shows_where_the_scores_of_what_passes_lie(items, arguments, expected):
    assert shown(items.heat(vector=[1, 0], **arguments)) == expected


def test_scores_are_those_of_hits(items):
    asked = {"vector": [1, 0], "near": "50.09,14.40", "mu": 0.3}
    heat = items.heat(zoom=11, **asked)
    by_id = {hit.id: hit.score for hit in items.search(**asked)}
    assert {cell.id: cell.best for cell in heat.cells} == {
        name: score for name, score in by_id.items() if name != "nowhere"
    }
    located = sorted(score for name, score in by_id.items() if name != "nowhere")
    assert (heat.median, heat.highest) == (located[2], located[-1])
    together = items.heat(zoom=5, **asked).cells[0]
    assert together.mean == pytest.approx((by_id["castle"] + by_id["bridge"]) / 2)


def test_the_scale_is_the_same_wherever_one_looks(items):
    far = items.heat(vector=[1, 0], zoom=5, west=170, east=-170, south=-30, north=0)
    whole = items.heat(vector=[1, 0], zoom=5)
    assert (far.median, far.highest) == (whole.median, whole.highest)
    nothing = items.heat(vector=[1, 0], zoom=5, west=0, east=1, south=0, north=1)
    assert (nothing.n_items, nothing.cells, nothing.highest) == (0, (), whole.highest)


def test_how_hits_are_sorted_counted_and_paged_makes_no_difference(items):
    page = items.search(vector=[1, 0], k=1)
    whole = items.heat(vector=[1, 0], zoom=5)
    assert items.heat(vector=[1, 0], zoom=5, k=1, sort="name", cursor=page.cursor) == whole


def test_what_cannot_be_drawn_is_refused(items, tmp_path):
    with pytest.raises(pl.QueryError, match="nothing ranks the items"):
        items.heat(zoom=3)
    with pytest.raises(pl.QueryError, match="no argument 'colour'"):
        items.heat("red", zoom=3, colour="red")
    with pytest.raises(pl.FilterError, match="zoom 23 is not in"):
        items.heat(vector=[1, 0], zoom=23)
    plane = pl.Collection.create(tmp_path / "p.pl", dim=2, space="plane")
    plane.add_vectors(["a"], [[1, 0]], x=[1], y=[1])
    with pytest.raises(pl.QueryError, match="this collection lies on a plane"):
        plane.heat(vector=[1, 0], zoom=3)
