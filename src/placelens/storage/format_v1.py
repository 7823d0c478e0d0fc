"""Version 1 of the item table: its columns. It is only read; `placelens migrate` makes it 2.

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
<feature>_vector   float32[dim]           unit vector, null where there is none
================== ====================== ==================================================

Attributes are JSON and not columns because people's keys and types differ from file to file;
a filter parses them once for each opened version. A value is a string, a number, true or false,
or a list of these. Collections from before lists were allowed have keywords as one string.
"""

from __future__ import annotations

import pyarrow as pa

from placelens.storage.feature_columns import fields_of
from placelens.storage.manifest import Manifest
from placelens.types import COORDINATES, Space


def facts(space: Space) -> list[pa.Field]:
    """The columns that every item has, whatever its features are."""
    first, second = COORDINATES[space]
    return [
        pa.field("iid", pa.int64(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string()),
        pa.field("stamp", pa.string()),
        pa.field("content_hash", pa.string()),
        pa.field("copies", pa.string()),
        pa.field("image", pa.string()),
        pa.field("text", pa.string()),
        pa.field(first, pa.float64()),
        pa.field(second, pa.float64()),
        pa.field("place_source", pa.string()),
        pa.field("time", pa.timestamp("us")),
        pa.field("utc_offset_s", pa.int32()),
        pa.field("attributes", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("thumbnail", pa.binary()),
    ]


def odd_columns(found: pa.Schema, manifest: Manifest) -> list[str]:
    """Names of columns that a table of the manifest does not have, or lacks."""
    features = [field for feature in manifest.features for field in fields_of(feature)]
    meant = pa.schema([*facts(manifest.space), *features])
    if found.equals(meant):
        return []
    return sorted({field.name for field in {*found} ^ {*meant}}) or ["in another order"]
