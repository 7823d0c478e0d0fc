"""Class maps as they are stored: for each cell of an image a byte a class, and what is left of 255.

The byte is 255 times the probability that the cell shows the class. Those of a cell add up to 255
at most; what is left is the probability of anything else, which is called other.
"""

from __future__ import annotations

import numpy as np

from placelens.errors import EncoderError, InputError
from placelens.types import Float32Array, Float64Array, Int8Array, Int16Array, UInt8Array

WHOLE = 255
# No class, other included, is probable enough.
UNKNOWN = -1


def stored_map(probabilities: Float32Array | Float64Array) -> UInt8Array:
    """The bytes of class maps, (n, rows, columns, c), each the nearest unless a cell's exceed 255.

    Where rounding makes more than 255 of a cell, those that were rounded up furthest are rounded
    down instead. So a byte is always less than 1 off.

    Parameters
    ----------
    probabilities
        (n, rows, columns, c) in [0, 1], of a cell 1 at most together.

    Raises
    ------
    EncoderError
        If they are no such probabilities.

    Examples
    --------
    Eight classes of 1/8 are 31.875 each, and eight times 32 would be one too many.

    >>> stored_map(np.full((1, 1, 1, 8), 0.125, dtype=np.float32)).sum()
    np.uint64(255)
    >>> stored_map(np.array([[[[0.5, 0.0, 0.25]]]], dtype=np.float32))
    array([[[[128,   0,  64]]]], dtype=uint8)
    """
    exact = np.asarray(probabilities, dtype=np.float64) * WHOLE
    total = exact.sum(axis=-1).max(initial=0)
    # Not so for NaN either; a softmax of float32 adds up to 1 within a few millionths.
    if exact.ndim != 4 or not (exact.min(initial=0) >= 0 and total <= WHOLE * 1.001):
        raise EncoderError(
            "a class map has probabilities (n, rows, columns, classes) that add up to 1 at most; "
            f"got {exact.shape} from {exact.min(initial=0) / WHOLE}, up to {total / WHOLE} a cell"
        )
    rounded = np.rint(exact)
    excess = np.maximum(rounded.sum(axis=-1, keepdims=True) - WHOLE, 0)
    furthest_up = np.argsort(exact - rounded, axis=-1, kind="stable")
    rank = np.argsort(furthest_up, axis=-1)
    return np.asarray(rounded - (rank < excess), dtype=np.uint8)


def class_of_cells(stored: UInt8Array, minimum: float = 0.5) -> Int8Array | Int16Array:
    """The class that each cell of a stored class map shows: its channel, or that it is not known.

    Parameters
    ----------
    stored
        (..., rows, columns, c) uint8, one map or several.
    minimum
        How probable a class must be, in [0, 1].

    Returns
    -------
    (..., rows, columns) int8, or int16 of more than 127 classes
        0 to c - 1 for a class, c for other, -1 where none of them is probable enough: "I don't
        know". Of equal ones the first counts.

    Raises
    ------
    InputError
        If ``minimum`` is out of range, or the map is none.

    Examples
    --------
    >>> stored = np.array([[[255, 0], [0, 200], [100, 100], [20, 10]]], dtype=np.uint8)
    >>> class_of_cells(stored)
    array([[ 0,  1, -1,  2]], dtype=int8)
    >>> class_of_cells(stored, minimum=0.8)
    array([[ 0, -1, -1,  2]], dtype=int8)
    """
    all_of_them = _with_other(stored)
    if not 0 <= minimum <= 1:
        raise InputError(f"the least probability of a class is in [0, 1], got {minimum}")
    best = all_of_them.argmax(axis=-1)
    is_sure = all_of_them.max(axis=-1) >= minimum * WHOLE
    found = np.where(is_sure, best, UNKNOWN)
    is_small = stored.shape[-1] <= np.iinfo(np.int8).max
    return found.astype(np.int8) if is_small else found.astype(np.int16)


def confidence_of_cells(stored: UInt8Array) -> Float32Array:
    """How probable the likeliest class of each cell is, other included, (..., rows, columns).

    Examples
    --------
    >>> confidence_of_cells(np.array([[[51, 0], [0, 204]]], dtype=np.uint8)).tolist()
    [[0.800000011920929, 0.800000011920929]]
    """
    return np.asarray(_with_other(stored).max(axis=-1) / np.float32(WHOLE), dtype=np.float32)


def _with_other(stored: UInt8Array) -> np.ndarray:
    """The bytes of the classes, and of what is left, as int32; a file may hold more than 255."""
    if stored.dtype != np.uint8 or stored.ndim < 3 or not stored.shape[-1]:
        raise InputError(
            f"a class map is uint8 (rows, columns, classes), got {stored.dtype} {stored.shape}"
        )
    named = stored.astype(np.int32)
    other = np.maximum(WHOLE - named.sum(axis=-1, keepdims=True), 0)
    return np.concatenate([named, other], axis=-1)
