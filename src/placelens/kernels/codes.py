"""A query in tables and in integers, for its inner products with codes; see
`placelens.kernels.loops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from placelens.kernels.jit import kernel
from placelens.types import Float32Array, UInt8Array


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
