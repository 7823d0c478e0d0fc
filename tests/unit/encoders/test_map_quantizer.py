"""Codes of class maps: distances by tables are those to what codes stand for, whatever counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from placelens.encoders.class_map import stored_map
from placelens.encoders.map_quantizer import MOST_CELLS, MapQuantizer
from placelens.errors import InputError, ReadError
from placelens.sketch.distance import squared_distances
from placelens.sketch.painting import Sketch, query_of

NAMES = ("sky", "building", "road")
GRID = (5, 4)


def made(n, seed):
    """Class maps that differ, whose last class is nowhere in most."""
    rng = np.random.default_rng(seed)
    logits = 2.0 * rng.normal(size=(n, *GRID, len(NAMES) + 1))
    logits[rng.random(n) < 0.7, ..., len(NAMES) - 1] = -50.0
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return stored_map((shares / shares.sum(axis=-1, keepdims=True))[..., :-1])


@pytest.fixture(scope="module")
def maps():
    return made(60, seed=1)


@pytest.fixture(scope="module", params=[(1, 1), (2, 2), (3, 1)], ids=str)
def quantizer(request, maps):
    return MapQuantizer.train(maps, n_centroids=8, parts=request.param)


bytes_of_cells = arrays.arrays(np.uint8, (*GRID, len(NAMES)))


@settings(max_examples=50)
@given(query=bytes_of_cells, counts=arrays.arrays(np.bool_, (*GRID, len(NAMES))))
def test_tables_give_the_distances_to_what_codes_stand_for(query, counts, maps, quantizer):
    codes = quantizer.encode(maps)
    found = quantizer.distances(query, counts, codes)
    expected = squared_distances(query, counts, quantizer.decode(codes))
    assert found.tolist() == expected.tolist()  # sums of whole numbers: to the bit


@settings(max_examples=50)
@given(data=st.data(), form=st.sampled_from(["paper", "mask"]), is_over_photo=st.booleans())
def test_they_do_for_all_that_can_be_painted(data, form, is_over_photo, maps, quantizer):
    numbers = st.integers(-1, len(NAMES) - 1)
    cells = data.draw(arrays.arrays(np.int16, GRID, elements=numbers))
    cells[0, 0] = 0  # something is painted
    sketch = Sketch(cells=cells, classes=NAMES, form=form, over=maps[0] if is_over_photo else None)
    query, counts = query_of(sketch, NAMES, GRID)
    codes = quantizer.encode(maps)
    expected = squared_distances(query, counts, quantizer.decode(codes))
    assert quantizer.distances(query, counts, codes).tolist() == expected.tolist()


def test_what_is_not_painted_is_not_looked_at(maps, quantizer):
    """Eq. 12: the codes of a class that does not count are not read."""
    codes = quantizer.encode(maps)
    counts = np.zeros((*GRID, len(NAMES)), dtype=np.bool_)
    counts[..., 0] = True
    query = np.where(counts, 255, 0).astype(np.uint8)
    before = quantizer.distances(query, counts, codes)
    codes[:, 1:] = 0
    assert quantizer.distances(query, counts, codes).tolist() == before.tolist()
    nothing = quantizer.distances(query, np.zeros_like(counts), codes)
    assert nothing.tolist() == [0.0] * len(maps)


def test_a_code_names_the_nearest_centroid(maps, quantizer):
    codes = quantizer.encode(maps)
    lost = (quantizer.decode(codes).astype(int) - maps) ** 2
    for other in range(quantizer.n_centroids):
        theirs = (quantizer.decode(np.full_like(codes, other)).astype(int) - maps) ** 2
        for cells in quantizer_parts(quantizer):
            assert (lost[:, *cells].sum((1, 2)) <= theirs[:, *cells].sum((1, 2))).all()


def quantizer_parts(quantizer):
    """Rows and columns of parts, written down: 5 x 4 cells in 1 x 1, 2 x 2 and 3 x 1."""
    rows = {1: [(0, 5)], 2: [(0, 2), (2, 5)], 3: [(0, 2), (2, 3), (3, 5)]}[quantizer.parts[0]]
    columns = {1: [(0, 4)], 2: [(0, 2), (2, 4)]}[quantizer.parts[1]]
    return [(slice(*each), slice(*other)) for each in rows for other in columns]


def test_codes_of_new_maps_are_those_of_all_at_once(maps, quantizer):
    more = made(30, seed=2)
    together = quantizer.encode(np.concatenate([maps, more]))
    assert quantizer.encode(maps).tolist() == together[:60].tolist()
    assert quantizer.encode(more).tolist() == together[60:].tolist()
    assert quantizer.encode(more[7:8]).tolist() == together[67:68].tolist()
    assert quantizer.encode(more[:0]).shape == (0, *together.shape[1:])


def test_encoding_in_blocks_changes_nothing(maps, quantizer, monkeypatch):
    whole = quantizer.encode(maps)
    monkeypatch.setattr("placelens.encoders.map_quantizer._BLOCK_BYTES", 7 * maps[0].size)
    assert quantizer.encode(maps).tolist() == whole.tolist()


def test_parts_and_centroids_lose_less(maps):
    def lost(**settings):
        quantizer = MapQuantizer.train(maps, **settings)
        apart = quantizer.decode(quantizer.encode(maps)).astype(int) - maps
        return int((apart * apart).sum())

    few, many = lost(n_centroids=4), lost(n_centroids=32)
    assert lost(n_centroids=4, parts=(2, 2)) < few
    assert many < few
    assert lost(n_centroids=60) == 0  # as many as there are maps


def test_bytes_and_numbers(maps):
    quantizer = MapQuantizer.train(maps, n_centroids=8, parts=(2, 2))
    assert (quantizer.grid, quantizer.n_classes, quantizer.n_centroids) == (GRID, 3, 8)
    assert quantizer.bytes_per_image == 3 * 4
    codes = quantizer.encode(maps)
    assert (codes.dtype, codes.nbytes) == (np.uint8, 60 * 12)


def test_a_seed_decides_the_centroids(maps):
    prints = [MapQuantizer.train(maps, n_centroids=8, seed=s).fingerprint for s in (0, 0, 1)]
    assert prints[0] == prints[1] != prints[2]


def test_a_file_holds_all_of_it(maps, quantizer, tmp_path):
    quantizer.save(tmp_path / "maps.npz")
    again = MapQuantizer.load(tmp_path / "maps.npz")
    assert (again.fingerprint, again.parts) == (quantizer.fingerprint, quantizer.parts)
    assert again.encode(maps).tolist() == quantizer.encode(maps).tolist()
    assert again.to_bytes() == quantizer.to_bytes()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format": 2}, "newer placelens"),
        ({"parts": np.array([9, 1])}, "cut into"),
        ({"parts": np.array([1])}, "no quantizer"),
        ({"parts": np.array([1.5, 1.0])}, "whole numbers"),
        ({"centroids": np.zeros((5, 4, 3, 8))}, "uint8"),
    ],
)
def test_files_that_hold_something_else_are_refused(changed, words, maps, tmp_path):
    quantizer = MapQuantizer.train(maps, n_centroids=8)
    stored = {"format": 1, "centroids": quantizer.centroids, "parts": np.array([1, 1]), **changed}
    np.savez(tmp_path / "maps.npz", **stored)
    with pytest.raises(ReadError, match=words):
        MapQuantizer.load(tmp_path / "maps.npz")


def test_files_that_are_none_are_refused(tmp_path):
    (tmp_path / "maps.npz").write_bytes(b"no archive")
    with pytest.raises(ReadError, match="holds no quantizer of class maps"):
        MapQuantizer.load(tmp_path / "maps.npz")
    np.savez(tmp_path / "other.npz", names=np.array(["sky"]))
    with pytest.raises(ReadError, match="format"):
        MapQuantizer.load(tmp_path / "other.npz")


@pytest.mark.parametrize("n", [1, 257, 0, 2.5, None])
def test_a_number_of_centroids_fits_a_byte(n, maps):
    with pytest.raises(InputError, match="2 to 256 centroids"):
        MapQuantizer.train(maps, n_centroids=n)


def test_too_few_maps_teach_nothing(maps):
    with pytest.raises(InputError, match="60 class maps cannot teach 256 centroids"):
        MapQuantizer.train(maps)


@pytest.mark.parametrize("parts", [(0, 1), (6, 1), (1, 5), (1, 1.5), (1,), None])
def test_parts_are_no_more_than_cells(parts, maps):
    with pytest.raises(InputError, match="are cut into"):
        MapQuantizer.train(maps, n_centroids=8, parts=parts)


def test_a_part_has_sums_that_fit():
    side = int(MOST_CELLS**0.5) + 1
    with pytest.raises(InputError, match="cut the maps into more parts"):
        MapQuantizer(centroids=np.zeros((side, side, 1, 2), dtype=np.uint8))
    centroids = np.full((side - 1, side - 1, 1, 2), 255, dtype=np.uint8)
    largest = MapQuantizer(centroids=centroids)
    query, counts = np.zeros(centroids.shape[:3], np.uint8), np.full(centroids.shape[:3], True)
    codes = np.zeros((1, 1, 1), dtype=np.uint8)
    assert largest.distances(query, counts, codes).tolist() == [(side - 1.0) ** 2]


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((3, *GRID, 2), np.uint8), np.zeros((3, *GRID, 3)), np.zeros((*GRID, 3), np.uint8)],
    ids=["classes", "floats", "one map"],
)
def test_maps_of_other_shapes_are_refused(wrong, quantizer):
    with pytest.raises(InputError, match="class maps"):
        quantizer.encode(wrong)


def test_queries_and_codes_of_other_shapes_are_refused(maps, quantizer):
    codes = quantizer.encode(maps)
    query, counts = maps[0], np.full(maps[0].shape, True)
    for asked in [(query[1:], counts[1:]), (query.astype(float), counts), (query, query)]:
        with pytest.raises(InputError, match="compares queries"):
            quantizer.distances(*asked, codes)
    for wrong in [codes[:, 1:], codes[0], codes.astype(np.int64)]:
        with pytest.raises(InputError, match="codes of this quantizer"):
            quantizer.distances(query, counts, wrong)
    codes[0, 0, 0] = 8
    for call in (quantizer.decode, lambda c: quantizer.distances(query, counts, c)):
        with pytest.raises(InputError, match="a code is 8; this quantizer has 8 centroids"):
            call(codes)
