"""Detectors: added from files of any form, refused with a reason, found again unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import placelens as pl
from placelens.encoders.detectors.boxes import (
    LEAST_SCORE,
    SAME_OVERLAP,
    in_pixels,
    objects_of,
    overlaps,
)
from placelens.encoders.detectors.registry import STORE, load_detector
from placelens.encoders.user_models import remove_model, user_models
from placelens.errors import EncoderError, InputError
from placelens.types import MAX_OBJECTS

LABELS = ("red", "green", "blue")
MODELS = Path(__file__).resolve().parents[5] / "shared" / "models"
FORMS = ("fastestdet", "fastestdet turned", "yolov5", "yolov8", "tensorflow", "torchvision")
Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def corners(size: int) -> np.ndarray:
    """One image, red in the left upper quarter and blue in the right lower one, else black."""
    image = np.zeros((1, size, size, 3), dtype=np.uint8)
    image[:, : size // 2, : size // 2] = (255, 0, 0)
    image[:, size // 2 :, size // 2 :] = (0, 0, 255)
    return image


@pytest.mark.parametrize("gives", FORMS)
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_all_forms_give_the_same_objects(
    make_detector: Make, tmp_path: Path, gives: str, layout: str
) -> None:
    file = make_detector(tmp_path / "Tiny Net.onnx", gives=gives, layout=layout)
    added = pl.add_detector(file, labels=LABELS, scale="unit", colours="rgb")
    assert (added.name, added.classes, added.size) == ("tiny-net", LABELS, (16, 16))
    (found,) = added.objects(corners(16))
    best = found.scores > 0.5
    assert found.classes[best].tolist() == [0, 2]
    np.testing.assert_allclose(found.boxes[best], [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]], atol=1e-6)
    np.testing.assert_allclose(found.scores[best], 1, atol=1e-3)


def test_forms_are_told_apart_by_shape(make_detector: Make, tmp_path: Path) -> None:
    told = {}
    for gives in FORMS:
        name = gives.replace(" ", "-")
        form = pl.add_detector(make_detector(tmp_path / f"{name}.onnx", gives=gives), labels=LABELS)
        told[gives] = (form.form.output, form.form.axis, form.form.corners, form.form.unit)
    assert told == {
        "fastestdet": ("fastestdet", "first", "cxcywh", "shares"),
        "yolov5": ("yolov5", "last", "cxcywh", "pixels"),
        "yolov8": ("yolov8", "first", "cxcywh", "pixels"),
        "fastestdet turned": ("fastestdet", "last", "cxcywh", "shares"),
        "tensorflow": ("ssd", "last", "yxyx", "shares"),
        "torchvision": ("ssd", "last", "xyxy", "pixels"),
    }


def test_fastestdet_sees_blue_first_and_others_do_not(make_detector: Make, tmp_path: Path) -> None:
    found = [
        pl.add_detector(make_detector(tmp_path / f"{gives}.onnx", gives=gives), labels=LABELS)
        for gives in ("fastestdet", "yolov8")
    ]
    assert [each.form.colours for each in found] == ["bgr", "rgb"]
    assert [each.objects(corners(16))[0].classes[0] for each in found] == [2, 0]


def test_a_label_that_means_nothing_is_never_found(make_detector: Make, tmp_path: Path) -> None:
    added = pl.add_detector(
        make_detector(tmp_path / "a.onnx"), labels=("background", "green", "blue")
    )
    assert added.classes == ("green", "blue")
    (found,) = added.objects(corners(16))
    assert found.classes.tolist() == [1]


def test_a_free_side_is_chosen(make_detector: Make, tmp_path: Path) -> None:
    file = make_detector(tmp_path / "a.onnx", gives="fastestdet", size="side")
    assert pl.add_detector(file, labels=LABELS, side=16).size == (16, 16)


@pytest.mark.parametrize(
    ("gives", "labels", "says"),
    [
        ("yolov8 turned", LABELS, r"it gives float32 \(1, 4, 7\); of 3 labels"),
        ("yolov8", ("red", "green"), r"of 2 labels a detector gives .*\(1, 6, boxes\)"),
        ("fastestdet", (*LABELS, "white"), r"it gives float32 \(1, 8, 2, 2\); of 4 labels"),
        ("nameless", LABELS, "outputs whose names say which is which"),
        ("torchvision", ("red",), r"it gives the class [12], and there are 1 labels"),
        ("logits", LABELS, "no probabilities; export it with its sigmoid"),
        ("nan", LABELS, "finite|probabilities"),
    ],
)
def test_networks_that_are_no_detectors_are_refused(
    make_detector: Make, tmp_path: Path, home: Path, gives: str, labels: tuple[str, ...], says: str
) -> None:
    file = make_detector(tmp_path / "odd.onnx", gives=gives)
    with pytest.raises(EncoderError, match=says) as caught:
        pl.add_detector(file, labels=labels)
    assert str(caught.value).startswith("odd.onnx: ")
    assert list((home / "models" / "detectors").iterdir()) == []


def test_a_segmenter_is_no_detector(make_segmenter: Make, tmp_path: Path) -> None:
    file = make_segmenter(tmp_path / "a.onnx")
    with pytest.raises(EncoderError, match="of 4 labels a detector gives"):
        pl.add_detector(file, labels=("void", *LABELS))


def test_the_list_and_removal(make_detector: Make, tmp_path: Path) -> None:
    assert pl.detectors() == []
    added = pl.add_detector(make_detector(tmp_path / "a.onnx"), labels=LABELS)
    (row,) = user_models()
    assert (row["kind"], row["name"], row["output"]) == ("detector", "a", "yolov8")
    assert (row["classes"], row["fingerprint"]) == (list(LABELS), added.fingerprint)
    with pytest.raises(InputError, match=r"there is a detector 'a' already.*remove detector a"):
        pl.add_detector(tmp_path / "a.onnx", labels=LABELS)
    remove_model("detector", "a")
    assert user_models() == []


def test_the_fingerprint_says_all_that_decides(make_detector: Make, tmp_path: Path) -> None:
    file = make_detector(tmp_path / "a.onnx")
    seen = set()
    for labels, more in (
        (LABELS, {}),
        (LABELS, {"colours": "bgr"}),
        (LABELS, {"corners": "xyxy"}),
        (("crimson", *LABELS[1:]), {}),
    ):
        added = pl.add_detector(file, labels=labels, name="a", **more)
        assert load_detector("a").fingerprint == added.fingerprint
        seen.add(added.fingerprint)
        pl.remove_detector("a")
    assert len(seen) == 4


@pytest.mark.parametrize("file", ["model.onnx", "labels.txt"])
def test_a_file_that_was_changed_is_refused(make_detector: Make, tmp_path: Path, file: str) -> None:
    pl.add_detector(make_detector(tmp_path / "a.onnx"), labels=LABELS)
    path = STORE.path("a") / file
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(EncoderError, match=r"have SHA-256 .*placelens models remove detector a"):
        load_detector("a")
    assert "SHA-256" in pl.detectors()[0]["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"model": "../../../etc/passwd"},
        {"form": {}},
        {"form": None},
        {"places": [0, 1]},
        {"places": [0, -1, 2]},
        {"output": "words"},
        {"colours": "cmyk"},
        {"size": [0, 0]},
        {"size": [10**6, 10]},
    ],
)
def test_facts_that_were_changed_are_refused(
    make_detector: Make, tmp_path: Path, change: dict
) -> None:
    pl.add_detector(make_detector(tmp_path / "a.onnx"), labels=LABELS)
    path = STORE.path("a") / "detector.json"
    facts = json.loads(path.read_text())
    for name, value in change.items():
        (facts if name in facts else facts["form"])[name] = value
    path.write_text(json.dumps(facts))
    with pytest.raises(EncoderError, match=r"is not what was written .*add it again"):
        load_detector("a")


def test_images_of_another_size_are_refused(make_detector: Make, tmp_path: Path) -> None:
    added = pl.add_detector(make_detector(tmp_path / "a.onnx"), labels=LABELS)
    with pytest.raises(EncoderError, match=r"takes images as an array \(n, 16, 16, 3\) uint8"):
        added.objects(corners(32))


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"scale": "percent"}, "the scale 'percent' is not one of unit"),
        ({"colours": "cmyk"}, "the order of the colours 'cmyk' is not one of rgb, bgr"),
        ({"corners": "xywh"}, "the order of the corners 'xywh' is not one of cxcywh"),
        ({"side": 10_000}, "from 8 to 2048"),
    ],
)
def test_options_are_checked(tmp_path: Path, option: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        pl.add_detector(tmp_path / "a.onnx", labels=LABELS, **option)


def test_fastestdet_itself(shared_data: Path) -> None:
    """The network that COCO's names belong to finds a bus where there is one."""
    from placelens.readers.images import whole_of
    from placelens_bench.explained import COCO_NAMES

    model = MODELS / "FastestDet.onnx"
    if not model.is_file():
        pytest.skip("the shared models are not at hand")
    added = pl.add_detector(model, labels=COCO_NAMES, name="fastest")
    assert (added.size, added.form.output, added.form.colours) == ((352, 352), "fastestdet", "bgr")
    rows = (shared_data / "coco_mini" / "annotations.jsonl").read_text().splitlines()
    buses = [
        (row, thing)
        for row in map(json.loads, rows)
        for thing in row["objects"]
        if thing["category"] == "bus" and thing["bbox_xywh"][2] > row["width"] / 3
    ]
    assert buses
    right = 0
    for row, thing in buses:
        image = whole_of(shared_data / "coco_mini" / row["image"], added.size)
        (found,) = added.objects(image[None])
        assert len(found.scores) <= MAX_OBJECTS
        assert (np.diff(found.scores) <= 0).all()
        x, y, width, height = thing["bbox_xywh"]
        box = np.array([x, y, x + width, y + height]) / ([row["width"], row["height"]] * 2)
        own = found.boxes[found.classes == COCO_NAMES.index("bus")]
        right += len(own) > 0 and overlaps(box, own[:1])[0] > 0.5
    assert right >= 0.8 * len(buses)


