"""Class maps in a few bytes each: the paper's small mode, by product quantization.

A map of 14 x 14 cells and 8 classes takes 1,568 bytes, one of 64 x 64 and 60 takes 245,760. Here
the map of each class is a sub-vector, or several of them, and of each is kept which of 256
centroids it is nearest to: 8 or 60 bytes. The distance to a query is then a sum of as many numbers
from tables that are made once a query (Eq. 8-12 of the paper). It is approximate: the distance to
what the codes stand for, not to the map.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from placelens import kernels
from placelens.display import shown
from placelens.encoders.class_map import WHOLE
from placelens.encoders.concept_map import read_arrays
from placelens.errors import InputError, ReadError
from placelens.types import BoolArray, Float64Array, Int32Array, Int64Array, UInt8Array

FORMAT = 1
MOST_CENTROIDS = 256
# Squares of that many differences of bytes have sums that fit in 32 bits: 181 x 181 cells.
MOST_CELLS = (2**31 - 1) // (WHOLE * WHOLE)
# Rounds of k-means; the maps of 844 street photos need 8 to 20 until nothing moves.
_ROUNDS = 50
# Bytes of maps, and of numbers made from them, that are worked on at once.
_BLOCK_BYTES = 2**27


@dataclass(frozen=True, kw_only=True, eq=False)
class MapQuantizer:
    """Turns stored class maps into codes, and finds the distances of a query to codes.

    The paper has one sub-vector a class (M = C): the maps of classes are taken for independent, and
    a painted query reads the codes of painted classes only. ``parts`` cuts the map of every class
    further, by rows and columns of a grid; that keeps both properties, and loses less of large
    classes, whose maps are more various than 256 centroids.

    Attributes
    ----------
    centroids : (rows, columns, c, k) uint8, k in 2 to 256: of each cell and class the values of the
        centroids of the sub-vector that it belongs to.
    parts : rows and columns of the parts that the map of each class is cut into; (1, 1) is the
        paper's.

    Raises
    ------
    InputError
        If these are no such arrays, or there are more parts than cells.

    Examples
    --------
    Two of four maps of one class and 1 x 2 cells are kept exactly, the others nearly.

    >>> maps = np.array([[0, 0], [2, 0], [255, 255], [253, 255]], dtype=np.uint8)
    >>> maps = maps.reshape(4, 1, 2, 1)
    >>> quantizer = MapQuantizer.train(maps, n_centroids=2)
    >>> codes = quantizer.encode(maps)
    >>> codes.shape, quantizer.bytes_per_image
    ((4, 1, 1), 1)
    >>> quantizer.decode(codes[[0, 3]]).ravel().tolist()
    [1, 0, 254, 255]

    The first cell is painted, and the second is not to show the class.

    >>> query = np.array([255, 0], dtype=np.uint8).reshape(1, 2, 1)
    >>> quantizer.distances(query, np.full((1, 2, 1), True), codes).round(3).tolist()
    [0.992, 0.992, 1.0, 1.0]
    """

    centroids: UInt8Array
    parts: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        array = self.centroids
        is_one = isinstance(array, np.ndarray) and array.dtype == np.uint8 and array.ndim == 4
        if not is_one or 0 in array.shape:
            raise InputError(
                "a quantizer's centroids are uint8 (rows, columns, classes, centroids), got "
                f"{getattr(array, 'dtype', type(array).__name__)} {np.shape(array)}"
            )
        _check_n_centroids(array.shape[3])
        _check_parts(self.parts, self.grid)

    @classmethod
    def train(
        cls,
        maps: UInt8Array,
        *,
        n_centroids: int = MOST_CENTROIDS,
        parts: tuple[int, int] = (1, 1),
        seed: int = 0,
    ) -> MapQuantizer:
        """The quantizer whose centroids k-means finds among some maps (Eq. 8 of the paper).

        Sub-vectors that occur often count so often. If there are no more different ones than
        centroids, each is kept exactly. Time grows with maps, cells and centroids.

        Parameters
        ----------
        maps
            (n, rows, columns, c) uint8, as they are stored; ``n_centroids`` or more of them.
        n_centroids
            The paper's K, in 2 to 256.
        parts
            Rows and columns of the parts of each class's map.
        seed
            Of the places where k-means begins.

        Raises
        ------
        InputError
            If there are fewer maps than centroids, or a setting is out of range.
        """
        given = _checked_maps(maps)
        _check_n_centroids(n_centroids)
        _check_parts(parts, given.shape[1:3])
        if len(given) < n_centroids:
            raise InputError(
                f"{len(given)} class maps cannot teach {n_centroids} centroids; give more maps, or "
                "ask for fewer centroids"
            )
        centroids = np.empty((*given.shape[1:], n_centroids), dtype=np.uint8)
        # In one thread: k-means makes many short calls, each of which would wait for all threads,
        # beside other work twenty times as long; and sums come in one order.
        with threadpool_limits(1):
            for c in range(given.shape[3]):
                of_class = np.ascontiguousarray(given[..., c])
                for cells in _cells_of_parts(given.shape[1:3], parts):
                    values = of_class[:, *cells].reshape(len(given), -1)
                    found = _centroids_of(values, n_centroids, seed)
                    shape = centroids[*cells, c].shape
                    centroids[*cells, c] = found.T.reshape(shape)
        return cls(centroids=centroids, parts=parts)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the maps."""
        rows, columns = self.centroids.shape[:2]
        return rows, columns

    @property
    def n_classes(self) -> int:
        """The paper's C."""
        return self.centroids.shape[2]

    @property
    def n_centroids(self) -> int:
        """The paper's K."""
        return self.centroids.shape[3]

    @property
    def n_parts(self) -> int:
        """Sub-vectors a class; the paper's M is this many times the classes."""
        return self.parts[0] * self.parts[1]

    @property
    def bytes_per_image(self) -> int:
        """What the code of a map takes."""
        return self.n_classes * self.n_parts

    @cached_property
    def fingerprint(self) -> str:
        """12 hexadecimal digits over what decides the codes."""
        digest = hashlib.sha256(repr((self.centroids.shape, self.parts)).encode())
        digest.update(np.ascontiguousarray(self.centroids).tobytes())
        return digest.hexdigest()[:12]

    def encode(self, maps: UInt8Array) -> UInt8Array:
        """Codes of maps: the nearest centroid of each sub-vector; of equally near ones the first.

        A map's code does not depend on what else is encoded, so that codes can be made as images
        come.

        Parameters
        ----------
        maps
            (n, rows, columns, c) uint8.

        Returns
        -------
        (n, c, parts) uint8

        Raises
        ------
        InputError
            If the maps are of another shape.
        """
        given = _checked_maps(maps)
        if given.shape[1:] != self.centroids.shape[:3]:
            raise InputError(
                f"this quantizer takes class maps (n, *{self.centroids.shape[:3]}), got "
                f"{given.shape}"
            )
        codes = np.empty((len(given), self.n_classes, self.n_parts), dtype=np.uint8)
        step = max(1, _BLOCK_BYTES // max(1, self.centroids[..., 0].size))
        with threadpool_limits(1):
            for first in range(0, len(given), step):
                rows = slice(first, first + step)
                self._encode_block(given[rows], codes[rows])
        return codes

    def _encode_block(self, maps: UInt8Array, out: UInt8Array) -> None:
        """Write the codes of some maps."""
        by_class = np.ascontiguousarray(np.moveaxis(maps, 3, 0))
        by_class = by_class.reshape(self.n_classes, len(maps), self._part_of_cell.size)
        centroids, norms = self._by_class
        for part in range(self.n_parts):
            cells = self._part_of_cell == part
            whole = slice(None) if cells.all() else cells
            for c in range(self.n_classes):
                out[:, c, part] = _nearest(
                    by_class[c][:, whole], centroids[c][whole], norms[c, part]
                )

    def decode(self, codes: UInt8Array) -> UInt8Array:
        """The maps that codes stand for, (n, rows, columns, c) uint8.

        Raises
        ------
        InputError
            If these are no codes of this quantizer.
        """
        checked = self._checked_codes(codes)
        maps = np.empty((len(checked), *self.centroids.shape[:3]), dtype=np.uint8)
        for part, cells in enumerate(_cells_of_parts(self.grid, self.parts)):
            for c in range(self.n_classes):
                chosen = self.centroids[*cells, c][..., checked[:, c, part]]
                maps[:, *cells, c] = np.moveaxis(chosen, -1, 0)
        return maps

    def distances(self, query: UInt8Array, counts: BoolArray, codes: UInt8Array) -> Float64Array:
        """``sum ||q_c - f_c(p_c)||^2`` over what counts (Eq. 10 and 12 of the paper).

        Exactly `placelens.sketch.distance.squared_distances` of `decode`, and of the maps
        approximately. Read are the codes of classes that count, and in the tables only cells that
        are painted; the GIL is released, so that threads may take rows of the codes each.

        Parameters
        ----------
        query, counts
            (rows, columns, c) uint8 and bool, as `placelens.sketch.painting.query_of` gives them.
        codes
            (n, c, parts), of `encode`.

        Returns
        -------
        (n,) float64

        Raises
        ------
        InputError
            If the query or the codes are of other shapes.
        """
        checked = self._checked_codes(codes)
        columns, tables = self._tables(*self._checked_query(query, counts))
        total = np.empty(len(checked), dtype=np.int64)
        flat = checked.reshape(len(checked), -1)
        kernels._quantized_distances(flat, columns, tables, total)
        return total / float(WHOLE * WHOLE)

    def to_bytes(self) -> bytes:
        """An ``.npz`` file of plain arrays; the same bytes every time."""
        file = io.BytesIO()
        np.savez(file, format=FORMAT, centroids=self.centroids, parts=np.array(self.parts))
        return file.getvalue()

    def save(self, path: str | Path) -> None:
        """Write `to_bytes` to a file."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> MapQuantizer:
        """Read what `save` wrote; nothing in the file is executed.

        Raises
        ------
        ReadError
            If the file cannot be read, is of another kind, or was written by a newer placelens.
        """
        try:
            arrays = read_arrays(path)
            if int(arrays["format"]) > FORMAT:
                raise ReadError(f"{path} was written by a newer placelens; upgrade to read it")
            rows, columns = arrays["parts"].tolist()
            return cls(centroids=arrays["centroids"], parts=(rows, columns))
        except (ReadError, InputError, KeyError, ValueError, TypeError) as error:
            raise ReadError(f"{path} holds no quantizer of class maps ({error})") from error

    def _tables(self, query: UInt8Array, counts: BoolArray) -> tuple[Int64Array, Int32Array]:
        """Columns of the codes that count, and the squared distances to their centroids."""
        centroids, norms = self._by_class
        n_cells = centroids.shape[1]
        by_class = (
            np.ascontiguousarray(array.reshape(n_cells, -1).T, dtype=array.dtype)
            for array in (query, counts)
        )
        return kernels._quantizer_tables(centroids, self._part_of_cell, norms, *by_class)

    @cached_property
    def _part_of_cell(self) -> Int64Array:
        part_of_cell = np.empty(self.grid, dtype=np.int64)
        for part, cells in enumerate(_cells_of_parts(self.grid, self.parts)):
            part_of_cell[cells] = part
        return part_of_cell.ravel()

    @cached_property
    def _by_class(self) -> tuple[UInt8Array, Int32Array]:
        """The centroids as the kernel takes them, (c, cells, k), and their squared lengths."""
        flat = self.centroids.reshape(-1, self.n_classes, self.n_centroids)
        by_class = np.ascontiguousarray(flat.transpose(1, 0, 2))
        norms = np.zeros((self.n_classes, self.n_parts, self.n_centroids), dtype=np.int32)
        for part in range(self.n_parts):
            own = by_class[:, self._part_of_cell == part].astype(np.int32)
            norms[:, part] = (own * own).sum(axis=1, dtype=np.int32)
        return by_class, norms

    def _checked_query(self, query: object, counts: object) -> tuple[UInt8Array, BoolArray]:
        arrays = np.asarray(query), np.asarray(counts)
        shape = self.centroids.shape[:3]
        wanted: tuple[type[np.generic], ...] = (np.uint8, np.bool_)
        if any(a.shape != shape or a.dtype != d for a, d in zip(arrays, wanted, strict=True)):
            told = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
            raise InputError(
                f"this quantizer compares queries uint8 and bool of {shape} with codes, got {told}"
            )
        return arrays

    def _checked_codes(self, codes: object) -> UInt8Array:
        array = np.asarray(codes)
        shape = (self.n_classes, self.n_parts)
        if array.dtype != np.uint8 or array.ndim != 3 or array.shape[1:] != shape:
            raise InputError(
                f"codes of this quantizer are uint8 (n, *{shape}), got {array.dtype} {array.shape}"
            )
        # Other codes would be read beside the tables.
        if array.max(initial=0) >= self.n_centroids:
            raise InputError(
                f"a code is {int(array.max())}; this quantizer has {self.n_centroids} centroids"
            )
        return np.ascontiguousarray(array)


def _cells_of_parts(grid: tuple[int, ...], parts: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the cells of each part, one after the other."""
    rows, columns = (
        np.linspace(0, side, n + 1).round().astype(int).tolist()
        for side, n in zip(grid, parts, strict=True)
    )
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            yield slice(top, bottom), slice(left, right)


def _centroids_of(values: UInt8Array, n_centroids: int, seed: int) -> UInt8Array:
    """Centroids (k, d) of sub-vectors (n, d)."""
    # As strings of bytes: NumPy would compare columns one by one.
    rows = np.ascontiguousarray(values).view(np.dtype((np.void, values.shape[1]))).ravel()
    _, first, times = np.unique(rows, return_index=True, return_counts=True)
    different = values[first]
    if len(different) <= n_centroids:
        # Those that are left over repeat the last, and no code names them.
        return different[np.minimum(np.arange(n_centroids), len(different) - 1)]
    from sklearn.cluster import KMeans

    kmeans = KMeans(n_centroids, n_init=1, max_iter=_ROUNDS, random_state=seed)
    kmeans.fit(different.astype(np.float32), sample_weight=times)
    return np.rint(kmeans.cluster_centers_).astype(np.uint8)


def _nearest(values: UInt8Array, centroids: UInt8Array, norms: Int32Array) -> UInt8Array:
    """The nearest of centroids (d, k) to each sub-vector (n, d); in whole numbers, so exactly."""
    # Most classes are nowhere in most images, and what is nowhere has one code.
    nearest = np.full(len(values), norms.argmin(), dtype=np.uint8)
    somewhere = np.flatnonzero(values.any(axis=1))
    if len(somewhere):
        products = values[somewhere].astype(np.float64) @ centroids.astype(np.float64)
        nearest[somewhere] = (norms - 2.0 * products).argmin(axis=1)
    return nearest


def _checked_maps(maps: object) -> UInt8Array:
    array = np.asarray(maps)
    if array.dtype != np.uint8 or array.ndim != 4 or 0 in array.shape[1:]:
        raise InputError(
            f"class maps are uint8 (n, rows, columns, classes), got {array.dtype} {array.shape}"
        )
    return array


def _check_n_centroids(n_centroids: object) -> None:
    if not isinstance(n_centroids, int) or not 2 <= n_centroids <= MOST_CENTROIDS:
        raise InputError(
            f"a sub-vector has 2 to {MOST_CENTROIDS} centroids, whose number is a byte; got "
            f"{shown(n_centroids)}"
        )


def _check_parts(parts: Any, grid: tuple[int, ...]) -> None:
    is_pair = isinstance(parts, tuple) and len(parts) == 2
    if not is_pair or not all(
        isinstance(n, int) and 1 <= n <= side for n, side in zip(parts, grid, strict=True)
    ):
        raise InputError(
            f"maps of {grid[0]} x {grid[1]} cells are cut into (rows, columns) of parts, whole "
            f"numbers up to those of the cells; got {shown(parts)}"
        )
    sides = [-(-side // n) for n, side in zip(parts, grid, strict=True)]
    if sides[0] * sides[1] > MOST_CELLS:
        raise InputError(
            f"parts of {sides[0]} x {sides[1]} cells are too large; cut the maps into more parts "
            f"than {parts[0]} x {parts[1]}"
        )
