"""What terms that no vector stands for add to the meaning of each item of a version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from placelens.display import shown
from placelens.engine.terms import (
    Account,
    DenseTerm,
    FusedTerm,
    RefineTerm,
    Term,
    checked,
    dense_values,
)
from placelens.errors import QueryError
from placelens.storage.version import Version
from placelens.types import Float64Array, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Similarities of all rows, (n,)."""

    values: Float64Array

    def at_most(self, share: float) -> Float64Array:
        """The most that the term may add to each row's meaning."""
        return share * self.values

    def of(self, rows: Int64Array) -> Float64Array:
        """Similarities of some rows."""
        return self.values[rows]


@dataclass(frozen=True, slots=True, eq=False)
class _Bounded:
    """Bounds of the similarities of all rows, (n,) each; what they are is asked when it matters."""

    term: RefineTerm
    version: Version
    low: Float64Array
    high: Float64Array

    def at_most(self, share: float) -> Float64Array:
        """The most that the term may add to each row's meaning."""
        return share * (self.high if share > 0.0 else self.low)

    def of(self, rows: Int64Array) -> Float64Array:
        """Similarities of some rows."""
        return checked(self.term, self.term.similarity(self.version, rows), len(rows))


class _Extra(NamedTuple):
    at: int
    share: float
    similarities: _Known | _Bounded


class Extras:
    """The dense and refine terms of a query over one version, with their shares.

    Sums run in the order of the terms, whatever is known of them, so that scan and tree give the
    same bits.
    """

    def __init__(self, terms: Sequence[Term], shares: Float64Array, version: Version) -> None:
        self._version = version
        self._terms = terms
        self.unbounded: str | None = None
        """Label of a term that offers no bound, so that all items must be looked at."""
        self._extras = [
            _Extra(at, float(shares[at]), self._known_of(term, version))
            for at, term in enumerate(terms)
            if not isinstance(term, FusedTerm)
        ]

    def __bool__(self) -> bool:
        return bool(self._extras)

    def _known_of(self, term: Term, version: Version) -> _Known | _Bounded:
        if isinstance(term, RefineTerm):
            bounds = term.bounds(version)
            if bounds is not None:
                low, high = (checked(term, side, version.n_items) for side in bounds)
                return _Bounded(term, version, low, high)
            self.unbounded = term.label
        elif not isinstance(term, DenseTerm):
            raise QueryError(
                f"the term {shown(term.label)} is a {type(term).__name__}; "
                "a term is a FusedTerm, a DenseTerm or a RefineTerm"
            )
        return _Known(dense_values(term, version))

    @property
    def is_exact(self) -> bool:
        """Whether `upper` is what they add, and not only a bound of it."""
        return all(isinstance(extra.similarities, _Known) for extra in self._extras)

    def upper(self) -> Float64Array:
        """The most that they may add to each row's meaning, (n,)."""
        total = np.zeros(self._version.n_items)
        for _, share, similarities in self._extras:
            total += similarities.at_most(share)
        return total

    def added(self, rows: Int64Array) -> Float64Array:
        """What they add to the meaning of some rows, (len(rows),)."""
        total = np.zeros(len(rows))
        for _, share, similarities in self._extras:
            total += share * similarities.of(rows)
        return total

    def accounts(self, rows: Int64Array) -> dict[int, Account]:
        """What the similarities of some rows are curves of, by places among the query's terms."""
        found = {
            extra.at: self._terms[extra.at].account(self._version, rows) for extra in self._extras
        }
        return {at: account for at, account in found.items() if account is not None}

    def similarities(self, rows: Int64Array) -> dict[int, Float64Array]:
        """The similarity of some rows by each, by its place among the query's terms."""
        return {extra.at: extra.similarities.of(rows) for extra in self._extras}
