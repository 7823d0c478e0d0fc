"""Class maps made up for tests, and put into a collection that others have vectors of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from placelens.collection import Collection
from placelens.encoders.class_map import stored_map
from placelens.encoders.parts import CLASS_MAP
from placelens.storage.feature_columns import to_columns
from placelens.types import Feature, UInt8Array

_AREAS = 4


def scenes(n: int, grid: tuple[int, int], n_classes: int, rng: np.random.Generator) -> UInt8Array:
    """Maps with a few areas each, the more even the farther from their edges, (n, *grid, c)."""
    labels = rng.integers(0, n_classes + 1, (n, _AREAS, _AREAS))
    for axis, size in ((1, grid[0]), (2, grid[1])):
        labels = labels.repeat(-(-size // _AREAS), axis=axis)
    labels = labels[:, : grid[0], : grid[1]]
    sure = rng.uniform(0.4, 1.0, (n, *grid))
    probable = np.full((n, *grid, n_classes + 1), 0.0)
    np.put_along_axis(probable, labels[..., None], sure[..., None], axis=-1)
    probable[..., -1] += 1.0 - sure  # other
    return stored_map(probable[..., :-1])


def keep_maps(
    collection: Collection, maps: Mapping[str, UInt8Array], names: Sequence[str]
) -> Feature:
    """Give some items of a collection class maps, as an import would; its feature."""
    shape = next(iter(maps.values())).shape
    feature = Feature(
        name=CLASS_MAP,
        kind="map",
        length=math.prod(shape),
        shape=shape,
        fingerprint="made up",
        blocks=tuple((name, 1) for name in names),
    )
    table = collection._table
    with table.writing():
        table.add_features([feature])
        rows = table.find(list(maps), table.dataset.schema.names)
        columns = to_columns(feature, [maps[item] for item in rows["id"].to_pylist()])
        for name, array in columns.items():
            rows = rows.set_column(
                rows.schema.get_field_index(name), rows.schema.field(name), array
            )
        table.replace(rows)
    return feature
