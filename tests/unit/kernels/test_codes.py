"""A query in tables and in integers: tables are upper bounds, and integers are close."""

import numpy as np
import pytest

from placelens.kernels.codes import _fill_levels, _fill_table

DIMS = [8, 64, 384, 512, 1000, 1024, 2048]


@pytest.mark.parametrize("dim", DIMS)
def test_levels_are_within_half_a_step(dim):
    query = np.random.default_rng(dim).standard_normal(dim).astype(np.float32)
    levels = np.zeros((4, -(-dim // 64) * 32), np.int8)
    step = _fill_levels(query, levels)
    again = step * (256.0 * levels[0, : dim // 2] + levels[1, : dim // 2])
    assert np.abs(again - query[: dim // 2]).max() <= 0.51 * step


@pytest.mark.parametrize("dim", DIMS)
def test_a_table_bounds_every_sign_pattern(dim):
    rng = np.random.default_rng(dim)
    query = rng.standard_normal(dim).astype(np.float32)
    table = np.zeros(4 * dim, np.uint8)
    step, lowest = _fill_table(query, table)
    bits = rng.integers(0, 2, (50, dim))
    patterns = bits.reshape(50, -1, 4) @ np.array([1, 2, 4, 8])
    sums = table.reshape(-1, 16)[np.arange(dim // 4), patterns].sum(axis=1, dtype=np.int64)
    true = (2.0 * bits - 1.0) @ query
    assert (lowest + step * sums >= true - 1e-4).all()
    assert (lowest + step * sums <= true + step * dim / 4 + 1e-4).all()
    assert sums.max() < 2**16
