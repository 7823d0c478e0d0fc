"""Hub pools: hubness against a full sort, in blocks of any size; what is no pool is refused."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.encoders import hubs
from placelens.encoders.hubs import HubPool
from placelens.errors import EncoderError
from placelens.types import Float32Array


def unit(rng: np.random.Generator, n: int, dim: int = 24) -> Float32Array:
    vectors = rng.normal(size=(n, dim))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


@pytest.mark.parametrize("k", [1, 7, 40])
@pytest.mark.parametrize("block_size", [1, 40 * 13, 1 << 22])
def test_hubness_is_the_mean_of_the_best(
    monkeypatch: pytest.MonkeyPatch, k: int, block_size: int
) -> None:
    monkeypatch.setattr(hubs, "_BLOCK_SIZE", block_size)
    rng = np.random.default_rng(k)
    pool, items = unit(rng, 40), unit(rng, 101)
    found = HubPool(vectors=pool, k=k, weight=0.5).hubness(items)
    cosines = np.sort(items.astype(np.float64) @ pool.T, axis=1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, cosines[:, -k:].mean(axis=1), atol=1e-6)


def test_items_are_left_as_they_are() -> None:
    rng = np.random.default_rng(3)
    pool, items = HubPool(vectors=unit(rng, 9), k=2, weight=1), unit(rng, 5)
    before = items.copy()
    items.setflags(write=False)
    pool.hubness(items)
    np.testing.assert_array_equal(items, before)


def test_penalties_are_weighted_hubness() -> None:
    rng = np.random.default_rng(4)
    pool, items = HubPool(vectors=unit(rng, 9), k=2, weight=0.25), unit(rng, 5)
    np.testing.assert_array_equal(pool.penalties(items), pool.hubness(items) / 4)


def test_the_fingerprint_is_of_what_decides_hubness() -> None:
    vectors = unit(np.random.default_rng(5), 9)
    pool = HubPool(vectors=vectors, k=2, weight=0.25)
    assert HubPool(vectors=vectors.copy(), k=2, weight=1.0).fingerprint == pool.fingerprint
    assert HubPool(vectors=vectors, k=3, weight=0.25).fingerprint != pool.fingerprint
    assert HubPool(vectors=vectors[::-1], k=2, weight=0.25).fingerprint != pool.fingerprint
    assert HubPool(vectors=vectors[:-1], k=2, weight=0.25).fingerprint != pool.fingerprint


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"vectors": np.zeros(3, dtype=np.float32)}, r"\(m, dim\).* shape \(3,\)"),
        ({"vectors": np.zeros((3, 2))}, "got float64"),
        ({"vectors": np.full((3, 2), np.nan, dtype=np.float32)}, "NaN"),
        ({"k": 0}, "k of 1 to its 3 vectors, got 0"),
        ({"k": 4}, "k of 1 to its 3 vectors, got 4"),
        ({"weight": -0.1}, "weight of 0 or more, got -0.1"),
        ({"weight": np.inf}, "weight of 0 or more, got inf"),
    ],
)
def test_what_is_no_pool_is_refused(changed: dict[str, object], message: str) -> None:
    right = {"vectors": np.eye(3, dtype=np.float32), "k": 2, "weight": 0.5}
    HubPool(**right)
    with pytest.raises(EncoderError, match=message):
        HubPool(**(right | changed))


def test_vectors_of_another_length_are_refused() -> None:
    pool = HubPool(vectors=np.eye(3, dtype=np.float32), k=1, weight=0.5)
    with pytest.raises(EncoderError, match=r"shape \(n, 3\), got \(1, 4\)"):
        pool.hubness(np.zeros((1, 4), dtype=np.float32))
