"""How much one request may hold: the same in Python, on the command line and over HTTP.

They are far above what anybody types, and low enough that no request takes a second or a gigabyte
on 100,000 items; ``tools/worst_requests.py`` measures it. The OpenAPI states them.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Final, TypeVar

from placelens.display import shown
from placelens.errors import InputError, QueryError

MAX_TEXT: Final = 4_000
"""Characters of a query's words, all its texts taken together; encoders read some hundred words."""

MAX_NAME: Final = 200
"""Characters of a place's name, a distance, a decay, a time, an attribute's name."""

MAX_ID: Final = 4_096
"""Characters of an item's id: that of a photo is its path."""

MAX_TERMS: Final = 16
"""Texts, images, items and vectors that one query weighs against each other."""

MAX_SKETCHES: Final = 4
"""Painted maps that one query weighs against each other: each may be compared with all items."""

MAX_PAINTED_SIDE: Final = 4_096
"""Cells along a side of a painted map; over HTTP a body holds fewer."""

MAX_DIM: Final = 65_536
"""Components of a vector."""

MAX_CONDITIONS: Final = 32
"""Attributes that ``where`` names."""

MAX_VALUES: Final = 1_000
"""Values that a condition lists."""

MAX_CURSOR: Final = 800
"""Characters of a cursor; that of a list by name holds a hundred characters of it."""

MAX_POSITIONS: Final = 200_000
"""Corners of an area, all its rings taken together."""

MAX_CROSSINGS: Final = 10_000
"""Pairs of an area's edges that cross or touch, where they are not neighbours."""

MAX_ZOOM: Final = 22
"""The zoom of a web map from which its cells are no finer."""

MAX_CLUSTERS: Final = 4_000
"""Clusters and single items of a view of the map; 3,840 by 2,160 pixels have 2,200 cells."""

MAX_PROPOSALS: Final = 200
"""Proposals of places that one answer lists, each with its item."""

MAX_SAVED: Final = 500
"""Searches that a collection keeps under names."""

MAX_SAVED_BYTES: Final = 2**16
"""Bytes of a saved search as JSON; an area that was drawn takes two thousand."""

MAX_ORIGINALS: Final = 1_000
"""Items whose files one zip holds."""

MAX_ORIGINALS_BYTES: Final = 8 * 2**30
"""Bytes of the files that one zip holds, all of them together."""

MAX_JSON_VALUES: Final = 1_200_000
"""Values in a request's body: 16 vectors of the longest, or the corners of the largest area."""

MAX_METRES: Final = 1e15
"""How far from the origin of a plane anything may lie; squares of it are still numbers."""

MAX_DEPTH: Final = 16
"""Levels of collections within collections in a GeoJSON."""

MAX_MODEL_BYTES: Final = 2**29
"""Bytes of a model's file that a user adds."""

MAX_LABELS_BYTES: Final = 2**16
"""Bytes of a file of labels."""

MAX_CLASSES: Final = 255
"""Labels of a segmenter, or of masks: a mask's byte 255 says nothing."""

MAX_MODEL_SIDE: Final = 2_048
"""Pixels along a side of what a segmenter takes."""

MAX_MODEL_VALUES: Final = 2**26
"""Numbers that a segmenter gives of an image: 256 MiB of float32."""

MAX_CLASS_GRID: Final = 64
"""Cells along a side of a class map; 64 x 64 x 255 bytes fill what a map may have."""

_S = TypeVar("_S", bound=Sized)


def within(value: _S, limit: int, name: str, *, error: type[InputError] = QueryError) -> _S:
    """The value itself, if it is not longer than a limit.

    Raises
    ------
    QueryError
        Or the error given, naming the value and both lengths.

    Examples
    --------
    >>> within("Lyon", MAX_NAME, "near")
    'Lyon'
    >>> within("x" * 300, MAX_NAME, "near")
    Traceback (most recent call last):
        ...
    placelens.errors.QueryError: near has 300 characters, and 200 is the most: 'xxxxxxxxxxxx...
    """
    if len(value) > limit:
        what = "characters" if isinstance(value, str) else "entries"
        raise error(f"{name} has {len(value):,} {what}, and {limit:,} is the most: {shown(value)}")
    return value
