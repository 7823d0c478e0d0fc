"""The contract of feature extractors: things of one kind to rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

from placelens.errors import InputError
from placelens.types import Float64Array

T_contra = TypeVar("T_contra", contravariant=True)
Thing = TypeVar("Thing")


class FeatureExtractor(Protocol[T_contra]):
    """What turns texts, or images, into the features that a ``TwoViewEstimator`` takes.

    Texts are str; images are (height, width, 3) uint8 RGB, of any size.
    """

    def fit(self, X: Sequence[T_contra], y: object = None) -> Self:
        """Learn from things."""

    def transform(self, X: Sequence[T_contra]) -> Float64Array:
        """Features of n things, (n, d)."""


def checked_list(X: Sequence[Thing], kind: type, what: str, *, who: Any) -> list[Thing]:
    """X as a list, all of one kind.

    Raises
    ------
    InputError
        If X is one thing instead of several, or holds something else.
    """
    name = type(who).__name__
    if isinstance(X, str):
        raise InputError(f"{name} takes a sequence of {what}, got one str; write [text] instead")
    things = list(X)
    for position, thing in enumerate(things):
        if not isinstance(thing, kind):
            raise InputError(
                f"{name} takes {what} as {kind.__name__}, got {type(thing).__name__} at position "
                f"{position}"
            )
    return things
