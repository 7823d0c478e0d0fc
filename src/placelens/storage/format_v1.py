"""Format 1: the columns of the item table, and items to and from rows.

One row an item. A row holds everything about it, its vectors and thumbnail included, so that one
commit of the table is one state of the collection and a crash can never leave half an item.

================== ====================== ==================================================
column             type                   meaning
================== ====================== ==================================================
iid                int64                  internal id: given at insert, never reused
id                 string                 the public id
source             string                 what it was read from (a reader's ``Source.key``)
stamp              string                 the source's state when it was read
content_hash       string                 hash of the file's bytes and of what its row says
copies             string                 a JSON object: source to stamp of identical files,
                                          "=" before the stamp once the row has what they say
image              string                 path of the image file
text               string
lat, lon           float64                degrees; ``x``, ``y`` in metres on a plane
place_source       string                 given, exif, xmp, raster, takeout, table or estimated
time               timestamp[us]          wall-clock time where it was taken
utc_offset_s       int32                  the wall clock's offset from UTC, where known
attributes         string                 a JSON object
width, height      int32                  pixels of the upright image
thumbnail          binary                 JPEG
<feature>_vector  float32[dim]           unit vector, null where there is none
================== ====================== ==================================================

Attributes are JSON and not columns because people's keys and types differ from file to file;
a filter parses them once for each opened version. A value is a string, a number, true or false,
or a list of these. Collections from before lists were allowed have keywords as one string.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa

from placelens.errors import CollectionError, InputError
from placelens.storage.manifest import Manifest
from placelens.types import Attribute, FeatureName, Float32Array, Item, Place, Scalar, Space

DAY_S = 86_400

COORDINATES: dict[Space, tuple[str, str]] = {"sphere": ("lat", "lon"), "plane": ("x", "y")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item with what only storage needs: where it came from, its vectors, its thumbnail."""

    item: Item
    source: str | None = None
    stamp: str | None = None
    content_hash: str | None = None
    copies: Mapping[str, str] = field(default_factory=dict)
    thumbnail: bytes | None = None
    vectors: Mapping[FeatureName, Float32Array] = field(default_factory=dict)


def vector_column(feature: FeatureName) -> str:
    """The name of the column with the vectors of a feature."""
    return "vector" if feature == "vector" else f"{feature}_vector"


def with_vectors(
    column: pa.FixedSizeListArray,
    convert: Callable[[Float32Array], Float32Array],
    kind: pa.FixedSizeListType,
) -> pa.FixedSizeListArray:
    """A column of other vectors, null where this one is."""
    there = column.is_valid()
    old = column.filter(there).flatten().to_numpy(zero_copy_only=False)
    new = np.zeros((len(column), kind.list_size), dtype=np.float32)
    mask = there.to_numpy(zero_copy_only=False)
    if mask.any():
        new[mask] = convert(old.reshape(-1, column.type.list_size))
    return pa.FixedSizeListArray.from_arrays(new.ravel(), type=kind, mask=pa.array(~mask))


