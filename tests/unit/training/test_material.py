"""Several data sets as one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from placelens.training.material import Stacked


def test_stacked_activations_are_counted_through() -> None:
    a, b = (np.random.default_rng(n).random((2, size, 3, 2, 2)) for n, size in ((0, 4), (1, 5)))
    together = np.concatenate([a, b], axis=1)
    stacked = Stacked([a, b])
    assert len(stacked) == 2
    for variant in range(2):
        for row in range(9):
            np.testing.assert_array_equal(stacked[variant, row], together[variant, row])
    rows = np.array([8, 0, 4])
    np.testing.assert_array_equal(stacked.take(rows), together[0, rows])
