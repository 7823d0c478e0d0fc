"""Toy terms, one of each grade that no vector stands for, and the table row that makes one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from placelens.engine.terms import DenseTerm, RefineTerm
from placelens.errors import QueryError
from placelens.query.kind import Asked, Context, TermKind
from placelens.query.kinds import KINDS
from placelens.storage.version import Version
from placelens.types import Evidence, FeatureName, Float64Array, Int64Array


def lengths(version: Version) -> Float64Array:
    """Letters in the id of each item, (n,)."""
    return np.array([float(len(item or "")) for item in version.texts("id")])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IdLength(DenseTerm):
    """Likes items whose id is about as long as wanted: ``1 / (1 + |letters - wanted|)``."""

    wanted: int

    def digest(self) -> bytes:
        """The length that is wanted."""
        return str(self.wanted).encode()

    def values(self, version: Version) -> Float64Array:
        """See `placelens.engine.terms.DenseTerm`."""
        return 1.0 / (1.0 + np.abs(lengths(version) - self.wanted))

    def evidence(
        self, version: Version, rows: Int64Array, matched: Sequence[FeatureName | None]
    ) -> list[tuple[Evidence, ...]]:
        """How many letters each id has."""
        return [
            (Evidence(kind="letters", label=f"{int(n)} letters", of=self.label),)
            for n in lengths(version)[rows]
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DearIdLength(RefineTerm):
    """`IdLength`, as if it cost much to know; ``width`` is how loose its bounds are.

    A width of None offers no bounds. ``asked`` collects the rows that were looked at.
    """

    wanted: int
    width: float | None
    asked: list[int]

    def digest(self) -> bytes:
        """The length that is wanted."""
        return str(self.wanted).encode()

    def bounds(self, version: Version) -> tuple[Float64Array, Float64Array] | None:
        """The similarity, more or less."""
        if self.width is None:
            return None
        exact = 1.0 / (1.0 + np.abs(lengths(version) - self.wanted))
        return exact - self.width, exact + self.width

    def similarity(self, version: Version, rows: Int64Array) -> Float64Array:
        """See `placelens.engine.terms.RefineTerm`."""
        self.asked.extend(rows.tolist())
        return 1.0 / (1.0 + np.abs(lengths(version)[rows] - self.wanted))


def _read(asked: Asked, _: Context) -> IdLength:
    if not isinstance(asked.value, int) or asked.value < 0:
        raise QueryError(f"a length of {asked.value!r} is no number of letters; give 0 or more")
    return IdLength(
        kind="id_length", label=f"{asked.value} letters", weight=asked.weight, wanted=asked.value
    )


ID_LENGTH = TermKind(name="id_length", what="how long ids are", example=7, read=_read)


@contextmanager
def known(kind: TermKind) -> Iterator[None]:
    """The table of terms with one row more, for as long as this lasts."""
    KINDS[kind.name] = kind
    try:
        yield
    finally:
        del KINDS[kind.name]
