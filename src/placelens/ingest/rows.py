"""Stored rows, and what the run knows of their files now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from placelens.ingest.known import KnownRow
from placelens.storage.format_v1 import Row, rows_from
from placelens.storage.table import ItemTable


def stored_rows(table: ItemTable, iids: Sequence[int]) -> dict[int, Row]:
    """Whole rows by internal id, thumbnails and vectors included."""
    if not iids:
        return {}
    found = table.dataset.to_table(filter=f"iid IN ({', '.join(map(str, iids))})")
    return dict(zip(found["iid"].to_pylist(), rows_from(found, table.manifest), strict=True))


def with_files(row: Row, known: KnownRow) -> Row:
    """A row with the files that are known of its item."""
    return replace(
        row,
        item=replace(row.item, image=known.image),
        source=known.source,
        stamp=known.stamp,
        content_hash=known.content_hash,
        copies=known.copies,
    )
