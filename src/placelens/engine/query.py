"""A query with everything resolved: vectors, places in coordinates, filters checked."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from placelens.display import shown
from placelens.engine.filters import Filters
from placelens.engine.rerank import Reranker
from placelens.engine.sorting import check_sort
from placelens.engine.terms import Term
from placelens.errors import QueryError, VectorError
from placelens.geo.decay import Decay
from placelens.types import FeatureName, Float64Array, Place

Similarity = Literal["raw", "calibrated"]
MAX_K = 10_000
# Marks a field that does not decide the ranking: a page goes on whatever it is.
BESIDE: Mapping[str, Any] = MappingProxyType({"beside": "the ranking"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query:
    """What to look for, where, and how the two count; see `placelens.index.base.Task`.

    With terms, ``sort`` orders the k best; without, it orders all that pass the filters; with
    nothing at all, everything is listed.
    ``widens`` lets the decay's scale grow to where items are; that nothing lies within
    ``reach_m``, or without it the scale, is said. ``is_judged`` asks for how well the
    best item fits, wherever it is. ``unfit`` says why the encoder cannot be trusted to read the
    words. ``rerank`` orders the first hits anew.

    Fields that are not `BESIDE` the ranking are part of its digest.
    """

    terms: tuple[Term, ...] = ()
    near: Place | None = None
    near_label: str | None = field(default=None, metadata=BESIDE)
    decay: Decay = field(default_factory=lambda: Decay("gauss", 25_000.0))
    mu: float = 0.5
    k: int = field(default=10, metadata=BESIDE)
    filters: Filters = field(default_factory=Filters)
    features: tuple[FeatureName, ...] = ()
    similarity: Similarity | None = None
    hubs: bool = True
    sort: str | None = None
    cursor: str | None = field(default=None, metadata=BESIDE)
    engine: str | None = field(default=None, metadata=BESIDE)
    recall_target: float | None = field(default=None, metadata=BESIDE)
    widens: bool = False
    reach_m: float | None = field(default=None, metadata=BESIDE)
    is_judged: bool = field(default=False, metadata=BESIDE)
    unfit: str | None = field(default=None, metadata=BESIDE)
    rerank: Reranker | None = field(default=None, metadata=BESIDE)

    def __post_init__(self) -> None:
        check_sort(self.sort)
        if not (math.isfinite(self.mu) and 0.0 <= self.mu <= 1.0):
            raise QueryError(
                f"mu = {self.mu} is not in [0, 1]; 0 asks for meaning only, 1 for place only"
            )
        if isinstance(self.k, bool) or not 1 <= self.k <= MAX_K:
            raise QueryError(f"k = {shown(self.k)} is not in [1, {MAX_K}]; use pages for more")
        if self.recall_target is not None and not 0.5 <= self.recall_target < 1.0:
            raise QueryError(
                f"recall_target = {self.recall_target} is not in [0.5, 1); "
                "leave it out for the exact answer"
            )

    @property
    def lists(self) -> bool:
        """Whether nothing ranks the items, so that they are listed in the order of ``sort``."""
        return not self.terms and (self.near is None or self.sort not in (None, "score"))

    def digest(self) -> str:
        """A short hash of all that decides the ranking; k and the page are left out."""
        decide = [f.name for f in fields(self) if "beside" not in f.metadata and f.name != "terms"]
        parts: list[Any] = [getattr(self, name) for name in decide]
        parts += [(term.kind, term.label, term.weight) for term in self.terms]
        sha = hashlib.sha256(repr(parts).encode())
        for term in self.terms:
            sha.update(term.digest())
        return sha.hexdigest()[:12]


def unit_vector(values: Any, dim: int, *, what: str = "vector") -> Float64Array:
    """Check a query vector and scale it to length 1.

    Raises
    ------
    VectorError
        If it does not hold ``dim`` finite numbers, or all of them are 0.
    """
    vector = real_numbers(values, what=what)
    if vector.shape != (dim,):
        raise VectorError(f"{what} has shape {vector.shape}; the collection needs ({dim},)")
    if not np.isfinite(vector).all():
        raise VectorError(f"{what} holds NaN or infinity at {int(np.argmin(np.isfinite(vector)))}")
    # Scaled first, so that huge or tiny numbers neither overflow nor vanish when squared.
    largest = float(np.abs(vector).max())
    if largest == 0.0:
        raise VectorError(f"{what} is all zeros, so it points nowhere")
    vector = vector / largest
    unit: Float64Array = vector / np.sqrt(np.sum(vector * vector))
    return unit


def real_numbers(values: Any, *, what: str) -> Float64Array:
    """An array of float64 from what holds numbers and nothing else.

    NumPy would read the text "1" as a number, and drop what is imaginary of a complex one.

    Raises
    ------
    VectorError
        If anything is not a real number, or rows differ in length.

    Examples
    --------
    >>> real_numbers(["1", "2"], what="vector")
    Traceback (most recent call last):
        ...
    placelens.errors.VectorError: vector holds texts; give real numbers
    """
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError):
        raise VectorError(f"{what} has rows of different lengths") from None
    if array.dtype.kind == "O":  # None, Decimal and the like, which have their own way to float
        odd = next((each for each in array.flat if isinstance(each, str | bytes | complex)), None)
        array = np.asarray(odd) if odd is not None else array
    held = {"U": "texts", "S": "texts", "c": "complex numbers", "M": "times", "m": "times"}
    if array.dtype.kind in held:
        raise VectorError(f"{what} holds {held[array.dtype.kind]}; give real numbers")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise VectorError(f"{what} {shown(values)} does not hold real numbers only") from None
