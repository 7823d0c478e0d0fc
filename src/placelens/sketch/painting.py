"""What somebody painted: a class for some cells of a picture, perhaps over a photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from placelens.display import shown
from placelens.encoders.class_map import WHOLE
from placelens.encoders.class_names import class_of_name
from placelens.errors import QueryError
from placelens.limits import MAX_PAINTED_SIDE
from placelens.types import BoolArray, Int16Array, UInt8Array

Form = Literal["paper", "mask"]
FORMS: tuple[Form, ...] = get_args(Form)
# The paper's ignore label: nobody said what is to be there.
ANYTHING = -1
# Cells are counted in as many parts as this a side, at least.
_PARTS = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """A painted class map, the query of "Spatial-Semantic Image Retrieval", section 3.2.

    Attributes
    ----------
    cells : (rows, columns) int16 of any size, the number of a class of ``classes``, or -1 for what
        may be anything; row 0 is at the top. Compared with a collection's class maps, a cell of
        theirs has the class that covers most of it, if half of it is painted at all.
    classes : what the numbers stand for, by these names or others that people give them, such as
        trees for vegetation.
    over : (rows, columns, c) uint8, the stored class map of the photo that was painted over, or of
        the photo that is itself the query (Eq. 2 and 6); None without.
    form : "paper" compares all cells of the painted classes, so that a class is not to be where
        it was not painted (Eq. 5); "mask" painted cells only. Over a photo everything is compared.
    words : looked for in the items' texts first: those with more of them come first, and the map
        decides among equals, as in the paper's section 4.2.
    codes : whether codes of the class maps are compared, which take less memory, and not the maps:
        the answer is approximate then. The collection must keep them: `Collection.quantize`.

    Raises
    ------
    QueryError
        If numbers stand for no class, nothing is painted, or there are too many cells.

    Examples
    --------
    >>> painted = Sketch(cells=[[0, 0], [-1, 1]], classes=["sky", "street"])
    >>> painted.on_grid(["building", "sky", "road"], (2, 2))
    array([[ 1,  1],
           [-1,  2]], dtype=int16)
    """

    cells: Int16Array
    classes: tuple[str, ...]
    over: UInt8Array | None = None
    form: Form = "paper"
    words: tuple[str, ...] = ()
    codes: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", _checked_cells(self.cells))
        object.__setattr__(self, "classes", _checked_classes(self.classes))
        if self.form not in FORMS:
            raise QueryError(f"form {shown(self.form)} is not known; there are: {', '.join(FORMS)}")
        n = len(self.classes)
        if self.cells.max() >= n or self.cells.min() < ANYTHING:
            odd = int(self.cells.max() if self.cells.max() >= n else self.cells.min())
            raise QueryError(
                f"a painted cell holds {odd}; it is the number of one of {n} classes, from 0, or "
                f"{ANYTHING} for anything"
            )
        if self.over is None and not self.is_painted.any():
            raise QueryError("nothing is painted; paint some cells, or give a photo")

    @property
    def is_painted(self) -> BoolArray:
        """Which cells say what is to be there."""
        return np.asarray(self.cells != ANYTHING)

    def on_grid(self, names: Sequence[str], grid: tuple[int, int]) -> Int16Array:
        """The cells as those of class maps: on their grid, with their numbers.

        Parameters
        ----------
        names
            The classes of the maps.
        grid
            Their rows and columns.

        Raises
        ------
        QueryError
            If a class that is painted is none of the maps', or all strokes are too thin.
        """
        numbers = np.array([_number_of(name, names) for name in self.classes] + [ANYTHING])
        used = np.unique(self.cells[self.is_painted])
        unknown = [self.classes[at] for at in used.tolist() if numbers[at] == ANYTHING]
        if unknown:
            raise QueryError(
                f"{shown(unknown[0])} is no class of this collection's maps; "
                f"there are: {', '.join(names)}"
            )
        on_grid = resampled(numbers[self.cells].astype(np.int16), grid)  # -1 takes the last
        if self.over is None and not (on_grid != ANYTHING).any():
            raise QueryError(
                f"no stroke covers half of one of {grid[0]} x {grid[1]} cells; use a wider brush"
            )
        return on_grid


def query_of(sketch: Sketch, names: Sequence[str], grid: tuple[int, int]) -> _Query:
    """What a sketch asks of class maps: the values of Eq. 4 or 6, in bytes, and what counts.

    Returns
    -------
    (rows, columns, c) uint8 and bool, as `placelens.sketch.distance.squared_distances` takes them.

    Raises
    ------
    QueryError
        As `Sketch.on_grid` does; or if the photo's class map is of another kind.

    Examples
    --------
    >>> painted = Sketch(cells=[[0, -1]], classes=["sky"])
    >>> query, counts = query_of(painted, ["sky", "road"], (1, 2))
    >>> query.tolist(), counts.tolist()
    ([[[255, 0], [0, 0]]], [[[True, False], [True, False]]])
    """
    label = sketch.on_grid(names, grid)
    shape = (*grid, len(names))
    painted = label[..., None] == np.arange(len(names))
    query = np.where(painted, WHOLE, 0).astype(np.uint8)
    if sketch.over is not None:
        over = np.asarray(sketch.over)
        if over.dtype != np.uint8 or over.shape != shape:
            raise QueryError(
                f"the photo's class map is {over.dtype} {over.shape}; this collection's are uint8 "
                f"{shape}"
            )
        is_free = (label == ANYTHING)[..., None]
        return np.where(is_free, over, query), np.ones(shape, dtype=np.bool_)
    counts = np.broadcast_to(painted.any(axis=(0, 1)), shape)
    if sketch.form == "mask":
        counts = counts & (label != ANYTHING)[..., None]
    return query, counts


_Query = tuple[UInt8Array, BoolArray]


def resampled(cells: Int16Array, grid: tuple[int, int]) -> Int16Array:
    """Cells on another grid: the number that covers most of each, if half of it has one.

    Of numbers that cover as much the smallest counts.

    Examples
    --------
    >>> resampled(np.array([[0, 0, 1, -1], [0, 1, -1, -1]], dtype=np.int16), (1, 2))
    array([[ 0, -1]], dtype=int16)
    >>> resampled(np.array([[0, 1]], dtype=np.int16), (1, 4))
    array([[0, 0, 1, 1]], dtype=int16)
    """
    if cells.shape == grid:
        return cells
    for axis in (0, 1):
        times = -(-_PARTS * grid[axis] // cells.shape[axis])
        cells = cells.repeat(max(times, 1), axis=axis)
    at = [np.arange(n) * side // n for n, side in zip(cells.shape, grid, strict=True)]
    place = at[0][:, None] * grid[1] + at[1]
    n_numbers = int(cells.max()) + 1
    if n_numbers == 0:
        return np.full(grid, ANYTHING, dtype=np.int16)
    of_cell = np.where(cells == ANYTHING, n_numbers, cells) + place * (n_numbers + 1)
    n_counts = grid[0] * grid[1] * (n_numbers + 1)
    counts = np.bincount(of_cell.ravel(), minlength=n_counts).reshape(-1, n_numbers + 1)
    total = counts.sum(axis=1)
    is_painted = 2 * (total - counts[:, -1]) >= total
    label = np.where(is_painted, counts[:, :-1].argmax(axis=1), ANYTHING)
    return label.astype(np.int16).reshape(grid)


def _number_of(name: str, names: Sequence[str]) -> int:
    """The place of a class among others, by its own name or another of it; -1 for none."""
    if name in names:
        return list(names).index(name)
    wanted = class_of_name(name)
    known: Mapping[str, int] = {class_of_name(each): at for at, each in enumerate(names)}
    return known.get(wanted, ANYTHING)


def _checked_cells(cells: object) -> Int16Array:
    try:
        array = np.asarray(cells)
        is_whole = array.dtype.kind in "iu"
    except ValueError:  # rows of several lengths
        is_whole = False
    if not is_whole or array.ndim != 2 or not array.size:
        raise QueryError(
            f"painted cells are rows of whole numbers, all as long, got {shown(cells)}"
        )
    if max(array.shape) > MAX_PAINTED_SIDE:
        raise QueryError(
            f"{array.shape[0]} x {array.shape[1]} cells are painted; "
            f"{MAX_PAINTED_SIDE} a side is the most"
        )
    if array.max() > np.iinfo(np.int16).max or array.min() < np.iinfo(np.int16).min:
        raise QueryError(f"a painted cell holds {int(array.max())}, which is no class's number")
    return array.astype(np.int16)


def _checked_classes(classes: object) -> tuple[str, ...]:
    if isinstance(classes, str) or not isinstance(classes, Sequence) or not classes:
        raise QueryError(f"classes {shown(classes)} is no list of names")
    odd = [name for name in classes if not isinstance(name, str)]
    if odd:
        raise QueryError(f"{shown(odd[0])} is no name of a class; give a string")
    return tuple(classes)
