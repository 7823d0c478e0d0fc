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
angle of the signs hardly varies, so a block of 32 shares the largest ``doubt / scale``.
"""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.codes import _fill_levels, _fill_table
from placelens.kernels.jit import kernel
from placelens.kernels.layout import BLOCK, Codes
from placelens.kernels.score import _calibrate
from placelens.types import Float32Array, Float64Array, UInt8Array

# Two bits: values are ±(INNER ± OUTER), the four levels that suit a Gaussian of deviation 1 best
# (Max, 1960); the second bit tells magnitudes above and below INNER apart.
INNER, OUTER = 0.9816, 0.5288
LEVELS = 16
# The best step of 16 even levels for a Gaussian of deviation 1 (Max, 1960).
STEP = 0.335


@kernel()
def _encode(rest: Float32Array, first: int, codes: Codes) -> None:
    """Write the codes of rows of ``rest`` (m, d), rotated ``r v``, as items ``first``, …"""
    # Arrays are taken out of their tuple once: each access counts references, atomically.
    signs, signs_scale, signs_ratio = codes.signs, codes.signs_scale, codes.signs_ratio
    second, second_scale, second_ratio = codes.second, codes.second_scale, codes.second_ratio
    fine, fine_scale, fine_doubt = codes.fine, codes.fine_scale, codes.fine_doubt
    dim = rest.shape[1]
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
            signs[at + pair * BLOCK] = byte
            second[at + pair * BLOCK] = other
        angle = min(1.0, inner / (length * math.sqrt(norm)))
        second_scale[item] = squares / inner
        ratio = math.sqrt((1.0 - angle * angle) * norm) * (1.0 + 1e-6)
        second_ratio[item // BLOCK] = max(second_ratio[item // BLOCK], np.float32(ratio))
        # The code is ±1: <x, v> = absolute / length, |x| = sqrt(dim).
        angle = min(1.0, absolute / (length * math.sqrt(dim)))
        signs_scale[item] = squares / absolute
        # doubt / scale; both have the length and the angle in them.
        ratio = math.sqrt((1.0 - angle * angle) * dim) * (1.0 + 1e-6)
        signs_ratio[item // BLOCK] = max(signs_ratio[item // BLOCK], np.float32(ratio))
        fine_scale[item], fine_doubt[item] = _encode_levels(values, squares, fine, item)


@kernel()
def _encode_levels(
    values: Float64Array, squares: float, fine: UInt8Array, item: int
) -> tuple[float, float]:
    """Write the four-bit code of an item's ``r v``, (d,), of a squared length; scale and doubt."""
    dim = values.shape[0]
    half, length = dim // 2, math.sqrt(squares)
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
    return squares / inner, length * math.sqrt(1.0 - angle * angle) / angle


@kernel(fastmath={"reassoc", "contract", "nsz"})
def _times(matrix: Float32Array, vector: Float32Array, out: Float32Array) -> None:
    """The product of a matrix (m, n) and the first n of a vector, in float32, into ``out`` (m,).

    For one vector BLAS is no faster, and its threads spin for a while afterwards.
    """
    for i in range(matrix.shape[0]):
        total = np.float32(0.0)
        for j in range(matrix.shape[1]):
            total += matrix[i, j] * vector[j]
        out[i] = total


