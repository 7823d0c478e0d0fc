"""JSON, JSON lines, CSV, GeoJSON and lists of paths: formats that need nothing installed."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, TextIO

from placelens.export.records import Record, decimal_text, flatten, position_of

# What makes a spreadsheet take a cell for a formula, by OWASP's list; full-width signs too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
# Beyond it the digits are zeros that nobody wrote.
_LONGEST_NUMBER = 1e21


def write_json(records: Iterable[Record], stream: BinaryIO) -> None:
    """A JSON array, one record a line."""
    _write_array(records, stream, before="[", after="]\n")


def write_jsonl(records: Iterable[Record], stream: BinaryIO) -> None:
    """One JSON object a line; ``placelens index`` reads it back."""
    for record in records:
        stream.write(_json_bytes(record) + b"\n")


def write_geojson(records: Iterable[Record], stream: BinaryIO) -> None:
    """A FeatureCollection (RFC 7946), one feature a line; no place gives a null geometry."""
    _write_array(
        (feature_of(record) for record in records),
        stream,
        before='{"type": "FeatureCollection", "features": [',
        after="]}\n",
    )


def write_csv(records: Iterable[Record], stream: BinaryIO, blank: Record) -> None:
    """UTF-8, a header line, ``\\n`` line ends; None is an empty field."""
    _write_csv(flatten(list(records), blank=blank), stream, _cell)


def write_safe_csv(records: Iterable[Record], stream: BinaryIO, blank: Record) -> None:
    """CSV in which no cell is a formula: an apostrophe stands before what would begin one."""
    _write_csv(flatten(list(records), blank=blank), stream, _safe_cell)


def _write_csv(
    table: tuple[list[str], list[Record]], stream: BinaryIO, cell: Callable[[Any], Any]
) -> None:
    columns, rows = table
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
    # The writer quotes only those line ends that it writes itself; a lone \r would end a row.
    writer = csv.writer(_UnixLines(text), lineterminator="\r\n")
    writer.writerow([cell(column) for column in columns])
    writer.writerows([cell(row[column]) for column in columns] for row in rows)
    text.flush()
    text.detach()


class _UnixLines:
    """What the csv writer writes to: each row, its two characters of line end made one."""

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def write(self, row: str) -> int:
        return self._text.write(row.removesuffix("\r\n") + "\n")


def _cell(value: Any) -> Any:
    """A number without an exponent; all else as it is."""
    plain = isinstance(value, float) and math.isfinite(value) and abs(value) < _LONGEST_NUMBER
    return decimal_text(value) if plain else value


def _safe_cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return _cell(value)


def write_paths(records: Iterable[Record], stream: BinaryIO) -> None:
    """One image path a line."""
    _write_paths(records, stream, end=b"\n")


def write_paths0(records: Iterable[Record], stream: BinaryIO) -> None:
    """Image paths, each ended by NUL, for ``xargs -0``: safe for any file name."""
    _write_paths(records, stream, end=b"\0")


def feature_of(record: Record) -> dict[str, Any]:
    """A record as a GeoJSON Feature; its position is the geometry, the rest its properties."""
    position = position_of(record)
    geometry = None if position is None else {"type": "Point", "coordinates": list(position)}
    properties = {
        key: value for key, value in record.items() if key not in ("lat", "lon", "x", "y")
    }
    return {
        "type": "Feature",
        "id": record["id"],
        "geometry": geometry,
        "properties": properties,
    }


def _write_array(items: Iterable[Any], stream: BinaryIO, *, before: str, after: str) -> None:
    stream.write(before.encode())
    for number, item in enumerate(items):
        stream.write((b",\n" if number else b"\n") + _json_bytes(item))
    stream.write(b"\n" + after.encode())


def _json_bytes(value: Any) -> bytes:
    # A path that is not UTF-8 holds lone surrogates; backslashreplace makes them JSON escapes.
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", errors="backslashreplace")


def _write_paths(records: Iterable[Record], stream: BinaryIO, *, end: bytes) -> None:
    for record in records:
        stream.write(str(record["image"]).encode("utf-8", errors="surrogateescape") + end)
