"""What every encoder checks about its input, in one place, with one wording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from placelens.display import shown
from placelens.encoders.parts import CLASS_MAP, IMAGE, PARTS, REGIONS
from placelens.errors import EncoderError
from placelens.types import FeatureName, Float32Array, Float64Array, ImageSpec, UInt8Array

# What the parts of an image are called in messages.
_WORDS = {IMAGE: "vectors of images", REGIONS: "regions to keep", CLASS_MAP: "class maps"}


def check_images(images: UInt8Array, spec: ImageSpec | None, *, name: str) -> UInt8Array:
    """Return ``images`` as a contiguous (n, size, size, 3) uint8 array.

    Raises
    ------
    EncoderError
        If the encoder takes no images, or the array has another shape or type.
    """
    if spec is None:
        raise EncoderError(f"encoder {name!r} takes no images; use one that does")
    expected = f"(n, {spec.size}, {spec.size}, 3) uint8"
    if not isinstance(images, np.ndarray):
        raise EncoderError(
            f"encoder {name!r} takes images as an array {expected}, got {type(images).__name__}; "
            "prepare them with placelens.readers first"
        )
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (spec.size,) * 2 + (3,):
        raise EncoderError(
            f"encoder {name!r} takes images as an array {expected}, got {images.shape} "
            f"{images.dtype}; prepare them with placelens.readers first"
        )
    return np.ascontiguousarray(images)


def check_parts(
    names: Sequence[FeatureName], offered: Sequence[FeatureName], *, name: str
) -> list[FeatureName]:
    """Return the parts of images that are asked for, as a list of different names.

    Raises
    ------
    EncoderError
        If none is named, or one twice, or there is no such part, or the encoder does not offer it.
    """
    if isinstance(names, str):
        names = [names]
    asked = list(names) if isinstance(names, Iterable) else [names]
    unknown = [each for each in asked if not isinstance(each, str) or each not in PARTS]
    if not asked or unknown or len(set(asked)) != len(asked):
        raise EncoderError(
            f"the parts of an image are different ones of {', '.join(PARTS)}, got {shown(asked)}"
        )
    for each in asked:
        if each not in offered:
            raise EncoderError(
                f"encoder {name!r} of these weights gives no {_WORDS[each]} ({each}); "
                f"it gives: {', '.join(offered) or 'nothing of an image'}"
            )
    return asked


def check_classes(classes: Sequence[str], *, name: str) -> list[str]:
    """Return the names of classes that are asked for as a list of str.

    Raises
    ------
    EncoderError
        If they are one str, hold anything but str, or there are none.
    """
    checked = check_texts(classes, name=name)
    if not checked:
        raise EncoderError("class maps need at least one class, e.g. ['sky', 'road', 'tree']")
    return checked


def check_texts(texts: Sequence[str], *, takes_text: bool = True, name: str) -> list[str]:
    """Return ``texts`` as a list of str.

    Raises
    ------
    EncoderError
        If the encoder takes no texts, or ``texts`` is one str or holds anything but str.
    """
    if not takes_text:
        raise EncoderError(f"encoder {name!r} takes no texts; use one that does")
    if isinstance(texts, str):
        raise EncoderError(
            f"encoder {name!r} takes a sequence of texts, got one str; write [text] instead"
        )
    if not isinstance(texts, Iterable):
        raise EncoderError(f"encoder {name!r} takes a sequence of texts, got {shown(texts)}")
    checked = list(texts)
    for position, text in enumerate(checked):
        if not isinstance(text, str):
            raise EncoderError(
                f"encoder {name!r} takes texts as str, got {type(text).__name__} at position "
                f"{position}"
            )
    return checked


def unit_rows(vectors: Float32Array | Float64Array) -> Float32Array:
    """Return the rows scaled to length 1, as float32; a row of zeros stays one.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    wide = np.asarray(vectors, dtype=np.float64)
    norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))[:, None]
    return np.asarray(wide / np.where(norms == 0, 1.0, norms), dtype=np.float32)
