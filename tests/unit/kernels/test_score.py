"""The final kernel gives the bits that its definition gives, on any processor."""

import numpy as np
import pytest

from placelens.kernels.layout import LANES, SUMS
from placelens.kernels.score import _cosines


def by_hand(vector, query):
    """The inner product in the order that `_cosine` promises."""
    width = LANES * SUMS
    whole = len(vector) // width * width
    products = vector.astype(np.float64) * query
    sums = np.zeros((SUMS, LANES))
    for start in range(0, whole, width):
        sums += products[start : start + width].reshape(SUMS, LANES)
    a, b, c, d = sums
    e, f, g, h = (a + b) + (c + d)
    total = (e + f) + (g + h)
    for product in products[whole:]:
        total += product
    return total


@pytest.mark.parametrize("dim", [1, 3, 15, 16, 17, 100, 384, 515])
def test_cosines_are_the_same_to_the_bit(dim):
    rng = np.random.default_rng(dim)
    vectors = rng.standard_normal((7, dim)).astype(np.float32)
    queries = rng.standard_normal((3, dim))
    rows = np.array([6, -1, 0, 3])
    found = _cosines(vectors, rows, queries)
    assert np.isnan(found[1]).all()
    for i in (0, 2, 3):
        for t in range(3):
            assert found[i, t] == by_hand(vectors[rows[i]], queries[t])
