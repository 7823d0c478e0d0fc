"""Regions of images: windows of a grid's cells, and all of it, with their boxes in pixels.

They stand in for the paper's "top detected locations of the entire image": its R-CNN's boxes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from placelens.explain.pointing import box_of_cells
from placelens.types import BoolArray, Float32Array, Int64Array
from placelens_bench.mcqi.model.material import Material, unit

# Cells a side of a window, and from one window to the next: 3 x 3 windows of a grid of 7 x 7.
SIDE, STEP = 3, 2


def windows(rows: int, columns: int) -> BoolArray:
    """The cells of each region, (r, rows, columns): windows that overlap, at last the whole grid.

    >>> windows(7, 7).shape, windows(7, 7)[0, :4, :4].sum(), windows(2, 2).shape
    ((10, 7, 7), np.int64(9), (1, 2, 2))
    """
    found = []
    for top in range(0, rows - SIDE + 1, STEP):
        for left in range(0, columns - SIDE + 1, STEP):
            cells = np.zeros((rows, columns), dtype=np.bool_)
            cells[top : top + SIDE, left : left + SIDE] = True
            found.append(cells)
    return np.array([*found, np.ones((rows, columns), dtype=np.bool_)])


def pooled(grid: npt.NDArray[Any]) -> Float32Array:
    """Unit vectors of the regions, (n, r, dim): the directions of the sums of their cells.

    Parameters
    ----------
    grid
        (n, rows, columns, dim).
    """
    cells = windows(*grid.shape[1:3]).reshape(-1, grid.shape[1] * grid.shape[2])
    flat = grid.reshape(len(grid), cells.shape[1], -1).astype(np.float32)
    return unit(cells.astype(np.float32) @ flat)


def cell_boxes(material: Material, image: int) -> Int64Array:
    """Each cell's box in pixels of an original, (rows * columns, 4): left, top, right, bottom.

    A cell that lies in the border of a padded image has a box of no size, at 0.
    """
    rows, columns = material.grid.shape[1:3]
    width, height = (int(each) for each in material.sizes[image])
    boxes = []
    for cell in np.eye(rows * columns, dtype=np.bool_):
        box = box_of_cells(cell.reshape(rows, columns), (width, height), material.spec)
        boxes.append(box or (0, 0, 0, 0))
    return np.array(boxes, dtype=np.int64)
