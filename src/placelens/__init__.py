"""Search photos, satellite images and texts by what they show and where they are."""

from placelens.collection import Collection
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
from placelens.readers.discover import read_photos
from placelens.results import Hits
from placelens.types import Hit, Item, Place, ScoreTerm

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
