"""Periods of the wall clock that an item's time must lie in, or must not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from placelens.engine.times import EPOCH
from placelens.types import BoolArray, Float64Array, Int64Array

__all__ = ["NO_TIME", "Periods", "merged_us"]

NO_TIME = np.iinfo(np.int64).min
"""What a version holds for an item without a time."""

Spans = tuple[tuple[int, int], ...]
"""[start, end) in microseconds since 1970, increasing, apart from one another."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Spans of time, north and south of the equator; ``negated`` leaves out what lies in them.

    An item without a place counts as northern. One without a time lies in no period: it passes
    only a negated one.
    """

    north: Spans
    south: Spans
    negated: bool = False

    def mask(self, times_us: Int64Array, lat: Float64Array) -> BoolArray:
        """Which items pass, (n,); ``lat`` is NaN without a place."""
        inside = _within(self.north, times_us)
        if self.south != self.north:
            inside = np.where(lat < 0.0, _within(self.south, times_us), inside)
        result: BoolArray = ~inside if self.negated else inside
        return result


def merged_us(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    """Spans in microseconds, in order, those that touch joined.

    Examples
    --------
    >>> day = timedelta(days=1)
    >>> merged_us([(EPOCH + day, EPOCH + 2 * day), (EPOCH, EPOCH + day)])
    ((0, 172800000000),)
    """
    merged: list[tuple[int, int]] = []
    unit = timedelta(microseconds=1)
    for start, end in sorted(((s - EPOCH) // unit, (e - EPOCH) // unit) for s, e in spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _within(spans: Spans, times_us: Int64Array) -> BoolArray:
    """Which times lie in a span: an odd number of the edges is at or before them."""
    edges = np.array(spans, dtype=np.int64).ravel()
    inside: BoolArray = np.searchsorted(edges, times_us, side="right") % 2 == 1
    return inside & (times_us != NO_TIME)
