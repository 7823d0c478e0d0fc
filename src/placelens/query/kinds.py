"""The table of terms: every kind of thing that a query can look for.

A new kind is a file in this room and a line in `KINDS`. Python then takes it among the words, as
``{"kind": NAME, "value": ...}``, the command line as ``--term NAME=VALUE``, REST in ``terms``; and
``GET /api/v1/terms`` tells the page.
"""

from __future__ import annotations

from typing import Any

from placelens.display import shown
from placelens.errors import QueryError
from placelens.query.examples import IMAGE, LIKE, VECTOR
from placelens.query.kind import TermKind
from placelens.query.phrases import BY_PHRASES
from placelens.query.sketches import SKETCH
from placelens.query.texts import TEXT

# In the order in which the terms of a query stand, and so in which they are added up.
KINDS: dict[str, TermKind] = {
    kind.name: kind for kind in (TEXT, IMAGE, LIKE, VECTOR, SKETCH, BY_PHRASES)
}


def kind_named(name: Any) -> TermKind:
    """The row of a name.

    Raises
    ------
    QueryError
        If there is none.

    Examples
    --------
    >>> kind_named("text").what
    'words'
    >>> kind_named("smell")
    Traceback (most recent call last):
        ...
    placelens.errors.QueryError: no term is of the kind 'smell'; there are: text, image, ...
    """
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise QueryError(f"no term is of the kind {shown(name)}; there are: {', '.join(KINDS)}")
    return kind
