"""Calibrations: from the cosines of pairs that belong together, and of pairs that do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from placelens.encoders.base import Calibration
from placelens.training.logistic import fit_logistic
from placelens.types import Float64Array

_PENALTY = 1e-6


def fit_calibration(matched: Sequence[Float64Array], random: Sequence[Float64Array]) -> Calibration:
    """Fit the probability that a pair matches, one match against one random pair.

    Parameters
    ----------
    matched, random
        Cosines, one array a data set; every data set counts the same, however many pairs it
        has, and in it matches as much as random pairs.

    Examples
    --------
    >>> calibration = fit_calibration([np.array([0.4, 0.6, 0.2])], [np.array([0.0, 0.2, 0.4])])
    >>> bool(abs(calibration(np.array([0.3]))[0] - 0.5) < 1e-3)   # symmetric about 0.3
    True
    """
    groups = [*matched, *random]
    cosines = np.concatenate(groups)
    weights = np.concatenate([np.full(len(group), 1.0 / len(group)) for group in groups])
    positive = np.zeros(len(cosines), dtype=np.bool_)
    positive[: sum(len(group) for group in matched)] = True
    slope, intercept = fit_logistic(cosines[:, None], positive, weights=weights, penalty=_PENALTY)
    return Calibration(slope=float(slope[0]), intercept=intercept)
