"""Where in a picture something is: from a value for each cell of a grid to a box in pixels."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from placelens.types import BoolArray, Float32Array, Float64Array, ImageSpec, Int64Array

Box = tuple[int, int, int, int]

# Between the least and the largest value; cells above it are a part of the same thing. Of .4 to .8,
# it gave most boxes of street photos that learnt nothing an overlap of .3 with what was meant.
_HALF = 0.5
# Cells that share a side lie together.
_BESIDE = ndimage.generate_binary_structure(2, 1)


def strongest_cells(heat: Float64Array) -> BoolArray:
    """The cells around the largest one above half of the way to it, (rows, columns).

    None where all values are equal.

    Examples
    --------
    >>> strongest_cells(np.array([[0.9, 0.5, 0.0], [0.1, 0.0, 0.8]])).astype(int)
    array([[1, 1, 0],
           [0, 0, 0]])
    """
    at = np.unravel_index(heat.argmax(), heat.shape)
    least, largest = heat.min(), heat[at]
    if least == largest:
        return np.zeros(heat.shape, dtype=np.bool_)
    areas, _ = ndimage.label(heat >= least + _HALF * (largest - least), _BESIDE)
    return np.asarray(areas == areas[at])


def box_of_cells(cells: BoolArray, size: tuple[int, int], spec: ImageSpec) -> Box | None:
    """The smallest box around cells of a grid, in pixels of the image that the grid lies over.

    Parameters
    ----------
    cells
        (rows, columns) of a grid over the square that an encoder was given.
    size
        Width and height of the upright image in pixels.
    spec
        How the image became the square: a part of it was cut out, it was squashed, or there is a
        border around it, which has no pixels.

    Returns
    -------
    left, top, right, bottom
        Right and bottom not included; None of no cells, or where they lie in the border.

    Examples
    --------
    >>> corner = np.array([[True, False], [False, False]])
    >>> box_of_cells(corner, (400, 200), ImageSpec(size=224, fit="squash"))
    (0, 0, 200, 100)
    >>> box_of_cells(corner, (400, 200), ImageSpec(size=224, fit="crop"))
    (100, 0, 200, 100)
    >>> box_of_cells(corner, (400, 200), ImageSpec(size=224, fit="pad"))
    (0, 0, 200, 100)
    """
    if not cells.any():
        return None
    columns, rows = np.flatnonzero(cells.any(axis=0)), np.flatnonzero(cells.any(axis=1))
    left, right = _ends(columns, cells.shape[1], size[0], _side(size, 0, spec))
    top, bottom = _ends(rows, cells.shape[0], size[1], _side(size, 1, spec))
    return None if left >= right or top >= bottom else (left, top, right, bottom)


def _side(size: tuple[int, int], axis: int, spec: ImageSpec) -> float:
    """How many pixels of the image the square is wide, or high."""
    return {"squash": size[axis], "crop": min(size), "pad": max(size)}[spec.fit]


def _ends(at: Int64Array, n: int, length: int, side: float) -> tuple[int, int]:
    """The first and the last pixel of some of n cells; the square lies over the image's middle."""
    start = (length - side) / 2
    ends = (start + side * int(at[0]) / n, start + side * (int(at[-1]) + 1) / n)
    first, last = (min(max(round(end), 0), length) for end in ends)
    return first, last


def out_of_square(box: Float32Array, size: tuple[int, int], spec: ImageSpec) -> Box | None:
    """A box as shares of the square an encoder was given, (4,), in pixels of the image.

    None where it lies in the border, which has no pixels.

    Examples
    --------
    >>> corner = np.array([0.0, 0.0, 0.5, 0.5], dtype=np.float32)
    >>> out_of_square(corner, (400, 200), ImageSpec(size=224, fit="crop"))
    (100, 0, 200, 100)
    """
    sides = np.array([_side(size, axis, spec) for axis in (0, 1)] * 2)
    lengths = np.array(size * 2, dtype=np.float64)
    edges = np.rint(np.clip((lengths - sides) / 2 + box * sides, 0.0, lengths))
    left, top, right, bottom = edges.astype(np.int64).tolist()
    return None if left >= right or top >= bottom else (left, top, right, bottom)


def in_square(boxes: Float64Array, size: tuple[int, int], spec: ImageSpec) -> Float64Array:
    """Boxes as shares of an image's sides, (n, 4), as shares of the square an encoder was given.

    Examples
    --------
    >>> right = np.array([[0.5, 0.0, 1.0, 1.0]])
    >>> in_square(right, (400, 200), ImageSpec(size=224, fit="squash")).tolist()
    [[0.5, 0.0, 1.0, 1.0]]
    >>> in_square(right, (400, 200), ImageSpec(size=224, fit="crop")).tolist()
    [[0.5, 0.0, 1.5, 1.0]]
    """
    sides = np.array([_side(size, axis, spec) for axis in (0, 1)] * 2)
    lengths = np.array(size * 2, dtype=np.float64)
    return np.asarray((boxes * lengths - (lengths - sides) / 2) / sides)
