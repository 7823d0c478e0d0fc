"""What the pixels of an image show, averaged over the cells of a grid that covers all of it.

A cell need not begin where a pixel does: a pixel counts in each cell by the part of its area that
lies in it. So 513 pixels make 14 cells, and 8 pixels too.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from placelens.types import Float32Array

Grid = tuple[int, int]
# A number that says nothing of its pixel.
UNSAID = 255


def mean_of_cells(values: Float32Array, grid: Grid) -> Float32Array:
    """Means of the values of pixels, (h, w, c), over the cells of a grid, (rows, columns, c).

    Examples
    --------
    The middle one of three pixels lies in both cells, with half of its area in each.

    >>> mean_of_cells(np.array([[[1.0], [4.0], [1.0]]], dtype=np.float32), (1, 2)).round(3).tolist()
    [[[2.0], [2.0]]]
    """
    down, across = (
        shares_of_cells(values.shape[0], grid[0]),
        shares_of_cells(values.shape[1], grid[1]),
    )
    rows = np.tensordot(down, values, axes=(1, 0))  # (rows, w, c)
    return np.ascontiguousarray(np.moveaxis(np.tensordot(across, rows, axes=(1, 1)), 0, 1))


def shares_of_numbers(numbers: np.ndarray, n_classes: int, grid: Grid) -> Float32Array:
    """How much of what is said of each cell says each class, (rows, columns, n_classes).

    Parameters
    ----------
    numbers
        (h, w) of the classes, from 0 on; `UNSAID` for pixels of which nothing is said, which do
        not count. A cell of which nothing at all is said has zeros.
    n_classes
        How many there are; all numbers but `UNSAID` are below.
    grid
        Rows and columns.

    Examples
    --------
    >>> numbers = np.array([[0, 0, 1, 255], [0, 1, 255, 255]], dtype=np.uint8)
    >>> shares_of_numbers(numbers, 2, (1, 2)).tolist()
    [[[0.75, 0.25], [0.0, 1.0]]]
    """
    down = shares_of_cells(numbers.shape[0], grid[0])
    across = shares_of_cells(numbers.shape[1], grid[1])
    shares = np.zeros((*grid, n_classes), dtype=np.float32)
    # Those that are there only: a mask of thousands of pixels a side shows few of many classes.
    there = np.bincount(numbers.ravel(), minlength=n_classes)[:n_classes]
    for number in np.flatnonzero(there):
        shares[..., number] = down @ (numbers == number).astype(np.float32) @ across.T
    said = shares.sum(axis=-1, keepdims=True)
    return np.asarray(shares / np.where(said > 0, said, np.float32(1)), dtype=np.float32)


@lru_cache(maxsize=16)
def shares_of_cells(n_pixels: int, n_cells: int) -> Float32Array:
    """The share of each pixel of a line in each cell's mean, (n_cells, n_pixels).

    Examples
    --------
    >>> shares_of_cells(3, 2).round(3)
    array([[0.667, 0.333, 0.   ],
           [0.   , 0.333, 0.667]], dtype=float32)
    """
    edges = np.arange(n_cells + 1) * (n_pixels / n_cells)
    starts = np.arange(n_pixels)
    ends = np.minimum(edges[1:, None], starts + 1)
    overlap = np.maximum(ends - np.maximum(edges[:-1, None], starts), 0)
    shares = np.asarray(overlap / overlap.sum(axis=1, keepdims=True), dtype=np.float32)
    shares.setflags(write=False)  # it is kept for the next image
    return shares
