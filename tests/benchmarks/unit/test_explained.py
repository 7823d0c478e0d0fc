"""Whether explanations are right is counted right: cases, overlaps, boxes beside, masks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from placelens.encoders.parts import TextPhrases, phrase_spans
from placelens.errors import InputError
from placelens.testing.parts_encoder import PartsEncoder
from placelens_bench import explained

GREEN, BLUE = (40, 160, 50), (70, 120, 230)


class Reading(PartsEncoder):
    """The toy encoder with phrases: each is its words' vector, by its share of the letters."""

    def encode_phrases(self, texts):
        found = []
        for text in texts:
            spans = phrase_spans(text)
            (vector,) = self.encode_texts([text])
            phrases = self.encode_texts([text[a:b] for a, b in spans]) / max(len(spans), 1)
            found.append(
                TextPhrases(
                    vector=vector, spans=spans, phrases=phrases, rest=vector - phrases.sum(axis=0)
                )
            )
        return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two pictures, green on the left; one caption names the category, one another word."""
    folder = tmp_path / explained.COCO
    (folder / "images").mkdir(parents=True)
    rows = []
    for name, words in (("a", "green by the sea"), ("b", "a plant")):
        picture = Image.new("RGB", (56, 28), BLUE)
        picture.paste(GREEN, (0, 0, 28, 28))
        picture.save(folder / "images" / f"{name}.png")
        rows.append(
            {
                "image": f"images/{name}.png",
                "width": 56,
                "height": 28,
                "captions": [words],
                "objects": [
                    {"category": "green" if name == "a" else "potted plant",
                     "bbox_xywh": [0, 0, 28, 28]}
                ],
            }
        )  # fmt: skip
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "annotations.jsonl").write_text(lines)
    return tmp_path


def test_a_phrase_points_at_what_it_names(data: Path) -> None:
    found = explained.run(data, encoder=Reading())
    assert (found["n"], found["n_unnamed"]) == (1, 1)
    assert found["pointing"] == 1.0
    assert found["iou30"] == 1.0
    assert found["middle_of_the_image"] == 1.0  # on the edge of both boxes
    assert 0.0 <= found["masking"] <= 1.0


def test_with_a_detector_boxes_are_those_of_objects(data: Path, make_detector, tmp_path) -> None:
    """The toy detector finds green in the upper and in the lower half of the left."""
    labels = tmp_path / "labels.txt"
    labels.write_text("red\ngreen\nblue\n")
    detector = explained.detector_of(make_detector(tmp_path / "a.onnx"), labels)
    found = explained.run(data, encoder=Reading(), detector=detector)
    without, seen = found, found["with_detector"]
    assert seen["by_detector"] == 0.5  # a plant is none of its classes
    assert seen["pointing"] == seen["middle_of_the_box"] == 1.0
    assert (seen["iou30"], seen["iou50"]) == (1.0, 1.0)  # a quarter of the image, of a half
    assert seen["pointing_unnamed"] == without["pointing_unnamed"]
    assert 0 < seen["most_bytes_an_image"] <= 640
    assert without == {**explained.run(data, encoder=Reading()), "with_detector": seen,
                       "ms_per_10_images": without["ms_per_10_images"]}  # fmt: skip
    with pytest.raises(InputError, match="--detector is an ONNX file"):
        explained.detector_of(tmp_path / "gone.onnx")


def test_boxes_beside_do_not_touch() -> None:
    box = (100, 200, 400, 500)
    others = explained._beside(box, np.random.default_rng(0))
    assert len(others) == 5
    for left, top, right, bottom in others:
        assert (right - left, bottom - top) == (300, 300)
        assert left >= 400 or right <= 100 or top >= 500 or bottom <= 200
    assert explained._beside((0, 0, 990, 990), np.random.default_rng(0)) == []


def test_overlap() -> None:
    whole, half = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 0.0, 0.5, 1.0])
    assert explained._iou(whole, whole) == 1.0
    assert explained._iou(whole, half) == 0.5
    assert explained._iou(half, np.array([0.5, 0.0, 1.0, 1.0])) == 0.0


def test_without_the_data_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no annotations"):
        explained.run(tmp_path, encoder=Reading())