numbers = st.floats(0, 1, width=32)


@given(st.lists(st.tuples(*[numbers] * 6), max_size=90))
def test_of_boxes_of_one_class_that_overlap_the_best_stays(rows: list[tuple[float, ...]]) -> None:
    drawn = np.array(rows, dtype=np.float32).reshape(-1, 6)
    boxes = np.concatenate(
        [np.minimum(drawn[:, :2], drawn[:, 2:4]), np.maximum(drawn[:, :2], drawn[:, 2:4])], axis=1
    )
    found = objects_of(boxes, drawn[:, 4:])
    assert len(found.scores) <= MAX_OBJECTS
    assert (np.diff(found.scores) <= 0).all()
    assert (found.scores >= LEAST_SCORE).all()
    again = objects_of(boxes, drawn[:, 4:])
    assert all((a == b).all() for a, b in zip(found, again, strict=True))
    for at, box in enumerate(found.boxes):
        same = found.classes[at + 1 :] == found.classes[at]
        assert (overlaps(box, found.boxes[at + 1 :])[same] <= SAME_OVERLAP).all()
    # What is not there was no box, or was like a better one of its class.
    if len(found.scores) < MAX_OBJECTS:
        for box, scores in zip(boxes, drawn[:, 4:], strict=True):
            for number, score in enumerate(scores):
                better = (found.classes == number) & (found.scores >= score)
                is_box = box[2] > box[0] and box[3] > box[1]
                assert (
                    score < LEAST_SCORE
                    or not is_box
                    or (overlaps(box, found.boxes[better]) > SAME_OVERLAP).any()
                    or (found.boxes[better] == box).all(axis=1).any()
                )


@given(st.tuples(*[numbers] * 4), st.integers(1, 60_000), st.integers(1, 60_000))
def test_boxes_in_pixels_lie_in_the_image_and_hold_some(
    box: tuple[float, ...], width: int, height: int
) -> None:
    left, top, right, bottom = in_pixels(np.array([*sorted(box[:2]), *sorted(box[2:])])[
        [0, 2, 1, 3]
    ], (width, height))  # fmt: skip
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
