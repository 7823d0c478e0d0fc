"""Class maps as bytes, what their cells show, and what people call the classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from placelens.encoders.class_map import class_of_cells, confidence_of_cells, stored_map
from placelens.encoders.class_names import channels_of, class_of_name
from placelens.errors import EncoderError, InputError
from placelens.types import Float32Array

CLASSES = ("sky", "building", "vegetation", "road", "pavement", "water", "car", "person")

weights = arrays.arrays(
    np.float32, (2, 3, 9), elements=st.floats(0, 1, width=32), fill=st.nothing()
)


def softmaxed(logits: Float32Array) -> Float32Array:
    shares = np.exp(logits * 12)
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), dtype=np.float32)


@given(weights)
def test_bytes_add_up_to_255_at_most_and_are_less_than_1_off(logits: Float32Array) -> None:
    probabilities = softmaxed(logits)[None]
    for given_ in (probabilities[..., :-1], probabilities):
        stored = stored_map(given_)
        assert (stored.shape, stored.dtype) == (given_.shape, np.uint8)
        assert stored.sum(axis=-1, dtype=np.int64).max() <= 255
        assert np.abs(stored - 255 * given_.astype(np.float64)).max() < 1


@given(weights)
def test_cells_are_those_of_the_probabilities(logits: Float32Array) -> None:
    probabilities = softmaxed(logits)
    cells = class_of_cells(stored_map(probabilities[None, ..., :-1])[0])
    best, sure = probabilities.argmax(axis=-1), probabilities.max(axis=-1)
    # Of 9 bytes each is less than 1 off, and other is what is left: less than 8 off.
    clear = np.abs(sure - 0.5) > 9 / 255
    np.testing.assert_array_equal(cells[clear], np.where(sure > 0.5, best, -1)[clear])


def test_other_is_a_class_and_not_to_know_is_none() -> None:
    stored = np.zeros((1, 4, 8), dtype=np.uint8)
    stored[0, 0, 7] = 128  # the byte of one half
    stored[0, 1, 7] = 127
    stored[0, 2, :2] = 64
    cells = class_of_cells(stored)
    assert cells.dtype == np.int8
    assert cells.tolist() == [[7, 8, -1, 8]]
    assert class_of_cells(stored, minimum=0).tolist() == [[7, 8, 8, 8]]
    assert class_of_cells(stored, minimum=1).tolist() == [[-1, -1, -1, 8]]
    np.testing.assert_allclose(confidence_of_cells(stored) * 255, [[128, 128, 127, 255]], atol=1e-3)


def test_bytes_from_a_damaged_file_are_read_without_harm() -> None:
    stored = np.full((1, 1, 8), 255, dtype=np.uint8)
    assert class_of_cells(stored).tolist() == [[0]]
    assert confidence_of_cells(stored).tolist() == [[1.0]]


@pytest.mark.parametrize(
    "wrong",
    [np.full((1, 1, 1, 3), 0.5), np.full((1, 1, 1, 3), -0.1), np.full((1, 1, 3), 0.1),
     np.full((1, 1, 1, 3), np.nan)],
)  # fmt: skip
def test_what_is_no_probabilities_is_refused(wrong: Float32Array) -> None:
    with pytest.raises(EncoderError, match="add up to 1 at most"):
        stored_map(wrong)


def test_what_is_no_map_is_refused() -> None:
    with pytest.raises(InputError, match=r"in \[0, 1\], got 1.5"):
        class_of_cells(np.zeros((1, 1, 2), np.uint8), minimum=1.5)
    with pytest.raises(InputError, match=r"in \[0, 1\], got nan"):
        class_of_cells(np.zeros((1, 1, 2), np.uint8), minimum=float("nan"))
    with pytest.raises(InputError, match="float64"):
        class_of_cells(np.zeros((1, 1, 2)))
    with pytest.raises(InputError, match=r"\(2, 2\)"):
        class_of_cells(np.zeros((2, 2), np.uint8))


def test_classes_have_other_names() -> None:
    assert {class_of_name(name) for name in ("tree", "Trees", "grass", "the plants")} == {
        "vegetation"
    }
    assert [class_of_name(name) for name in CLASSES] == list(CLASSES)
    assert channels_of(CLASSES[::-1], CLASSES) == list(range(8))[::-1]
    assert channels_of(["an automobile", "street"], CLASSES) == [6, 3]
    # Of an encoder with other classes the names are its own.
    assert channels_of(["zebra", "trees"], ["tree", "zebra"]) == [1, 0]
    assert channels_of([], CLASSES) == []
