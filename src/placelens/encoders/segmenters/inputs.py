"""How a network of a user's own takes an image: its size, where colours are, what of bytes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from placelens.display import shown
from placelens.encoders.segmenters.networks import Tensor
from placelens.errors import EncoderError, InputError
from placelens.limits import MAX_MODEL_SIDE
from placelens.types import Float32Array, UInt8Array

Layout = Literal["NHWC", "NCHW"]
Scale = Literal["unit", "signed", "imagenet", "bytes"]


def _channels(*values: float) -> Float32Array:
    """A value for each colour, or one for all."""
    return np.array(values, dtype=np.float32)


# What a byte of a pixel becomes: (byte - middle) / spread. Those of ImageNet, a channel each, are
# of the photos that torchvision's networks were trained on (its documentation, "Normalize").
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SCALES: Mapping[Scale, tuple[Float32Array, Float32Array]] = MappingProxyType(
    {
        "unit": (_channels(0), _channels(255)),
        "signed": (_channels(127.5), _channels(127.5)),
        "imagenet": (_channels(*_IMAGENET_MEAN) * 255, _channels(*_IMAGENET_STD) * 255),
        "bytes": (_channels(0), _channels(1)),
    }
)
# A side that a model leaves free.
FREE_SIDE = 512
LEAST_SIDE = 8


def form_of_input(taken: Tensor, side: int | None) -> tuple[Layout, tuple[int, int]]:
    """Where the colours are, and height and width."""
    shape = taken.shape
    at = [axis for axis in (3, 1) if len(shape) == 4 and shape[axis] == 3]
    if len(at) != 1 or shape[0] not in (1, None):
        raise EncoderError(
            f"{shown(taken.name)} takes {shown(shape)}; it must take one image, (1, height, "
            "width, 3) or (1, 3, height, width): export it so, with a batch of 1"
        )
    if taken.is_whole and taken.dtype not in (np.uint8, np.int8):
        raise EncoderError(f"{shown(taken.name)} takes {taken.dtype}; export it with float32")
    layout: Layout = "NHWC" if at == [3] else "NCHW"
    first = 1 if layout == "NHWC" else 2
    own = shape[first : first + 2]
    height, width = (side or FREE_SIDE if each is None else each for each in own)
    if side is not None and (height, width) != (side, side):
        raise EncoderError(
            f"it takes images of {height} x {width} pixels and no others; leave the side {side} out"
        )
    if not (min(height, width) >= LEAST_SIDE and max(height, width) <= MAX_MODEL_SIDE):
        raise EncoderError(
            f"it takes images of {height} x {width} pixels; {LEAST_SIDE} to {MAX_MODEL_SIDE} are "
            "possible: export it for others"
        )
    return layout, (height, width)


def scale_of(taken: Tensor, wanted: Scale | None, *, usual: Scale) -> Scale | None:
    """What is asked for, else what is usual; None for whole numbers, which bytes are already."""
    if wanted is not None and taken.is_whole and taken.quantised is None:
        raise EncoderError(
            f"it takes {taken.dtype} and does not say what these stand for, so bytes are handed "
            f"to it as they are; leave the scale {wanted!r} out"
        )
    return wanted if wanted is not None or taken.is_whole else usual


def values_for(taken: Tensor, scale: Scale | None, image: UInt8Array) -> np.ndarray:
    """An image's bytes as a network takes them."""
    if scale is None:  # as they are: int8 counts from the middle
        return image if taken.dtype == np.uint8 else (image ^ np.uint8(128)).view(np.int8)
    middle, spread = SCALES[scale]
    values = (image.astype(np.float32) - middle) / spread
    if taken.quantised is None:
        return values.astype(taken.dtype)
    step, zero = taken.quantised
    bounds = np.iinfo(taken.dtype)
    return np.clip(np.rint(values / step) + zero, bounds.min, bounds.max).astype(taken.dtype)


def shape_of(layout: Layout, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Of what a network takes: one image of a height and a width."""
    return (1, *size, 3) if layout == "NHWC" else (1, 3, *size)


def one_image(taken: Tensor, scale: Scale | None, layout: Layout, image: UInt8Array) -> np.ndarray:
    """An image, (height, width, 3) uint8, as a network takes one."""
    values = values_for(taken, scale, image)
    if layout == "NCHW":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None])


def trial_images(size: tuple[int, int]) -> list[UInt8Array]:
    """Noise, and a slope from black to white."""
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    slope = np.linspace(0, 255, size[1]).astype(np.uint8)
    return [noise, np.ascontiguousarray(np.broadcast_to(slope[None, :, None], (*size, 3)))]


def pair_of(written: Any) -> tuple[int, int]:
    """Two whole numbers, as JSON has them; ValueError for anything else."""
    if not (
        isinstance(written, list) and len(written) == 2 and all(type(n) is int for n in written)
    ):
        raise ValueError(f"not two whole numbers: {shown(written)}")
    return (written[0], written[1])


def one_of(value: object, known: tuple[str, ...], what: str) -> None:
    """Raise InputError for a value that is neither None nor one of these."""
    if value is not None and (not isinstance(value, str) or value not in known):
        raise InputError(f"the {what} {shown(value)} is not one of {', '.join(known)}")


def in_range(value: object, least: int, most: int, what: str) -> None:
    """Raise InputError for what is no whole number of a range."""
    is_one = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    if not is_one:
        raise InputError(f"{what} {shown(value)} is not a whole number from {least} to {most}")
