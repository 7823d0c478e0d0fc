"""Words, read by the encoder of the collection."""

from __future__ import annotations

from placelens.display import LONGEST_LABEL, cut
from placelens.engine.terms import FusedTerm
from placelens.query.kind import Asked, Context, TermKind


def _read(asked: Asked, context: Context) -> FusedTerm:
    vector, shares = context.encoded[asked.value]
    label = cut(asked.value, LONGEST_LABEL)
    return context.fused("text", label, vector, asked.weight, shares, text=asked.value)


TEXT = TermKind(
    name="text",
    what="words",
    example="a bridge at night",
    argument="query",
    is_text=True,
    read=_read,
    texts=lambda text: (text,),
)
