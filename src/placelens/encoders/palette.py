"""The colour of each class, one for everything that paints or draws them, and back from colours."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np

from placelens.encoders.class_names import class_of_name
from placelens.errors import InputError
from placelens.types import BoolArray, Int16Array, Int32Array, UInt8Array

Colour = tuple[int, int, int]

# Colours that the names call to mind, all of them apart from each other by 60 and more.
_COLOURS: dict[str, Colour] = {
    "sky": (120, 190, 255),
    "building": (222, 120, 55),
    "vegetation": (70, 160, 60),
    "road": (110, 105, 120),
    "pavement": (225, 190, 140),
    "water": (20, 90, 190),
    "car": (225, 40, 60),
    "person": (250, 215, 40),
}
_GOLDEN_ANGLE = 0.381966
# A pixel of a painting stands for the nearest class if it is as near as this; a brush's soft edge
# is a mixture, and stands for nothing.
_NEAR = 48.0
# Painted pixels of other colours than the palette's, at most; soft edges are some.
_MOST_STRANGE = 0.2


def palette(names: Sequence[str]) -> tuple[Colour, ...]:
    """A colour for each of some classes, red, green and blue in [0, 255], no two alike.

    Neither black nor white is among them: those stand for nothing, beside transparent.

    Examples
    --------
    >>> palette(["sky", "zebra"])
    ((120, 190, 255), (204, 55, 55))
    """
    taken = [_COLOURS.get(class_of_name(name)) for name in names]
    # A second name of a class, such as tree beside vegetation, has a colour of its own.
    found: list[Colour | None] = [c if c not in taken[:at] else None for at, c in enumerate(taken)]
    used = [colour for colour in found if colour is not None]
    hue, made = 0.0, 0
    for at, colour in enumerate(found):
        if colour is not None:
            continue
        while True:
            own = _of_hue(hue, level=made // 12)
            hue, made = (hue + _GOLDEN_ANGLE) % 1.0, made + 1
            # After many tries, what is only different will do.
            if own not in used and (made > 200 or _nearest(own, used) > _NEAR):
                break
        found[at] = own
        used.append(own)
    return tuple(colour for colour in found if colour is not None)


def cells_of_colours(pixels: UInt8Array, names: Sequence[str]) -> Int16Array:
    """The class that each pixel of a painting stands for, (height, width); -1 for none.

    Black and white stand for none, and so does what is near no colour of the palette.

    Parameters
    ----------
    pixels
        (height, width, 3) RGB, with white for what was transparent.
    names
        Of the classes, in the order of `palette`.

    Raises
    ------
    InputError
        If a fifth of what is painted is in other colours; it names the most frequent one, and the
        palette.

    Examples
    --------
    >>> blue, white = (120, 190, 255), (255, 255, 255)
    >>> cells_of_colours(np.array([[blue, white]], dtype=np.uint8), ["road", "sky"])
    array([[ 1, -1]], dtype=int16)
    """
    colours = np.array(palette(names), dtype=np.int32)
    packed = pixels.astype(np.int32) @ np.array([65_536, 256, 1], dtype=np.int32)
    different, back, counts = np.unique(packed, return_inverse=True, return_counts=True)
    rgb = np.stack([different >> 16, (different >> 8) & 255, different & 255], axis=1)
    apart = np.sqrt(((rgb[:, None] - colours[None]) ** 2).sum(axis=2))
    nearest = apart.argmin(axis=1)
    is_near = apart.min(axis=1) <= _NEAR
    is_painted = ~_is_blank(rgb)
    strange = is_painted & ~is_near
    n_painted, n_strange = counts[is_painted].sum(), counts[strange].sum()
    if n_strange > _MOST_STRANGE * n_painted:
        odd = rgb[strange][counts[strange].argmax()]
        raise InputError(
            f"{n_strange / n_painted:.0%} of what is painted has a colour of no class, most of it "
            f"{hex_of(tuple(odd.tolist()))}; the classes are {legend(names)}; transparent, black "
            "or white is for what may be anything"
        )
    label = np.where(is_painted & is_near, nearest, -1).astype(np.int16)
    return label[back.reshape(pixels.shape[:2])]


def legend(names: Sequence[str]) -> str:
    """Classes and their colours, in words.

    Examples
    --------
    >>> legend(["sky", "road"])
    'sky #78beff, road #6e6978'
    """
    pairs = zip(names, palette(names), strict=True)
    return ", ".join(f"{name} {hex_of(colour)}" for name, colour in pairs)


def hex_of(colour: Colour) -> str:
    """As web pages write it.

    Examples
    --------
    >>> hex_of((120, 190, 255))
    '#78beff'
    """
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _of_hue(hue: float, *, level: int) -> Colour:
    """Strong first, then lighter, then darker."""
    value, saturation = ((0.8, 0.73), (0.95, 0.45), (0.5, 0.8))[level % 3]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _nearest(colour: Colour, others: Sequence[Colour]) -> float:
    return min((float(np.hypot.reduce(np.subtract(colour, o))) for o in others), default=np.inf)


def _is_blank(rgb: Int32Array) -> BoolArray:
    return np.asarray((rgb <= 8).all(axis=1) | (rgb >= 247).all(axis=1))
