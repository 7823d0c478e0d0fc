"""What a kind of index gives so that collections keep it: how it grows, is written, opened, joined.

A collection grows. Some of its items get a part of the index when there are enough of them, what
came since gets another, and a search goes through all of them as through one. A part knows its
items by their internal ids, which never change, and is bound to a version of the collection by the
rows that the items have there. It may lie on the disk, as named arrays.

When parts are grown, joined, passed over and removed is the business of `placelens.engine.indexes`,
which asks a kind for no more than what stands here. `placelens.testing.index_kind_contract` is the
suite that every kind passes, `placelens.testing.blocks` a small one to start from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np

from placelens.index.base import Corpus, Index
from placelens.types import ArrayInParts, FeatureName, Int64Array, Space

Arrays = Mapping[str, np.ndarray]
Written = tuple[Mapping[str, np.ndarray | ArrayInParts], Mapping[str, Any]]
"""Named arrays, and parameters that JSON can hold."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When an index of a kind is grown, and how many parts it has.

    Parameters
    ----------
    grow_from
        A collection of this many items gets one: below, a scan takes less than some milliseconds.
    most_loose
        What was added since is searched without an index up to here, and then gets a part.
    most_parts
        So many small parts are joined to one.
    rebuild_share
        When small parts hold this share of the items, all are joined.
    """

    grow_from: int = 20_000
    most_loose: int = 4_096
    most_parts: int = 6
    rebuild_share: float = 0.25


class Grown(Protocol):
    """What a kind has grown over some items, bound to one version of a collection."""

    @property
    def iids(self) -> Int64Array:
        """Internal ids of the items that it answers for in that version."""
        ...

    def bound(self, rows: Int64Array, iids: Int64Array) -> Self:
        """The same over another version, for some of its rows; this one stays as it is.

        ``iids`` (n,) are the internal ids of all rows of that version. What was grown and is not
        among ``rows`` was deleted or replaced, and is not to be found; what is among them and was
        not grown is passed over.
        """
        ...


G = TypeVar("G", bound=Grown)


class IndexKind(Protocol[G]):
    """A kind of index that collections keep.

    What `grow` and `open` give knows its vectors; arrays of it may be larger than memory.
    """

    @property
    def name(self) -> str:
        """What ``engine=`` calls it, and what folders of its arrays say they are."""
        ...

    @property
    def noun(self) -> str:
        """What messages call a part of it."""
        ...

    @property
    def format(self) -> int:
        """The version of its arrays; those of another are passed over and grown anew."""
        ...

    @property
    def thresholds(self) -> Thresholds:
        """When it is grown."""
        ...

    def needs(self, features: Sequence[FeatureName]) -> Sequence[FeatureName]:
        """Those of a collection's features whose vectors it is grown over."""
        ...

    def grow(self, corpus: Corpus, like: G | None) -> G:
        """Grow over a corpus; ``like`` is a part to share parameters with, such as a rotation.

        The rows of what is grown are those of the corpus.
        """
        ...

    def loose(self, corpus: Corpus) -> G:
        """The same for a few items, with each commit: quick to make, and kept in memory only."""
        ...

    def write(self, grown: G) -> Written:
        """The arrays to keep, and parameters."""
        ...

    def open(
        self,
        arrays: Arrays,
        parameters: Mapping[str, Any],
        *,
        dims: Mapping[FeatureName, int],
        others: Sequence[G],
    ) -> G:
        """Take back what `write` gave, bound to nothing yet.

        Checksums tell damage; they do not tell arrays that were made to do harm. Whatever is used
        as a place in an array must be checked here, since kernels check no bounds.

        Parameters
        ----------
        arrays
            Mapped into memory.
        parameters
            Those that were written; none of a part from before there were several kinds.
        dims
            The features that it is grown over, and the length of their vectors.
        others
            Parts that are open, to share with them what is equal.

        Raises
        ------
        ValueError, KeyError, TypeError
            If these are not arrays that may be searched.
        """
        ...

    def join(self, space: Space, iids: Int64Array, parts: Sequence[G]) -> Index:
        """One index of parts bound to a version; each of its items is in one of them.

        ``iids`` (n,) are the internal ids of the version's rows.
        """
        ...

    def warm(self) -> None:
        """Compile what a search needs, before anybody waits for one."""
        ...


def over(kind: IndexKind[Any]) -> Callable[[Corpus], Index]:
    """What makes an index of a kind in memory, over a corpus that does not grow."""

    def build(corpus: Corpus) -> Index:
        return kind.join(corpus.space, corpus.iids, [kind.grow(corpus, None)])

    return build


def under(arrays: Arrays, name: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin with ``name/``, without it."""
    prefix = f"{name}/"
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}


def checked_array(
    arrays: Arrays, name: str, dtype: type[np.generic], shape: tuple[int | None, ...]
) -> np.ndarray:
    """An array of the type and shape; None stands for any length.

    Raises
    ------
    ValueError
        If it is missing, of another type or shape, or not in row order.

    Examples
    --------
    >>> checked_array({"reach": np.zeros(3)}, "reach", np.float64, (None,)).shape
    (3,)
    >>> checked_array({"reach": np.zeros(3)}, "reach", np.float64, (4,))
    Traceback (most recent call last):
        ...
    ValueError: reach is float64 (3,), not float64 (4,)
    """
    array = arrays.get(name)
    if array is None:
        raise ValueError(f"{name} is missing")
    fits = array.dtype == dtype and array.flags.c_contiguous and array.ndim == len(shape)
    if not fits or any(
        want not in (None, side) for want, side in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(f"{name} is {array.dtype} {array.shape}, not {np.dtype(dtype)} {shape}")
    return array
