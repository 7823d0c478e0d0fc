"""Arrays from a disk: whatever a kernel would use as a place in another array is checked."""

import numpy as np
import pytest

from placelens.geo.distance import positions_of
from placelens.index.base import Corpus, VectorColumn
from placelens.index.limb import Limb
from placelens.index.stored import check_limb

DIM, N = 20, 300


@pytest.fixture
def arrays():
    """What is written of a limb of ten leaves: eight under one node, so three levels."""
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(-80, 80, N), rng.uniform(-170, 170, N)
    matrix = rng.normal(size=(N, DIM)).astype(np.float32)
    hubness, radius_m = rng.random((2, N)).astype(np.float32)
    column = VectorColumn.of(matrix, np.arange(N), N, hubness)
    positions = positions_of("sphere", lat, lon)
    corpus = Corpus("sphere", np.arange(N), positions, {"vector": column}, (lon, lat), radius_m)
    limb = Limb.grow(corpus, "vector", leaf=32, signatures=rng)
    return {**limb.to_arrays(), "vectors": matrix[np.maximum(limb.codes.at, 0)]}


def test_what_was_written_is_taken(arrays):
    assert arrays["nodes.starts"].tolist() == [0, 10, 12, 13]
    check_limb(arrays, dim=DIM)


def test_every_array_is_needed(arrays):
    for name in set(arrays) - {"codebook.centers"}:
        with pytest.raises(ValueError, match=name):
            check_limb({key: a for key, a in arrays.items() if key != name}, dim=DIM)


def test_every_array_has_one_shape_and_type(arrays):
    for name, array in arrays.items():
        longer = np.concatenate([array, array[-1:]]) if array.ndim else np.zeros(2, array.dtype)
        for changed in (longer, np.zeros(array.shape, np.float16), array[..., None]):
            with pytest.raises(ValueError, match=r"slots|clusters|codes|nodes|is|hold"):
                check_limb({**arrays, name: changed}, dim=DIM)


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("codes.cluster", 7, 200),
        ("nodes.starts", 1, 11),
        ("nodes.starts", 3, 10**12),
        ("nodes.starts", 0, -1),
        ("slots.leaf", (), 0),
        ("slots.leaf", (), 48),
        ("slots.leaf", (), 2**40),
    ],
)
def test_places_in_other_arrays_are_checked(arrays, name, at, value):
    changed = arrays[name].copy()
    changed[at] = value
    with pytest.raises(ValueError, match=r"cluster|levels|leaves"):
        check_limb({**arrays, name: changed}, dim=DIM)


def test_vectors_of_another_length_are_refused(arrays):
    with pytest.raises(ValueError, match=r"codebook\.centers"):
        check_limb(arrays, dim=DIM + 1)
