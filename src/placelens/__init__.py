"""Search photos, satellite images and texts by what they show and where they are."""

import importlib
import typing

from placelens.deadline import Deadline
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
    ProposalStateError,
    QueryError,
    ReadError,
    SearchStoppedError,
    VectorError,
)
from placelens.telemetry import switch_off
from placelens.types import Feature, Hit, Item, NothingNear, Place, Proposal, ScoreTerm

if typing.TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.encoders.base import Encoder
    from placelens.encoders.detectors.registry import add_detector, detectors, remove_detector
    from placelens.encoders.registry import load_encoder
    from placelens.encoders.segmenters.registry import (
        add_segmenter,
        remove_segmenter,
        segmenters,
    )
    from placelens.readers.columns import TableOptions
    from placelens.readers.discover import read_photos, read_table
    from placelens.results import Hits
    from placelens.sketch.painting import Sketch

# Before anything else can import a package that reports on its users; see placelens.telemetry.
switch_off()
del switch_off

__version__ = "0.1.0"

__all__ = [
    "Collection",
    "CollectionError",
    "CollectionExistsError",
    "CollectionLockedError",
    "CollectionNotFoundError",
    "CoordinateError",
    "Deadline",
    "Encoder",
    "EncoderError",
    "EncoderMismatchError",
    "Feature",
    "FilterError",
    "FormatVersionError",
    "Hit",
    "Hits",
    "InputError",
    "Item",
    "ItemNotFoundError",
    "MissingExtraError",
    "NothingNear",
    "Place",
    "PlacelensError",
    "Proposal",
    "ProposalStateError",
    "QueryError",
    "ReadError",
    "ScoreTerm",
    "SearchStoppedError",
    "Sketch",
    "TableOptions",
    "VectorError",
    "__version__",
    "add_detector",
    "add_segmenter",
    "detectors",
    "load_encoder",
    "read_photos",
    "read_table",
    "remove_detector",
    "remove_segmenter",
    "segmenters",
]

# Imported when first used: numba and Lance alone take longer than `placelens --help` may.
_LAZY = {
    "Collection": "placelens.collection",
    "Encoder": "placelens.encoders.base",
    "Hits": "placelens.results",
    "Sketch": "placelens.sketch.painting",
    "TableOptions": "placelens.readers.columns",
    "add_detector": "placelens.encoders.detectors.registry",
    "add_segmenter": "placelens.encoders.segmenters.registry",
    "detectors": "placelens.encoders.detectors.registry",
    "load_encoder": "placelens.encoders.registry",
    "read_photos": "placelens.readers.discover",
    "read_table": "placelens.readers.discover",
    "remove_detector": "placelens.encoders.detectors.registry",
    "remove_segmenter": "placelens.encoders.segmenters.registry",
    "segmenters": "placelens.encoders.segmenters.registry",
}


def __getattr__(name: str) -> typing.Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'placelens' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
