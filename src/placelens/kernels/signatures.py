"""Codes of unit vectors that bound an inner product: one bit a dimension, then two, then four.

A vector ``o`` is written ``c + r v``: its cluster's centre, the length and the direction of the
rest, which is turned by a random rotation. A code ``x`` of ``v`` (signs, or 16 levels) has a known
angle to it, ``a = <x, v> / |x|``. Then for a query ``q``, turned alike (RaBitQ: Gao and Long,
SIGMOD 2024, and its extension to more bits, SIGMOD 2025)::

    <q, v> = <q, x> / (|x| a) + sqrt(1 - a^2) / a * |q'| * t

where ``q'`` is what of ``q`` is orthogonal to ``v``, and ``t``, at most 1, is a coordinate of a
point drawn evenly from a sphere, since the rotation was. So an item has two numbers beside each
code: ``scale``, which makes the sum over the code an inner product, and ``doubt`` = r sqrt(1 - a^2)
/ a, what to multiply by ``|q| t`` for the error. ``t = 1`` gives a bound that always holds. The
angle of a sketch hardly varies, so a block of 32 shares the largest ``doubt / scale``.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from placelens.kernels.score import _calibrate
from placelens.kernels.sketches import BLOCK, _fill_levels, _fill_table
from placelens.types import Float32Array, Float64Array, UInt8Array

# Two bits: values are ±(INNER ± OUTER), the four levels that suit a Gaussian of deviation 1 best
# (Max, 1960); the second bit tells magnitudes above and below INNER apart.
INNER, OUTER = 0.9816, 0.5288
LEVELS = 16
# The best step of 16 even levels for a Gaussian of deviation 1 (Max, 1960).
STEP = 0.335


@njit(cache=True, nogil=True)
def _encode(
    rest: Float32Array,
    first: int,
    sketch: UInt8Array,
    sketch_scale: Float32Array,
    sketch_ratio: Float32Array,
    second: UInt8Array,
    second_scale: Float32Array,
    second_ratio: Float32Array,
    fine: UInt8Array,
    fine_scale: Float32Array,
    fine_doubt: Float32Array,
) -> None:
    """Write the codes of rows of ``rest`` (m, d), rotated ``r v``, as items ``first``, …"""
    dim = rest.shape[1]
    half = dim // 2
    values = np.empty(dim)
    for row in range(rest.shape[0]):
        item = first + row
        squares, absolute = 0.0, 0.0
        for j in range(dim):
            values[j] = rest[row, j]
            squares += values[j] * values[j]
            absolute += abs(values[j])
        length = math.sqrt(squares)
        if length < 1e-12:
            continue  # the centre itself: all codes and scales stay 0
        at = (item // BLOCK) * BLOCK * (dim // 8) + item % BLOCK
        middle = INNER * length / math.sqrt(dim)
        inner, norm = 0.0, 0.0
        for pair in range(dim // 8):
            byte, other = 0, 0
            for j in range(8):
                value = values[8 * pair + j]
                is_large = abs(value) > middle
                if value > 0.0:
                    byte |= 1 << j
                if (value > 0.0) == is_large:
                    other |= 1 << j
                level = INNER + OUTER if is_large else INNER - OUTER
                inner += level * abs(value)
                norm += level * level
            sketch[at + pair * BLOCK] = byte
            second[at + pair * BLOCK] = other
        angle = min(1.0, inner / (length * math.sqrt(norm)))
        second_scale[item] = squares / inner
        ratio = math.sqrt((1.0 - angle * angle) * norm) * (1.0 + 1e-6)
        second_ratio[item // BLOCK] = max(second_ratio[item // BLOCK], np.float32(ratio))
        # The code is ±1: <x, v> = absolute / length, |x| = sqrt(dim).
        angle = min(1.0, absolute / (length * math.sqrt(dim)))
        sketch_scale[item] = squares / absolute
        # doubt / scale; both have the length and the angle in them.
        ratio = math.sqrt((1.0 - angle * angle) * dim) * (1.0 + 1e-6)
        sketch_ratio[item // BLOCK] = max(sketch_ratio[item // BLOCK], np.float32(ratio))
        step = STEP * length / math.sqrt(dim)
        inner, norm = 0.0, 0.0
        for j in range(dim):
            level = min(LEVELS - 1, max(0, math.floor(values[j] / step) + LEVELS // 2))
            value = 2.0 * level - (LEVELS - 1)
            inner += value * values[j]
            norm += value * value
            if j < half:
                fine[item, j] = level
            else:
                fine[item, j - half] |= level << 4
        angle = min(1.0, inner / (length * math.sqrt(norm)))
        fine_scale[item] = squares / inner
        fine_doubt[item] = length * math.sqrt(1.0 - angle * angle) / angle


@njit(cache=True, nogil=True)
def _fill_probe(
    query: Float64Array,
    rotated: Float32Array,
    table: UInt8Array,
    levels: np.ndarray,
    numbers: Float32Array,
    reach: float,
) -> None:
    """A bounding term's table, levels and numbers (6,), see `MeaningQuery`: step, lowest, fine
    step, offset, doubt, slack. An error is at most ``reach`` times the term's length."""
    dim = rotated.shape[0]
    squares, total = 0.0, 0.0
    for j in range(query.shape[0]):
        squares += query[j] * query[j]
    for j in range(dim):
        total += rotated[j]
    length = math.sqrt(squares)
    # float32 sums of `dim` products, a few times over: rotation, centres, codes.
    rounding = 2.0**-24 * (dim + 8) * length
    step, lowest = _fill_table(rotated, table)
    numbers[0] = step
    numbers[1] = lowest
    fine_step = _fill_levels(rotated, levels)
    # Levels count from 0, values are 2 level - 15, at most 15; each integer is off by half a step.
    numbers[2] = 2.0 * fine_step
    numbers[3] = -15.0 * total + 15.0 * math.sqrt(dim) * rounding + 7.5 * fine_step * dim
    numbers[4] = length * reach * (1.0 + 1e-6)
    numbers[5] = 4.0 * rounding


@njit(cache=True, nogil=True)
def _add_cone_bounds(
    query: Float64Array,
    centers: Float32Array,
    lengths: Float64Array,
    radius_cos: Float64Array,
    out: Float64Array,
    weight: float,
    sign: float,
    slope: float,
    intercept: float,
) -> None:
    """Add what a bounding term gives at most in each cluster, (K,).

    Members lie in a cone around their centre; their angle to the query is at least the difference
    of the angles. ``centers`` are inner products with the query.
    """
    squares = 0.0
    for j in range(query.shape[0]):
        squares += query[j] * query[j]
    length = math.sqrt(squares)
    for k in range(out.shape[0]):
        cosine = 1.0
        if length > 0.0 and lengths[k] > 0.0:
            cosine = min(1.0, max(-1.0, centers[k] / (length * lengths[k]) + 1e-5))
            width = math.acos(min(1.0, max(-1.0, radius_cos[k] - 1e-5)))
            cosine = math.cos(max(0.0, math.acos(cosine) - width))
        largest = length * cosine * (1.0 + 1e-6) + 1e-6
        out[k] += weight * sign * _calibrate(sign * largest, slope, intercept) + 1e-15
