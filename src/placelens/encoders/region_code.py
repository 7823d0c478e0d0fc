"""The vectors of an image's regions, short enough to keep beside every item of a collection.

7 x 7 regions of 384 numbers are 75,264 bytes of float32, fifty times an image's own vector. The
regions of an encoder vary along few directions: a `RegionCode` keeps the 64 along which they vary
most (their principal components), each as a byte: 3,136 bytes an image.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from placelens.encoders.concept_map import read_arrays
from placelens.errors import EncoderError, ReadError
from placelens.types import Float32Array, UInt8Array

# A byte holds -LEVELS to LEVELS, moved up by ZERO; a byte of 0 stands for nothing.
LEVELS, ZERO = 127, 128
N_COMPONENTS = 64
# Of the values of a component, the share that its scale holds: those beyond are cut off, and all
# others told more finely. Of lite's regions, 64 components lose 0.1327 of the mean cosine of photos
# as they are, 0.1331 in bytes so, 0.1335 with a scale that holds all, and 0.1400 with one scale.
REACH = 0.999


@dataclass(frozen=True, kw_only=True, eq=False)
class RegionCode:
    """How the regions of one encoder become bytes, and bytes regions again.

    A component has a scale of its own: the first of `lite` reaches five times as far as the last.
    What is beyond the scale is cut off.

    Attributes
    ----------
    mean : (dim,) float32, of all regions.
    basis : (k, dim) float32, orthonormal rows: the components, those that vary most first.
    scale : (k,) float32 above 0: the largest value that can be told of each component.

    Raises
    ------
    EncoderError
        If these are no such arrays, or do not fit together.

    Examples
    --------
    Regions of 3 numbers that vary along 2 directions are kept in 2 bytes each.

    >>> two = np.random.default_rng(0).normal(size=(5, 7, 7, 2)).astype(np.float32)
    >>> regions = two @ np.array([[2, 1, 0], [0, 1, 1]], dtype=np.float32)
    >>> code = RegionCode.fit(regions, n_components=2)
    >>> codes = code.encode(regions)
    >>> codes.shape, codes.dtype
    ((5, 7, 7, 2), dtype('uint8'))
    >>> bool(np.abs(code.decode(codes) - regions).mean() < 0.02)
    True
    >>> code.encode(regions[:0]).shape
    (0, 7, 7, 2)
    """

    mean: Float32Array
    basis: Float32Array
    scale: Float32Array

    def __post_init__(self) -> None:
        arrays = {"mean": (self.mean, 1), "basis": (self.basis, 2), "scale": (self.scale, 1)}
        for name, (array, n_axes) in arrays.items():
            is_one = isinstance(array, np.ndarray) and array.dtype == np.float32
            if not (is_one and array.ndim == n_axes and np.isfinite(array).all()):
                raise EncoderError(
                    f"a region code's {name} is a finite float32 array of {n_axes} axes, and got "
                    f"{getattr(array, 'dtype', type(array).__name__)} {np.shape(array)}"
                )
        k, dim = self.basis.shape
        if self.mean.shape != (dim,) or self.scale.shape != (k,) or not 1 <= k <= dim:
            raise EncoderError(
                "a region code is a mean (dim,), a basis (k, dim), k up to dim, and a scale (k,); "
                f"got {self.mean.shape}, {self.basis.shape}, {self.scale.shape}"
            )
        if not (self.scale > 0).all():
            raise EncoderError(f"a region code's scales are above 0, got {self.scale.min()}")
        if not np.allclose(self.basis @ self.basis.T, np.eye(k), atol=1e-4):
            raise EncoderError("the rows of a region code's basis are not orthonormal")

    @classmethod
    def fit(cls, regions: Float32Array, n_components: int = N_COMPONENTS) -> RegionCode:
        """The code that loses least of some regions, of those with so many bytes a region.

        Parameters
        ----------
        regions
            (..., dim), as many as ``n_components`` or more, of any length: the longer a region,
            the more it counts.
        n_components
            Bytes a region, 1 to dim.

        Raises
        ------
        EncoderError
            If there are too few regions, or too many components.
        """
        rows = np.asarray(regions, dtype=np.float64).reshape(-1, np.shape(regions)[-1])
        if not 1 <= n_components <= min(rows.shape):
            raise EncoderError(
                f"a region code of {n_components} components needs that many regions, and that "
                f"many numbers in each; got {rows.shape[0]} regions of {rows.shape[1]} numbers"
            )
        mean = rows.mean(axis=0)
        centred = rows - mean
        _, axes = np.linalg.eigh(centred.T @ centred)  # the least first
        basis = axes.T[::-1][:n_components]
        # The sign of an axis means nothing; this one is the same on every machine.
        strongest = np.abs(basis).argmax(axis=1)[:, None]
        basis = basis * np.sign(np.take_along_axis(basis, strongest, axis=1))
        reach = np.quantile(np.abs(centred @ basis.T), REACH, axis=0)
        return cls(
            mean=mean.astype(np.float32),
            basis=basis.astype(np.float32),
            scale=np.where(reach > 0, reach, 1.0).astype(np.float32),
        )

    @property
    def dim(self) -> int:
        """Numbers of a region."""
        return self.basis.shape[1]

    @property
    def n_components(self) -> int:
        """Bytes of a region."""
        return self.basis.shape[0]

    @cached_property
    def fingerprint(self) -> str:
        """12 hexadecimal digits over what decides the codes."""
        digest = hashlib.sha256()
        for array in (self.mean, self.basis, self.scale):
            digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
        return digest.hexdigest()[:12]

    def encode(self, regions: Float32Array) -> UInt8Array:
        """Regions (n, rows, columns, dim) to codes (n, rows, columns, k)."""
        if np.ndim(regions) != 4 or np.shape(regions)[-1] != self.dim:
            raise EncoderError(
                f"this region code takes (n, rows, columns, {self.dim}), got {np.shape(regions)}"
            )
        steps = np.rint((regions - self.mean) @ self.basis.T * (LEVELS / self.scale))
        return np.asarray(np.clip(steps, -LEVELS, LEVELS) + ZERO, dtype=np.uint8)

    def decode(self, codes: UInt8Array) -> Float32Array:
        """Codes (n, rows, columns, k) to regions (n, rows, columns, dim), up to what was lost."""
        if np.ndim(codes) != 4 or np.shape(codes)[-1] != self.n_components:
            raise EncoderError(
                f"this region code gives (n, rows, columns, {self.n_components}), "
                f"got {np.shape(codes)}"
            )
        values = (np.asarray(codes, dtype=np.float32) - ZERO) * (self.scale / LEVELS)
        return np.asarray(values @ self.basis + self.mean, dtype=np.float32)

    def to_bytes(self) -> bytes:
        """An ``.npz`` file of the three arrays."""
        buffer = io.BytesIO()
        np.savez(buffer, mean=self.mean, basis=self.basis, scale=self.scale)
        return buffer.getvalue()

    @classmethod
    def read(cls, path: str | Path) -> RegionCode:
        """The code of a file that holds what `to_bytes` gave.

        Raises
        ------
        EncoderError
            If it holds none.
        """
        try:
            arrays = read_arrays(path)
            return cls(mean=arrays["mean"], basis=arrays["basis"], scale=arrays["scale"])
        except (ReadError, KeyError) as error:
            raise EncoderError(f"{path} holds no region code ({error})") from error