@kernel()
def _fill_probe(
    queries: Float64Array,
    calibrations: Float64Array,
    hub: Float64Array,
    rotation: Float32Array,
    centers: Float32Array,
    lengths: Float64Array,
    radius_cos: Float64Array,
    hub_range: Float32Array,
    reach: float,
    tables: UInt8Array,
    levels: np.ndarray,
    numbers: Float32Array,
    inner: Float32Array,
    bound: Float64Array,
) -> None:
    """The bounding terms ``queries`` (B, dim) as a `MeaningQuery` has them.

    ``calibrations`` (4, B) are weights, signs, slopes and intercepts; ``hub`` (B,) is what an
    item's hubness takes off, which in each cluster lies in ``hub_range`` (2, K). Written are
    tables, levels, ``numbers`` (6, B) - step, lowest, fine step, offset, doubt, slack -, inner
    products with the centres (B, K), and what a cluster gives at most (K,). An error is at most
    ``reach`` times a term's length.
    """
    dim, padded = queries.shape[1], rotation.shape[0]
    vector, rotated = np.zeros(padded, dtype=np.float32), np.empty(padded, dtype=np.float32)
    bound[:] = 0.0
    for b in range(queries.shape[0]):
        squares, total = 0.0, 0.0
        for j in range(dim):
            vector[j] = queries[b, j]
            squares += queries[b, j] * queries[b, j]
        _times(rotation, vector, rotated)
        _times(centers, vector, inner[b])
        for j in range(padded):
            total += rotated[j]
        length = math.sqrt(squares)
        # float32 sums of `dim` products, a few times over: rotation, centres, codes.
        rounding = 2.0**-24 * (padded + 8) * length
        numbers[0, b], numbers[1, b] = _fill_table(rotated, tables[b])
        fine_step = _fill_levels(rotated, levels[b])
        # Levels count from 0, values are 2 level - 15, at most 15; each integer is off by half a
        # step.
        numbers[2, b] = 2.0 * fine_step
        slack = 15.0 * math.sqrt(padded) * rounding
        numbers[3, b] = slack - 15.0 * total + 7.5 * fine_step * padded
        numbers[4, b] = length * reach * (1.0 + 1e-6)
        # And what hubness takes off, in float32 as well.
        numbers[5, b] = 4.0 * rounding + 2.0**-20 * abs(hub[b]) * _extreme(hub_range)
        _add_cone_bounds(
            inner[b], lengths, radius_cos, length, calibrations, hub[b], hub_range, b, bound
        )


@kernel()
def _extreme(hub_range: Float32Array) -> float:
    """The largest absolute hubness of any item; the range of a cluster without items is endless."""
    extreme = 0.0
    for k in range(hub_range.shape[1]):
        if hub_range[0, k] <= hub_range[1, k]:
            extreme = max(extreme, abs(hub_range[0, k]), abs(hub_range[1, k]))
    return extreme


@kernel()
def _add_cone_bounds(
    inner: Float32Array,
    lengths: Float64Array,
    radius_cos: Float64Array,
    length: float,
    calibrations: Float64Array,
    hub: float,
    hub_range: Float32Array,
    b: int,
    out: Float64Array,
) -> None:
    """Add what the bounding term ``b``, of a length, gives at most in each cluster, (K,).

    Members lie in a cone around their centre, so their angle to the query is at least the
    difference a - b of the centre's and the cone's, whose cosine is cos a cos b + sin a sin b.
    ``inner`` are the centres' inner products with the query.
    """
    weight, sign = calibrations[0, b], calibrations[1, b]
    slope, intercept = calibrations[2, b], calibrations[3, b]
    for k in range(out.shape[0]):
        cosine = 1.0
        if length > 0.0 and lengths[k] > 0.0:
            width = min(1.0, max(-1.0, radius_cos[k] - 1e-5))
            center = min(1.0, max(-1.0, inner[k] / (length * lengths[k]) + 1e-5))
            if center < width:
                sines = (1.0 - center * center) * (1.0 - width * width)
                cosine = center * width + math.sqrt(sines)
        largest = length * cosine * (1.0 + 1e-6) + 1e-6
        if hub != 0.0:
            # What the item gives that it takes the least off.
            taken = hub * (hub_range[0, k] if hub > 0.0 else hub_range[1, k])
            largest -= taken * (1.0 - 1e-12 if taken > 0.0 else 1.0 + 1e-12)
        out[k] += weight * sign * _calibrate(sign * largest, slope, intercept) + 1e-15
