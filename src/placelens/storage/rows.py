"""Items to and from rows of the item table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa

from placelens.errors import CollectionError
from placelens.storage.feature_columns import from_columns, to_columns
from placelens.storage.format_v2 import schema
from placelens.storage.json_columns import (
    attributes_from_json,
    attributes_to_json,
    copies_from_json,
    copies_to_json,
)
from placelens.storage.manifest import Manifest
from placelens.types import COORDINATES, FeatureName, Item, Place, Space

DAY_S = 86_400
# Half of the Earth's girth: nothing is further away.
MAX_RADIUS_M = 20_037_508.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item with what only storage needs: where it came from, its features, its thumbnail.

    ``features`` are as `placelens.storage.feature_columns.to_columns` takes them; ``proposals`` as
    the column has them.
    """

    item: Item
    source: str | None = None
    stamp: str | None = None
    content_hash: str | None = None
    copies: Mapping[str, str] = field(default_factory=dict)
    thumbnail: bytes | None = None
    features: Mapping[FeatureName, Any] = field(default_factory=dict)
    proposals: tuple[Mapping[str, Any], ...] = ()


# What `items_from` needs; vectors and thumbnails are read only when asked for.
def item_columns(space: Space) -> list[str]:
    """The columns that make up an Item."""
    return [
        "id",
        "image",
        "text",
        *COORDINATES[space],
        "place_source",
        "place_radius_m",
        "time",
        "utc_offset_s",
        "attributes",
        "width",
        "height",
    ]


def table_from(columns: Mapping[str, Any], manifest: Manifest) -> pa.Table:
    """A table of the full schema from columns by name; missing ones become null.

    Vectors may be given as (n, dim) float32 arrays, all else as Arrow's arrays or as lists with
    None.
    """
    n = len(columns["iid"])
    arrays = []
    for column in schema(manifest):
        values = columns.get(column.name)
        if values is None:
            arrays.append(pa.nulls(n, column.type))
        elif isinstance(values, pa.Array):
            arrays.append(values)
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
        "place_radius_m": [item.place_radius_m for item in items],
        "proposals": [list(row.proposals) or None for row in rows],
        "time": [item.time.replace(tzinfo=None) if item.time else None for item in items],
        "utc_offset_s": [utc_offset_s(item.time) for item in items],
        "attributes": [attributes_to_json(item.attributes) for item in items],
        "width": [item.width for item in items],
        "height": [item.height for item in items],
        "thumbnail": [row.thumbnail for row in rows],
    }
    for feature in manifest.features:
        columns |= to_columns(feature, [row.features.get(feature.name) for row in rows])
    return table_from(columns, manifest)


def rows_from(table: pa.Table, manifest: Manifest) -> list[Row]:
    """The rows of a table that has every column: what ``table_from_rows`` was given."""
    table = table.combine_chunks()
    names = ("source", "stamp", "content_hash", "copies", "thumbnail", "proposals")
    columns = zip(*(table[name].to_pylist() for name in names), strict=True)
    features: list[dict[FeatureName, Any]] = [{} for _ in range(table.num_rows)]
    for feature in manifest.features:
        for own, value in zip(features, from_columns(feature, table), strict=True):
            if value is not None:
                own[feature.name] = value
    return [
        Row(
            item=item,
            source=source,
            stamp=stamp,
            content_hash=content_hash,
            copies=copies_from_json(copies),
            thumbnail=thumbnail,
            features=own,
            proposals=tuple(proposals or ()),
        )
        for item, (source, stamp, content_hash, copies, thumbnail, proposals), own in zip(
            items_from(table.select(item_columns(manifest.space)), manifest.space),
            columns,
            features,
            strict=True,
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
            place_radius_m=radius_from(row["place_radius_m"]),
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


def radius_from(value: float | None) -> float | None:
    """A radius as it is stored, to the millimetre; None for what is none, or was measured."""
    if value is None or not 0 < value <= MAX_RADIUS_M:
        return None
    return round(value, 3)


def utc_offset_s(time: datetime | None) -> int | None:
    """Seconds of the time's zone ahead of UTC; None for a wall-clock time without zone."""
    offset = time.utcoffset() if time is not None else None
    return None if offset is None else round(offset.total_seconds())


def _time(wall_clock: datetime | None, offset_s: int | None) -> datetime | None:
    if wall_clock is None or offset_s is None or abs(offset_s) >= DAY_S:
        return wall_clock
    zone = UTC if offset_s == 0 else timezone(timedelta(seconds=offset_s))
    return wall_clock.replace(tzinfo=zone)


def sql_strings(values: Iterable[str]) -> str:
    """Strings as the inside of an SQL ``IN (...)``."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
