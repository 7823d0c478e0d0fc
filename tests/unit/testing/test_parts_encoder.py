"""The toy encoder with parts keeps the contract, and its colours are the classes it says."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.encoders import Encoder
from placelens.encoders.class_map import class_of_cells
from placelens.testing.encoder_contract import EncoderContract
from placelens.testing.parts_encoder import PartsEncoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return PartsEncoder()


class TestContract(EncoderContract):
    pass


def test_colours_are_classes_and_words() -> None:
    encoder = PartsEncoder()
    image = np.zeros((1, 28, 28, 3), dtype=np.uint8)
    image[:, :14] = 70, 120, 230  # blue above, green below
    image[:, 14:] = 40, 160, 50
    stored = encoder.encode_parts(image, ["class_map"])["class_map"]
    cells = class_of_cells(stored[0])
    names = encoder.class_names
    assert {names[cell] for cell in cells[:7].ravel()} == {"sky"}
    assert {names[cell] for cell in cells[7:].ravel()} == {"vegetation"}
    blue, red = encoder.encode_texts(["blue", "red"])
    assert encoder.encode_images(image)[0] @ blue > encoder.encode_images(image)[0] @ red
    maps = encoder.encode_class_maps(image, ["trees", "sky"])
    assert maps[0, 0, 0].argmax() == 1
    assert maps[0, -1, 0].argmax() == 0


def test_what_gives_one_part_does_so_in_one_pass() -> None:
    encoder = PartsEncoder()
    encoder.encode_parts(np.zeros((3, 28, 28, 3), dtype=np.uint8), encoder.parts)
    assert (encoder.n_passes, encoder.n_images) == (1, 3)
