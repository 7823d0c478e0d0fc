"""Vectors of one's own: checked row by row, then written in one commit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from placelens.engine.query import real_numbers
from placelens.errors import CoordinateError, InputError, VectorError
from placelens.storage.feature_columns import vector_column
from placelens.storage.json_columns import attributes_to_json
from placelens.storage.rows import MAX_RADIUS_M, table_from, utc_offset_s
from placelens.storage.table import ItemTable
from placelens.types import (
    COORDINATES,
    FeatureName,
    Float32Array,
    Float64Array,
    Space,
    check_latlon,
)

Conflict = Literal["error", "replace", "skip"]
CONFLICTS: tuple[Conflict, ...] = ("error", "replace", "skip")


def unit_rows(vectors: Any, dim: int) -> Float32Array:
    """Check vectors and scale them to length 1.

    Parameters
    ----------
    vectors
        (n, dim) numbers: NumPy, an Arrow FixedSizeList (chunked or not), or a pandas column.

    Raises
    ------
    VectorError
        Naming the first row of the wrong length, with NaN or infinity, or with only zeros.
    """
    matrix = _matrix(vectors)
    if matrix.ndim != 2 or matrix.shape[1] != dim:
        raise VectorError(f"the vectors have shape {matrix.shape}; the collection needs (n, {dim})")
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise VectorError(f"the vector of row {int(np.argmin(finite))} holds NaN or infinity")
    largest = np.abs(matrix).max(axis=1, initial=0.0)
    if (largest == 0.0).any():
        row = int(np.argmax(largest == 0.0))
        raise VectorError(f"the vector of row {row} is all zeros, so it points nowhere")
    # Scaled first, so that huge or tiny numbers neither overflow nor vanish when squared.
    unit = matrix / largest[:, None]
    unit /= np.sqrt(np.einsum("ij,ij->i", unit, unit))[:, None]
    return np.ascontiguousarray(unit, dtype=np.float32)


def _matrix(vectors: Any) -> Float64Array:
    if isinstance(vectors, pa.ChunkedArray):
        vectors = vectors.combine_chunks()
    if isinstance(vectors, pa.Array):
        if vectors.null_count:
            row = int(np.argmin(vectors.is_valid().to_numpy(zero_copy_only=False)))
            raise VectorError(f"the vector of row {row} is missing")
        if pa.types.is_fixed_size_list(vectors.type):
            flat = vectors.flatten().to_numpy(zero_copy_only=False)
            return real_numbers(flat, what="the matrix of vectors").reshape(len(vectors), -1)
        vectors = vectors.to_pylist()
    elif hasattr(vectors, "to_list"):  # a pandas column of arrays
        vectors = vectors.to_list()
    return real_numbers(vectors, what="the matrix of vectors")


def vector_table(
    ids: Sequence[str],
    vectors: Float32Array,
    *,
    modality: FeatureName,
    space: Space,
    coordinates: Mapping[str, Any],
    place_radius_m: Any,
    text: Sequence[str | None] | None,
    image: Sequence[str | None] | None,
    time: Sequence[datetime | None] | None,
    attributes: Any,
) -> dict[str, Any]:
    """Columns of the item table, without internal ids, from what a caller gave.

    Raises
    ------
    InputError, CoordinateError
        Naming the row and the value.
    """
    names = _ids(ids, len(vectors))
    n = len(names)
    times = None
    if time is not None:
        times = [_datetime(value, row) for row, value in enumerate(_column(time, n, "time") or [])]
    return {
        "id": names,
        **_coordinates(coordinates, n, space),
        "place_radius_m": _radii(place_radius_m, n),
        "text": _column(text, n, "text"),
        "image": _column(image, n, "image"),
        "time": times and [t.replace(tzinfo=None) if t is not None else None for t in times],
        "utc_offset_s": times and [utc_offset_s(t) for t in times],
        "attributes": _attributes(attributes, n),
        vector_column(modality): vectors,
    }


def write_vectors(table: ItemTable, columns: dict[str, Any], *, on_conflict: Conflict) -> int:
    """Write the columns in one commit; call while writing.

    Raises
    ------
    InputError
        If ids are there already and ``on_conflict`` is "error".
    """
    if on_conflict not in CONFLICTS:
        raise InputError(f"on_conflict {on_conflict!r} is not one of {', '.join(CONFLICTS)}")
    ids = columns["id"]
    found = table.find(ids, ["iid", "id"])
    stored = dict(zip(found["id"].to_pylist(), found["iid"].to_pylist(), strict=True))
    if stored and on_conflict == "error":
        some = ", ".join(repr(i) for i in list(stored)[:3])
        raise InputError(
            f"{len(stored)} of {len(ids)} ids are in the collection already ({some}); "
            "use on_conflict='replace' or 'skip'"
        )
    first = table.next_iid()
    iids = np.arange(first, first + len(ids))
    if stored:
        iids = np.array([stored.get(i, new) for i, new in zip(ids, iids, strict=True)])
    rows = table_from({"iid": iids, **columns}, table.manifest)
    if on_conflict == "skip" and stored:
        rows = rows.filter(pa.array([i not in stored for i in ids]))
    if rows.num_rows and stored and on_conflict == "replace":
        table.replace(rows)
    elif rows.num_rows:
        table.append(rows)
    return int(rows.num_rows)


def _ids(ids: Sequence[str], n: int) -> list[str]:
    if isinstance(ids, str):
        raise InputError(f"ids {ids!r} is one text; give a list of ids")
    names = [str(i) for i in _listed(ids)]
    if len(names) != n:
        raise InputError(f"there are {len(names)} ids and {n} vectors")
    seen: set[str] = set()
    for row, name in enumerate(names):
        if not name:
            raise InputError(f"the id of row {row} is empty")
        if name in seen:
            raise InputError(f"the id {name!r} of row {row} is there twice")
        seen.add(name)
    return names


def _coordinates(given: Mapping[str, Any], n: int, space: Space) -> dict[str, Any]:
    wanted = COORDINATES[space]
    for name, values in given.items():
        if values is not None and name not in wanted:
            raise CoordinateError(
                f"{name} was given, and the collection is a {space}: give {' and '.join(wanted)}"
            )
    first, second = (given.get(name) for name in wanted)
    if first is None and second is None:
        return {}
    if first is None or second is None:
        raise CoordinateError(f"{wanted[0]} and {wanted[1]} belong together; one is missing")
    pair = [_floats(values, n, name) for name, values in zip(wanted, (first, second), strict=True)]
    half = np.isnan(pair[0]) != np.isnan(pair[1])
    if half.any():
        row = int(np.argmax(half))
        raise CoordinateError(f"row {row} has only one of {wanted[0]} and {wanted[1]}")
    for row in np.flatnonzero(~np.isnan(pair[0]) & _out_of_range(pair, space)).tolist():
        if space == "sphere":
            check_latlon(float(pair[0][row]), float(pair[1][row]), where=f"row {row}")
        raise CoordinateError(
            f"row {row}: x and y must be finite, got {pair[0][row]}, {pair[1][row]}"
        )
    given_here = [None if math.isnan(value) else "given" for value in pair[0]]
    return {**dict(zip(wanted, pair, strict=True)), "place_source": given_here}


def _radii(values: Any, n: int) -> list[float | None] | None:
    """Metres, None where there are none."""
    if values is None:
        return None
    radii = _floats(values, n, "place_radius_m")
    wrong = ~np.isnan(radii) & ~((radii >= 0) & (radii <= MAX_RADIUS_M))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise CoordinateError(
            f"row {row}: place_radius_m = {radii[row]} is not in [0, {MAX_RADIUS_M:.0f}] metres"
        )
    return [None if math.isnan(radius) else radius for radius in radii.tolist()]


def _out_of_range(pair: list[Float64Array], space: Space) -> Any:
    if space == "sphere":
        return (np.abs(pair[0]) > 90.0) | (np.abs(pair[1]) > 180.0)
    return ~(np.isfinite(pair[0]) & np.isfinite(pair[1]))


def _floats(values: Any, n: int, name: str) -> Float64Array:
    try:
        column = np.array(
            [math.nan if value is None else value for value in _listed(values)], dtype=np.float64
        )
    except (TypeError, ValueError) as error:
        raise CoordinateError(f"{name} is not a column of numbers: {error}") from None
    if column.shape != (n,):
        raise CoordinateError(f"{name} has shape {column.shape}; {n} items need ({n},)")
    return column


def _column(values: Sequence[Any] | None, n: int, name: str) -> list[Any] | None:
    if values is None:
        return None
    if isinstance(values, str):
        raise InputError(f"{name} {values!r} is one text; give a list of {n} values")
    if len(values) != n:
        raise InputError(f"{name} has {len(values)} values for {n} items")
    return list(_listed(values))


def _datetime(value: Any, row: int) -> datetime | None:
    """A time as Python's; NumPy's and pandas' "not a time" is None."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if value is None or value != value:  # noqa: PLR0124 - only NaN and NaT differ from themselves
        return None
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    if not isinstance(value, datetime):
        raise InputError(f"the time of row {row} is {value!r}; give a datetime or None")
    return value


