"""Where in a picture something is, in cells, pixels and words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.explain.pointing import box_of_cells, strongest_cells
from placelens.types import ImageSpec


def test_cells_that_only_touch_at_a_corner_do_not_hang_together():
    heat = np.array([[1.0, 0.0], [0.0, 0.9]])
    assert strongest_cells(heat).tolist() == [[True, False], [False, False]]


def test_nothing_above_zero_is_nowhere():
    assert not strongest_cells(-np.ones((3, 3))).any()
    assert box_of_cells(np.zeros((3, 3), bool), (10, 10), ImageSpec(size=224)) is None


def test_what_lies_in_the_border_has_no_pixels():
    above = np.zeros((7, 7), bool)
    above[0] = True
    assert box_of_cells(above, (700, 70), ImageSpec(size=224, fit="pad")) is None


@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(1, 5000), st.integers(1, 5000),
    st.sampled_from(["crop", "squash", "pad"]), st.integers(0, 2**16),
)  # fmt: skip
def test_boxes_lie_in_the_picture(rows, columns, width, height, fit, seed):
    cells = np.random.default_rng(seed).random((rows, columns)) < 0.3
    box = box_of_cells(cells, (width, height), ImageSpec(size=224, fit=fit))
    if box is not None:
        left, top, right, bottom = box
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@pytest.mark.parametrize("fit", ["crop", "squash", "pad"])
def test_all_cells_are_all_that_the_encoder_saw(fit):
    every = np.ones((7, 7), bool)
    seen = {"crop": (100, 0, 300, 200), "squash": (0, 0, 400, 200), "pad": (0, 0, 400, 200)}
    assert box_of_cells(every, (400, 200), ImageSpec(size=224, fit=fit)) == seen[fit]
