"""In which form a detector takes images and gives boxes: found out once, and then held to it.

Four forms are told apart by the shapes of what comes out, for n labels:

===========  =======================================================================
fastestdet   (1, 5 + n, rows, columns): of each cell of a grid how sure it is that there
             is something, an offset and a size, and n probabilities of classes [1]_
yolov5       (1, boxes, 5 + n): middle and size, how sure, n probabilities [2]_
yolov8       (1, 4 + n, boxes): middle and size, n probabilities [3]_
ssd          boxes (1, k, 4), classes (1, k) and scores (1, k), as outputs of their own,
             of networks that have chosen among the boxes themselves [4]_, [5]_
===========  =======================================================================

A grid may have its channels behind, (1, rows, columns, 5 + n).

References
----------
.. [1] dog-qiuqiu, FastestDet, ``utils/tool.py``, ``handle_preds``: middles are tanh of the offset
   from a cell's left upper corner, in cells; sizes are sigmoids, in images; the score is what is
   said of the cell times the probability of the class. It reads images as OpenCV does: blue first.
.. [2] Ultralytics, YOLOv5, ``utils/general.py``, ``non_max_suppression``.
.. [3] Ultralytics, YOLOv8, ``ultralytics/utils/ops.py``, ``non_max_suppression``.
.. [4] TensorFlow, ``TFLite_Detection_PostProcess``: top, left, bottom, right, in shares.
.. [5] PyTorch, ``torchvision.models.detection``: left, top, right, bottom, in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

from placelens.display import shown
from placelens.encoders.detectors.boxes import LEAST_SCORE
from placelens.encoders.segmenters.inputs import (
    LEAST_SIDE,
    SCALES,
    Layout,
    Scale,
    form_of_input,
    in_range,
    one_image,
    one_of,
    pair_of,
    scale_of,
    shape_of,
    trial_images,
)
from placelens.encoders.segmenters.networks import Network, Tensor, check_size, in_words
from placelens.errors import EncoderError
from placelens.limits import MAX_MODEL_SIDE, MAX_MODEL_VALUES
from placelens.types import Float32Array, UInt8Array

Output = Literal["fastestdet", "yolov5", "yolov8", "ssd"]
Colours = Literal["rgb", "bgr"]
Corners = Literal["cxcywh", "xyxy", "yxyx"]
Unit = Literal["shares", "pixels"]
Axis = Literal["first", "last"]
COLOURS: tuple[Colours, ...] = get_args(Colours)
CORNERS: tuple[Corners, ...] = get_args(Corners)
AXES: tuple[Axis, ...] = get_args(Axis)
# What networks usually take, by where their colours are: those of YOLO's family shares of 255.
USUAL: Mapping[Layout, Scale] = MappingProxyType({"NHWC": "signed", "NCHW": "unit"})
# Sides of a box beyond this are pixels: a share is in [0, 1], and a little beyond at the edges.
_MOST_SHARE = 2.0
# How far a probability may be off, by rounding.
_SLACK = 0.02
Made = tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a user says of a detector, where it cannot be told or would be told wrong; else None."""

    scale: Scale | None = None
    colours: Colours | None = None
    corners: Corners | None = None
    side: int | None = None

    def __post_init__(self) -> None:
        one_of(self.scale, tuple(SCALES), "scale")
        one_of(self.colours, COLOURS, "order of the colours")
        one_of(self.corners, CORNERS, "order of the corners")
        if self.side is not None:
            in_range(self.side, LEAST_SIDE, MAX_MODEL_SIDE, "the side of the images")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a detector is run, and what comes out of it.

    Attributes
    ----------
    size : height and width of its images, in pixels.
    layout : where the colours are in what it takes.
    scale : what bytes become; None to hand a network of whole numbers the bytes as they are.
    colours : which colour is the first.
    output : see above.
    axis : where the values of a box are in what it gives: behind the boxes, or before.
    corners, unit : what the four numbers of a box are.
    places : of boxes, classes and scores among the outputs.
    """

    size: tuple[int, int]
    layout: Layout
    scale: Scale | None
    colours: Colours
    output: Output = "yolov8"
    axis: Axis = "last"
    corners: Corners = "cxcywh"
    unit: Unit = "shares"
    places: tuple[int, int, int] = (0, 0, 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "size": list(self.size), "places": list(self.places)}

    @classmethod
    def from_dict(cls, written: Any) -> Form:
        """What `to_dict` gave.

        Raises
        ------
        ValueError
            If it is anything else.
        """
        if not isinstance(written, dict) or set(written) != set(cls.__dataclass_fields__):
            raise ValueError(f"not a form: {shown(written)}")
        places = written["places"]
        if (
            not isinstance(places, list)
            or len(places) != 3
            or not all(_is_place(p) for p in places)
        ):
            raise ValueError(f"not a form: {shown(written)}")
        form = cls(**{**written, "size": pair_of(written["size"]), "places": tuple(places)})
        is_known = (
            form.layout in get_args(Layout)
            and form.scale in (None, *SCALES)
            and form.colours in COLOURS
            and form.output in get_args(Output)
            and form.axis in AXES
            and form.corners in CORNERS
            and form.unit in get_args(Unit)
        )
        if not is_known or not 1 <= min(form.size) <= max(form.size) <= MAX_MODEL_SIDE:
            raise ValueError(f"not a form: {shown(written)}")
        return form

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Of what the network takes: one image."""
        return shape_of(self.layout, self.size)