def schema(manifest: Manifest) -> pa.Schema:
    """The Arrow schema of the item table."""
    first, second = COORDINATES[manifest.space]
    return pa.schema(
        [
            pa.field("iid", pa.int64(), nullable=False),
            pa.field("id", pa.string(), nullable=False),
            ("source", pa.string()),
            ("stamp", pa.string()),
            ("content_hash", pa.string()),
            ("copies", pa.string()),
            ("image", pa.string()),
            ("text", pa.string()),
            (first, pa.float64()),
            (second, pa.float64()),
            ("place_source", pa.string()),
            ("time", pa.timestamp("us")),
            ("utc_offset_s", pa.int32()),
            ("attributes", pa.string()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("thumbnail", pa.binary()),
            *(
                (vector_column(feature), pa.list_(pa.float32(), manifest.dim))
                for feature in manifest.features
            ),
        ]
    )


# What `items_from` needs; vectors and thumbnails are read only when asked for.
def item_columns(space: Space) -> list[str]:
    """The columns that make up an Item."""
    return [
        "id",
        "image",
        "text",
        *COORDINATES[space],
        "place_source",
        "time",
        "utc_offset_s",
        "attributes",
        "width",
        "height",
    ]


def table_from(columns: Mapping[str, Any], manifest: Manifest) -> pa.Table:
    """A table of the full schema from columns by name; missing ones become null.

    Vectors are given as (n, dim) float32 arrays, or as lists with None.
    """
    n = len(columns["iid"])
    arrays = []
    for column in schema(manifest):
        values = columns.get(column.name)
        if values is None:
            arrays.append(pa.nulls(n, column.type))
        elif isinstance(values, np.ndarray) and values.ndim == 2:
            arrays.append(pa.FixedSizeListArray.from_arrays(values.ravel(), values.shape[1]))
        else:
            arrays.append(pa.array(values, column.type, from_pandas=True))
    return pa.Table.from_arrays(arrays, schema=schema(manifest))


def table_from_rows(rows: Sequence[Row], iids: Sequence[int], manifest: Manifest) -> pa.Table:
    """A table from rows and the internal ids given to them."""
    first, second = COORDINATES[manifest.space]
    items = [row.item for row in rows]
    pairs = [_coordinates(item.place) for item in items]
    columns: dict[str, Any] = {
        "iid": iids,
        "id": [item.id for item in items],
        "source": [row.source for row in rows],
        "stamp": [row.stamp for row in rows],
        "content_hash": [row.content_hash for row in rows],
        "copies": [copies_to_json(row.copies) for row in rows],
        "image": [item.image for item in items],
        "text": [item.text for item in items],
        first: [pair[0] for pair in pairs],
        second: [pair[1] for pair in pairs],
        "place_source": [item.place_source for item in items],
        "time": [item.time.replace(tzinfo=None) if item.time else None for item in items],
        "utc_offset_s": [utc_offset_s(item.time) for item in items],
        "attributes": [attributes_to_json(item.attributes) for item in items],
        "width": [item.width for item in items],
        "height": [item.height for item in items],
        "thumbnail": [row.thumbnail for row in rows],
    }
    for feature in manifest.features:
        columns[vector_column(feature)] = [row.vectors.get(feature) for row in rows]
    return table_from(columns, manifest)


def rows_from(table: pa.Table, manifest: Manifest) -> list[Row]:
    """The rows of a table that has every column: what ``table_from_rows`` was given."""
    table = table.combine_chunks()
    names = ("source", "stamp", "content_hash", "copies", "thumbnail")
    columns = zip(*(table[name].to_pylist() for name in names), strict=True)
    vectors: list[dict[FeatureName, Float32Array]] = [{} for _ in range(table.num_rows)]
    for feature in manifest.features:
        column = table[vector_column(feature)]
        there = np.flatnonzero(column.is_valid().to_numpy())
        values = column.drop_null().combine_chunks().flatten().to_numpy(zero_copy_only=False)
        for row, vector in zip(there, values.reshape(-1, manifest.dim), strict=True):
            vectors[row][feature] = vector
    return [
        Row(
            item=item,
            source=source,
            stamp=stamp,
            content_hash=content_hash,
            copies=copies_from_json(copies),
            thumbnail=thumbnail,
            vectors=of_row,
        )
        for item, (source, stamp, content_hash, copies, thumbnail), of_row in zip(
            items_from(table, manifest.space), columns, vectors, strict=True
        )
    ]


def items_from(table: pa.Table, space: Space) -> list[Item]:
    """The items of a table that has the columns of ``item_columns``."""
    first, second = COORDINATES[space]
    return [
        Item(
            id=row["id"],
            image=row["image"],
            text=row["text"],
            place=None if row[first] is None else Place(**{first: row[first], second: row[second]}),
            place_source=row["place_source"],
            time=_time(row["time"], row["utc_offset_s"]),
            attributes=attributes_from_json(row["attributes"]),
            width=row["width"],
            height=row["height"],
        )
        for row in _plain_rows(table)
    ]


def _plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = table.to_pylist()
    except (ValueError, OverflowError) as error:  # no time of a calendar, or no text
        raise CollectionError(f"an item's row is not what placelens writes ({error})") from error
    return rows


def _coordinates(place: Place | None) -> tuple[float | None, float | None]:
    """A place as its two columns."""
    if place is None:
        return (None, None)
    return (place.lat, place.lon) if place.space == "sphere" else (place.x, place.y)


def utc_offset_s(time: datetime | None) -> int | None:
    """Seconds of the time's zone ahead of UTC; None for a wall-clock time without zone."""
    offset = time.utcoffset() if time is not None else None
    return None if offset is None else round(offset.total_seconds())


def _time(wall_clock: datetime | None, offset_s: int | None) -> datetime | None:
    if wall_clock is None or offset_s is None or abs(offset_s) >= DAY_S:
        return wall_clock
    zone = UTC if offset_s == 0 else timezone(timedelta(seconds=offset_s))
    return wall_clock.replace(tzinfo=zone)


def attributes_to_json(attributes: Mapping[str, Attribute]) -> str | None:
    """Attributes as a JSON object; NumPy's values become plain ones, NaN becomes null.

    Raises
    ------
    InputError
        If a value is not a string, number, boolean or None, or a list of these.
    """
    if not attributes:
        return None
    return json.dumps(
        {str(name): _plain(name, value) for name, value in attributes.items()},
        ensure_ascii=False,
    )


def attributes_from_json(text: str | None) -> dict[str, Attribute]:
    """What `attributes_to_json` was given.

    A collection may come from anybody: what it would not have written is left out.
    """
    return {
        name: value
        for name, value in _object(text).items()
        if _is_attribute(value) or (isinstance(value, list) and all(map(_is_attribute, value)))
    }


def copies_from_json(text: str | None) -> dict[str, str]:
    """What `copies_to_json` was given; what it would not have written is left out."""
    return {name: stamp for name, stamp in _object(text).items() if isinstance(stamp, str)}


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
        if text and "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # no lone surrogate, which is no text
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_attribute(value: object) -> bool:
    """Whether a value is one of `Scalar`, that is a finite number if it is one."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int)


def copies_to_json(copies: Mapping[str, str]) -> str | None:
    """Identical files, by source with their stamps; None when there are none."""
    return json.dumps(dict(copies), ensure_ascii=False) if copies else None


def _plain(name: str, value: Any) -> Attribute:
    """A value as JSON has it; of a list, the members that are not missing."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple):
        members = [_plain_scalar(name, member) for member in value]
        return [member for member in members if member is not None]
    return _plain_scalar(name, value)


def _plain_scalar(name: str, value: Any) -> Scalar:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InputError(
        f"attribute {name!r} holds a {type(value).__name__}; "
        "give a string, number, boolean or None, or a list of these"
    )


def sql_strings(values: Iterable[str]) -> str:
    """Strings as the inside of an SQL ``IN (...)``."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
