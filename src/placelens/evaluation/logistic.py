"""Logistic regression by Newton's method: gates (many features) and calibrations (one)."""

from __future__ import annotations

import numpy as np

from placelens.errors import InputError
from placelens.types import BoolArray, Float64Array

_MAX_STEPS = 100
_TOLERANCE = 1e-8


def fit_logistic(
    X: Float64Array, positive: BoolArray, *, weights: Float64Array, penalty: float
) -> tuple[Float64Array, float]:
    """Fit ``p = 1 / (1 + exp(-(X @ slope + intercept)))`` to weighted yes/no samples.

    Minimises the weighted mean of the log loss plus ``penalty / 2 * |slope|^2``.

    Parameters
    ----------
    X
        (n, p) features.
    positive
        (n,) the answers; both must occur.
    weights
        (n,) weight of each sample, 0 or more.
    penalty
        Above 0; keeps the slope finite where the answers can be told apart perfectly.

    Returns
    -------
    slope, intercept
        (p,) and a number.

    Raises
    ------
    InputError
        If only one answer occurs, the penalty is not above 0, or Newton's method does not
        settle.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [1.0], [2.0]])
    >>> answers = np.array([False, False, True, True])
    >>> slope, intercept = fit_logistic(X, answers, weights=np.ones(4), penalty=0.01)
    >>> bool(slope[0] > 0), bool(abs(slope[0] + intercept) < 1e-6)   # symmetric about 1
    (True, True)
    """
    if positive.all() or not positive.any():
        raise InputError("a logistic fit needs both answers among its samples")
    if penalty <= 0:
        raise InputError(f"a logistic fit needs a penalty above 0, got {penalty}")
    weights = weights / weights.sum()
    design = np.column_stack([X, np.ones(len(X))])
    ridge = np.r_[np.full(X.shape[1], penalty), 0.0]
    signs = np.where(positive, 1.0, -1.0)

    def loss_at(beta: Float64Array) -> float:
        losses = np.logaddexp(0.0, -signs * (design @ beta))
        return float(weights @ losses + 0.5 * ridge @ beta**2)

    beta = np.zeros(design.shape[1])
    for _ in range(_MAX_STEPS):
        p = 1.0 / (1.0 + np.exp(-design @ beta))
        gradient = design.T @ (weights * (p - positive)) + ridge * beta
        curvature = weights * np.maximum(p * (1 - p), 1e-12)
        hessian = (design * curvature[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        # A full Newton step can overshoot where the answers are nearly separated.
        while loss_at(beta - step) > loss_at(beta) + 1e-15:
            step = step / 2
        beta = beta - step
        if np.abs(step).max() < _TOLERANCE * max(1.0, np.abs(beta).max()):
            return beta[:-1], float(beta[-1])
    raise InputError(f"the logistic fit did not settle in {_MAX_STEPS} steps")
