"""Cells cover the image exactly, whatever the numbers of pixels and of cells are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.encoders.segmenters.cells import UNSAID, mean_of_cells, shares_of_numbers

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, st.integers(1, 20), st.integers(0, 99))
def test_the_mean_of_the_cells_is_that_of_the_pixels(h: int, w: int, cells: int, seed: int) -> None:
    values = np.random.default_rng(seed).random((h, w, 2), dtype=np.float32)
    made = mean_of_cells(values, (cells, cells + 1))
    assert made.shape == (cells, cells + 1, 2)
    np.testing.assert_allclose(made.mean(axis=(0, 1)), values.mean(axis=(0, 1)), atol=1e-5)


@given(SIDES, SIDES, st.integers(1, 20), st.integers(0, 99))
def test_numbers_are_averaged_as_their_classes_are(h: int, w: int, cells: int, seed: int) -> None:
    numbers = np.random.default_rng(seed).integers(0, 3, (h, w), dtype=np.uint8)
    classes = (numbers[..., None] == np.arange(3)).astype(np.float32)
    made = shares_of_numbers(numbers, 3, (cells, cells))
    np.testing.assert_allclose(made, mean_of_cells(classes, (cells, cells)), atol=1e-5)


@pytest.mark.parametrize("side", [14, 28, 512])
def test_a_whole_number_of_pixels_a_cell_is_a_plain_mean(side: int) -> None:
    values = np.arange(side * side, dtype=np.float32).reshape(side, side, 1)
    made = mean_of_cells(values, (side // 2, side))
    plain = values.reshape(side // 2, 2, side, 1).mean(axis=1)
    np.testing.assert_allclose(made, plain, rtol=1e-5)


def test_what_nothing_is_said_of_does_not_count() -> None:
    numbers = np.full((4, 4), UNSAID, dtype=np.uint8)
    numbers[0, 0] = 1
    made = shares_of_numbers(numbers, 2, (2, 2))
    assert made[0, 0].tolist() == [0, 1]
    assert made.sum() == 1
