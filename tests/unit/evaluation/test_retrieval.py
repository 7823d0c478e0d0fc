"""The report, with the fake encoder on images drawn here."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from placelens.encoders.base import Calibration
from placelens.encoders.hubs import HubPool
from placelens.errors import EncoderError, ReadError
from placelens.evaluation import Pair, evaluate_pairs, report_of
from placelens.testing.fakes import HashEncoder
from placelens.types import RANDOM_PER_MATCH

COLOURS = {"red": (220, 30, 30), "green": (40, 160, 50), "blue": (40, 70, 200)}


def paint(folder: Path, name: str, colour: tuple[int, int, int]) -> Path:
    path = folder / f"{name}.png"
    Image.new("RGB", (40, 30), colour).save(path)
    return path


def test_a_perfect_encoder_reaches_the_ceiling(tmp_path: Path) -> None:
    pairs = [
        Pair(image=paint(tmp_path, name, colour), captions=(name, f"{name} {name}"))
        for name, colour in COLOURS.items()
    ]
    encoder = HashEncoder()
    # Its calibration is of as many random pairs as matches; those of encoders stand against more.
    encoder.calibrations = {
        pair: Calibration(slope=fit.slope, intercept=fit.intercept - math.log(RANDOM_PER_MATCH))
        for pair, fit in encoder.calibrations.items()
    }
    report = evaluate_pairs(pairs, encoder)
    hits = {"R@1": 100.0, "R@5": 100.0, "R@10": 100.0}
    # No image beside its own goes with a caption, and without it none scores as high.
    match = report.pop("match")  # type: ignore[misc]
    assert match is not None
    assert (match["auroc"], match["n"]) == (1.0, 12)
    assert match["calibration_error"] == pytest.approx(0, abs=0.02)
    assert report == {
        "text_to_image": hits,
        "image_to_text": hits,
        "mR": 100.0,
        "hub_corrected": None,
        "mR_ceiling": 100.0,
        "answerable": {"auroc": 1.0, "calibration_error": None, "reliability": None, "n": 120},
        "n_images": 3,
        "n_texts": 6,
    }


def test_captions_that_all_images_share_get_the_expected_rank(tmp_path: Path) -> None:
    pairs = [
        Pair(image=paint(tmp_path, name, colour), captions=("a colour",) * 5)
        for name, colour in COLOURS.items()
    ]
    report = evaluate_pairs(pairs, HashEncoder())
    # Text to image: the mean of ranks 1, 2, 3 is 2. Image to text: 1 + 10 / (5 + 1) = 2.67.
    assert report["text_to_image"] == {"R@1": 0.0, "R@5": 100.0, "R@10": 100.0}
    assert report["image_to_text"] == {"R@1": 0.0, "R@5": 100.0, "R@10": 100.0}
    assert report["mR"] == report["mR_ceiling"] == pytest.approx(400 / 6)


def test_more_images_than_a_block_keep_their_order(tmp_path: Path) -> None:
    plain = [paint(tmp_path, f"{name}", colour) for name, colour in COLOURS.items()]
    copies = []
    for number in range(70):
        path = tmp_path / f"grey{number}.png"
        Image.new("RGB", (32, 32), (128, 128, 128)).save(path)
        copies.append(Pair(image=path, captions=(f"thing{number}",)))
    pairs = [*copies, *(Pair(image=path, captions=(path.stem,)) for path in plain)]
    seen: list[tuple[int, int]] = []
    report = evaluate_pairs(pairs, HashEncoder(), progress=lambda *step: seen.append(step))
    assert seen == [(64, 73), (73, 73)]
    # The three colours come after the first block, and each still finds its own image.
    assert report["text_to_image"]["R@1"] >= 4.1  # 3 of 73 are 4.11%


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    with pytest.raises(ReadError, match=r"bad\.jpg"):
        evaluate_pairs([Pair(image=bad, captions=("x",))], HashEncoder())


def test_an_encoder_without_images_is_refused(tmp_path: Path) -> None:
    encoder = HashEncoder()
    encoder.image_spec = None
    pair = Pair(image=paint(tmp_path, "red", (255, 0, 0)), captions=("red",))
    with pytest.raises(EncoderError, match="takes no images"):
        evaluate_pairs([pair], encoder)


def test_hub_correction_lets_others_come_first() -> None:
    encoder = HashEncoder(1024, hub_texts=("red", "green", "blue"))
    red, green, blue, shed = encoder.encode_texts(["red", "green", "blue", "shed"])
    images = np.stack([red + green + blue, blue + 2 * shed])
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    report = report_of([["red"], ["blue"]], images, encoder)
    # Words are almost at right angles, so "blue" has cosines of 1 / sqrt(3) = 0.58 with the first
    # image, which is near all of the pool, and 1 / sqrt(5) = 0.45 with its own. Their means with
    # the pool are 0.58 and 0.45 / 3 = 0.15; each loses half of that: 0.29 and 0.37.
    assert report["text_to_image"]["R@1"] == 50.0
    corrected = report["hub_corrected"]
    assert corrected is not None
    assert corrected["text_to_image"]["R@1"] == 100.0
    assert corrected["image_to_text"] == report["image_to_text"]  # it has no pool for that
    assert corrected["match"] is not None
    assert corrected["match"]["calibration_error"] is not None


def test_images_are_corrected_by_a_pool_of_their_own() -> None:
    encoder = HashEncoder(1024)
    red, green, blue, shed = encoder.encode_texts(["red", "green", "blue", "shed"])
    pool = HubPool(vectors=np.stack([red, green, blue]), k=3, weight=0.5)
    encoder.hub_pools = {("image", "text"): pool}
    colours = (red + green + blue) / np.sqrt(3)
    images = np.stack([colours, 0.75 * colours + 0.66 * shed])
    report = report_of([["red green blue"], ["shed"]], images, encoder)
    # To the second image the text of all colours is 0.75 near, its own 0.66. The former's mean with
    # the pool is 0.58, so it loses 0.29; the other's is 0.
    assert report["image_to_text"]["R@1"] == 50.0
    corrected = report["hub_corrected"]
    assert corrected is not None
    assert corrected["image_to_text"]["R@1"] == 100.0
    assert corrected["text_to_image"] == report["text_to_image"]
