"""A query with everything resolved: vectors, places in coordinates, filters checked."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from placelens.display import shown
from placelens.engine.filters import Filters
from placelens.errors import QueryError, VectorError
from placelens.geo.decay import Decay
from placelens.types import Float64Array, Modality, Place, Shares

Similarity = Literal["raw", "calibrated"]
MAX_K = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QueryTerm:
    """One thing to look for: a unit vector (dim,), what it came from, and its weight.

    ``kind`` is also the modality whose calibration applies. ``read_as`` are the concepts that an
    encoder of concepts took it for.
    """

    kind: Modality
    label: str
    vector: Float64Array
    weight: float = 1.0
    read_as: Shares = ()

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight) or self.weight == 0.0:
            raise QueryError(
                f"the weight of {shown(self.label)} is {self.weight}; it must not be 0 or infinite"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query:
    """What to look for, where, and how the two count; see `placelens.index.base.Task`.

    ``widens`` lets the decay's scale grow to where items are; that nothing lies within
    ``reach_m``, or without it the scale, is said. ``is_judged`` asks for how well the
    best item fits, wherever it is. ``unfit`` says why the encoder cannot be trusted to read the
    words.
    """

    terms: tuple[QueryTerm, ...] = ()
    near: Place | None = None
    near_label: str | None = None
    decay: Decay = field(default_factory=lambda: Decay("gauss", 25_000.0))
    mu: float = 0.5
    k: int = 10
    filters: Filters = field(default_factory=Filters)
    modalities: tuple[Modality, ...] = ()
    similarity: Similarity | None = None
    cursor: str | None = None
    engine: str | None = None
    recall_target: float | None = None
    widens: bool = False
    reach_m: float | None = None
    is_judged: bool = False
    unfit: str | None = None

    def __post_init__(self) -> None:
        if not self.terms and self.near is None:
            raise QueryError(
                "the query is empty; give words, an image, a vector, or a place with near"
            )
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

    def digest(self) -> str:
        """A short hash of all that decides the ranking; k and the page are left out."""
        parts: list[Any] = [
            self.near,
            self.decay,
            self.widens,
            self.mu,
            self.filters,
            self.modalities,
        ]
        parts += [self.similarity, *((t.kind, t.label, t.weight) for t in self.terms)]
        sha = hashlib.sha256(repr(parts).encode())
        for term in self.terms:
            # Rounded, since an encoder may differ in the last bits from run to run.
            sha.update(np.round(term.vector, 4).astype(np.float32).tobytes())
        return sha.hexdigest()[:12]


def unit_vector(values: Any, dim: int, *, what: str = "vector") -> Float64Array:
    """Check a query vector and scale it to length 1.

    Raises
    ------
    VectorError
        If it does not hold ``dim`` finite numbers, or all of them are 0.
    """
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise VectorError(f"{what} {shown(values)} does not hold numbers only") from None
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
