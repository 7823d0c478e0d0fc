"""Stored rows, and what the run knows of their files now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from placelens.ingest.known import KnownRow
from placelens.storage.rows import Row, rows_from
from placelens.storage.table import ItemTable


def stored_rows(table: ItemTable, iids: Sequence[int]) -> dict[int, Row]:
    """Whole rows by internal id, thumbnails and features included."""
    if not iids:
        return {}
    found = table.rows(iids)
    return dict(zip(found["iid"].to_pylist(), rows_from(found, table.manifest), strict=True))


def stored_proposals(
    table: ItemTable, iids: Sequence[int]
) -> dict[int, tuple[Mapping[str, Any], ...]]:
    """What was proposed of some items, by internal id; without those of which nothing was."""
    if not iids:
        return {}
    found = table.rows(iids, ["iid", "proposals"]).to_pylist()
    return {row["iid"]: tuple(row["proposals"]) for row in found if row["proposals"]}


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
