"""What terms that no vector stands for add to the meaning of each item of a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from placelens.display import shown
from placelens.engine.terms import DenseTerm, FusedTerm, RefineTerm, Term, checked, dense_values
from placelens.errors import QueryError
from placelens.storage.version import Version
from placelens.types import Float64Array, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class _Extra:
    """One term and its share: similarities of all rows, or bounds of them."""

    at: int
    term: Term
    share: float
    values: Float64Array | None
    bounds: tuple[Float64Array, Float64Array] | None


class Extras:
    """The dense and refine terms of a query over one version, with their shares.

    Sums run in the order of the terms, whatever is known of them, so that scan and tree give the
    same bits.
    """

    def __init__(self, terms: Sequence[Term], shares: Float64Array, version: Version) -> None:
        self._version = version
        self.unbounded: str | None = None
        """Label of a term that offers no bound, so that all items must be looked at."""
        self._extras = [
            self._extra(at, term, float(shares[at]))
            for at, term in enumerate(terms)
            if not isinstance(term, FusedTerm)
        ]

    def __bool__(self) -> bool:
        return bool(self._extras)

    def _extra(self, at: int, term: Term, share: float) -> _Extra:
        bounds = None
        if isinstance(term, RefineTerm):
            bounds = _bounds(term, self._version)
            if bounds is None:
                self.unbounded = term.label
        elif not isinstance(term, DenseTerm):
            raise QueryError(
                f"the term {shown(term.label)} is a {type(term).__name__}; "
                "a term is a FusedTerm, a DenseTerm or a RefineTerm"
            )
        values = dense_values(term, self._version) if bounds is None else None
        return _Extra(at, term, share, values, bounds)

    @property
    def is_exact(self) -> bool:
        """Whether `upper` is what they add, and not only a bound of it."""
        return all(extra.bounds is None for extra in self._extras)

    def upper(self) -> Float64Array:
        """The most that they may add to each row's meaning, (n,)."""
        total = np.zeros(self._version.n_items)
        for extra in self._extras:
            if extra.bounds is not None:
                low, high = extra.bounds
                total += extra.share * (high if extra.share > 0.0 else low)
            else:
                total += extra.share * self._known(extra)
        return total

    def added(self, rows: Int64Array) -> Float64Array:
        """What they add to the meaning of some rows, (len(rows),)."""
        total = np.zeros(len(rows))
        for extra in self._extras:
            total += extra.share * self._similarity(extra, rows)
        return total

    def similarities(self, rows: Int64Array) -> dict[int, Float64Array]:
        """The similarity of some rows by each, by its place among the query's terms."""
        return {extra.at: self._similarity(extra, rows) for extra in self._extras}

    def _similarity(self, extra: _Extra, rows: Int64Array) -> Float64Array:
        if extra.bounds is None:
            return self._known(extra)[rows]
        assert isinstance(extra.term, RefineTerm)
        values = extra.term.similarity(self._version, rows)
        return checked(extra.term, values, len(rows))

    @staticmethod
    def _known(extra: _Extra) -> Float64Array:
        assert extra.values is not None
        return extra.values


def _bounds(term: RefineTerm, version: Version) -> tuple[Float64Array, Float64Array] | None:
    bounds = term.bounds(version)
    if bounds is None:
        return None
    low, high = (checked(term, side, version.n_items) for side in bounds)
    return low, high