def _listed(values: Any) -> Any:
    """Arrow's columns as Python values; everything else can be gone through as it is."""
    return values.to_pylist() if isinstance(values, pa.Array | pa.ChunkedArray) else values


def _attributes(attributes: Any, n: int) -> list[str | None] | None:
    """JSON for every row from a table, a mapping of columns, or a sequence of mappings."""
    if attributes is None:
        return None
    if isinstance(attributes, pa.Table):
        rows = attributes.to_pylist()
    elif hasattr(attributes, "to_dict") and hasattr(attributes, "columns"):  # a pandas table
        rows = attributes.to_dict(orient="records")
    elif isinstance(attributes, Mapping):
        columns = {name: _column(values, n, name) or [] for name, values in attributes.items()}
        rows = [{name: column[i] for name, column in columns.items()} for i in range(n)]
    else:
        rows = list(attributes)
    if len(rows) != n:
        raise InputError(f"attributes have {len(rows)} rows for {n} items")
    out = []
    for row, values in enumerate(rows):
        if values is not None and not isinstance(values, Mapping):
            raise InputError(f"the attributes of row {row} are {values!r}; give a mapping")
        try:
            out.append(attributes_to_json(values or {}))
        except InputError as error:
            raise InputError(f"row {row}: {error}") from None
    return out
