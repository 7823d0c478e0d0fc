"""One tree of errors; each message names what was wrong, the value, and the next step.

::

    PlacelensError
    ├── InputError (ValueError)        something the caller gave
    │   ├── CoordinateError            a latitude, longitude, x or y
    │   ├── VectorError                a vector: length, NaN, all zeros
    │   ├── QueryError                 a query: decay, weights, k, cursor
    │   └── FilterError                a box, polygon, time or attribute filter
    ├── CollectionError                a collection on disk
    │   ├── CollectionNotFoundError
    │   ├── CollectionExistsError
    │   ├── CollectionLockedError      another process is writing
    │   ├── CollectionDamagedError     files are not what was written
    │   ├── ItemNotFoundError (KeyError)
    │   ├── ProposalStateError         a proposal that was decided, or is to be decided
    │   ├── FormatVersionError         written by a newer placelens
    │   └── EncoderMismatchError       vectors of another encoder
    ├── EncoderError                   an encoder: its name, weights or input
    ├── ReadError                      a file that cannot be read
    ├── SearchStoppedError              a search was given up before it was done
    └── MissingExtraError (ImportError) an optional dependency is not installed
"""

from __future__ import annotations

from typing import Any

from placelens.display import LONGEST_MESSAGE, cut
from placelens.installed import install_command


class PlacelensError(Exception):
    """Base of every error that placelens raises on purpose; its message never grows endless."""

    def __init__(self, message: object = "") -> None:
        super().__init__(cut(str(message), LONGEST_MESSAGE))


class InputError(PlacelensError, ValueError):
    """A value given by the caller is not usable."""


class CoordinateError(InputError):
    """A coordinate is missing, not finite, or out of range."""


class VectorError(InputError):
    """A vector has the wrong length, is all zeros, or holds NaN or infinity."""


class QueryError(InputError):
    """A query cannot be understood."""


class FilterError(InputError):
    """A filter cannot be understood."""


class CollectionError(PlacelensError):
    """A collection on disk cannot be used as asked."""


class CollectionNotFoundError(CollectionError):
    """There is no collection at the path."""


class CollectionExistsError(CollectionError):
    """There is something at the path already."""


class CollectionLockedError(CollectionError):
    """Another process is writing to the collection."""


class CollectionDamagedError(CollectionError):
    """Files of the collection are missing, or are not what was written."""


class ItemNotFoundError(CollectionError, KeyError):
    """No item has the id."""

    __str__ = Exception.__str__  # a KeyError's would be in quotes


class ProposalStateError(CollectionError):
    """A proposal is in another state than what is asked of it takes, or its item was changed."""


class FormatVersionError(CollectionError):
    """The collection was written in a format this version does not know."""


class EncoderMismatchError(CollectionError):
    """The encoder at hand is not the one the collection's vectors come from."""


class EncoderError(PlacelensError):
    """An encoder cannot be found, loaded, or run."""


class ReadError(PlacelensError):
    """A file cannot be read; the message is the reason shown to the user."""


class SearchStoppedError(PlacelensError):
    """A search was given up: its time was over, or nobody waits for it any more."""


class MissingExtraError(PlacelensError, ImportError):
    """An optional dependency is missing; the message gives the install command.

    ``extra`` is "" where a distribution of its own is missing.
    """

    def __init__(self, what: str, extra: str = "", *, distribution: str = "placelens") -> None:
        command = install_command(extra, distribution=distribution)
        super().__init__(f"{what} needs packages that are not installed; run: {command}")
        self.extra = extra

    def __reduce__(self) -> tuple[Any, ...]:
        """It may come from another process, as its message and not as what that was made of."""
        return type(self).__new__, (type(self), *self.args), {"extra": self.extra}
