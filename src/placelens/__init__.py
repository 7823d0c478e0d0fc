"""Search photos, satellite images and texts by what they show and where they are."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from placelens.errors import (
    CollectionError,
    CollectionExistsError,
    CollectionLockedError,
    CollectionNotFoundError,
    CoordinateError,
    EncoderError,
    EncoderMismatchError,
    FilterError,
    FormatVersionError,
    InputError,
    ItemNotFoundError,
    MissingExtraError,
    PlacelensError,
    QueryError,
    ReadError,
    VectorError,
)
from placelens.types import Hit, Item, Place, ScoreTerm

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.readers.discover import read_photos
    from placelens.results import Hits

__version__ = "0.1.0"

__all__ = [
    "Collection",
    "CollectionError",
    "CollectionExistsError",
    "CollectionLockedError",
    "CollectionNotFoundError",
    "CoordinateError",
    "EncoderError",
    "EncoderMismatchError",
    "FilterError",
    "FormatVersionError",
    "Hit",
    "Hits",
    "InputError",
    "Item",
    "ItemNotFoundError",
    "MissingExtraError",
    "Place",
    "PlacelensError",
    "QueryError",
    "ReadError",
    "ScoreTerm",
    "VectorError",
    "__version__",
    "read_photos",
]

# Imported when first used: numba and Lance alone take longer than `placelens --help` may.
_LAZY = {
    "Collection": "placelens.collection",
    "Hits": "placelens.results",
    "read_photos": "placelens.readers.discover",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'placelens' has no attribute {name!r}")
    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
