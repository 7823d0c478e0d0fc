"""JSON, JSON lines, CSV, GeoJSON and lists of paths: formats that need nothing installed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, BinaryIO

from placelens.export.records import Record, flatten, position_of


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


def write_csv(records: Iterable[Record], stream: BinaryIO) -> None:
    """UTF-8, a header line, ``\\n`` line ends; None is an empty field."""
    columns, rows = flatten(list(records))
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    text.flush()
    text.detach()


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
