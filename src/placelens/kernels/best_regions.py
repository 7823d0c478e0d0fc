"""The region of each image that fits a phrase best, on the bytes that are kept of regions."""

from __future__ import annotations

import math

import numpy as np

from placelens.kernels.jit import kernel
from placelens.types import (
    Float32Array,
    Float64Array,
    Int16Array,
    Int64Array,
    UInt8Array,
)


@kernel()
def _best_regions(
    codes: UInt8Array,
    shrink: Float32Array,
    at: Int64Array,
    queries: Int16Array,
    steps: Float64Array,
    offsets: Float64Array,
    best: Float64Array,
    where: Int64Array,
) -> None:
    """Of each phrase the largest cosine with a region of some images, and which region it is.

    Products are of whole numbers, so that a sum's order, and with it what a processor adds at
    once, does not show in them.

    Parameters
    ----------
    codes : (n, regions, k) bytes of all images.
    shrink : (n, regions) what makes a product with a region a cosine.
    at : (m,) the images that are asked for.
    queries : (p, k) so small that k products with bytes add up to less than 2^31.
    steps, offsets : (p,) what makes a sum of these the product with a region.
    best, where : (m, p) the answers.
    """
    n_regions, k = codes.shape[1], codes.shape[2]
    for i in range(at.shape[0]):
        image = codes[at[i]]
        own = shrink[at[i]]
        for p in range(queries.shape[0]):
            query, step, offset = queries[p], steps[p], offsets[p]
            largest, found = -math.inf, 0
            for j in range(n_regions):
                total = np.int32(0)
                for c in range(k):
                    total += np.int32(image[j, c]) * np.int32(query[c])
                cosine = (total * step + offset) * own[j]
                if cosine > largest:
                    largest, found = cosine, j
            best[i, p], where[i, p] = largest, found
