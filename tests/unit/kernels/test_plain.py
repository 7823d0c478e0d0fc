"""What is done in NumPy before numba is loaded has the bits that the kernels give."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.kernels import painted, place, plain, score
from placelens.kernels.layout import EXP, GAUSS, LINEAR, PLANE, SPHERE

NONE = np.zeros(0, np.float32)


@pytest.fixture(autouse=True)
def endless_budget(monkeypatch):
    monkeypatch.setattr(plain, "_budget", plain._Budget(10**12))


def equal(found, expected):
    """Equal bits; -0.0 and 0.0 are the same score."""
    np.testing.assert_array_equal(found, expected)


def positions(space, seed, n=2_000):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, 3))
    if space == SPHERE:
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        rows[5] = -rows[0]  # antipodes of the origin below
    else:
        rows *= 1e5
        rows[:, 2] = 0.0
    rows[7] = np.nan
    return np.ascontiguousarray(rows)


@pytest.mark.parametrize("space", [SPHERE, PLANE])
@pytest.mark.parametrize("seed", range(5))
def test_distances(space, seed):
    rows = positions(space, seed)
    equal(plain._distances(space, rows, rows[0]), place._distances(space, rows, rows[0]))
    farthest = plain._max_distance(space, rows, rows[0])
    assert farthest == place._max_distance(space, rows, rows[0])
    assert plain._max_distance(space, rows[7:8], rows[0]) == 0.0  # nothing has a place


@pytest.mark.parametrize("space", [SPHERE, PLANE])
@pytest.mark.parametrize("kind", [LINEAR, GAUSS, EXP])
@pytest.mark.parametrize(("scale", "offset"), [(25_000.0, 0.0), (3e6, 1e5), (1.0, 0.0)])
def test_proximities(space, kind, scale, offset):
    rows = positions(space, kind)
    radius_m = np.random.default_rng(kind).choice([0.0, np.nan, 2e4, 5e6], len(rows))
    for uncertain in (NONE, radius_m.astype(np.float32)):
        query = (space, rows, uncertain, rows[0], kind, scale, offset)
        equal(plain._proximities(*query), place._proximities(*query))


def test_an_uncertain_place_is_as_far_as_its_radius():
    rows, radius_m = np.zeros((3, 3)), np.array([0.0, 30.0, np.nan], np.float32)
    rows[:, 0] = 10.0
    found = place._proximities(PLANE, rows, radius_m, np.zeros(3), LINEAR, 100.0, 0.0)
    assert found.tolist() == [0.9, 0.7, 0.9]  # 10, 30 and 10 of 100 m


def test_a_linear_decay_to_the_only_item_has_no_scale():
    query = (SPHERE, positions(SPHERE, 1, 9), NONE, positions(SPHERE, 1, 9)[0], LINEAR, 0.0, 0.0)
    equal(plain._proximities(*query), place._proximities(*query))


@pytest.mark.parametrize("dim", [1, 3, 15, 16, 17, 100, 384, 515])
def test_cosines(dim):
    rng = np.random.default_rng(dim)
    vectors = rng.standard_normal((50, dim)).astype(np.float32)
    rows = np.append(rng.integers(0, 50, 80), [-1, -1])
    queries = rng.standard_normal((3, dim))
    equal(plain._cosines(vectors, rows, queries), score._cosines(vectors, rows, queries))


numbers = st.floats(-1e3, 1e3)


@given(st.lists(st.floats(-1, 1) | st.just(np.nan), min_size=1, max_size=20), numbers, numbers)
def test_meanings(cosines, slope, intercept):
    two = np.column_stack([cosines, cosines[::-1]])
    terms = (two, np.array([0.75, -0.25]), np.array([slope, 0.0]), np.array([intercept, 0.0]))
    equal(plain._meanings(*terms), score._meanings(*terms))
    for cosine in cosines:
        expected = score._calibrate(cosine, slope, intercept)
        equal(plain._calibrate(cosine, slope, intercept), expected)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_map_distances(share):
    rng = np.random.default_rng(3)
    maps = rng.integers(0, 256, (300, 392), dtype=np.uint8)
    rows = rng.integers(0, 300, 290)
    counts = (rng.random(392) < share).astype(np.int32)
    asked = (maps, rows, maps[7], counts)
    equal(plain._map_distances(*asked), painted._map_distances(*asked))


def test_much_work_is_left_to_the_kernels():
    code = (
        "import sys, numpy as np\n"
        "from placelens import kernels\n"
        "from placelens.kernels import plain\n"
        "from placelens.kernels.layout import PLANE\n"
        "few, many = np.ones((10, 3)), np.ones((plain.WORTH_LOADING // 3 + 1, 3))\n"
        "assert kernels._max_distance(PLANE, few, few[0]) == 0\n"
        "assert 'numba' not in sys.modules\n"
        "assert kernels._max_distance(PLANE, many, few[0]) == 0\n"
        "assert 'numba' in sys.modules\n"
        "assert kernels._distances is sys.modules['placelens.kernels.place']._distances\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
