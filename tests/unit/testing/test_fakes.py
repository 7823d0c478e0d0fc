"""HashEncoder keeps the encoder contract and ties colours to their names."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from placelens.encoders.base import Encoder
from placelens.errors import EncoderError
from placelens.testing.encoder_contract import EncoderContract
from placelens.testing.fakes import HashEncoder


@pytest.fixture(scope="module", params=[8, 64, 384])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    return HashEncoder(request.param)


class TestContract(EncoderContract):
    pass


def test_a_colour_name_finds_its_images() -> None:
    encoder = HashEncoder()
    plain = np.zeros((3, 32, 32, 3), dtype=np.uint8)
    plain[0], plain[1], plain[2] = (220, 30, 30), (40, 160, 50), (40, 70, 200)
    texts = encoder.encode_texts(["red", "a green field", "the deep blue sea"])
    assert (texts @ encoder.encode_images(plain).T).argmax(axis=1).tolist() == [0, 1, 2]


def test_words_shared_bring_texts_together() -> None:
    lake, lake_too, car = HashEncoder().encode_texts(
        ["a lake in winter", "A LAKE, in summer!", "fast car"]
    )
    # 3 of 4 words are shared, so the cosine is about 0.75; with none shared about 0.
    assert lake @ lake_too > 0.5
    assert abs(lake @ car) < 0.4


def test_vectors_are_the_same_on_every_machine() -> None:
    # From shake_256(b"red"): bytes minus 127.5, scaled to length 1.
    raw = np.frombuffer(hashlib.shake_256(b"red").digest(8), dtype=np.uint8) - 127.5
    np.testing.assert_allclose(
        HashEncoder(8).encode_texts(["red"])[0], raw / np.linalg.norm(raw), atol=1e-6
    )


def test_fingerprint_tells_dims_apart() -> None:
    assert HashEncoder(64).fingerprint != HashEncoder(128).fingerprint


def test_dim_too_small_is_refused() -> None:
    with pytest.raises(EncoderError, match="8 or more, got 4"):
        HashEncoder(4)
