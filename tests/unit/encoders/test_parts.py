"""Phrases, regions and class maps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.encoders import load_encoder
from placelens.encoders.lite import LiteEncoder
from placelens.encoders.parts import class_maps, owners, phrase_spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("of the", []),
        ("a dog", ["dog"]),
        ("many planes are parked next to a long building in an airport .",
         ["planes", "parked", "long building", "airport"]),
        ("Two men, one woman", ["Two men", "woman"]),
        ("St. Mary's church - the old one", ["St", "Mary's church", "old"]),
        ("pont-neuf à Paris", ["pont-neuf à Paris"]),
        ("東京タワー の夜景", ["東京タワー の夜景"]),
    ],
)  # fmt: skip
def test_phrases_stand_between_function_words(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in phrase_spans(text)] == expected


@given(st.text(max_size=80))
def test_spans_are_in_order_and_lie_apart(text: str) -> None:
    spans = phrase_spans(text)
    for (_, before), (after, _) in pairwise(spans):
        assert before < after
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)


def test_a_token_belongs_to_the_phrase_around_it() -> None:
    assert owners([(2, 10), (14, 18)], [(0, 0), (0, 1), (2, 5), (6, 10), (14, 18), (0, 0)]) == [
        -1, -1, 0, 0, 1, -1,
    ]  # fmt: skip


def test_a_class_map_prefers_the_nearer_class_whatever_the_length() -> None:
    regions = np.array([[[[3.0, 0.0], [0.0, 0.1]]]], dtype=np.float32)  # 1 image, 1 x 2
    maps = class_maps(regions, np.eye(2, dtype=np.float32), temperature=0.5)
    np.testing.assert_allclose(maps[0, 0], [[0.881, 0.119], [0.119, 0.881]], atol=1e-3)


@pytest.fixture(scope="module")
def lite() -> LiteEncoder:
    encoder = load_encoder("lite")
    assert isinstance(encoder, LiteEncoder)
    return encoder


def test_a_cosine_splits_over_regions_and_phrases(lite: LiteEncoder) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    found = lite.encode_regions(images)
    (text,) = lite.encode_phrases(["a red boat on the calm lake"])
    parts = np.vstack([text.phrases, text.rest])
    shares = np.einsum("nrcd,pd->nrcp", found.regions, parts)
    np.testing.assert_allclose(shares.sum(axis=(1, 2, 3)), found.vectors @ text.vector, atol=1e-4)


def test_a_side_may_be_asked_for(lite: LiteEncoder) -> None:
    images = np.random.default_rng(1).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    photo, aerial = (load_encoder(f"lite:{side}") for side in ("photo", "aerial"))
    assert (photo.name, aerial.name) == ("lite:photo", "lite:aerial")
    assert len({lite.fingerprint, photo.fingerprint, aerial.fingerprint}) == 3
    by_side = np.stack([photo.encode_images(images), aerial.encode_images(images)])
    assert np.abs(by_side[0] - by_side[1]).max() > 0.01
    chosen = (lite.sides(images) > 0.5).astype(int)
    expected = by_side[chosen, np.arange(3)]
    np.testing.assert_allclose(lite.encode_images(images), expected, atol=2e-5)
    text = ["a pier"]
    np.testing.assert_array_equal(photo.encode_texts(text), aerial.encode_texts(text))
