"""Collections of format 1, which nothing writes any more, for histories that begin with one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import lance
import numpy as np

from placelens.storage.format_v1 import facts
from placelens.storage.ledger import Ledger
from placelens.storage.manifest import Manifest, vector_features
from placelens.storage.manifest_files import COPY_NAME, FILE_NAME
from placelens.storage.rows import table_from
from placelens.storage.table import LANCE_FILE_VERSION
from placelens.storage.versioned_table import TABLE_NAME


def write(folder: Path, ids: Sequence[str], vectors: np.ndarray) -> None:
    """Make a collection of vectors of one's own, as placelens 0.1 did with checksums."""
    dim = vectors.shape[1]
    manifest = Manifest(features=vector_features(["vector"], dim))
    columns = {"iid": np.arange(len(ids)), "id": list(ids), "vector": vectors.astype(np.float32)}
    names = [*(field.name for field in facts("sphere")), "vector"]
    folder.mkdir()
    lance.write_dataset(
        table_from(columns, manifest).select(names),
        str(folder / TABLE_NAME),
        enable_v2_manifest_paths=True,
        data_storage_version=LANCE_FILE_VERSION,
    )
    content = {
        "format": "placelens collection",
        "format_version": 1,
        "created": manifest.created,
        "space": "sphere",
        "dim": dim,
        "modalities": ["vector"],
        "encoder": None,
        "fingerprint": None,
        "calibrations": [],
        "next_id": 0,
    }
    for name in (FILE_NAME, COPY_NAME):
        (folder / name).write_text(json.dumps(content, indent=1))
    Ledger(folder).record(path for path in folder.rglob("*") if path.is_file())
