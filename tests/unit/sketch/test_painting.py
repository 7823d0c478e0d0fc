"""What is painted: its cells on another grid, its classes by other names, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from placelens.errors import QueryError
from placelens.sketch.painting import ANYTHING, Sketch, query_of, resampled

NAMES = ("sky", "road", "vegetation")


def test_eq_4_has_a_one_where_a_class_was_painted():
    painted = Sketch(cells=[[0, -1], [1, 1]], classes=NAMES)
    query, counts = query_of(painted, NAMES, (2, 2))
    assert (query[..., 0] == [[255, 0], [0, 0]]).all()
    assert (query[..., 1] == [[0, 0], [255, 255]]).all()
    # Eq. 5: all cells of what was painted, and nothing of vegetation.
    assert counts[..., :2].all()
    assert not counts[..., 2].any()


def test_a_mask_counts_in_painted_cells_only():
    painted = Sketch(cells=[[0, -1], [1, 1]], classes=NAMES, form="mask")
    _, counts = query_of(painted, NAMES, (2, 2))
    assert (counts[..., 0] == [[True, False], [True, True]]).all()
    assert (counts[..., 0] == counts[..., 1]).all()


def test_eq_6_is_the_photo_where_nothing_was_painted():
    photo = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    painted = Sketch(cells=[[-1, 2], [-1, -1]], classes=NAMES, over=photo)
    query, counts = query_of(painted, NAMES, (2, 2))
    assert query[0, 1].tolist() == [0, 0, 255]
    assert (query[[0, 1, 1], [0, 0, 1]] == photo[[0, 1, 1], [0, 0, 1]]).all()
    assert counts.all()


def test_a_photo_alone_is_a_query():
    photo = np.full((2, 2, 3), 80, dtype=np.uint8)
    query, counts = query_of(Sketch(cells=[[-1]], classes=NAMES, over=photo), NAMES, (2, 2))
    assert (query == photo).all()
    assert counts.all()


def test_classes_go_by_other_names_too():
    painted = Sketch(cells=[[0, 1]], classes=["trees", "street"])
    assert painted.on_grid(NAMES, (1, 2)).tolist() == [[2, 1]]


def test_a_class_that_is_not_painted_need_not_be_known():
    assert Sketch(cells=[[0]], classes=["sky", "zebra"]).on_grid(NAMES, (1, 1)) == 0


cells = hnp.arrays(
    np.int16, st.tuples(st.integers(1, 30), st.integers(1, 30)), elements=st.integers(-1, 2)
)


@given(cells, st.integers(1, 4), st.integers(1, 4))
def test_cells_repeated_are_the_same_cells(painted, down, across):
    large = painted.repeat(down, axis=0).repeat(across, axis=1)
    assert (resampled(large, painted.shape) == painted).all()


@given(cells, st.tuples(st.integers(1, 16), st.integers(1, 16)))
def test_resampled_cells_hold_what_was_painted(painted, grid):
    small = resampled(painted, grid)
    assert small.shape == grid
    assert set(np.unique(small)) <= set(np.unique(painted)) | {ANYTHING}
    if (painted == painted[0, 0]).all():
        assert (small == painted[0, 0]).all()


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"cells": [[3]]}, "holds 3"),
        ({"cells": [[-2]]}, "holds -2"),
        ({"cells": [[70_000]]}, "holds 70000"),
        ({"cells": [[-1, -1]]}, "nothing is painted"),
        ({"cells": [[0], [0, 1]]}, "rows of whole numbers"),
        ({"cells": [[0.5]]}, "rows of whole numbers"),
        ({"cells": "sky"}, "rows of whole numbers"),
        ({"cells": []}, "rows of whole numbers"),
        ({"cells": np.zeros((5000, 1), int)}, "4096 a side is the most"),
        ({"cells": [[0]], "classes": []}, "no list of names"),
        ({"cells": [[0]], "classes": "sky"}, "no list of names"),
        ({"cells": [[0]], "classes": [3]}, "no name of a class"),
        ({"cells": [[0]], "form": "loose"}, "form 'loose' is not known"),
    ],
)
def test_what_cannot_be_painted_is_told(given_, said):
    with pytest.raises(QueryError, match=said):
        Sketch(**{"classes": NAMES, **given_})


def test_what_the_maps_do_not_tell_is_told():
    with pytest.raises(QueryError, match="'zebra' is no class of this collection's maps"):
        Sketch(cells=[[0]], classes=["zebra"]).on_grid(NAMES, (1, 1))
    thin = np.full((28, 28), -1)
    thin[:, 3] = 0
    with pytest.raises(QueryError, match="no stroke covers half of one of 7 x 7 cells"):
        Sketch(cells=thin, classes=NAMES).on_grid(NAMES, (7, 7))
    over = Sketch(cells=[[0]], classes=NAMES, over=np.zeros((3, 3, 3), dtype=np.uint8))
    with pytest.raises(QueryError, match="photo's class map is uint8"):
        query_of(over, NAMES, (2, 2))
