"""What is kept in memory of a version's class maps so that few of them need to be looked at.

Of each map and class: the means of blocks of cells, how far the cells are from them, and the
energy. A sketch's distance follows from these within what its strokes differ inside of blocks,
which for what people paint is little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from placelens import kernels
from placelens.storage.version import Version
from placelens.types import (
    BoolArray,
    FeatureName,
    Float32Array,
    Float64Array,
    Int32Array,
    Int64Array,
    UInt8Array,
)

# Blocks along a side.
_BLOCKS = 7
_LARGEST_SUM = 2**31 - 1


class Blocks(NamedTuple):
    """How the cells of a grid make blocks: of each cell its block, (cells,); of each its size."""

    block_of: Int64Array
    sizes: Int64Array

    @classmethod
    def of(cls, grid: tuple[int, int]) -> Blocks:
        """The blocks of a grid of rows and columns.

        Examples
        --------
        >>> blocks = Blocks.of((14, 14))
        >>> blocks.block_of[:4].tolist(), len(blocks.sizes), int(blocks.sizes.max())
        ([0, 0, 1, 1], 49, 4)
        """
        at = [np.arange(n) // -(-n // _BLOCKS) for n in grid]
        block_of = (at[0][:, None] * (at[1][-1] + 1) + at[1]).ravel()
        return cls(block_of, np.bincount(block_of))


class Asked(NamedTuple):
    """What a query is to summaries, the arguments of `kernels.painted._bound_distances`."""

    which: Int64Array
    sums: Int32Array
    stops: Int64Array
    classes: Int64Array
    uneven: Float32Array
    rounding: float

    @classmethod
    def of(cls, query: UInt8Array, classes: Int64Array, blocks: Blocks) -> Asked:
        """Of (cells, c) bytes, of which some classes count."""
        n_blocks = len(blocks.sizes)
        sums = np.zeros((n_blocks, query.shape[1]), dtype=np.int64)
        np.add.at(sums, blocks.block_of, query.astype(np.int64))
        means = sums / blocks.sizes[:, None]
        uneven = np.sqrt(((query - means[blocks.block_of]) ** 2).sum(axis=0))[classes]
        counted = np.zeros_like(sums)
        counted[:, classes] = sums[:, classes]
        flat = counted.T.ravel()  # class by class
        which = np.flatnonzero(flat)
        return cls(
            which,
            flat[which].astype(np.int32),
            _groups(flat[which]),
            classes,
            # Upwards by more than the rounding of these sums; 0 where the query is even.
            np.where(uneven > 1e-6, 2.0 * (uneven * (1.0 + 1e-6)), 0.0).astype(np.float32),
            float(flat.sum()),
        )


def _groups(sums: Int64Array) -> Int64Array:
    """Ends of groups of sums whose products with bytes add up to what 32 bits hold."""
    stops, total = [], 0
    for at, most in enumerate((255 * sums).tolist()):
        if total + most > _LARGEST_SUM:
            stops.append(at)
            total = 0
        total += most
    return np.array([*stops, len(sums)], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class ClassMaps:
    """The class maps of a version.

    Attributes
    ----------
    maps : (m, rows, columns, c) uint8.
    position : (n,) of each row of the version its place in ``maps``; -1 without a map.
    """

    maps: UInt8Array
    position: Int64Array

    @classmethod
    def of(cls, version: Version, feature: FeatureName) -> ClassMaps:
        """Those of a version."""
        maps, rows = version.maps(feature)

        def position() -> Int64Array:
            found = np.full(version.n_items, -1, dtype=np.int64)
            found[rows] = np.arange(len(rows))
            return found

        return cls(maps, version.made_once(f"places of {feature}", position))

    def distances(self, query: UInt8Array, counts: BoolArray, at: Int64Array) -> Int64Array:
        """Squared distances of some maps to a query, (len(at),), in squared bytes.

        Parameters
        ----------
        query, counts
            (rows, columns, c), as `placelens.sketch.painting.query_of` gives them.
        """
        flat = self.maps.reshape(len(self.maps), -1)
        which = counts.astype(np.int32).ravel()
        exact: Int64Array = kernels._map_distances(flat, at, query.ravel(), which)
        return exact


@dataclass(frozen=True, slots=True, eq=False)
class MapSummaries:
    """What is known of all class maps of a version without looking at them.

    ``means``, ``rest`` and ``energy`` are as `kernels.painted._summarize_maps` gives them.
    """

    blocks: Blocks
    means: UInt8Array
    rest: Float32Array
    energy: Int64Array

    @classmethod
    def of(cls, version: Version, feature: FeatureName) -> MapSummaries:
        """Those of a version, made once."""
        made: MapSummaries = version.made_once(
            f"summaries of {feature}", lambda: cls.made_of(version.maps(feature)[0])
        )
        return made

    @classmethod
    def made_of(cls, maps: UInt8Array) -> MapSummaries:
        """Those of maps, (m, rows, columns, c)."""
        blocks = Blocks.of((maps.shape[1], maps.shape[2]))
        flat = maps.reshape(len(maps), -1, maps.shape[3])
        return cls(blocks, *kernels._summarize_maps(flat, *blocks))

    def bounds(self, query: UInt8Array, counts: BoolArray) -> tuple[Float64Array, Float64Array]:
        """Least and largest squared distance of each map to a query of whole classes, (m,).

        Parameters
        ----------
        query, counts
            (rows, columns, c), as `placelens.sketch.painting.query_of` gives them; what counts of
            a class is all of its cells.
        """
        cells = query.reshape(-1, query.shape[-1])
        classes = np.flatnonzero(counts.any(axis=(0, 1)))
        asked = Asked.of(cells, classes, self.blocks)
        low, high = kernels._bound_distances(self.means, self.rest, self.energy, *asked)
        own = float((cells[:, classes].astype(np.int64) ** 2).sum())
        return np.maximum(0.0, low + own), high + own
