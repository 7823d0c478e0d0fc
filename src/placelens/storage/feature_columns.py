"""What is kept of a feature: its columns by kind, and values to and from them.

A table may come from anybody. What is no unit vector is read as zeros, which are like nothing,
instead of like everything; what is no number as none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from placelens.types import (
    BoolArray,
    Feature,
    FeatureKind,
    FeatureName,
    Float32Array,
    Objects,
    Regions,
    UInt8Array,
)

# More than rounding makes of a unit vector's.
LARGEST_COMPONENT = 1.01
_BOX = 4
# An object in 10 bytes: its box in 65,535ths of the image's sides, a pixel of the largest photos,
# its class, and its score in 255ths.
_OBJECT = np.dtype([("box", "<u2", (_BOX,)), ("class", "u1"), ("score", "u1")])
_BOX_STEPS, _SCORE_STEPS = 2**16 - 1, 255


def vector_column(name: FeatureName) -> str:
    """The name of the column with the vectors of a feature."""
    return "vector" if name == "vector" else f"{name}_vector"


def number_column(name: FeatureName) -> str:
    """The name of the column with the numbers of a feature."""
    return f"{name}_number"


def map_column(name: FeatureName) -> str:
    """The name of the column with the maps of a feature."""
    return f"{name}_map"


def objects_column(name: FeatureName) -> str:
    """The name of the column with the objects of a feature."""
    return f"{name}_objects"


def region_columns(name: FeatureName) -> tuple[str, str]:
    """The names of the columns with the vectors and the boxes of a feature of several vectors."""
    return f"{name}_vectors", f"{name}_boxes"


def fields_of(feature: Feature) -> list[pa.Field]:
    """The columns of a feature."""
    return _KINDS[feature.kind].fields(feature)


def to_columns(feature: Feature, values: Sequence[Any]) -> dict[str, pa.Array]:
    """Columns of what items have of a feature, None for those that have nothing.

    A vector is (length,) float32; several are `Regions`; a map is (height, width) uint8, or
    (height, width, channels); a number is a number; objects are `Objects`.
    """
    arrays = _KINDS[feature.kind].write(feature, values)
    fields = fields_of(feature)
    return {field.name: array for field, array in zip(fields, arrays, strict=True)}


def bytes_an_item(feature: Feature) -> int | None:
    """What a feature takes of a row, in bytes; None where that differs from item to item.

    Examples
    --------
    >>> bytes_an_item(Feature(name="image", length=384))
    1536
    >>> bytes_an_item(Feature(name="class_map", kind="map", length=1568, shape=(14, 14, 8)))
    1568
    >>> bytes_an_item(Feature(name="parts", kind="vectors", length=384)) is None
    True
    """
    kind = fields_of(feature)[0].type
    if pa.types.is_list(kind) or pa.types.is_binary(kind):
        return None
    if pa.types.is_fixed_size_list(kind):
        return int(kind.list_size * kind.value_type.bit_width) // 8
    return int(kind.bit_width) // 8


def from_columns(feature: Feature, table: pa.Table) -> list[Any]:
    """What `to_columns` was given, from a table that has its columns."""
    return _KINDS[feature.kind].read(feature, table)


def vectors_of(column: pa.ChunkedArray) -> tuple[Float32Array, BoolArray]:
    """The vectors that are there, (m, dim), and a mask over all rows."""
    whole, present = _whole(column)
    found = whole if present.all() else whole.filter(pa.array(present))
    matrix = found.flatten().to_numpy(zero_copy_only=False).reshape(-1, column.type.list_size)
    return _without_odd(matrix), present


def maps_of(column: pa.ChunkedArray, shape: tuple[int, ...]) -> tuple[UInt8Array, BoolArray]:
    """The maps that are there, (m, *shape), and a mask over all rows."""
    whole, present = _whole(column)
    found = whole if present.all() else whole.filter(pa.array(present))
    # Through a view of its bytes: as Python objects they would be copied one by one.
    buffer = found.buffers()[1]
    size = column.type.byte_width
    cells = np.frombuffer(buffer, np.uint8) if buffer is not None else np.empty(0, np.uint8)
    cells = cells[found.offset * size : (found.offset + len(found)) * size]
    return cells.reshape(-1, *shape), present


def numbers_of(column: pa.ChunkedArray) -> Float32Array:
    """A column of numbers, NaN where there is none."""
    numbers = column.to_numpy().astype(np.float32, copy=False)
    is_one = np.isfinite(numbers)
    return numbers if is_one.all() else np.where(is_one, numbers, np.float32(np.nan))


def regions_of(vectors: pa.ChunkedArray, boxes: pa.ChunkedArray) -> list[Regions | None]:
    """What items have of several vectors each; None where there is nothing, or too few boxes."""
    matrix, ends = _members(vectors, np.float32)
    corners, corner_ends = _members(boxes, np.int32)
    found: list[Regions | None] = []
    for own, own_boxes in zip(ends, corner_ends, strict=True):
        if own is None or own_boxes is None or own[1] - own[0] != own_boxes[1] - own_boxes[0]:
            found.append(None)
        else:
            found.append(Regions(_without_odd(matrix[slice(*own)]), corners[slice(*own_boxes)]))
    return found


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


def _whole(column: pa.ChunkedArray) -> tuple[pa.Array, BoolArray]:
    """A column in one piece, and where there is something in it."""
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # no chunks at all
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
    return whole, whole.is_valid().to_numpy(zero_copy_only=False)


def _members(column: pa.ChunkedArray, dtype: Any) -> tuple[Any, list[tuple[int, int] | None]]:
    """The members of lists, (m, size), and where those of each list are; None for no list."""
    whole, present = _whole(column)
    members = whole.flatten()  # without those that null lists may hide
    size = column.type.value_type.list_size
    flat = np.nan_to_num(members.flatten().fill_null(0).to_numpy(zero_copy_only=False))
    # A member that is null has no place among the flattened: nobody knows whose the others are.
    if members.null_count or len(flat) != len(members) * size:
        return np.empty((0, size), dtype), [None] * len(whole)
    sizes = whole.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    stops = np.cumsum(sizes)
    ends = zip((stops - sizes).tolist(), stops.tolist(), present.tolist(), strict=True)
    return flat.reshape(-1, size).astype(dtype, copy=False), [
        (start, stop) if is_there else None for start, stop, is_there in ends
    ]


def _without_odd(matrix: Float32Array) -> Float32Array:
    """Unit vectors; what cannot be one is like nothing, instead of like everything."""
    largest = max(matrix.max(initial=0), -matrix.min(initial=0))
    if largest <= LARGEST_COMPONENT:  # not so for NaN
        return matrix
    is_unit = np.all(np.abs(matrix) <= LARGEST_COMPONENT, axis=1, keepdims=True)
    return np.where(is_unit, matrix, np.float32(0))


class _Kind(NamedTuple):
    """How a kind of feature is kept: its columns, and values to and from them."""

    fields: Callable[[Feature], list[pa.Field]]
    write: Callable[[Feature, Sequence[Any]], list[pa.Array]]
    read: Callable[[Feature, pa.Table], list[Any]]


def _listed(matrix: Any, present: BoolArray) -> list[Any]:
    """Members of an array where there is something, and None where there is nothing."""
    rows = iter(matrix)
    return [next(rows) if is_there else None for is_there in present.tolist()]


def _vector_fields(feature: Feature) -> list[pa.Field]:
    return [pa.field(vector_column(feature.name), pa.list_(pa.float32(), feature.length))]


def _write_vectors(feature: Feature, values: Sequence[Any]) -> list[pa.Array]:
    return [pa.array(list(values), _vector_fields(feature)[0].type)]


def _read_vectors(feature: Feature, table: pa.Table) -> list[Any]:
    return _listed(*vectors_of(table[vector_column(feature.name)]))


def _region_fields(feature: Feature) -> list[pa.Field]:
    vectors, boxes = region_columns(feature.name)
    return [
        pa.field(vectors, pa.list_(pa.list_(pa.float32(), feature.length))),
        pa.field(boxes, pa.list_(pa.list_(pa.int32(), _BOX))),
    ]


def _write_regions(feature: Feature, values: Sequence[Any]) -> list[pa.Array]:
    parts = [(None, None) if v is None else (list(v.vectors), list(v.boxes)) for v in values]
    return [
        pa.array([part[at] for part in parts], field.type)
        for at, field in enumerate(_region_fields(feature))
    ]


def _read_regions(feature: Feature, table: pa.Table) -> list[Any]:
    return list(regions_of(*(table[name] for name in region_columns(feature.name))))


def _map_fields(feature: Feature) -> list[pa.Field]:
    return [pa.field(map_column(feature.name), pa.binary(feature.length))]


def _write_maps(feature: Feature, values: Sequence[Any]) -> list[pa.Array]:
    cells = [None if v is None else np.asarray(v, dtype=np.uint8).tobytes() for v in values]
    return [pa.array(cells, _map_fields(feature)[0].type)]


def _read_maps(feature: Feature, table: pa.Table) -> list[Any]:
    shape = feature.shape or (1, feature.length)
    return _listed(*maps_of(table[map_column(feature.name)], shape))


def _number_fields(feature: Feature) -> list[pa.Field]:
    return [pa.field(number_column(feature.name), pa.float32())]


def _write_numbers(feature: Feature, values: Sequence[Any]) -> list[pa.Array]:
    return [pa.array([None if v is None else float(v) for v in values], pa.float32())]


def _read_numbers(feature: Feature, table: pa.Table) -> list[Any]:
    numbers = numbers_of(table[number_column(feature.name)])
    return _listed(numbers[~np.isnan(numbers)], ~np.isnan(numbers))


def _objects_fields(feature: Feature) -> list[pa.Field]:
    return [pa.field(objects_column(feature.name), pa.binary())]


def _write_objects(feature: Feature, values: Sequence[Any]) -> list[pa.Array]:
    return [pa.array([None if v is None else _packed(v, feature) for v in values], pa.binary())]


def _packed(objects: Objects, feature: Feature) -> bytes:
    """The best of some objects, in their order."""
    records = np.zeros(min(len(objects.scores), feature.length), dtype=_OBJECT)
    n = len(records)
    records["box"] = np.rint(np.clip(objects.boxes[:n], 0, 1) * _BOX_STEPS)
    records["class"] = objects.classes[:n]
    records["score"] = np.rint(np.clip(objects.scores[:n], 0, 1) * _SCORE_STEPS)
    return records.tobytes()


def _read_objects(feature: Feature, table: pa.Table) -> list[Any]:
    packed = table[objects_column(feature.name)].to_pylist()
    return [None if each is None else _unpacked(each, feature) for each in packed]


def _unpacked(packed: bytes, feature: Feature) -> Objects:
    """What `_packed` was given; without what no detector would have written."""
    whole = packed[: min(len(packed) // _OBJECT.itemsize, feature.length) * _OBJECT.itemsize]
    records = np.frombuffer(whole, dtype=_OBJECT)
    boxes, classes = records["box"], records["class"]
    is_one = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    records = records[is_one & (classes < len(feature.blocks))]
    return Objects(
        (records["box"] / np.float32(_BOX_STEPS)).astype(np.float32),
        records["class"].copy(),
        (records["score"] / np.float32(_SCORE_STEPS)).astype(np.float32),
    )


_KINDS: Mapping[FeatureKind, _Kind] = {
    "vector": _Kind(_vector_fields, _write_vectors, _read_vectors),
    "vectors": _Kind(_region_fields, _write_regions, _read_regions),
    "map": _Kind(_map_fields, _write_maps, _read_maps),
    "number": _Kind(_number_fields, _write_numbers, _read_numbers),
    "objects": _Kind(_objects_fields, _write_objects, _read_objects),
}
