"""The vector instructions give what the plain loops give, and tables are upper bounds."""

import numpy as np
import pytest

from placelens.kernels.codes import (
    BLOCK,
    _block_sums,
    _block_sums_portable,
    _fill_levels,
    _fill_table,
    _fine_sum,
    _fine_sum_portable,
)

DIMS = [8, 64, 384, 512, 1000, 1024, 2048]


@pytest.mark.parametrize("dim", DIMS)
def test_block_sums_are_those_of_the_plain_loop(dim):
    rng = np.random.default_rng(dim)
    codes = rng.integers(0, 256, 2 * BLOCK * dim // 8, dtype=np.uint8)
    table = np.zeros(4 * dim, np.uint8)
    _fill_table(rng.standard_normal(dim).astype(np.float32), table)
    fast, plain = np.zeros(BLOCK, np.uint16), np.zeros(BLOCK, np.uint16)
    _block_sums(codes, BLOCK * dim // 8, dim // 8, table, 0, fast)
    _block_sums_portable(codes, BLOCK * dim // 8, dim // 8, table, 0, plain)
    np.testing.assert_array_equal(fast, plain)


@pytest.mark.parametrize("dim", DIMS)
def test_fine_sums_are_those_of_the_plain_loop(dim):
    rng = np.random.default_rng(dim)
    size = -(-dim // 64) * 32
    levels = np.zeros((4, size), np.int8)
    query = rng.standard_normal(dim).astype(np.float32)
    step = _fill_levels(query, levels)
    codes = rng.integers(0, 256, 3 * size, dtype=np.uint8)
    assert _fine_sum(codes, size, size, levels) == _fine_sum_portable(codes, size, size, levels)
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
