"""Table files to rows: CSV, JSONL, a JSON array. What the columns mean is not looked at here."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from placelens.errors import ReadError
from placelens.files import open_regular, read_regular, read_some
from placelens.readers.formats import suffix_of
from placelens.readers.geo_tables import load_features, load_geojson, load_parquet
from placelens.readers.parquet_files import parquet_names
from placelens.readers.rows import Row, Table, flatten

_DELIMITERS = ",;\t|"
_PARQUET = (".parquet", ".geoparquet", ".pq")
_MAX_TABLE_BYTES = 2**29
_TOO_LARGE = "split it, or write it as Parquet"
_HEAD_BYTES = 2**16
_BLANK = "\ufeff \t\r\n"
_NO_ROWS = "it holds neither an array of rows nor GeoJSON features"
# What spreadsheets write above the header to name their delimiter.
_SEP_LINE = re.compile(r'\s*"?sep=(?P<delimiter>[^"\r\n])"?[;,\t ]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_CELL_LIMIT = Lock()
_UNCLOSED = "a quote in it is never closed, so the lines after it cannot be told apart"
# RFC 8142 puts this mark before each text of a sequence, so that a text may have several lines.
_RECORD_SEPARATOR = "\x1e"
# The longer marks first: UTF-32's begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENCODING_PEEK = 4096


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
    text = decode(read_regular(path, _MAX_TABLE_BYTES, advice=_TOO_LARGE))
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
        return _LOADERS.get(suffix, _load_csv)(decode(data))
    if _LOADERS.get(suffix) is _load_json:
        return _first_record(decode(data))
    whole_lines = data[: data.rfind(b"\n") + 1]
    return _LOADERS.get(suffix, _load_csv)(decode(whole_lines)) if whole_lines else None


def _first_record(text: str) -> Table | None:
    """The first row of a JSON array or of GeoJSON's features that is only there in part."""
    is_array = text.lstrip(_BLANK).startswith("[")
    if not is_array and '"FeatureCollection"' not in text:
        raise ReadError(_NO_ROWS)
    features = re.search(r'"features"\s*:\s*\[\s*', text)
    start = features.end() if features else len(text) - len(text.lstrip(_BLANK + "["))
    try:
        record, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    if not features:
        return _from_records([record])
    return load_geojson({"type": "FeatureCollection", "features": [record]})


def decode(data: bytes) -> str:
    """UTF-8, or UTF-16 or UTF-32 if a mark or its zeros say so, else Windows' western code page."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    # ASCII in UTF-16 is zero in every other byte.
    start = data[: min(_ENCODING_PEEK, len(data) // 2 * 2)]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = start[offset::2].count(0), start[1 - offset :: 2].count(0)
        if zeros > 0.35 * len(start) and not others:
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _load_csv(text: str) -> Table:
    sep_line = _SEP_LINE.match(text)
    delimiter = sep_line["delimiter"] if sep_line else _delimiter(text)
    with _cells_of_any_length():
        records = list(_csv_lines(text[sep_line.end() :] if sep_line else text, delimiter))
    if records and _is_unclosed(text, records[-1][0]):
        records[-1] = ([], _UNCLOSED)
    lines = iter(records)
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


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    """Lift the csv module's limit of 131,072 characters a cell while a table is read.

    The limit is one for the whole process: it is put back at once, and a thread that reads a
    table waits for another that does, so that neither finds the other's limit.
    """
    with _CELL_LIMIT:
        before = csv.field_size_limit(_MAX_TABLE_BYTES - 1)
        try:
            yield
        finally:
            csv.field_size_limit(before)


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


def _is_unclosed(text: str, cells: Sequence[str]) -> bool:
    """Whether the last record took in the lines after it, for want of a closing quote."""
    return any("\n" in cell or "\r" in cell for cell in cells) and text.count('"') % 2 == 1


def _delimiter(text: str) -> str:
    """The delimiter that the header has most of, outside quotes."""
    header = re.split(r"[\r\n]", text.lstrip("\r\n "), maxsplit=1)[0]
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
    separator = _RECORD_SEPARATOR if _RECORD_SEPARATOR in text else "\n"
    records: list[Any] = []
    for line in text.split(separator):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            record = ReadError(f"it is not JSON: {error}")
        whole = isinstance(record, dict) and record.get("type") == "FeatureCollection"
        features = record.get("features") if whole else None
        records += features if isinstance(features, list) else [record]
    if any(isinstance(record, dict) and record.get("type") == "Feature" for record in records):
        return load_features(records)
    return _from_records(records)


def _load_json(text: str) -> Table:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        if _RECORD_SEPARATOR in text or _is_json_object(text.lstrip().split("\n", 1)[0]):
            return _load_jsonl(text)  # one feature or record a line under the name of the whole
        raise ReadError(f"it is not JSON: {error}") from error
    if isinstance(value, dict) and value.get("type") in ("FeatureCollection", "Feature"):
        return load_geojson(value)
    if not isinstance(value, list):
        raise ReadError(_NO_ROWS)
    return _from_records(value)


def _is_json_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


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
    ".geojsonl": _load_jsonl,
    ".geojsons": _load_jsonl,
    ".jsonl": _load_jsonl,
    ".ndgeojson": _load_jsonl,
    ".ndjson": _load_jsonl,
}
