"""What ``placelens search`` says beside the hits: how it was understood, and what had no effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.results import Hits


def notes_before(
    hits: Hits, *, near: str | None, decay: str | None, mu: float, space: str
) -> Iterator[str]:
    """What was read and what was not, that nothing is near, and options that changed nothing."""
    if near is not None and space == "sphere":
        named = _named_place(near)
        if named is not None:
            yield f"understood: {named}"
    if hits.interpretation:
        yield hits.interpretation
    yield from hits.notes
    if hits.reading:
        yield hits.reading
    placed = near is not None or (hits.understood is not None and hits.understood.near is not None)
    if not placed:
        idle = [*(["--decay"] if decay is not None else []), *(["--mu"] if mu != 0.5 else [])]
        if idle:
            yield f"{' and '.join(idle)} changed nothing, as no place was asked for; add --near"


def why_no_hits(collection: Collection) -> str:
    """The likeliest reason why nothing was found."""
    if len(collection) == 0:
        return (
            f"no hits: {collection.path} is empty; "
            f"fill it with: placelens index PATHS --to {collection.path}"
        )
    return "no hits: nothing in the collection passes the limits"


def _named_place(near: str) -> str | None:
    """The place that a name given with --near stands for; None for coordinates."""
    from placelens.geo.place_names import Understood, read_near
    from placelens.query.near import gazetteer

    mention, _, _ = read_near(near, gazetteer())
    if mention.kind == "point":
        return None
    return Understood(text="", mentions=(mention,)).describe()
