"""Ridge regression with weights and an intercept, for maps from image features to vectors."""

from __future__ import annotations

import numpy as np

from placelens.errors import InputError
from placelens.types import Float64Array


def fit_ridge(
    X: Float64Array, Y: Float64Array, *, weights: Float64Array, strength: float
) -> tuple[Float64Array, Float64Array]:
    """Fit ``Y ~ (X - mean) @ W`` and return W with the bias ``-mean @ W``.

    Minimises ``sum_i w_i |y_i - (x_i - mean) W|^2 + strength * s * |W|^2``, where mean is the
    weighted mean of X and s the mean squared singular value of the weighted, centred X: so
    ``strength`` does not depend on the number or scale of the samples. Y is not centred: what
    an image without any distinguishing feature should map to is no direction at all.

    Parameters
    ----------
    X, Y
        (n, p) features and (n, d) targets.
    weights
        (n,) weight of each sample, 0 or more.
    strength
        Above 0.

    Returns
    -------
    W, bias
        (p, d) and (d,); the prediction is ``X @ W + bias``.

    Examples
    --------
    >>> X = np.array([[1.0], [3.0]])
    >>> W, bias = fit_ridge(X, 4 * X - 8, weights=np.ones(2), strength=1.0)
    >>> W.item(), bias.item()
    (2.0, -4.0)
    """
    if strength <= 0:
        raise InputError(f"ridge needs a strength above 0, got {strength}")
    mean = np.average(X, axis=0, weights=weights)
    root = np.sqrt(weights)[:, None]
    centred = (X - mean) * root
    gram = centred.T @ centred
    gram[np.diag_indices_from(gram)] += strength * np.trace(gram) / len(gram)
    W = np.asarray(np.linalg.solve(gram, centred.T @ (Y * root)), dtype=np.float64)
    return W, -(mean @ W)