def find_form(network: Network, n_labels: int, wanted: Wanted) -> Form:
    """Tell a detector's form from what it says of itself, and from what it makes of two images.

    Raises
    ------
    EncoderError
        If it is none of a detector with so many labels.
    """
    layout, size = form_of_input(network.taken, wanted.side)
    form = Form(
        size=size,
        layout=layout,
        scale=scale_of(network.taken, wanted.scale, usual=USUAL[layout]),
        colours=wanted.colours or "rgb",
    )
    with in_words("it cannot be run"):
        network.prepared(form.input_shape)
    outputs = network.every_output()
    for output in outputs:
        check_size(output)
    made = [run(network, form, image) for image in trial_images(size)]
    form = _form_of_output(made, outputs, n_labels, form)
    if wanted.colours is None and form.output == "fastestdet":
        form = replace(form, colours="bgr")
    corners = wanted.corners or form.corners
    form = replace(form, corners=corners, unit=_unit_of(made, form, corners))
    for each in made:
        candidates(each, form, n_labels)  # which says what is wrong with it
    return form


def run(network: Network, form: Form, image: UInt8Array) -> Made:
    """All that a network gives of an image, (height, width, 3) uint8 RGB, as it comes out of it."""
    given = image if form.colours == "rgb" else np.ascontiguousarray(image[..., ::-1])
    values = one_image(network.taken, form.scale, form.layout, given)
    with in_words("it cannot be run"):
        made = network.run_all(values)
    n_values = sum(each.size for each in made if isinstance(each, np.ndarray))
    if not all(isinstance(each, np.ndarray) for each in made) or n_values > MAX_MODEL_VALUES:
        raise EncoderError(
            f"it gives {n_values:,} numbers of an image; a detector gives {MAX_MODEL_VALUES:,} at "
            "most, and nothing else than numbers"
        )
    return made


def candidates(made: Made, form: Form, n_labels: int) -> tuple[Float32Array, Float32Array]:
    """Boxes before any is chosen: (n, 4) left, top, right, bottom in shares, and (n, n_labels).

    Raises
    ------
    EncoderError
        If what a network made is not of the form.
    """
    if form.output == "ssd":
        boxes, scores = _of_lists(made, form, n_labels)
    else:
        boxes, scores = _of_values(_values(made[0], form, n_labels), form)
    if form.unit == "shares":
        return boxes, scores
    height, width = form.size
    sides = np.array([width, height, width, height], dtype=np.float32)
    return np.asarray(boxes / sides, dtype=np.float32), scores


