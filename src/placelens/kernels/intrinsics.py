"""The innermost loops as LLVM IR, for what numba has no words for.

A new release of numba or LLVM may not take them: `placelens.kernels.loops` tries each before it is
used, and has a plain loop of the same bits in its place.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from placelens.kernels.jit import kernel
from placelens.kernels.layout import LANES, SUMS
from placelens.types import Float32Array, Float64Array, UInt8Array

CACHE_LINE = 64


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


@intrinsic
def _prefetch(_typing: Any, values: Any, at: Any, stop: Any) -> Any:
    """Ask for the cache lines of a C-contiguous array's values ``at`` to ``stop``, so that they are
    on their way when they are wanted. A hint: nothing changes."""
    signature = types.void(values, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", (byte,), ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        )
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        step = ir.Constant(args[1].type, max(1, CACHE_LINE // size))
        with cgutils.for_range_slice(builder, args[1], args[2], step) as (i, _):
            line = builder.bitcast(builder.gep(array.data, [i]), byte)
            # For reading, to be kept in all caches, data.
            builder.call(prefetch, [line, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _block_sums_avx2(
    _typing: Any, codes: Any, code_at: Any, n_pairs: Any, table: Any, table_at: Any, out: Any
) -> Any:
    """`placelens.kernels.loops._block_sums_plain` by shuffles.

    The two entries of a pair, at most 127 each, are added as bytes; pairs in 16-bit lanes, which
    hold two items: ``even`` takes the whole lane, ``odd`` its upper byte, and what that added to
    ``even`` is taken off at the end, modulo 2^16.
    """
    signature = types.void(codes, types.intp, types.intp, table, types.intp, out)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def data(i: int) -> Any:
            return context.make_array(signature.args[i])(context, builder, args[i]).data

        byte, word, lane = ir.IntType(8), ir.IntType(16), ir.IntType(32)
        bytes32, bytes16 = ir.VectorType(byte, 32), ir.VectorType(byte, 16)
        words = ir.VectorType(word, 16)

        def at(pointer: Any, offset: Any, kind: Any) -> Any:
            return builder.bitcast(builder.gep(pointer, [offset]), kind.as_pointer())

        def constant(value: int) -> Any:
            return ir.Constant(words, [value] * 16)

        def mix(a: Any, b: Any, order: list[int]) -> Any:
            kind = ir.VectorType(lane, len(order))
            return builder.shuffle_vector(a, b, ir.Constant(kind, order))

        shuffle = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(bytes32, [bytes32, bytes32]), "llvm.x86.avx2.pshuf.b"
        )
        codes_at = builder.gep(data(0), [args[1]])
        tables_at = builder.gep(data(3), [args[4]])
        even = cgutils.alloca_once_value(builder, constant(0))
        odd = cgutils.alloca_once_value(builder, constant(0))
        size = args[2].type
        nibble = ir.Constant(bytes32, [15] * 32)
        with cgutils.for_range(builder, args[2]) as loop:
            start = builder.mul(loop.index, ir.Constant(size, 32))
            code = builder.load(at(codes_at, start, bytes32), align=1)
            upper = builder.lshr(builder.bitcast(code, words), constant(4))
            halves = (code, builder.bitcast(upper, bytes32))
            entries = []
            for half, offset in zip(halves, (0, 16), strict=True):
                place = builder.add(start, ir.Constant(size, offset))
                entry = builder.load(at(tables_at, place, bytes16), align=1)
                both = mix(entry, entry, [*range(16), *range(16)])
                entries.append(builder.call(shuffle, [both, builder.and_(half, nibble)]))
            pair = builder.bitcast(builder.add(*entries), words)
            builder.store(builder.add(builder.load(even), pair), even)
            upper = builder.lshr(pair, constant(8))
            builder.store(builder.add(builder.load(odd), upper), odd)
        odds = builder.load(odd)
        evens = builder.sub(builder.load(even), builder.shl(odds, constant(8)))
        for part in range(2):
            order = [lane for j in range(8 * part, 8 * part + 8) for lane in (j, 16 + j)]
            where = at(data(5), ir.Constant(size, 16 * part), words)
            builder.store(mix(evens, odds, order), where, align=2)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _fine_sum_avx2(_typing: Any, codes: Any, at: Any, size: Any, query: Any) -> Any:
    """`placelens.kernels.loops._fine_sum_plain`, 32 bytes at a time."""
    signature = types.int64(codes, types.intp, types.intp, query)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def data(i: int) -> Any:
            return context.make_array(signature.args[i])(context, builder, args[i]).data

        byte, word, long = ir.IntType(8), ir.IntType(16), ir.IntType(32)
        bytes32, words = ir.VectorType(byte, 32), ir.VectorType(word, 16)
        longs = ir.VectorType(long, 8)
        declare = cgutils.get_or_insert_function
        products = declare(
            builder.module, ir.FunctionType(words, [bytes32, bytes32]), "llvm.x86.avx2.pmadd.ub.sw"
        )
        widen = declare(
            builder.module, ir.FunctionType(longs, [words, words]), "llvm.x86.avx2.pmadd.wd"
        )
        ones, four = ir.Constant(words, [1] * 16), ir.Constant(words, [4] * 16)
        nibble = ir.Constant(bytes32, [15] * 32)
        size_type = args[2].type
        step = ir.Constant(size_type, 32)
        sums = [cgutils.alloca_once_value(builder, ir.Constant(longs, [0] * 8)) for _ in range(2)]

        def load(pointer: Any, offset: Any) -> Any:
            where = builder.gep(pointer, [offset])
            return builder.load(builder.bitcast(where, bytes32.as_pointer()), align=1)

        start, queries = builder.gep(data(0), [args[1]]), data(3)
        with cgutils.for_range(builder, builder.udiv(args[2], step)) as loop:
            offset = builder.mul(loop.index, step)
            code = load(start, offset)
            upper = builder.lshr(builder.bitcast(code, words), four)
            low = builder.and_(code, nibble)
            high = builder.and_(builder.bitcast(upper, bytes32), nibble)
            for part in range(2):  # 256s, then ones
                terms = []
                for levels, half in ((low, 0), (high, 2)):
                    row = builder.mul(args[2], ir.Constant(size_type, half + part))
                    numbers = load(queries, builder.add(row, offset))
                    terms.append(builder.call(products, [levels, numbers]))
                wide = builder.call(widen, [builder.add(*terms), ones])
                builder.store(builder.add(builder.load(sums[part]), wide), sums[part])
        add = declare(
            builder.module, ir.FunctionType(long, [longs]), "llvm.vector.reduce.add.v8i32"
        )
        number = ir.IntType(64)
        large, small = (
            builder.sext(builder.call(add, [builder.load(total)]), number) for total in sums
        )
        return builder.add(builder.mul(large, ir.Constant(number, 256)), small)

    return signature, generate


@kernel()
def _try_cosine(vectors: Float32Array, row: int, queries: Float64Array, t: int) -> float:
    """`_cosine`, for who is not compiled."""
    return _cosine(vectors, row, queries, t)


@kernel()
def _try_prefetch(values: Any, at: int, stop: int) -> None:
    """`_prefetch`, for who is not compiled."""
    _prefetch(values, at, stop)


@kernel()
def _block_sums(
    codes: UInt8Array, code_at: int, n_pairs: int, table: UInt8Array, table_at: int, out: Any
) -> None:
    """Sums of the table's bytes over all groups for the 32 items of a block, into ``out``."""
    _block_sums_avx2(codes, code_at, n_pairs, table, table_at, out)


@kernel()
def _fine_sum(codes: UInt8Array, at: int, size: int, query: Any) -> int:
    """The sum of an item's levels times a query's integers (4, size), see `_fill_levels`."""
    return _fine_sum_avx2(codes, at, size, query)
