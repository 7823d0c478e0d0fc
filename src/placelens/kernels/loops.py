"""The innermost loops: inner products with vectors and with codes.

Each is there twice: written as vector instructions in `placelens.kernels.intrinsics`, and as the
plain loop that says what they do, to the bit. Those of codes want a processor with AVX2. The others
work anywhere; but what numba and LLVM take may change with any of their releases. So each is tried
on a few numbers when kernels are loaded, and where it cannot be compiled, or gives other numbers,
the plain loop takes its place: searches are slower then, and find the same.

Signs are read for 32 items at a time. Four bits make a group, whose inner product with a query
takes one of 16 values: a table of bytes. A vector shuffle looks up 32 items at once (Andre et al.,
"Cache locality is not enough", VLDB 2015; what faiss calls fast scan): some 4 ns an item of 512
bits, against 16 for eight planes of popcounts. numba has no shuffle, and does not find the byte
products for codes of four bits.

Layout of signs: blocks of 32 items; within a block, for each pair of groups, 32 bytes: an item's
byte has the first group of the pair in its low half and the second in its high half.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numba
import numpy as np

from placelens.kernels.jit import kernel
from placelens.kernels.layout import BLOCK, LANES, SUMS
from placelens.types import Float32Array, Float64Array, UInt8Array

log = logging.getLogger(__name__)


@kernel()
def _lane(
    vectors: Float32Array, row: int, queries: Float64Array, t: int, lane: int, whole: int
) -> float:
    """One of the ``LANES`` numbers that `_cosine` adds up at its end, in ``SUMS`` partial sums."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for at in range(lane, whole, LANES * SUMS):
        a += np.float64(vectors[row, at]) * queries[t, at]
        b += np.float64(vectors[row, at + LANES]) * queries[t, at + LANES]
        c += np.float64(vectors[row, at + 2 * LANES]) * queries[t, at + 2 * LANES]
        d += np.float64(vectors[row, at + 3 * LANES]) * queries[t, at + 3 * LANES]
    return (a + b) + (c + d)


@kernel()
def _cosine_plain(vectors: Float32Array, row: int, queries: Float64Array, t: int) -> float:
    """The inner product of ``vectors[row]``, float32, and ``queries[t]``, float64; the order of
    additions is part of what a score is, see `placelens.kernels.intrinsics._cosine`."""
    dim = vectors.shape[1]
    whole = dim - dim % (LANES * SUMS)
    e, f = _lane(vectors, row, queries, t, 0, whole), _lane(vectors, row, queries, t, 1, whole)
    g, h = _lane(vectors, row, queries, t, 2, whole), _lane(vectors, row, queries, t, 3, whole)
    total = (e + f) + (g + h)
    for at in range(whole, dim):
        total += np.float64(vectors[row, at]) * queries[t, at]
    return total


@kernel()
def _prefetch_plain(_values: Any, _at: int, _stop: int) -> None:
    """Nothing: to ask for values ahead of time is a hint."""


@kernel()
def _block_sums_plain(
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


@kernel()
def _fine_sum_plain(codes: UInt8Array, at: int, size: int, query: Any) -> int:
    """The sum of levels times a query's integers; see `_fill_levels`."""
    total = 0
    for j in range(size):
        byte = codes[at + j]
        low, high = int(byte) & 15, int(byte) >> 4
        total += low * (256 * int(query[0, j]) + int(query[1, j]))
        total += high * (256 * int(query[2, j]) + int(query[3, j]))
    return total


def has_shuffle() -> bool:
    """Whether the processor that numba compiles for has AVX2's byte shuffle."""
    if os.environ.get("NUMBA_CPU_NAME") or os.environ.get("NUMBA_CPU_FEATURES"):
        return False  # compiled for another processor than this one
    try:
        features = import_module("llvmlite.binding").get_host_cpu_features()
        return bool(features.get("avx2", False))
    except Exception:
        log.debug("llvmlite does not tell what the processor has", exc_info=True)
        return False


def choose(name: str, plain: Any, example: Callable[[Any], bool], failures: list[str]) -> Any:
    """The loop of a name in `placelens.kernels.intrinsics` if it passes an example, or ``plain``.

    ``example`` gets what can be called from here, and says whether the numbers are right. Why a
    loop is not used is added to ``failures``.
    """
    try:
        loops = import_module("placelens.kernels.intrinsics")
        if example(getattr(loops, f"_try{name}", None) or getattr(loops, name)):
            return getattr(loops, name)
        reason = "it gives other numbers"
    except Exception as error:  # whatever a new release makes of it
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
    failures.append(f"{name.lstrip('_')} ({reason})")
    return plain


def _is_product(loop: Any) -> bool:
    """Whole numbers, whose sums are exact in any order; more than are added as vectors."""
    numbers = np.arange(2 * (LANES * SUMS + 3)).reshape(2, -1)
    found = loop(numbers.astype(np.float32), 1, numbers.astype(np.float64), 0)
    return bool(found == numbers[1] @ numbers[0])


def _is_harmless(loop: Any) -> bool:
    numbers = np.arange(40.0)
    loop(numbers, 0, 40)
    return bool(numbers.sum() == 780.0)


def _adds_blocks(loop: Any) -> bool:
    codes = np.arange(3 * BLOCK, dtype=np.uint8) * np.uint8(7)
    table = np.arange(3 * 32, dtype=np.uint8)
    found = np.zeros(BLOCK, dtype=np.uint16)
    loop(codes, BLOCK, 2, table, 32, found)
    pairs, halves = codes[BLOCK:].reshape(2, BLOCK), table[32:].reshape(2, 2, 16).astype(np.int64)
    wanted = sum(halves[i, 0][pairs[i] & 15] + halves[i, 1][pairs[i] >> 4] for i in range(2))
    return bool(np.array_equal(found, wanted))


def _adds_levels(loop: Any) -> bool:
    codes = np.arange(64, dtype=np.uint8) * np.uint8(5)
    query = (np.arange(4 * 32) - 60).astype(np.int8).reshape(4, 32)
    low, high = codes[32:].astype(np.int64) & 15, codes[32:].astype(np.int64) >> 4
    a, b, c, d = query.astype(np.int64)
    return bool(loop(codes, 32, 32, query) == low @ (256 * a + b) + high @ (256 * c + d))


_failures: list[str] = []
_cosine = choose("_cosine", _cosine_plain, _is_product, _failures)
_prefetch = choose("_prefetch", _prefetch_plain, _is_harmless, _failures)
_block_sums, _fine_sum = _block_sums_plain, _fine_sum_plain
if has_shuffle():
    _block_sums = choose("_block_sums", _block_sums_plain, _adds_blocks, _failures)
    _fine_sum = choose("_fine_sum", _fine_sum_plain, _adds_levels, _failures)
if _failures:
    log.warning(
        "numba %s does not take the vector instructions of %s: searches are slower, and find the "
        "same; another release of numba may take them",
        numba.__version__,
        ", ".join(_failures),
    )
