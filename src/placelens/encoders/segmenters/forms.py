"""In which form a network takes images and tells classes: found out once, and then held to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np

from placelens.display import shown
from placelens.encoders.segmenters.cells import UNSAID, Grid, mean_of_cells, shares_of_numbers
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
from placelens.limits import MAX_CLASS_GRID, MAX_MODEL_SIDE, MAX_MODEL_VALUES
from placelens.types import Float32Array, UInt8Array

Output = Literal["numbers", "logits", "probabilities"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
# What TensorFlow's networks usually take, and PyTorch's.
USUAL: Mapping[Layout, Scale] = MappingProxyType({"NHWC": "signed", "NCHW": "imagenet"})


# How far sums of probabilities may be above 1: by rounding, more where they are quantised.
_SLACK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a user says of a model, where it cannot be told or would be told wrong; None to tell."""

    scale: Scale | None = None
    output: Output | None = None
    side: int | None = None
    grid: int = 14

    def __post_init__(self) -> None:
        one_of(self.scale, tuple(SCALES), "scale")
        one_of(self.output, OUTPUTS, "output")
        if self.side is not None:
            in_range(self.side, LEAST_SIDE, MAX_MODEL_SIDE, "the side of the images")
        in_range(self.grid, 1, MAX_CLASS_GRID, "the grid's side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a network is run, and what comes out of it.

    Attributes
    ----------
    size : height and width of its images, in pixels.
    layout : where the colours are in what it takes.
    scale : what bytes become; None to hand a network of whole numbers the bytes as they are.
    output : the number of a class for each pixel, or of each class its logit or probability.
    classes : where the classes are in what it gives, as ``layout``.
    grid : rows and columns of its class maps.
    """

    size: tuple[int, int]
    layout: Layout
    scale: Scale | None
    output: Output
    classes: Layout
    grid: Grid

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "size": list(self.size), "grid": list(self.grid)}

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
        pairs = {name: pair_of(written[name]) for name in ("size", "grid")}
        form = cls(**{**written, **pairs})
        is_known = form.layout in get_args(Layout) and form.classes in get_args(Layout)
        is_known = is_known and form.output in OUTPUTS and form.scale in (None, *SCALES)
        is_sane = max(form.size) <= MAX_MODEL_SIDE and max(form.grid) <= MAX_CLASS_GRID
        if not (is_known and is_sane and min(*form.size, *form.grid) >= 1):
            raise ValueError(f"not a form: {shown(written)}")
        return form

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Of what the network takes: one image."""
        return shape_of(self.layout, self.size)


def find_form(network: Network, n_labels: int, wanted: Wanted) -> Form:
    """Tell a network's form from what it says of itself, and from what it makes of two images.

    Raises
    ------
    EncoderError
        If it is none of a segmenter with so many labels.
    """
    layout, size = form_of_input(network.taken, wanted.side)
    form = Form(
        size=size,
        layout=layout,
        scale=scale_of(network.taken, wanted.scale, usual=USUAL[layout]),
        output=wanted.output or "logits",
        classes=layout,
        grid=(wanted.grid, wanted.grid),
    )
    with in_words("it cannot be run"):
        network.prepared(form.input_shape)
    check_size(network.given)
    made = [run(network, form, image) for image in trial_images(size)]
    output, classes = _form_of_output(made, network.given, n_labels, form, wanted.output)
    found = Form(**{**asdict(form), "output": output, "classes": classes})
    for each in made:
        cells_of(each, found, n_labels)  # which says what is wrong with it
    return found


def run(network: Network, form: Form, image: UInt8Array) -> np.ndarray:
    """What a network makes of an image, (height, width, 3) uint8 RGB, as it comes out of it."""
    values = one_image(network.taken, form.scale, form.layout, image)
    with in_words("it cannot be run"):
        made = network.run(values)
    if not isinstance(made, np.ndarray) or not 0 < made.size <= MAX_MODEL_VALUES:
        raise EncoderError(
            f"it gives {getattr(made, 'size', 0):,} numbers of an image; a segmenter gives 1 to "
            f"{MAX_MODEL_VALUES:,}"
        )
    return made


def cells_of(made: np.ndarray, form: Form, n_labels: int) -> Float32Array:
    """The probability that a cell shows what each label says, (rows, columns, n_labels).

    Raises
    ------
    EncoderError
        If what a network made is not of the form.
    """
    if form.output == "numbers":
        numbers = _numbers(made)
        if numbers is None:
            raise EncoderError(f"it gives {_said(made)}, and gave the numbers of classes before")
        _check_numbers(numbers, n_labels)
        return shares_of_numbers(numbers, n_labels, form.grid)
    axis = 1 if form.classes == "NCHW" else 3
    if made.ndim != 4 or made.shape[0] != 1 or made.shape[axis] != n_labels:
        raise EncoderError(f"it gives {_said(made)}, which is not of the {n_labels} labels")
    _check_finite(made)
    values = np.moveaxis(made[0], axis - 1, -1).astype(np.float32, copy=False)
    return mean_of_cells(_probabilities(values, form.output), form.grid)


def _probabilities(values: Float32Array, output: Output) -> Float32Array:
    """Probabilities that add up to 1 at most, (h, w, c)."""
    if output == "logits":
        weights = np.exp(values - values.max(axis=-1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float32)
    positive = np.maximum(values, 0)
    total = np.maximum(positive.sum(axis=-1, keepdims=True), 1)
    return np.asarray(positive / total, dtype=np.float32)


def _form_of_output(
    made: list[np.ndarray], given: Tensor, n_labels: int, form: Form, wanted: Output | None
) -> tuple[Output, Layout]:
    """What a network gives, and where the classes are in it."""
    first = made[0]
    if wanted in (None, "numbers") and _numbers(first) is not None:
        return "numbers", form.classes
    at = [axis for axis in (1, 3) if first.ndim == 4 and first.shape[axis] == n_labels]
    is_number = np.issubdtype(first.dtype, np.floating)
    if not at or not is_number or first.shape[0] != 1 or wanted == "numbers":
        raise EncoderError(
            f"it gives {_said(first)}; of {n_labels} labels a segmenter gives floating-point "
            f"numbers (1, height, width, {n_labels}) or (1, {n_labels}, height, width), or the "
            "whole numbers of classes (1, height, width). Labels stand a line each, in the order "
            "of the numbers, those of the background too; what follows an empty line is not read"
        )
    own = 3 if form.layout == "NHWC" else 1
    classes: Layout = "NHWC" if (own if own in at else at[0]) == 3 else "NCHW"
    return wanted or _told(made, classes, given), classes


def _told(made: list[np.ndarray], classes: Layout, given: Tensor) -> Output:
    """Whether values are probabilities or logits, by what they add up to."""
    axis = 3 if classes == "NHWC" else 1
    for each in made:
        _check_finite(each)
    least = min(float(each.min()) for each in made)
    most = max(float(each.sum(axis=axis).max()) for each in made)
    if least < -1e-3 or max(float(each.max()) for each in made) > 1 + 1e-3:
        if made[0].shape[axis] == 1:
            raise EncoderError(
                "it gives one value a pixel, which is no probability; export it with its sigmoid"
            )
        return "logits"
    step = given.quantised.scale if given.quantised else 0.0
    if most <= 1 + _SLACK + made[0].shape[axis] * step / 2:
        return "probabilities"
    raise EncoderError(
        f"it gives values in [0, 1] that add up to {most:.2f} in a pixel, so that they may be "
        "probabilities of classes that do not exclude each other, or logits; say which with "
        "--output probabilities or --output logits"
    )


def _numbers(made: np.ndarray) -> np.ndarray | None:
    """The class of each pixel, (h, w); None for what is no such thing."""
    if not np.issubdtype(made.dtype, np.integer) or made.ndim not in (3, 4) or made.shape[0] != 1:
        return None
    if made.ndim == 3:
        return made[0]
    if made.shape[1] == 1:
        return made[0, 0]
    return made[0, ..., 0] if made.shape[3] == 1 else None


def _check_numbers(numbers: np.ndarray, n_labels: int) -> None:
    """Raise EncoderError for a class without a label."""
    odd = numbers[((numbers < 0) | (numbers >= n_labels)) & (numbers != UNSAID)]
    if odd.size:
        raise EncoderError(
            f"it gives the class {int(odd.flat[0])}, and there are {n_labels} labels, from 0 to "
            f"{n_labels - 1}; give the labels that belong to it, a line each"
        )


def _check_finite(made: np.ndarray) -> None:
    if not np.isfinite(made).all():
        raise EncoderError("it gives values that are not finite; is the scale the right one?")


def _said(made: np.ndarray) -> str:
    return f"{made.dtype} {shown(tuple(made.shape))}"