def _values(made: np.ndarray, form: Form, n_labels: int) -> Float32Array:
    """The values of each box, (n, 4 or 5 + n_labels); of a grid (rows, columns, 5 + n_labels)."""
    n_values = n_labels + (4 if form.output == "yolov8" else 5)
    n_axes, axis = (4 if form.output == "fastestdet" else 3), (1 if form.axis == "first" else -1)
    if made.ndim != n_axes or made.shape[0] != 1 or made.shape[axis] != n_values:
        raise EncoderError(f"it gives {_said([made])}, which is not of the {n_labels} labels")
    values = np.moveaxis(made[0], 0, -1) if form.axis == "first" else made[0]
    _check_finite(values)
    return np.asarray(values, dtype=np.float32)


def _of_values(values: Float32Array, form: Form) -> tuple[Float32Array, Float32Array]:
    """Boxes and scores of what stands in one array."""
    if form.output == "fastestdet":
        _check_probabilities(values[..., 0], values[..., 5:])
        boxes = _of_grid(values[..., 1:5])
        scores = values[..., :1] * values[..., 5:]
        return boxes.reshape(-1, 4), scores.reshape(-1, values.shape[-1] - 5)
    first = 4 if form.output == "yolov8" else 5
    _check_probabilities(values[:, 4:])
    scores = values[:, first:] if first == 4 else values[:, 4:5] * values[:, 5:]
    return _corners(values[:, :4], form.corners), scores


def _of_grid(offsets: Float32Array) -> Float32Array:
    """Boxes of the cells of a grid, (rows, columns, 4), as FastestDet codes them [1]_."""
    rows, columns = offsets.shape[:2]
    down, across = np.indices((rows, columns))
    x = (across + np.tanh(offsets[..., 0])) / columns
    y = (down + np.tanh(offsets[..., 1])) / rows
    sizes = 1 / (1 + np.exp(-np.clip(offsets[..., 2:], -50, 50)))
    boxes = np.stack([x, y, sizes[..., 0], sizes[..., 1]], axis=-1)
    return _corners(boxes.astype(np.float32), "cxcywh")


def _of_lists(made: Made, form: Form, n_labels: int) -> tuple[Float32Array, Float32Array]:
    """Boxes and scores of what stands in outputs of their own."""
    if max(form.places) >= len(made):
        raise EncoderError(f"it gives {_said(made)}, and gave more before")
    boxes, classes, sure = (made[place] for place in form.places)
    boxes, classes, sure = boxes.reshape(-1, boxes.shape[-1]), classes.ravel(), sure.ravel()
    if boxes.shape[1] != 4 or not len(boxes) == len(classes) == len(sure):
        raise EncoderError(f"it gives {_said(made)}, which are no boxes, classes and scores")
    for each in (boxes, sure):
        _check_finite(each)
    _check_probabilities(sure)
    there = sure >= LEAST_SCORE  # what is left over of a fixed number of boxes may be anything
    boxes, classes, sure = boxes[there], np.rint(classes[there]).astype(np.int64), sure[there]
    odd = classes[(classes < 0) | (classes >= n_labels)]
    if odd.size:
        raise EncoderError(
            f"it gives the class {int(odd[0])}, and there are {n_labels} labels, from 0 to "
            f"{n_labels - 1}; give the labels that belong to it, a line each"
        )
    scores = np.zeros((len(boxes), n_labels), dtype=np.float32)
    scores[np.arange(len(boxes)), classes] = sure
    return _corners(boxes.astype(np.float32), form.corners), scores


def _corners(boxes: Float32Array, corners: Corners) -> Float32Array:
    """Left, top, right, bottom of boxes, (..., 4)."""
    if corners != "cxcywh":
        return boxes if corners == "xyxy" else boxes[..., [1, 0, 3, 2]]
    middles, halves = boxes[..., :2], boxes[..., 2:] / 2
    return np.asarray(np.concatenate([middles - halves, middles + halves], axis=-1), np.float32)


