"""Distances of a painted query to class maps: Eq. 2, 5 and 7 of the paper, slow and obvious.

A query has a value ``q_c(j)`` for every class c and cell j, and says which of them count. With
bytes instead of probabilities every distance is a whole number, so that the fast way (see
`placelens.sketch.term`) is equal to this one and not only near it.
"""

from __future__ import annotations

import numpy as np

from placelens.encoders.class_map import WHOLE
from placelens.types import BoolArray, Float64Array, Int64Array, UInt8Array


def squared_distances(
    query: UInt8Array, counts: BoolArray, maps: UInt8Array, *, whole: int = WHOLE
) -> Float64Array:
    """``sum ||q_c - p_c||^2`` over what counts, of each map.

    Parameters
    ----------
    query
        (rows, columns, c) bytes: of Eq. 4 where it was painted, of Eq. 6 over a photo.
    counts
        (rows, columns, c): all of them for Eq. 2 and 7; all cells of the painted classes for
        Eq. 5; painted cells of the painted classes for the form "mask".
    maps
        (n, rows, columns, c) bytes, as they are stored.
    whole
        What stands for the probability 1.

    Returns
    -------
    (n,) float64

    Examples
    --------
    One cell of two was painted with the first of two classes; the map has it there at 0.8.

    >>> query = np.array([[[255, 0], [0, 0]]], dtype=np.uint8)
    >>> stored = np.array([[[[204, 51], [51, 204]]]], dtype=np.uint8)
    >>> only_painted = np.array([[[True, False], [True, False]]])
    >>> round(float(squared_distances(query, only_painted, stored)[0]), 3)  # .2^2 + .2^2
    0.08
    """
    apart = query.astype(np.int64)[None] - maps.astype(np.int64)
    total: Int64Array = np.where(counts[None], apart * apart, 0).sum(axis=(1, 2, 3))
    return total / float(whole * whole)


def mass(query: UInt8Array, counts: BoolArray, *, whole: int = WHOLE) -> float:
    """``sum q^2`` over what counts: the distance of a map that shows nothing of what is asked.

    Examples
    --------
    >>> mass(np.array([[[255, 0], [0, 0]]], dtype=np.uint8), np.full((1, 2, 2), True))
    1.0
    """
    values = np.where(counts, query.astype(np.int64), 0)
    return float((values * values).sum()) / (whole * whole)
