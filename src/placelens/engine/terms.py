"""What a query asks by: terms, in three grades, under one contract.

The meaning of an item is ``sum_t w_t * s_t / sum_t |w_t|`` over the terms of a query. How a term
gives its similarities decides how an index may use it:

======== =========================================== ===========================================
grade    what it gives                               what an index does with it
======== =========================================== ===========================================
fused    a vector, whose inner products with the     bounds it by codes and clusters, and looks at
         items' vectors are the similarities         few items
dense    a similarity for every row                  adds one number a row, and bounds nodes by
                                                     the largest among their items
refine   bounds for every row, if it can, and the    asks for similarities of the few whose bounds
         similarity of some rows                     reach; without bounds all rows are asked for
======== =========================================== ===========================================

A term says itself what decides its similarities (``digest``), what it was read as (``reading``),
and what in an item speaks for it (``evidence``). `placelens.testing.term_contract` is the suite
that every kind of term passes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from placelens.display import shown
from placelens.errors import QueryError, VectorError
from placelens.storage.version import Version
from placelens.types import Evidence, FeatureName, Float64Array, Int64Array


class Account(NamedTuple):
    """What the similarities of some items are a curve of, (m,), and what it is at 0."""

    cosines: Float64Array
    baseline: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term(ABC):
    """One thing to look for: what it is called, and how much it counts; negative pushes away.

    ``kind`` names its row of the table of kinds; calibrations are by the kind and a feature.
    """

    is_approximate: ClassVar[bool] = False
    """Whether its similarities stand for others, so that no answer with it is proven."""

    kind: str
    label: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight) or self.weight == 0.0:
            raise QueryError(
                f"the weight of {shown(self.label)} is {self.weight}; it must not be 0 or infinite"
            )

    @abstractmethod
    def digest(self) -> bytes:
        """All that decides its similarities, but kind, label and weight: pages belong together
        when the digests of their queries are equal."""

    def uncalibrated(self) -> Term:
        """The term for a query that asks for raw similarities; itself where it has but one form."""
        return self

    def reading(self) -> tuple[Evidence, ...]:
        """What the term was taken for, the largest share first."""
        return ()

    def account(self, version: Version, rows: Int64Array) -> Account | None:
        """What its similarities are a curve of, where its evidence has shares of that.

        None of a term whose similarities stand for themselves, and of fused ones, whose cosines
        the engine has.
        """
        return None

    def evidence(
        self, version: Version, rows: Int64Array, matched: Sequence[FeatureName | None]
    ) -> list[tuple[Evidence, ...]]:
        """What in each of some items speaks for the term.

        ``matched`` (len(rows),) are the features that the items counted with. Of evidence of the
        kinds `placelens.engine.account.PARTS` the shares add up to 1.
        """
        return [() for _ in rows]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FusedTerm(Term):
    """A term whose similarity is an inner product: with the features of its space.

    ``vector`` (dim,) has length 1; the inner product is that of ``length * vector``. A query that
    weighs the blocks of a vector (`of_blocks`) has another length than 1. ``space`` is that of the
    vectors that it is compared with, a `Feature.space`; None for that of the collection's first.
    ``read_as`` is what an encoder of concepts took it for.
    """

    vector: Float64Array
    space: str | None = None
    length: float = 1.0
    read_as: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        # Named, since a dataclass with slots is not the class that the body of `super()` knows.
        Term.__post_init__(self)
        if not (math.isfinite(self.length) and self.length > 0.0):
            raise VectorError(f"{self.label}: a vector of length {self.length} points nowhere")

    def digest(self) -> bytes:
        """Rounded, since an encoder may differ in the last bits from run to run."""
        rounded = np.round(self.length * self.vector, 4).astype(np.float32)
        return rounded.tobytes()

    def reading(self) -> tuple[Evidence, ...]:
        """See `Term.reading`."""
        return self.read_as

    @classmethod
    def of_blocks(
        cls,
        vector: Float64Array,
        blocks: Sequence[tuple[int, float]],
        *,
        kind: str,
        label: str,
        weight: float = 1.0,
    ) -> FusedTerm:
        """A term that weighs the blocks of a vector, coarse and fine ones say.

        Parameters
        ----------
        vector
            (dim,) of any length; blocks of it stand one after the other.
        blocks
            Length and weight of each; lengths add up to dim.

        Raises
        ------
        VectorError
            If the lengths do not add up, or nothing is left of the vector.

        Examples
        --------
        >>> import numpy as np
        >>> coarse_only = FusedTerm.of_blocks(
        ...     np.array([0.6, 0.0, 0.8]), [(2, 1.0), (1, 0.0)], kind="vector", label="coarse"
        ... )
        >>> coarse_only.vector.tolist(), coarse_only.length
        ([1.0, 0.0, 0.0], 0.6)
        """
        lengths = [length for length, _ in blocks]
        if sum(lengths) != len(vector):
            raise VectorError(f"blocks of {lengths} components do not make {len(vector)}")
        weights = np.repeat([block_weight for _, block_weight in blocks], lengths)
        weighted = weights * vector
        length = float(np.sqrt(np.sum(weighted * weighted)))
        if length == 0.0:
            raise VectorError(f"{label}: nothing is left of the vector when its blocks are weighed")
        return cls(kind=kind, label=label, weight=weight, vector=weighted / length, length=length)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DenseTerm(Term):
    """A term that has a similarity for every item at once, such as a painted map, or a constant."""

    @abstractmethod
    def values(self, version: Version) -> Float64Array:
        """Similarities of all rows, (n,), finite; 0 for items that lack what is compared."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefineTerm(Term):
    """A term whose similarity is dear, so that it is asked for few items."""

    def bounds(self, version: Version) -> tuple[Float64Array, Float64Array] | None:
        """The least and the largest that the similarity of each row may be, (n,) each, finite.

        None when there are no bounds: then `similarity` is asked for all rows.
        """
        return None

    @abstractmethod
    def similarity(self, version: Version, rows: Int64Array) -> Float64Array:
        """Similarities of some rows, (len(rows),), finite, and within their bounds."""


def shares_of(terms: Sequence[Term]) -> Float64Array:
    """Weights of terms over the sum of their absolute values, (T,)."""
    weights = np.array([term.weight for term in terms])
    weights = weights / np.abs(weights).max()  # first, or the sum of huge ones overflows
    shares: Float64Array = weights / np.abs(weights).sum()
    return shares


def dense_values(term: Term, version: Version) -> Float64Array:
    """Similarities of all rows of a term that is not fused, (n,).

    Raises
    ------
    QueryError
        If the term gives something else than finite numbers, one a row.
    """
    if isinstance(term, DenseTerm):
        values = term.values(version)
    elif isinstance(term, RefineTerm):
        values = term.similarity(version, np.arange(version.n_items))
    else:
        raise TypeError(f"{type(term).__name__} is neither dense nor refine")
    return checked(term, values, version.n_items)


def checked(term: Term, values: Float64Array, n: int) -> Float64Array:
    """What a term gave, if it is n finite numbers.

    Raises
    ------
    QueryError
        If it is not: a NaN would leave an item out in silence.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.shape != (n,) or not np.isfinite(values).all():
        raise QueryError(
            f"the term {shown(term.label)} of kind {term.kind} must give {n} finite similarities; "
            f"it gave an array of shape {values.shape}"
        )
    return values
