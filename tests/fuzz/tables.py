"""Tables in every form: CSV, JSON, JSON lines, GeoJSON, Parquet."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tests.fuzz.mutations import broken_bytes, broken_text, broken_value
from tests.fuzz.scratch import scratch

from placelens.errors import ReadError
from placelens.readers.base import Skipped
from placelens.readers.discover import read_photos, read_table
from placelens.readers.read import read

CSV = (
    "id,text,lat,lon,time,rating\na,A bridge,50.087,14.421,2019-06-30,5\nb,\"A, dam\",45°N,4E,,\n",
    "sep=;\nname;caption;position\nx;A bridge;50,087; 14,421\ny;A dam;\"45.7, 4.8\"\n",
    "title\tgeometry\tkeywords\nA bridge\tPOINT (14 50)\tsea\nA dam\t\"{\"\"type\"\": 1}\"\t\n",
)  # fmt: skip
RECORDS: list[dict[str, Any]] = [
    {
        "id": "a",
        "text": "A bridge",
        "lat": 50.087,
        "lon": 14.421,
        "time": "2019-06-30T12:00",
        "n": 1,
    },
    {
        "id": "b",
        "caption_en": "A dam",
        "location": {"lat": "45°N", "lng": 4},
        "attributes": {"n": 2},
    },
    {"id": 3, "text": ["one", "two"], "coordinates": [4.8, 45.7], "tags": ["sea", "boat"]},
]
FEATURES: dict[str, Any] = {
    "type": "FeatureCollection",
    "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    "features": [
        {"type": "Feature", "id": 1, "properties": {"text": "A bridge"},
         "geometry": {"type": "Point", "coordinates": [14.4, 50.1]}},
        {"type": "Feature", "properties": {"text": "A park", "attributes": {"n": 1}},
         "geometry": {"type": "Polygon", "coordinates": [[[4, 45], [5, 45], [5, 46], [4, 45]]]}},
        {"type": "Feature", "properties": None, "geometry": {"type": "GeometryCollection",
         "geometries": [{"type": "LineString", "coordinates": [[179, 1], [-179, 2]]}]}},
    ],
}  # fmt: skip


def try_csv(rng: random.Random) -> bool:
    """A table of text, in one encoding or another."""
    text = broken_text(CSV, rng)
    encoding = rng.choice(("utf-8", "utf-8", "utf-16", "cp1252", "utf-8-sig"))
    data = text.encode(encoding, "replace")
    if rng.random() < 0.3:
        data = broken_bytes(data, rng)
    return check(rng.choice(("a.csv", "a.tsv")), data)


def try_json(rng: random.Random) -> bool:
    """Records as an array, or one a line."""
    if rng.random() < 0.5:
        text = json.dumps(broken_value(RECORDS, rng))
        name = "a.json"
    else:
        text = "\n".join(json.dumps(broken_value(record, rng)) for record in RECORDS)
        name = rng.choice(("a.jsonl", "a.ndjson"))
    return check(name, _bytes_of(text, rng))


def try_geojson(rng: random.Random) -> bool:
    """Features, together or one a line."""
    if rng.random() < 0.6:
        text, name = json.dumps(broken_value(FEATURES, rng)), rng.choice(("a.geojson", "a.json"))
    else:
        text = "\x1e".join(json.dumps(broken_value(f, rng)) + "\n" for f in FEATURES["features"])
        name = rng.choice(("a.geojsonl", "a.geojsons", "a.ndgeojson"))
    return check(name, _bytes_of(text, rng))


def try_parquet(rng: random.Random) -> bool:
    """Parquet whose bytes are broken; its footer, at the end, as often as its beginning."""
    data = rng.choice(_parquet_files())
    at = rng.randrange(len(data))
    return check("a.parquet", data[:at] + broken_bytes(data[at:], rng))


def check(name: str, data: bytes) -> bool:
    """Read a table, as one that is named and as one that lies in a folder; whether it has items."""
    folder = scratch("tables")
    path = folder / name
    path.write_bytes(data)
    try:
        found = list(read_table(path))
        list(read_photos(folder))
        for source in found[:4]:
            if not isinstance(source, Skipped):
                _try_reading(source)
            elif not source.reason:
                raise AssertionError("an empty reason")
    finally:
        path.unlink()
    return any(not isinstance(one, Skipped) for one in found)


def _try_reading(source: Any) -> None:
    try:
        read(source, None)
    except ReadError as error:
        if not str(error):
            raise AssertionError("an empty reason") from error


def _bytes_of(text: str, rng: random.Random) -> bytes:
    data = text.encode("utf-8", "replace")
    return broken_bytes(data, rng) if rng.random() < 0.3 else data


@cache
def _parquet_files() -> list[bytes]:
    plain = pa.table(
        {"id": ["a", "b"], "text": ["A bridge", "A dam"], "lat": [50.0, 45.7], "lon": [14.4, 4.8],
         "tags": [["sea"], ["boat", "sail"]], "n": pa.array([1, None], pa.int16())}
    )  # fmt: skip
    wkb = bytes.fromhex("0101000000000000000000f03f0000000000000040")
    geo = {"version": "1.1.0", "primary_column": "geometry",
           "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}}}  # fmt: skip
    placed = pa.table({"text": ["A bridge"], "geometry": [wkb]})
    placed = placed.replace_schema_metadata({"geo": json.dumps(geo)})
    files = []
    for table in (plain, placed):
        for options in (
            {"compression": "none"},
            {"compression": "snappy", "use_dictionary": False},
        ):
            out = pa.BufferOutputStream()
            pq.write_table(table, out, **options)
            files.append(out.getvalue().to_pybytes())
    return files
