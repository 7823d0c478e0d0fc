"""A table once it is loaded: its columns and rows, whatever file they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from placelens.types import Place


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as people count (the first after the header is 1) and its values.

    ``problem`` says why it cannot be used. ``place`` comes from a geometry.
    """

    number: int
    values: Mapping[str, Any]
    place: Place | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns and rows; ``is_text`` when every value is a text, as in CSV."""

    names: Sequence[str]
    rows: Sequence[Row]
    is_text: bool = False
    has_geometry: bool = False


def flatten(record: Mapping[str, Any]) -> dict[str, Any]:
    """Lift a nested ``attributes`` object, as exports have it, to columns of the record.

    A name that the record has already gets ``attr_`` in front, as in an exported CSV.
    """
    nested = record.get("attributes")
    if not isinstance(nested, Mapping):
        return dict(record)
    flat = {name: value for name, value in record.items() if name != "attributes"}
    for name, value in nested.items():
        flat[f"attr_{name}" if name in record else name] = value
    return flat