def _form_of_output(
    made: Sequence[Made], outputs: Sequence[Tensor], n_labels: int, form: Form
) -> Form:
    """What a network gives, by its shapes."""
    first = made[0][0]
    is_one = (
        np.issubdtype(first.dtype, np.floating) and first.ndim in (3, 4) and first.shape[0] == 1
    )
    # One label too few, or too many, would make a YOLOv8 that is turned a YOLOv5: neither is taken.
    known: dict[tuple[int, Axis, int], Output] = {
        (4, "first", n_labels + 5): "fastestdet",
        (4, "last", n_labels + 5): "fastestdet",
        (3, "first", n_labels + 4): "yolov8",
        (3, "last", n_labels + 5): "yolov5",
    }
    for at, axis in zip((1, -1), AXES, strict=True) if is_one else ():
        output = known.get((first.ndim, axis, first.shape[at]))
        if output is not None:
            return replace(form, output=output, axis=axis)
    if len(outputs) >= 3 and (places := _places(made, outputs)) is not None:
        whole = np.issubdtype(made[0][places[1]].dtype, np.integer)
        return replace(form, output="ssd", corners="xyxy" if whole else "yxyx", places=places)
    n = n_labels
    raise EncoderError(
        f"it gives {_said(made[0])}; of {n} labels a detector gives floating-point numbers "
        f"(1, {n + 4}, boxes), (1, boxes, {n + 5}) or (1, {n + 5}, rows, columns), or boxes "
        "(1, k, 4), classes (1, k) and scores (1, k) as outputs whose names say which is which. "
        "Labels stand a line each, in the order of the numbers; what follows an empty line is not "
        "read"
    )


def _places(made: Sequence[Made], outputs: Sequence[Tensor]) -> tuple[int, int, int] | None:
    """Where boxes, classes and scores are among several outputs."""
    first = made[0]
    boxes = next((at for at, m in enumerate(first) if m.ndim > 1 and m.shape[-1] == 4), None)
    if boxes is None:
        return None
    alike = [at for at, m in enumerate(first) if m.shape == first[boxes].shape[:-1]]
    named = [_said_of(outputs[at].name) for at in alike]
    whole = [bool(np.issubdtype(first[at].dtype, np.integer)) for at in alike]
    classes = [at for at, name, is_whole in zip(alike, named, whole, strict=True)
               if name == "classes" or (name is None and is_whole)]  # fmt: skip
    scores = [at for at, name, is_whole in zip(alike, named, whole, strict=True)
              if name == "scores" or (name is None and not is_whole)]  # fmt: skip
    return (boxes, classes[0], scores[0]) if len(classes) == len(scores) == 1 else None


def _said_of(name: str) -> str | None:
    """What an output's name says that it is."""
    folded = name.casefold()
    for what, words in (("classes", ("class", "label")), ("scores", ("score", "conf", "prob"))):
        if any(word in folded for word in words):
            return what
    return None


def _unit_of(made: Sequence[Made], form: Form, corners: Corners) -> Unit:
    """Whether boxes are in pixels, by how large their numbers are; a grid's are in shares."""
    if form.output == "fastestdet":
        return "shares"
    values = [
        each[form.places[0]] if form.output == "ssd" else np.moveaxis(each[0][0], 0, -1)[..., :4]
        if form.axis == "first" else each[0][0][..., :4]
        for each in made
    ]  # fmt: skip
    most = max((float(np.abs(each).max()) for each in values if each.size), default=None)
    if most is None:  # nothing was found in either image
        return "pixels" if corners == "xyxy" else "shares"
    return "pixels" if most > _MOST_SHARE else "shares"


def _check_probabilities(*values: np.ndarray) -> None:
    for each in values:
        if each.size and not -_SLACK <= float(each.min()) <= float(each.max()) <= 1 + _SLACK:
            raise EncoderError(
                f"it gives scores from {float(each.min()):.3g} to {float(each.max()):.3g}, and "
                "these are no probabilities; export it with its sigmoid or softmax, or say "
                "another scale"
            )


def _check_finite(made: np.ndarray) -> None:
    if not np.isfinite(made).all():
        raise EncoderError("it gives values that are not finite; is the scale the right one?")


def _said(made: Sequence[np.ndarray]) -> str:
    return ", ".join(f"{each.dtype} {shown(tuple(each.shape))}" for each in made[:5])


def _is_place(value: object) -> bool:
    return type(value) is int and 0 <= value < 100
