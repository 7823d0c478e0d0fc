"""The final score: one float64 kernel that every index ends in.

Sums run in a fixed order without fused operations, so that scan and tree give the same bits, and
"equal to the scan" can be tested with ``==``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from placelens.kernels.jit import kernel
from placelens.kernels.layout import LANES, SUMS
from placelens.types import Float32Array, Float64Array, Int64Array


@intrinsic
def _cosine(_typing: Any, vectors: Any, row: Any, queries: Any, t: Any) -> Any:
    """The inner product of ``vectors[row]``, float32, and ``queries[t]``, float64.

    In 16 partial sums, 4 vectors of 4, that are added in a fixed order: one sum would wait for each
    addition to end. Written as vectors, since a compiler may not change the order of additions by
    itself; any processor gives the same bits. Arrays are passed as they are, C-contiguous: a
    kernel that takes slices of them counts references, atomically.
    """
    if vectors.layout != "C" or queries.layout != "C":
        raise TypingError("vectors and queries must be C-contiguous")
    signature = types.float64(vectors, types.intp, queries, types.intp)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size, single, double = args[1].type, ir.FloatType(), ir.DoubleType()
        singles, doubles = ir.VectorType(single, LANES), ir.VectorType(double, LANES)

        def row_of(i: int) -> Any:
            array = context.make_array(signature.args[i])(context, builder, args[i])
            dim = builder.extract_value(array.shape, 1)
            return builder.gep(array.data, [builder.mul(dim, args[i + 1])]), dim

        def load(pointer: Any, at: Any, kind: Any) -> Any:
            # Rows begin anywhere.
            where = builder.bitcast(builder.gep(pointer, [at]), kind.as_pointer())
            return builder.load(where, align=4)

        (vector, dim), (query, _) = row_of(0), row_of(2)
        zero = ir.Constant(doubles, [0.0] * LANES)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(SUMS)]
        step = ir.Constant(size, LANES * SUMS)
        whole = builder.sub(dim, builder.srem(dim, step))
        with cgutils.for_range_slice(builder, ir.Constant(size, 0), whole, step) as (start, _):
            for i, total in enumerate(sums):
                at = builder.add(start, ir.Constant(size, LANES * i))
                values = builder.fpext(load(vector, at, singles), doubles)
                product = builder.fmul(values, load(query, at, doubles))
                builder.store(builder.fadd(builder.load(total), product), total)
        a, b, c, d = (builder.load(total) for total in sums)
        four = builder.fadd(builder.fadd(a, b), builder.fadd(c, d))
        e, f, g, h = (
            builder.extract_element(four, ir.Constant(ir.IntType(32), i)) for i in range(LANES)
        )
        result = cgutils.alloca_once_value(
            builder, builder.fadd(builder.fadd(e, f), builder.fadd(g, h))
        )
        one = ir.Constant(size, 1)
        with cgutils.for_range_slice(builder, whole, dim, one) as (at, _):
            value = builder.fpext(builder.load(builder.gep(vector, [at])), double)
            product = builder.fmul(value, builder.load(builder.gep(query, [at])))
            builder.store(builder.fadd(builder.load(result), product), result)
        return builder.load(result)

    return signature, generate


@kernel(fastmath={"reassoc", "contract", "nsz"})
def _rough_cosine(vector: Float32Array, query: Float32Array) -> float:
    """The inner product in float32, summed in any order: fast, and off by its rounding."""
    total = np.float32(0.0)
    for j in range(vector.shape[0]):
        total += vector[j] * query[j]
    return float(total)


@kernel()
def _cosines(vectors: Float32Array, rows: Int64Array, queries: Float64Array) -> Float64Array:
    """Inner products, (len(rows), T), of vector rows with T unit queries; NaN for row -1."""
    out = np.empty((rows.shape[0], queries.shape[0]))
    for i in range(rows.shape[0]):
        row = rows[i]
        for t in range(queries.shape[0]):
            if row < 0:
                out[i, t] = math.nan
                continue
            out[i, t] = _cosine(vectors, row, queries, t)
    return out


@kernel()
def _calibrate(cosine: float, slope: float, intercept: float) -> float:
    """The logistic map, or the cosine itself where slope is 0 (no calibration)."""
    if slope == 0.0:
        return cosine
    return 1.0 / (1.0 + math.exp(-(slope * cosine + intercept)))


@kernel()
def _meanings(
    cosines: Float64Array, weights: Float64Array, slopes: Float64Array, intercepts: Float64Array
) -> Float64Array:
    """Weighted sums over the terms, (n,); NaN where the item has no such vector.

    ``weights`` are divided by the sum of their absolute values already.
    """
    out = np.empty(cosines.shape[0])
    for i in range(cosines.shape[0]):
        total = 0.0
        for t in range(cosines.shape[1]):
            total += weights[t] * _calibrate(cosines[i, t], slopes[t], intercepts[t])
        out[i] = total
    return out
