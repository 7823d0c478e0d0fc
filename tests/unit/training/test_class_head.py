"""The head that tells classes, on made-up activations."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from placelens.training.class_head import (  # noqa: E402
    CLASSES,
    OTHER,
    CaptionLabels,
    ClassTraining,
    PixelLabels,
    class_probabilities,
    labels_of_captions,
    shares_of_cells,
    train_class_head,
)

SKY, ROAD, WATER = (CLASSES.index(name) for name in ("sky", "road", "water"))
QUICK = ClassTraining(steps=60, batch=8, caption_batch=8)


def activations(kinds: np.ndarray, *, channels: int = 112) -> np.ndarray:
    """Of cells of some kinds, (n, 14, 14), each with a channel of its own and noise."""
    noise = 0.1 * np.random.default_rng(0).normal(size=(len(kinds), channels, 14, 14))
    return (noise + 3 * np.eye(channels)[kinds].transpose(0, 3, 1, 2)).astype(np.float32)


def test_shares_of_cells_are_those_of_their_pixels() -> None:
    labels = np.full((28, 28), 7, dtype=np.uint8)
    labels[:14] = 3
    labels[0, 0] = 9  # no label
    shares = shares_of_cells(labels, {7: ROAD, 3: SKY})
    assert shares.shape == (14, 14, OTHER + 1)
    assert shares[0, 0, SKY] == 0.75
    assert shares[0, 0].sum() == 0.75
    assert (shares[7:, :, ROAD] == 1).all()


def test_captions_tell_what_is_there_and_what_surely_is_not() -> None:
    shown, absent = labels_of_captions(
        [
            ["A man swims in a lake .", "A swimmer in the water", "someone in the cold lake"],
            ["Two dogs run on grass .", "Dogs run .", "Dogs on a green lawn"],
            ["A dog on the beach .", "A dog runs", "The dog plays"],
        ]
    )
    assert shown[0, WATER]
    assert absent[1, WATER]
    assert absent[1, CLASSES.index("person")]
    assert shown[1, CLASSES.index("vegetation")]
    # A beach hints at water, and does not name it.
    assert not shown[2, WATER]
    assert not absent[2, WATER]
    # Captions leave the sky out.
    assert not absent[:, SKY].any()


def test_a_room_has_no_sky_and_no_road_unless_a_caption_sees_one() -> None:
    _, absent = labels_of_captions(
        [
            ["A boy on a couch .", "A child in a living room", "He plays"],
            ["A boy on a couch .", "A couch at a window", "The street outside"],
            ["A desk", "An office building with desks", "An office"],
            ["A boy on a couch .", "A child", "He plays"],
        ]
    )
    assert absent[0, [SKY, ROAD]].all()
    assert not absent[1, [SKY, ROAD]].any()
    assert absent[2, ROAD]
    assert not absent[2, CLASSES.index("building")]  # it is named
    assert not absent[3, SKY]  # one caption is not enough


def test_what_pixels_and_captions_teach_is_told() -> None:
    rng = np.random.default_rng(1)
    kinds = np.where(np.arange(14)[None, :, None] < 7, SKY, ROAD) + np.zeros((12, 14, 14), int)
    seen = activations(kinds)
    shares = np.eye(OTHER + 1, dtype=np.float32)[kinds]
    pixels = PixelLabels(activations=np.stack([seen, seen[..., ::-1]]), shares=shares)
    # Half of the photos have water in a corner, which no pixel label tells.
    wet = np.arange(16) % 2 == 0
    scenes = rng.choice([SKY, ROAD], (16, 14, 14))
    scenes[wet, 8:, 8:] = WATER
    photos = activations(scenes)
    shown, absent = (np.zeros((16, OTHER + 1), dtype=np.bool_) for _ in range(2))
    shown[wet, WATER], absent[~wet, WATER] = True, True
    captions = CaptionLabels(photos=photos[None], rows=np.arange(16), shown=shown, absent=absent)
    head = train_class_head(pixels, captions, rows=np.arange(12), settings=QUICK, seed=0)
    found = class_probabilities(head, seen)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)
    assert np.mean(found.argmax(axis=-1) == kinds) > 0.95
    wetness = class_probabilities(head, photos)[..., WATER]
    assert wetness[wet, 8:, 8:].mean() > 0.5 > 5 * wetness[~wet].mean()
    again = train_class_head(pixels, captions, rows=np.arange(12), settings=QUICK, seed=0)
    np.testing.assert_allclose(class_probabilities(again, seen), found, atol=1e-4)
