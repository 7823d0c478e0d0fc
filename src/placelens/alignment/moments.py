"""Means and covariances of rows that come in parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placelens.types import Float64Array


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and scatter of rows.

    Attributes
    ----------
    n : rows so far.
    mean : (p,).
    scatter : (p, p) sum of outer products of the rows less their mean.
    """

    n: int
    mean: Float64Array
    scatter: Float64Array

    @classmethod
    def of(cls, X: Float64Array) -> Moments:
        """Of rows (n, p)."""
        mean = X.mean(axis=0)
        centred = X - mean
        return cls(len(X), mean, centred.T @ centred)

    def joined(self, other: Moments) -> Moments:
        """Of both's rows together; exact up to rounding.

        Source: T. Chan, G. Golub, R. LeVeque, "Updating Formulae and a Pairwise Algorithm for
        Computing Sample Variances", 1979.
        """
        n = self.n + other.n
        step = other.mean - self.mean
        return Moments(
            n,
            self.mean + step * (other.n / n),
            self.scatter + other.scatter + np.outer(step, step) * (self.n * other.n / n),
        )
