"""Hub correction: some items are near every query; what is near all of them is worth less.

In a space of many dimensions a few items are among the nearest of very many queries (Radovanovic,
Nanopoulos and Ivanovic, "Hubs in Space", JMLR 11, 2010). A pool of queries, stored with the
encoder, shows which: an item's hubness is the mean of its ``k`` best cosines with the pool, and a
query's cosine with an item becomes ``cosine - weight * hubness(item)``. One number an item, known
before anybody asks, so an exact index stays exact.

Source: Chowdhury et al., "Nearest Neighbor Normalization Improves Multimodal Retrieval", EMNLP
2024, where ``weight`` is alpha.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from placelens.errors import EncoderError
from placelens.types import Float32Array

# Cosines held at once: 16 MiB of float32.
_BLOCK_SIZE = 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HubPool:
    """Queries of one kind that show which items of a space are hubs.

    Attributes
    ----------
    vectors : (m, dim) float32 unit vectors of queries, as the encoder makes them.
    k : how many of an item's best cosines with them count, 1 to m.
    weight : what a cosine loses for each unit of hubness, 0 or more.

    Raises
    ------
    EncoderError
        If the vectors are no such array, or k or weight is out of range.

    Examples
    --------
    Of the two items, the first is near both queries of the pool, and the second near none.

    >>> pool = HubPool(vectors=np.eye(3, dtype=np.float32)[:2], k=2, weight=0.5)
    >>> items = np.array([[0.5, 0.5, np.sqrt(0.5)], [0.0, 0.0, 1.0]], dtype=np.float32)
    >>> pool.hubness(items)
    array([0.5, 0. ], dtype=float32)
    >>> pool.hubness(items[:0])
    array([], dtype=float32)
    """

    vectors: Float32Array
    k: int
    weight: float

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.vectors.dtype != np.float32:
            raise EncoderError(
                f"a hub pool needs a float32 array (m, dim) of vectors, got {self.vectors.dtype} "
                f"of shape {self.vectors.shape}"
            )
        if not np.isfinite(self.vectors).all():
            raise EncoderError("a hub pool needs finite vectors; these hold NaN or infinity")
        if not 1 <= self.k <= len(self.vectors):
            raise EncoderError(
                f"a hub pool needs k of 1 to its {len(self.vectors)} vectors, got {self.k}"
            )
        if not (np.isfinite(self.weight) and self.weight >= 0):
            raise EncoderError(f"a hub pool needs a weight of 0 or more, got {self.weight}")

    @property
    def fingerprint(self) -> str:
        """Changes whenever an item may have another hubness."""
        digest = hashlib.sha256(np.ascontiguousarray(self.vectors).tobytes())
        return f"{digest.hexdigest()[:12]}:{self.k}"

    def penalties(self, vectors: Float32Array) -> Float32Array:
        """What the cosines of each item lose, (n,): ``weight * hubness``; errors of ``hubness``."""
        return np.float32(self.weight) * self.hubness(vectors)

    def hubness(self, vectors: Float32Array) -> Float32Array:
        """The mean of the ``k`` best cosines of each item with the pool.

        Parameters
        ----------
        vectors
            (n, dim) float32 unit vectors of items.

        Returns
        -------
        hubness
            (n,), in [-1, 1]; the last bits of one item's depend on what is asked beside it.

        Raises
        ------
        EncoderError
            If the vectors are not of the pool's length.
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.vectors.shape[1]:
            raise EncoderError(
                f"hubness needs vectors of shape (n, {self.vectors.shape[1]}), got {vectors.shape}"
            )
        hubness = np.empty(len(vectors), dtype=np.float32)
        n_rows = max(1, _BLOCK_SIZE // len(self.vectors))
        for start in range(0, len(vectors), n_rows):
            cosines = (
                vectors[start : start + n_rows].astype(np.float32, copy=False) @ self.vectors.T
            )
            cosines.partition(-self.k, axis=1)
            hubness[start : start + n_rows] = cosines[:, -self.k :].mean(axis=1)
        return hubness
