"""Stored rows, and what the run knows of their files now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from placelens.ingest.class_maps import is_given
from placelens.ingest.known import KnownRow
from placelens.storage.feature_columns import fields_of, from_columns
from placelens.storage.rows import Row, rows_from
from placelens.storage.table import ItemTable
from placelens.types import FeatureName


def stored_rows(table: ItemTable, iids: Sequence[int]) -> dict[int, Row]:
    """Whole rows by internal id, thumbnails and features included."""
    if not iids:
        return {}
    found = table.rows(iids)
    return dict(zip(found["iid"].to_pylist(), rows_from(found, table.manifest), strict=True))


def stored_given(table: ItemTable, iids: Sequence[int]) -> dict[int, dict[FeatureName, Any]]:
    """What items have of features that were given, by internal id: nothing makes these again."""
    given = [feature for feature in table.manifest.features if is_given(feature)]
    if not iids or not given:
        return {}
    columns = [field.name for feature in given for field in fields_of(feature)]
    found = table.rows(iids, ["iid", *columns])
    values = {feature.name: from_columns(feature, found) for feature in given}
    return {
        iid: {name: each[at] for name, each in values.items() if each[at] is not None}
        for at, iid in enumerate(found["iid"].to_pylist())
    }


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
