"""Whether probabilities keep their word: reliability, calibration error, AUROC."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from placelens.errors import InputError
from placelens.types import BoolArray, Float64Array

N_BINS = 10


class Bin(TypedDict):
    """Forecasts of one range of probabilities, and what came of them."""

    n: int
    forecast: float
    observed: float


def auroc(scores: Float64Array, positive: BoolArray) -> float:
    """Probability that a positive scores above a negative, equal scores counting half.

    Raises
    ------
    InputError
        If only one answer occurs.

    Examples
    --------
    >>> auroc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if not n_positive or not n_negative:
        raise InputError("AUROC needs both answers among its samples")
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    ranks = (last - (sizes - 1) / 2)[group]  # mean rank of equals, from 1
    above = ranks[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def reliability(probabilities: Float64Array, positive: BoolArray) -> list[Bin]:
    """Ten equal ranges of probability: how many forecasts, their mean, and how often they held.

    Empty ranges are left out.

    Examples
    --------
    >>> reliability(np.array([0.1, 0.1, 0.9]), np.array([False, True, True]))
    [{'n': 2, 'forecast': 0.1, 'observed': 0.5}, {'n': 1, 'forecast': 0.9, 'observed': 1.0}]
    """
    numbers = np.minimum((probabilities * N_BINS).astype(np.int64), N_BINS - 1)
    return [
        {
            "n": int(chosen.sum()),
            "forecast": float(probabilities[chosen].mean()),
            "observed": float(positive[chosen].mean()),
        }
        for number in range(N_BINS)
        if (chosen := numbers == number).any()
    ]


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error: the mean of |observed - forecast|, weighted by forecasts.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015.

    Examples
    --------
    >>> calibration_error([{"n": 2, "forecast": 0.1, "observed": 0.5}])
    0.4
    """
    total = sum(row["n"] for row in bins)
    return sum(row["n"] * abs(row["observed"] - row["forecast"]) for row in bins) / total
