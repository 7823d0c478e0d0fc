"""Table files to rows: CSV, JSONL, a JSON array. What the columns mean is not looked at here."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from placelens.errors import ReadError
from placelens.readers.files import open_regular, read_regular, read_some
from placelens.readers.formats import suffix_of
from placelens.readers.geo_tables import load_geojson, load_parquet
from placelens.readers.parquet_files import parquet_names
from placelens.readers.rows import Row, Table, flatten

_DELIMITERS = ",;\t|"
_PARQUET = (".parquet", ".geoparquet", ".pq")
_MAX_TABLE_BYTES = 2**29
_TOO_LARGE = "split it, or write it as Parquet"
_HEAD_BYTES = 2**16


def load_table(path: str) -> Table:
    """Read a table file.

    Raises
    ------
    ReadError
        If it cannot be opened or is not what its name says.
    """
    suffix = suffix_of(Path(path).name)
    if suffix in _PARQUET:
        return load_parquet(path)
    text = _decode(read_regular(path, _MAX_TABLE_BYTES, advice=_TOO_LARGE))
    return _LOADERS.get(suffix, _load_csv)(text)


def load_head(path: str) -> Table | None:
    """The first rows of a table file, or its columns alone, without reading all of it.

    None where they cannot be told from its beginning.

    Raises
    ------
    ReadError
        If it cannot be opened or is not what its name says.
    """
    suffix = suffix_of(Path(path).name)
    if suffix in _PARQUET:
        return Table(parquet_names(path), [])
    with open_regular(path) as file:
        data = read_some(file, _HEAD_BYTES + 1)
    if len(data) <= _HEAD_BYTES:
        return _LOADERS.get(suffix, _load_csv)(_decode(data))
    if _LOADERS.get(suffix) is _load_json:
        return _first_record(_decode(data))
    whole_lines = data[: data.rfind(b"\n") + 1]
    return _LOADERS.get(suffix, _load_csv)(_decode(whole_lines)) if whole_lines else None


def _first_record(text: str) -> Table | None:
    """The first row of a JSON array or of GeoJSON's features that is only there in part."""
    features = re.search(r'"features"\s*:\s*\[\s*', text)
    start = features.end() if features else len(text) - len(text.lstrip("\ufeff \t\r\n["))
    try:
        record, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if not features:
        return _from_records([record])
    return load_geojson({"type": "FeatureCollection", "features": [record]})


def _decode(data: bytes) -> str:
    """UTF-8, or UTF-16 if its mark says so, or else the Windows code page of western Europe."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _load_csv(text: str) -> Table:
    lines = _csv_lines(text, _delimiter(text))
    header = next((cells for cells, _ in lines if any(cells)), None)
    if header is None:
        raise ReadError("it is empty")
    names = _distinct([cell.strip() for cell in header])
    rows = []
    for number, (cells, problem) in enumerate(
        (line for line in lines if line[1] or any(cell.strip() for cell in line[0])), start=1
    ):
        extra = [cell for cell in cells[len(names) :] if cell.strip()]
        too_many = (
            f"it has {len(cells)} cells for {len(names)} columns; "
            "is a text with the delimiter in it not quoted?"
        )
        values = {n: c.strip() or None for n, c in zip(names, cells, strict=False)}
        rows.append(Row(number, values, problem=problem or (too_many if extra else None)))
    return Table(names, rows, is_text=True)


def _csv_lines(text: str, delimiter: str) -> Iterable[tuple[list[str], str | None]]:
    """Cells of each record, or the reason why it has none; goes on after a bad record."""
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    while True:
        try:
            yield next(reader), None
        except StopIteration:
            return
        except csv.Error as error:
            yield [], f"it is not CSV: {error}"


def _delimiter(text: str) -> str:
    """The delimiter that the header has most of, outside quotes."""
    header = text.lstrip().split("\n", 1)[0]
    bare = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=bare.count)


def _distinct(names: Sequence[str]) -> list[str]:
    """Make column names distinct: a second ``name`` is ``name_2``, an empty one ``column_3``."""
    seen: dict[str, int] = {}
    distinct = []
    for position, name in enumerate(names, start=1):
        base = name or f"column_{position}"
        seen[base] = seen.get(base, 0) + 1
        distinct.append(base if seen[base] == 1 else f"{base}_{seen[base]}")
    return distinct


def _load_jsonl(text: str) -> Table:
    records: list[Any] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            records.append(ReadError(f"it is not JSON: {error}"))
    return _from_records(records)


def _load_json(text: str) -> Table:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"it is not JSON: {error}") from error
    if isinstance(value, dict) and value.get("type") in ("FeatureCollection", "Feature"):
        return load_geojson(value)
    if not isinstance(value, list):
        raise ReadError("it holds neither an array of rows nor GeoJSON features")
    return _from_records(value)


def _from_records(records: Sequence[Any]) -> Table:
    names: dict[str, None] = {}
    rows = []
    for number, record in enumerate(records, start=1):
        if isinstance(record, dict):
            values = flatten(record)
            names.update(dict.fromkeys(values))
            rows.append(Row(number, values))
        else:
            problem = str(record) if isinstance(record, ReadError) else "it is not a JSON object"
            rows.append(Row(number, {}, problem=problem))
    return Table(list(names), rows)


_LOADERS: Mapping[str, Callable[[str], Table]] = {
    ".csv": _load_csv,
    ".tsv": _load_csv,
    ".json": _load_json,
    ".geojson": _load_json,
    ".jsonl": _load_jsonl,
    ".ndjson": _load_jsonl,
}
