"""Version 2 of the item table: the columns of version 1, and these.

================== ====================== ==================================================
column             type                   meaning
================== ====================== ==================================================
place_radius_m     float32                how far from its place the item may be, in metres;
                                          null or 0 for a place that was measured
proposals          list<struct>           what was proposed of the item's place, the oldest
                                          first: see `placelens.storage.proposals`
<name>_vector      float32[length]        of a feature that is a vector; null where there is none
<name>_vectors     list<float32[length]>  of one that is several vectors
<name>_boxes       list<int32[4]>         and the box of each: left, top, right, bottom
<name>_map         binary[length]         of a map: its cells, row by row, and of each all channels
<name>_number      float32                of a number
================== ====================== ==================================================

A proposal is in the row of its item, and not in a file of its own, since one commit must hold the
place that was accepted and the proposal's state together.

A version of the table may lack columns, and is read as if they were null: those of a feature that
was added to the collection later, and those that version 1 does not have. So a feature is added,
and a collection migrated, by its manifest alone, which is replaced in one step; the columns follow
with the next commit, and snapshots from before need none. Nothing else may be missing, and nothing
may be there that the manifest does not name.

The metadata of the table's schema name the edition of a version, whose features the manifest lists:
when vectors are made anew by another encoder, one commit replaces the columns and the edition, and
versions from before keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from placelens.storage.feature_columns import fields_of
from placelens.storage.format_v1 import facts
from placelens.storage.manifest import EDITION_KEY, Manifest
from placelens.types import Feature

PROPOSALS = pa.list_(
    pa.struct(
        [
            ("field", pa.string()),
            ("value", pa.string()),
            ("radius_m", pa.float32()),
            ("confidence", pa.float32()),
            ("evidence", pa.string()),
            ("state", pa.string()),
            ("previous", pa.string()),
            ("time", pa.timestamp("us")),
        ]
    )
)
ADDED = (pa.field("place_radius_m", pa.float32()), pa.field("proposals", PROPOSALS))


def schema(manifest: Manifest) -> pa.Schema:
    """The Arrow schema of the item table; what is kept of a feature comes last."""
    features = [field for feature in manifest.features for field in fields_of(feature)]
    metadata = {EDITION_KEY: str(manifest.edition).encode()} if manifest.edition else None
    return pa.schema([*facts(manifest.space), *ADDED, *features], metadata)


def in_schema(rows: pa.Table, manifest: Manifest, made: Mapping[str, Any]) -> pa.Table:
    """Rows as a table of a manifest has them, with some columns made, and null for what is new."""
    columns = schema(manifest)
    arrays = [
        made[field.name]
        if field.name in made
        else rows[field.name]
        if field.name in rows.column_names
        else pa.nulls(len(rows), field.type)
        for field in columns
    ]
    return pa.Table.from_arrays(arrays, schema=columns)


def missing_columns(found: pa.Schema, manifest: Manifest) -> list[pa.Field]:
    """The columns of a manifest that a version of its table does not have yet."""
    return [field for field in schema(manifest) if field.name not in found.names]


def odd_columns(found: pa.Schema, manifest: Manifest) -> list[str]:
    """Names of columns that no version of a table of the manifest has, or lacks; in any order."""
    there = {field.name: field for field in found}
    meant = {field.name: field for field in schema(manifest)}
    needed = {field.name for field in facts(manifest.space)}
    odd = {name for name, field in there.items() if name not in meant or meant[name] != field}
    twice = {name for name in found.names if found.names.count(name) > 1}
    return sorted(odd | twice | (needed - set(there)))


def is_of(feature: Feature, found: pa.Schema) -> bool:
    """Whether a version of the table has the columns of a feature."""
    return all(field.name in found.names for field in fields_of(feature))
