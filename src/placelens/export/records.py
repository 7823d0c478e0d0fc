"""What is written: each hit or item as one flat-ish mapping of plain JSON types."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from placelens.types import Hit, Item

Record = dict[str, Any]

# Names that a column of ours, or the file format itself, already uses (compared without case:
# a GeoPackage is an SQLite file).
_NESTED = ("terms", "evidence")
_RESERVED = (*_NESTED, "geometry", "geom", "fid", "place_blur_m")


def records_of(things: Iterable[Hit | Item]) -> Iterator[Record]:
    """Each thing's ``to_dict()``, with NaN and infinite attributes (not JSON) as None."""
    for thing in things:
        record = thing.to_dict()
        record["attributes"] = {
            name: _json_value(value) for name, value in record["attributes"].items()
        }
        yield record


def _json_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_json_value(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def blank_record(of: type[Hit] | type[Item]) -> Record:
    """A record of nothing: it names the columns of a table without rows."""
    item = Item(id="none")
    hit = Hit(
        rank=1, id="none", score=None, terms=(), distance_m=None, matched=None, item=item
    )  # fmt: skip
    (record,) = records_of([hit if of is Hit else item])
    return record


def position_of(record: Record) -> tuple[float, float] | None:
    """(lon, lat), or (x, y) on a plane, in GeoJSON's order; None when there is no place."""
    first, second = ("x", "y") if "x" in record else ("lon", "lat")
    if record.get(first) is None or record.get(second) is None:
        return None
    return float(record[first]), float(record[second])


def decimal_text(value: float) -> str:
    """A number without an exponent, which GPX and much that reads CSV do not know.

    Examples
    --------
    >>> decimal_text(-1e-05), decimal_text(14.0)
    ('-0.00001', '14.0')
    """
    return format(Decimal(repr(value)), "f")


def flatten(
    records: Sequence[Record], *, blank: Record | None = None, join_lists: bool = True
) -> tuple[list[str], list[dict[str, Any]]]:
    """Column names and rows for formats that have no nesting.

    Without records the columns are those of ``blank``. Terms and evidence become JSON text; where
    no hit has evidence, or no place may be off, there is no such column. A list becomes
    ``sea; boat``, unless it may stay one. An attribute becomes a column of its own name, in
    alphabetical order after the fixed columns; where that name is taken, ``attr_`` is put in front.
    """
    fixed: dict[str, None] = {}
    names: set[str] = set()
    for record in records or filter(None, [blank]):
        fixed.update(dict.fromkeys(key for key in record if key != "attributes"))
        names.update(record["attributes"])
    for name in ("evidence", "place_radius_m"):
        if not any(record.get(name) for record in records):
            fixed.pop(name, None)
    columns = _attribute_columns(sorted(names), taken={*fixed, *_RESERVED})
    rows = []
    for record in records:
        row = {key: record.get(key) for key in fixed}
        for name in _NESTED:
            if name in row:
                row[name] = json.dumps(row[name], ensure_ascii=False)
        for name, column in columns.items():
            value = record["attributes"].get(name)
            row[column] = joined(value) if join_lists else value
        rows.append(row)
    return [*fixed, *columns.values()], rows


def joined(value: Any) -> Any:
    """A list as one text, as tables have it and ``placelens index`` reads it back.

    It is a JSON list where its members hold what would separate them.

    Examples
    --------
    >>> joined(["sea", "boat"]), joined(["rock; pop", "sea"]), joined(3)
    ('sea; boat', '["rock; pop", "sea"]', 3)
    """
    if not isinstance(value, list | tuple):
        return value
    texts = [str(member) for member in value]
    text = "; ".join(texts)
    # Of one member a comma would be the separator; a bracket is how a JSON list begins.
    is_plain = text.count(";") == len(texts) - 1 and (len(texts) > 1 or "," not in text)
    if not texts or (is_plain and not text.lstrip().startswith("[")):
        return text or None
    return json.dumps(texts, ensure_ascii=False)


def _attribute_columns(names: Iterable[str], *, taken: set[str]) -> dict[str, str]:
    """A column name for each attribute that no other column has, letter case aside."""
    used = {name.casefold() for name in taken}
    columns = {}
    for name in names:
        column = name
        while column.casefold() in used:
            column = f"attr_{column}"
        used.add(column.casefold())
        columns[name] = column
    return columns
