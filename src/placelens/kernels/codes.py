"""Inner products with codes of one and of four bits a dimension, by vector instructions.

Signs hold one bit a dimension, and are read for 32 items at a time. Four bits make a group,
whose inner product with a query takes one of 16 values: a table of bytes. A vector shuffle looks
up 32 items at once (Andre et al., "Cache locality is not enough", VLDB 2015; what faiss calls fast
scan): some 4 ns an item of 512 bits, against 16 for eight planes of popcounts. numba has no
shuffle, and does not find the byte products for codes of four bits, so both loops are LLVM IR
here, with plain loops for processors without AVX2.

Layout of signs: blocks of 32 items; within a block, for each pair of groups, 32 bytes: an
item's byte has the first group of the pair in its low half and the second in its high half.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from placelens.kernels.jit import kernel
from placelens.kernels.layout import BLOCK
from placelens.types import Float32Array, UInt8Array

CACHE_LINE = 64


def has_shuffle() -> bool:
    """Whether the processor that numba compiles for has AVX2's byte shuffle."""
    if os.environ.get("NUMBA_CPU_NAME") or os.environ.get("NUMBA_CPU_FEATURES"):
        return False  # compiled for another processor than this one
    return bool(binding.get_host_cpu_features().get("avx2", False))


@kernel()
def _block_sums_portable(
    codes: UInt8Array, code_at: int, n_pairs: int, table: UInt8Array, table_at: int, out: Any
) -> None:
    """Sums of the table's bytes over all groups for the 32 items of a block, into ``out``."""
    for j in range(BLOCK):
        out[j] = 0
    for pair in range(n_pairs):
        at, low, high = code_at + pair * BLOCK, table_at + pair * 32, table_at + pair * 32 + 16
        for j in range(BLOCK):
            byte = codes[at + j]
            out[j] += np.uint16(table[low + (byte & 15)]) + np.uint16(table[high + (byte >> 4)])


@intrinsic
def _block_sums_avx2(
    _typing: Any, codes: Any, code_at: Any, n_pairs: Any, table: Any, table_at: Any, out: Any
) -> Any:
    """`_block_sums_portable` by shuffles. The two entries of a pair, at most 127 each, are added as
    bytes; pairs in 16-bit lanes, which hold two items: ``even`` takes the whole lane, ``odd`` its
    upper byte, and what that added to ``even`` is taken off at the end, modulo 2^16."""
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


@kernel()
def _fine_sum_portable(codes: UInt8Array, at: int, size: int, query: Any) -> int:
    """The sum of levels times a query's integers; see `_fill_levels`."""
    total = 0
    for j in range(size):
        byte = codes[at + j]
        low, high = int(byte) & 15, int(byte) >> 4
        total += low * (256 * int(query[0, j]) + int(query[1, j]))
        total += high * (256 * int(query[2, j]) + int(query[3, j]))
    return total


@intrinsic
def _fine_sum_avx2(_typing: Any, codes: Any, at: Any, size: Any, query: Any) -> Any:
    """`_fine_sum_portable`, 32 bytes at a time."""
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


if has_shuffle():

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

else:
    _block_sums, _fine_sum = _block_sums_portable, _fine_sum_portable


@kernel()
def _fill_table(rotated: Float32Array, table: UInt8Array) -> tuple[float, float]:
    """A query's table, 16 bytes a group of 4 dimensions, and (step, lowest).

    For every sign pattern ``s``: ``s . rotated <= lowest + step * sum of bytes``, and the right
    side exceeds the left by at most ``step`` times the number of groups.
    """
    n_groups = rotated.shape[0] // 4
    widest, lowest = 0.0, 0.0
    for group in range(n_groups):
        reach = 0.0
        for j in range(4):
            reach += abs(np.float64(rotated[4 * group + j]))
        lowest -= reach
        widest = max(widest, 2.0 * reach)
    # Two must fit in a byte, and all sums in 16 bits.
    highest = min(127, 65_535 // n_groups)
    step = max(widest / highest, 1e-30)
    for group in range(n_groups):
        reach = 0.0
        for j in range(4):
            reach += abs(np.float64(rotated[4 * group + j]))
        for pattern in range(16):
            value = reach
            for j in range(4):
                component = np.float64(rotated[4 * group + j])
                value += component if (pattern >> j) & 1 else -component
            # Rounded up, so that the sum of the bytes is an upper bound.
            table[16 * group + pattern] = min(highest, int(np.ceil(value / step - 1e-9)))
    return step, lowest


@kernel()
def _fill_levels(rotated: Float32Array, levels: Any) -> float:
    """A query in integers for `_fine_sum`, (4, size) int8, and the step between them.

    Component j is ``step * (256 a + b)``; the first half of the dimensions has its a and b in
    rows 0 and 1, the second in rows 2 and 3. Each is off by at most half a step.
    """
    half = rotated.shape[0] // 2
    largest = 1e-30
    for j in range(rotated.shape[0]):
        largest = max(largest, abs(np.float64(rotated[j])))
    step = largest / 32_000.0
    levels[:] = 0
    for j in range(rotated.shape[0]):
        number = int(np.rint(rotated[j] / step))
        upper = (number + 128) >> 8
        row = 0 if j < half else 2
        levels[row, j % half] = upper
        levels[row + 1, j % half] = number - 256 * upper
    return step
