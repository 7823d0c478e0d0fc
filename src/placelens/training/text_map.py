"""An affine map that spreads out text vectors: centring and partial whitening."""

from __future__ import annotations

import numpy as np

from placelens.errors import InputError
from placelens.types import Float64Array


def fit_text_map(vectors: Float64Array, *, weights: Float64Array, power: float) -> Float64Array:
    """Return A such that ``[v, 1] @ A`` centres v and dampens its dominant directions.

    Sentence vectors crowd around their mean and a few directions, which hides what sets one
    caption apart from the next. With ``C = U diag(e) U^T`` the weighted covariance of the
    vectors, the map is ``(v - mean) U diag((e / max e) ** (-power / 2)) U^T``: power 0 only
    centres, 1 whitens in full. Directions with less than 1e-4 variance count as 1e-4: blowing up
    noise helps nobody.

    Parameters
    ----------
    vectors
        (n, d) text vectors of the kind to come.
    weights
        (n,) weight of each vector, 0 or more.
    power
        In [0, 1].

    Returns
    -------
    A
        (d + 1, d); its last row is the bias.

    Examples
    --------
    >>> vectors = np.array([[2.0, 0.5], [0.0, 0.5], [2.0, -0.5], [0.0, -0.5]])
    >>> A = fit_text_map(vectors, weights=np.ones(4), power=1.0)
    >>> np.column_stack([vectors, np.ones(4)]) @ A
    array([[ 1.,  1.],
           [-1.,  1.],
           [ 1., -1.],
           [-1., -1.]])
    """
    if not 0 <= power <= 1:
        raise InputError(f"the power of a whitening lies in [0, 1], got {power}")
    eigenvalues, U = np.linalg.eigh(np.cov(vectors.T, aweights=weights))
    scale = np.maximum(eigenvalues, 1e-4) / eigenvalues.max()
    mean = np.average(vectors, axis=0, weights=weights)
    W = (U * scale ** (-power / 2)) @ U.T
    return np.concatenate([W, -(mean @ W)[None]])
