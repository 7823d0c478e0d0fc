"""Whether explanations are right: phrases of captions against the boxes of coco_mini's objects.

*Pointing*: the cell of a phrase's heat with the largest value lies, with its middle, in the box of
an object that the phrase is about. *Middle*: the middle of its box does. *IoU*: its box and the
best of these boxes. Phrases that name the object's category, such as "a red bus", are told apart
from those that do not, such as "a man", which is a person. *Masking*: with the phrase's box painted
grey, the cosine of the image with the phrase falls further than on average over five other boxes of
that size that do not touch it.

With a detector the same again: its box, and the middle of that, where one of its objects is what
the phrase means, else the box and the cell of before.

Nothing was tuned on these images. How boxes are made was chosen on street photos.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.encoders.detectors.detector import Detector
from placelens.encoders.detectors.forms import Wanted, find_form
from placelens.encoders.segmenters.labels import labels_of
from placelens.encoders.segmenters.networks import open_network
from placelens.errors import InputError
from placelens.evaluation import prepared_blocks
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.words import naming
from placelens.explain.objects import Named
from placelens.explain.pointed import Images, Part, Pointer, phrases_of
from placelens.explain.pointing import Box, box_of_cells, strongest_cells
from placelens.explain.regions import common_of
from placelens.readers.images import whole_of
from placelens.types import Float32Array, Float64Array, ImageSpec, Objects, UInt8Array

COCO = "coco_mini"
# Its categories in the order of detectors that learnt them all, which most do.
COCO_NAMES = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat",
    "traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog",
    "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella",
    "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite",
    "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange",
    "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant",
    "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
# Words for things of a category that are not its name, singular.
OTHER_WORDS: Mapping[str, str] = {
    "person": "man|woman|boy|girl|child|kid|baby|lady|guy|player|skier|surfer|rider|men|women|"
    "children|people|crowd|skateboarder|snowboarder|batter|pitcher|couple|family",
    "airplane": "plane|jet|aircraft",
    "bicycle": "bike",
    "motorcycle": "motorbike|bike",
    "couch": "sofa",
    "tv": "television|screen|monitor",
    "cell phone": "phone|smartphone",
    "dining table": "table",
    "sports ball": "ball|baseball|football",
    "potted plant": "plant|flower",
    "boat": "ship|canoe|sailboat|ferry",
    "bird": "seagull|pigeon|duck|parrot|gull",
    "dog": "puppy",
    "cat": "kitten",
    "cow": "cattle|bull|calf",
    "sheep": "lamb",
    "car": "taxi|vehicle",
    "donut": "doughnut",
    "laptop": "computer",
    "wine glass": "glass",
    "traffic light": "stoplight|light",
    "fire hydrant": "hydrant",
    "teddy bear": "bear",
    "skis": "ski",
}
_RANDOM_BOXES, _TRIES = 5, 200
_GREY = 127


@dataclass(frozen=True, slots=True)
class Case:
    """A phrase of a caption, and the boxes that it is about, in shares of the image."""

    image: int
    part: Part
    boxes: Float64Array  # (n, 4) left, top, right, bottom
    is_named: bool


class Found(NamedTuple):
    """Where a phrase is said to be.

    Attributes
    ----------
    is_right : whether its best cell, or the middle of a detector's box, is in a right box.
    is_framed : whether the middle of its box is.
    overlap : of its box with the best of the right ones.
    box : in pixels of a square of a thousand.
    is_detected : whether a detector gave it.
    """

    is_right: bool
    is_framed: bool
    overlap: float
    box: Box
    is_detected: bool = False


def detector_of(file: Path, labels: Path | None = None) -> Detector:
    """A detector of a file, which is not kept; its labels are COCO's unless they are given.

    Raises
    ------
    InputError, EncoderError
        If it cannot be read, or is none.
    """
    named = labels_of(COCO_NAMES if labels is None else labels)
    if not file.is_file():
        raise InputError(f"{file} is not there; --detector is an ONNX file")
    form = find_form(open_network(file), len(named.names), Wanted())
    return Detector("bench", model=file, labels=named, form=form, fingerprint="")


def run(
    data: Path,
    *,
    encoder: str | Encoder = "lite",
    detector: Detector | None = None,
    most: int | None = None,
) -> dict[str, Any]:
    """Shares of phrases that point right, of boxes that overlap, and of masks that matter.

    Parameters
    ----------
    data
        Folder that holds coco_mini.
    encoder
        One with regions and phrases.
    detector
        What finds objects; None to go without.
    most
        At most this many images; None for all.

    Raises
    ------
    InputError
        If the data set is not there.
    """
    loaded = as_encoder(encoder)
    folder = data / COCO
    if not (folder / "annotations.jsonl").is_file():
        raise InputError(f"{folder} holds no annotations.jsonl; --data is the folder of {COCO}")
    lines = (folder / "annotations.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[:most]]
    paths = [folder / row["image"] for row in rows]
    images = np.concatenate(list(prepared_blocks(paths, image_spec_of(loaded))))
    regions = np.concatenate(
        [loaded.encode_regions(images[at : at + 32]).regions for at in range(0, len(images), 32)]
    )
    cases = list(_cases(rows, loaded))
    common = common_of(loaded)
    nothing = Images(lambda _version, rows: [None] * len(rows))
    pointer = Pointer(lambda: [], nothing, _SQUARE, common)
    found = [_measured(case, regions[case.image], pointer) for case in cases]
    answer: dict[str, Any] = {
        "n": sum(case.is_named for case in cases),
        "n_unnamed": sum(not case.is_named for case in cases),
        **_figures(cases, found, images, loaded),
        "middle_of_the_image": float(np.mean([_holds(case, 0.5, 0.5) for case in cases])),
        "ms_per_10_images": _ms(images[:10], loaded),
    }
    if detector is not None:
        named = Named(detector.classes, loaded, common)
        pointer = replace(pointer, images=Images(lambda _v, rows: [None] * len(rows), named))
        started = time.perf_counter()
        objects = [detector.objects(whole_of(path, detector.size)[None])[0] for path in paths]
        seconds = time.perf_counter() - started
        seen = [
            _detected(case, regions[case.image], objects[case.image], pointer) or without
            for case, without in zip(cases, found, strict=True)
        ]
        answer["with_detector"] = {
            **_figures(cases, seen, images, loaded),
            "by_detector": float(np.mean([each.is_detected for each in seen])),
            "most_bytes_an_image": max(10 * len(each.scores) for each in objects),
            "ms_per_10_images": 1e4 * seconds / len(paths),
        }
    return answer


def _figures(
    cases: Sequence[Case], found: Sequence[Found], images: UInt8Array, encoder: Encoder
) -> dict[str, float]:
    """Shares of right answers, of phrases that name the category and of those that do not."""
    named = np.array([case.is_named for case in cases])
    points = np.array([each.is_right for each in found])
    middles = np.array([each.is_framed for each in found])
    overlaps = np.array([each.overlap for each in found])
    masking = _masking(cases, found, images, encoder)
    return {
        "pointing": float(points[named].mean()),
        "pointing_unnamed": float(points[~named].mean()),
        "middle_of_the_box": float(middles[named].mean()),
        "middle_of_the_box_unnamed": float(middles[~named].mean()),
        "iou30": float((overlaps[named] >= 0.3).mean()),
        "iou50": float((overlaps[named] >= 0.5).mean()),
        "iou30_unnamed": float((overlaps[~named] >= 0.3).mean()),
        "iou50_unnamed": float((overlaps[~named] >= 0.5).mean()),
        "masking": float(np.mean(masking)),
        "n_masked": len(masking),
    }


def _cases(rows: Sequence[Mapping[str, Any]], encoder: Encoder) -> Iterator[Case]:
    """Phrases that are about objects: of each image and category the first that names it, and the
    first that does not."""
    for number, row in enumerate(rows):
        parts = [part for caption in row["captions"] for part in phrases_of(caption, encoder)]
        for category in sorted({thing["category"] for thing in row["objects"]}):
            boxes = np.array(
                [
                    [x / row["width"], y / row["height"], (x + w) / row["width"],
                     (y + h) / row["height"]]
                    for thing in row["objects"]
                    if thing["category"] == category
                    for x, y, w, h in [thing["bbox_xywh"]]
                ]
            )  # fmt: skip
            name = naming([category])
            others = OTHER_WORDS.get(category, "(?!)")  # or nothing at all
            other = re.compile(rf"\b(?:{others})(?:e?s)?\b", re.IGNORECASE)
            by_name = next((part for part in parts if name.search(part.label)), None)
            by_other = next(
                (p for p in parts if other.search(p.label) and not name.search(p.label)), None
            )
            if by_name is not None:
                yield Case(number, by_name, boxes, True)
            if by_other is not None:
                yield Case(number, by_other, boxes, False)


def _measured(case: Case, regions: Float32Array, pointer: Pointer) -> Found:
    """By the grid: the best cell, and the box around those that are strong."""
    heat = regions.astype(np.float64) @ np.asarray(case.part.vector, dtype=np.float64)
    down, across = np.unravel_index(heat.argmax(), heat.shape)
    inside = _holds(case, (across + 0.5) / heat.shape[1], (down + 0.5) / heat.shape[0])
    cells = strongest_cells(pointer.heat(case.part, regions))
    box = box_of_cells(cells, (1000, 1000), _SQUARE) or (0, 0, 1000, 1000)
    return Found(inside, _is_framed(case, box), _overlap(case, box), box)


def _detected(
    case: Case, regions: Float32Array, objects: Objects, pointer: Pointer
) -> Found | None:
    """By a detector: the middle of its box; None where none of its objects is what is meant."""
    heat = pointer.heat(case.part, regions)
    meant = pointer.detected(case.part, objects, heat, (1000, 1000))
    if meant is None:
        return None
    is_right = _is_framed(case, meant.box)
    return Found(is_right, is_right, _overlap(case, meant.box), meant.box, is_detected=True)


def _is_framed(case: Case, box: Box) -> bool:
    """Whether the middle of a box is in one that the phrase is about."""
    left, top, right, bottom = box
    return _holds(case, (left + right) / 2000, (top + bottom) / 2000)


def _overlap(case: Case, box: Box) -> float:
    """With the best of the boxes that the phrase is about."""
    return max(_iou(np.array(box) / 1000, other) for other in case.boxes)


def _holds(case: Case, x: float, y: float) -> bool:
    left, top, right, bottom = case.boxes.T
    return bool(((left <= x) & (x <= right) & (top <= y) & (y <= bottom)).any())


def _iou(a: Float64Array, b: Float64Array) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = width * height
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return float(both / (areas - both))


def _masking(
    cases: Sequence[Case],
    found: Sequence[Found],
    images: UInt8Array,
    encoder: Encoder,
) -> list[bool]:
    """Of cases where five boxes of the size fit beside the phrase's: whether its mask costs more
    than theirs do on average."""
    rng = np.random.default_rng(0)
    costs_more = []
    for case, box in zip(cases, (each.box for each in found), strict=True):
        others = _beside(box, rng)
        if len(others) < _RANDOM_BOXES:
            continue
        whole = images[case.image]
        masked = np.stack([whole, *(_masked(whole, each) for each in (box, *others))])
        vector = encoder.encode_texts([case.part.label])[0].astype(np.float64)
        cosines = encoder.encode_images(masked).astype(np.float64) @ vector
        costs_more.append(bool(cosines[1] < cosines[2:].mean()))
    return costs_more


def _beside(box: Box, rng: np.random.Generator) -> list[Box]:
    """Boxes of the same size that do not touch one, in a square of a thousand."""
    width, height = box[2] - box[0], box[3] - box[1]
    found: list[Box] = []
    for _ in range(_TRIES):
        left, top = (int(rng.integers(0, 1001 - side)) for side in (width, height))
        apart_x = left >= box[2] or left + width <= box[0]
        apart_y = top >= box[3] or top + height <= box[1]
        if apart_x or apart_y:
            found.append((left, top, left + width, top + height))
            if len(found) == _RANDOM_BOXES:
                break
    return found


def _masked(image: UInt8Array, box: Box) -> UInt8Array:
    """The image with a box, in a square of a thousand, painted grey."""
    left, top, right, bottom = (round(edge * len(image) / 1000) for edge in box)
    masked = image.copy()
    masked[top:bottom, left:right] = _GREY
    return masked


def _ms(images: UInt8Array, encoder: Encoder) -> float:
    """Milliseconds to make the regions of ten images on the spot; the least of five times."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        encoder.encode_regions(images)
        times.append(1e3 * (time.perf_counter() - started))
    return min(times)


_SQUARE = ImageSpec(size=1000, fit="squash")
