"""Kinds of terms, and evidence, as the REST API gives them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class TermKindOut(BaseModel):
    """A kind of thing that can be looked for."""

    name: str
    what: str
    example: Any
    field: str | None = Field(description="The field of a search for it; None: in `terms` only.")


class EvidenceOut(BaseModel):
    """What speaks for a match."""

    kind: str
    label: str
    share: float | None = Field(description="Its part of the whole, in [0, 1].")
    of: str | None = Field(description="Label of the term that it speaks for.")
    span: tuple[int, int] | None = Field(description="Characters of the words, end excluded.")
    box: tuple[int, int, int, int] | None = Field(
        description="Left, top, right, bottom in pixels of the original image."
    )
