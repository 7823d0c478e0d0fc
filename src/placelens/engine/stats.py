"""What a collection holds, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from placelens.engine.times import EPOCH
from placelens.geo.bounds import bounds_of
from placelens.storage.feature_columns import bytes_an_item
from placelens.storage.table import ItemTable
from placelens.storage.version import Version
from placelens.types import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts, extent, times and attributes of one version.

    ``bounds`` is west, south, east, north (west > east over the antimeridian); ``attributes``
    gives for each name how many items have it, the most frequent first; ``feature_bytes`` what each
    feature takes of an item, None where that differs.
    """

    name: str
    n_items: int
    n_images: int
    n_texts: int
    n_located: int
    n_with_time: int
    bounds: tuple[float, float, float, float] | None
    time_range: tuple[datetime, datetime] | None
    encoder: str | None
    fingerprint: str | None
    concepts: tuple[str, ...]
    dim: int
    space: Space
    modalities: tuple[str, ...]
    feature_bytes: dict[str, int | None]
    size_bytes: int
    version: int
    created: str
    snapshots: dict[str, int]
    attributes: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        values = asdict(self)
        if self.time_range is not None:
            values["time_range"] = [time.isoformat() for time in self.time_range]
        return values


def stats_of(name: str, version: Version, table: ItemTable) -> Stats:
    """Count a version; vectors are not read."""
    manifest = table.manifest
    columns = version.table(["image", "text"])
    first, second = version.coordinates
    times = version.times_us
    known = times[times != np.iinfo(np.int64).min]
    names = Counter(name for attributes in version.attributes for name in attributes)
    return Stats(
        name=name,
        n_items=version.n_items,
        n_images=version.n_items - columns["image"].null_count,
        n_texts=version.n_items - columns["text"].null_count,
        n_located=int(np.count_nonzero(~np.isnan(first))),
        n_with_time=len(known),
        bounds=bounds_of(first, second, version.space),
        time_range=(_time(known.min()), _time(known.max())) if len(known) else None,
        encoder=manifest.encoder,
        fingerprint=manifest.fingerprint,
        concepts=manifest.concepts,
        dim=manifest.dim,
        space=manifest.space,
        modalities=manifest.vector_names,
        feature_bytes={each.name: bytes_an_item(each) for each in manifest.features},
        size_bytes=table.size_bytes(),
        version=version.number,
        created=manifest.created,
        snapshots=table.tags.sound(),
        attributes=dict(names.most_common()),
    )


def _time(microseconds: np.int64) -> datetime:
    return EPOCH + timedelta(microseconds=int(microseconds))
