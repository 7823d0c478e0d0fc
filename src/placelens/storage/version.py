"""One version of the table in memory, column by column, only as far as it was asked for.

Columns are read fragment by fragment and kept by the fragment's files, so that the next version
reads only what was added or changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from placelens.storage.feature_columns import (
    fields_of,
    from_columns,
    map_column,
    maps_of,
    number_column,
    numbers_of,
    region_columns,
    regions_of,
    vector_column,
    vectors_of,
)
from placelens.storage.format_v2 import schema
from placelens.storage.ids import FileNames
from placelens.storage.json_columns import attributes_from_json
from placelens.storage.manifest import Manifest, hubness_of
from placelens.storage.rows import MAX_RADIUS_M, item_columns, items_from
from placelens.storage.troubles import reading
from placelens.types import (
    COORDINATES,
    BoolArray,
    FeatureName,
    Float32Array,
    Float64Array,
    Int64Array,
    Item,
    Regions,
    Space,
    UInt8Array,
)

# The years 1 to 9999.
FIRST_TIME_US, LAST_TIME_US = -62_135_596_800_000_000, 253_402_300_799_999_999

FragmentKey = tuple[int, tuple[str, ...], str | None]


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of the table: rows ``start`` to ``stop`` of the version.

    ``files`` never change: rows that are read from the same files are the same rows. ``key`` also
    tells which of them were deleted.
    """

    key: FragmentKey
    start: int
    stop: int

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of its files inside the table."""
        return self.key[1]


class Version:
    """The columns of one version; rows are numbered in the table's order."""

    def __init__(
        self,
        dataset: lance.LanceDataset,
        manifest: Manifest,
        previous: Version | None = None,
        deleted: tuple[int, Sequence[int]] = (-1, ()),
    ) -> None:
        """``deleted`` tells of a version what was deleted with it, to save reading that."""
        # A pinned copy: refreshing the table's own handle must not move this one.
        self._path = Path(dataset.uri)
        with reading(self._path):
            self._dataset = dataset.checkout_version(dataset.version)
        fragments = self._dataset.get_fragments()
        self._manifest: Manifest = manifest
        is_next = previous is not None and previous._manifest.edition == manifest.edition
        self._names: FileNames = (
            previous._names.copy_for(fragments) if previous is not None and is_next else FileNames()
        )
        self._fragments = {self._key(f): f for f in fragments}
        self.folder = self._path.parent
        """The collection's."""
        self.number = int(self._dataset.version)
        self.space: Space = manifest.space
        # What a version lacks is read as null: see `placelens.storage.format_v2`.
        self._columns = schema(manifest)
        self._there = frozenset(self._dataset.schema.names)
        self.n_items = self._dataset.count_rows()
        self._lock = threading.Lock()
        self._whole: dict[str, Any] = {}
        self._pieces: dict[tuple[str, FragmentKey], Any] = {}
        # Of fragments that rows were deleted from since the version before.
        self._before: dict[tuple[str, tuple[int, tuple[str, ...]]], Any] = {}
        self._kept: dict[FragmentKey, BoolArray | None] = {}
        is_next = previous is not None and previous.number == self.number - 1
        self._deleted = deleted[1] if is_next and deleted[0] == self.number else ()
        if previous is not None:
            with previous._lock:  # searches that are still running may be adding to them
                pieces = list(previous._pieces.items())
            self._pieces = {
                (name, key): piece for (name, key), piece in pieces if key in self._fragments
            }
            changed = {key[:2] for key in self._fragments if ("iid", key) not in self._pieces}
            self._before = {
                (name, key[:2]): piece for (name, key), piece in pieces if key[:2] in changed
            }

    @property
    def iids(self) -> Int64Array:
        """Internal ids, (n,)."""
        return self._numbers("iid", np.int64)

    @property
    def coordinates(self) -> tuple[Float64Array, Float64Array]:
        """(lat, lon) in degrees or (x, y) in metres, each (n,); NaN without a place."""
        first, second = COORDINATES[self.space]
        return self._numbers(first, np.float64), self._numbers(second, np.float64)

    @property
    def lonlat(self) -> tuple[Float64Array, Float64Array]:
        """Longitudes and latitudes in degrees, or x and y in metres, each (n,)."""
        first, second = self.coordinates
        return (second, first) if self.space == "sphere" else (first, second)

    @property
    def radius_m(self) -> Float32Array | None:
        """How far from its place each item may be, in metres, (n,); 0 where it was measured.

        None when that is so of all of them.
        """
        if "radius_m" not in self._whole:
            radii: Float32Array = self._cached("place_radius_m", _radii)
            with self._lock:
                self._whole["radius_m"] = radii if radii.any() else None
        known: Float32Array | None = self._whole["radius_m"]
        return known

    @property
    def times_us(self) -> Int64Array:
        """Wall-clock times in microseconds since 1970, (n,); the smallest int64 for none."""
        return self._cached("time", _times)

    def vectors(self, feature: FeatureName) -> tuple[Float32Array, Int64Array]:
        """Unit vectors of a feature, (m, dim), and the rows they belong to, (m,), increasing."""
        name = vector_column(feature)
        with self._lock:
            if name not in self._whole:
                pieces = [self._piece(name, key, vectors_of) for key in self._fragments]
                sizes = [len(self._piece("iid", key, _integers)) for key in self._fragments]
                starts = np.cumsum([0, *sizes])
                rows = [
                    np.flatnonzero(present) + start
                    for (_, present), start in zip(pieces, starts, strict=False)
                ]
                matrix = _concatenate([m for m, _ in pieces], (0, self._dim(name)), np.float32)
                self._share(name, pieces, matrix)
                self._whole[name] = (matrix, _concatenate(rows, (0,), np.int64))
            whole: tuple[Float32Array, Int64Array] = self._whole[name]
            return whole

    def numbers(self, feature: FeatureName) -> Float32Array:
        """The number of each item, (n,); NaN where there is none."""
        numbers = self._cached(number_column(feature), numbers_of)
        return np.asarray(numbers, dtype=np.float32)

    def hubness(self, feature: FeatureName) -> Float32Array | None:
        """How near each item's vector of a feature is to queries in general, (n,).

        NaN where that was not made yet; None where it is not kept at all.
        """
        name = hubness_of(feature)
        return self.numbers(name) if name in self._manifest.names else None

    def maps(self, feature: FeatureName) -> tuple[UInt8Array, Int64Array]:
        """Maps of a feature, (m, *shape), and the rows they belong to, (m,), increasing."""
        shape = self._manifest.feature(feature).shape or (0, 0)
        name = map_column(feature)
        with self._lock:
            if name not in self._whole:
                pieces = [
                    self._piece(name, key, lambda column: maps_of(column, shape))
                    for key in self._fragments
                ]
                present = _concatenate([piece[1] for piece in pieces], (0,), np.bool_)
                maps = _concatenate([piece[0] for piece in pieces], (0, *shape), np.uint8)
                self._share(name, pieces, maps)
                self._whole[name] = (maps, np.flatnonzero(present))
            whole: tuple[UInt8Array, Int64Array] = self._whole[name]
            return whole

    def made_of_maps(
        self, name: str, feature: FeatureName, make: Callable[[UInt8Array], Float32Array]
    ) -> Float32Array:
        """What is made of each of the `maps` of a feature by itself, (m, ...), in their order.

        Kept as long as the map is, over versions: what comes later is all that is made then.
        """
        self.maps(feature)  # so that the pieces are there
        with self._lock:
            if name not in self._whole:
                pieces = [self._made_piece(name, map_column(feature), key, make)
                          for key in self._fragments]  # fmt: skip
                empty = make(
                    np.zeros((0, *(self._manifest.feature(feature).shape or ())), np.uint8)
                )
                self._whole[name] = np.concatenate([empty, *pieces])
            made: Float32Array = self._whole[name]
            return made

    def _made_piece(
        self,
        name: str,
        column: str,
        key: FragmentKey,
        make: Callable[[UInt8Array], Float32Array],
    ) -> Float32Array:
        if (name, key) not in self._pieces:
            piece = self._left_of(name, key)
            if piece is None:
                maps, present = self._pieces[column, key]
                piece = (make(maps), present)
            self._pieces[name, key] = piece
        made: Float32Array = self._pieces[name, key][0]
        return made

    def made_once(self, name: str, make: Callable[[], Any]) -> Any:
        """What is made of the columns, such as summaries; kept as long as this version is.

        Two threads that ask at once may both make it; the first one's stays.
        """
        with self._lock:
            if name in self._whole:
                return self._whole[name]
        made = make()  # without the lock: it reads columns
        with self._lock:
            return self._whole.setdefault(name, made)

    def value_of(self, row: int, feature: FeatureName) -> Any:
        """What one row has of a feature of any kind; None when it has nothing of it."""
        return self.values_of([row], feature)[0]

    def values_of(self, rows: Sequence[int] | Int64Array, feature: FeatureName) -> list[Any]:
        """`value_of` of some rows, read together; maps come from memory when they are there."""
        kept = self._manifest.feature(feature)
        held = self._held_at(rows, map_column(feature))
        if held is not None:
            maps, is_there = held
            return [map_ if there else None for map_, there in zip(maps, is_there, strict=True)]
        return from_columns(kept, self.take(rows, [field.name for field in fields_of(kept)]))

    def regions_at(
        self, rows: Sequence[int] | Int64Array, feature: FeatureName
    ) -> list[Regions | None]:
        """What some rows have of a feature of several vectors, in the order given."""
        names = region_columns(feature)
        table = self.take(rows, list(names))
        return regions_of(*(table[name] for name in names))

    @property
    def fragments(self) -> list[Fragment]:
        """The parts of the table, in row order."""
        with self._lock:
            if "fragments" not in self._whole:
                sizes = [len(self._piece("iid", key, _integers)) for key in self._fragments]
                stops = np.cumsum([0, *sizes]).tolist()
                self._whole["fragments"] = [
                    Fragment(key, start, stop)
                    for key, start, stop in zip(self._fragments, stops[:-1], stops[1:], strict=True)
                ]
            return list(self._whole["fragments"])

    def vectors_in(
        self, fragments: Iterable[Fragment], feature: FeatureName
    ) -> tuple[Float32Array, Int64Array]:
        """`vectors` of some fragments; rows are those of the version."""
        name = vector_column(feature)
        with self._lock:
            pieces = [(self._piece(name, f.key, vectors_of), f.start) for f in fragments]
        matrix = _concatenate([m for (m, _), _ in pieces], (0, self._dim(name)), np.float32)
        rows = [np.flatnonzero(present) + start for (_, present), start in pieces]
        return matrix, _concatenate(rows, (0,), np.int64)

    def forget_vectors_of(self, fragments: Iterable[Fragment]) -> None:
        """Free the memory of some fragments' vectors; they are read again when asked for."""
        with self._lock:
            keys = [fragment.key for fragment in fragments]
            for name in map(vector_column, self._manifest.vector_names):
                self._whole.pop(name, None)
                for key in keys:
                    self._pieces.pop((name, key), None)

    def vector_of(self, row: int, feature: FeatureName) -> Float32Array | None:
        """The unit vector of one row, (dim,); None when it has none of the feature."""
        matrix, is_there = self.vectors_at([row], feature)
        return matrix[0] if is_there[0] else None

    def vectors_at(
        self, rows: Sequence[int] | Int64Array, feature: FeatureName
    ) -> tuple[Float32Array, BoolArray]:
        """Unit vectors of some rows, (len(rows), dim), and which of them have one.

        From memory when they are there.
        """
        name = vector_column(feature)
        held = self._held_at(rows, name)
        return held if held is not None else self._filled(self.take(rows, [name])[name], name)

    def _held_at(self, rows: Sequence[int] | Int64Array, name: str) -> tuple[Any, BoolArray] | None:
        """Of a column that is in memory what some rows have, and which have it; None of others."""
        whole = self._whole.get(name)
        if whole is None or not len(whole[1]):
            return None
        values, there = whole
        at = np.minimum(np.searchsorted(there, rows), len(there) - 1)
        is_there = there[at] == rows
        found = values[at]
        found[~is_there] = 0
        return found, is_there

    def _filled(self, column: pa.ChunkedArray, name: str) -> tuple[Float32Array, BoolArray]:
        vectors, is_there = vectors_of(column)
        matrix = np.zeros((len(is_there), self._dim(name)), dtype=np.float32)
        matrix[is_there] = vectors
        return matrix, is_there

    @property
    def attributes(self) -> list[dict[str, Any]]:
        """Attributes of every row, parsed once."""
        with self._lock:
            if "attributes" not in self._whole:
                self._whole["attributes"] = [
                    attributes
                    for key in self._fragments
                    for attributes in self._piece("attributes", key, _objects)
                ]
            whole: list[dict[str, Any]] = self._whole["attributes"]
            return whole

    def attribute(
        self, name: str, derived: tuple[str, Callable[[str], Any]] | None = None
    ) -> tuple[list[Any], Int64Array]:
        """The different values of an attribute, None first, and each row's place among them.

        ``derived`` is a column of texts, and what a row that lacks the attribute has for it.
        """
        key = f"attribute {name}"
        with self._lock:
            known: tuple[list[Any], Int64Array] | None = self._whole.get(key)
        if known is not None:
            return known
        rows = self.attributes
        with self._lock:
            if "names of attributes" not in self._whole:
                self._whole["names of attributes"] = set().union(*rows)
            is_stated = name in self._whole["names of attributes"]
        if not is_stated and derived is None:
            # Not kept: there is no end to the names that queries may make up.
            return [None], np.zeros(self.n_items, dtype=np.int64)
        stated = [attributes.get(name) for attributes in rows]
        if derived is not None:
            texts = self.texts(derived[0])
            stated = [
                derived[1](text) if value is None and text is not None else value
                for value, text in zip(stated, texts, strict=True)
            ]
        coded = _coded(stated)
        with self._lock:
            self._whole[key] = coded
        return coded

    def points(self) -> tuple[list[str], Float64Array, Float64Array]:
        """Ids and coordinates of the rows that have a place."""
        first, second = self.coordinates
        rows = np.flatnonzero(~np.isnan(first))
        return self.table(["id"])["id"].take(rows).to_pylist(), first[rows], second[rows]

    def items(self, rows: Sequence[int] | Int64Array) -> list[Item]:
        """The items at rows, in the order given."""
        return items_from(self._of_items(rows, ()), self.space)

    def _of_items(self, rows: Sequence[int] | Int64Array, more: Iterable[str]) -> pa.Table:
        """What makes up items, and more columns, of some rows.

        Places come from memory when they are there: each column that is read takes its time.
        """
        names = item_columns(self.space)
        held = {name: self._whole[name] for name in COORDINATES[self.space] if name in self._whole}
        if "radius_m" in self._whole:
            held["place_radius_m"] = self.radius_m
        table = self.take(rows, [*(name for name in names if name not in held), *more])
        for name, column in held.items():
            values = np.full(len(rows), np.nan) if column is None else column[rows]
            field = self._columns.field(name)
            table = table.append_column(field, pa.array(values, field.type, from_pandas=True))
        return table

    def hits(
        self, rows: Int64Array, features: Iterable[FeatureName]
    ) -> tuple[list[Item], dict[FeatureName, tuple[Float32Array, BoolArray]]]:
        """`items` and, for each feature, `vectors_at` of some rows, read at once."""
        names = {feature: vector_column(feature) for feature in features}
        table = self._of_items(rows, names.values())
        vectors = {feature: self._filled(table[name], name) for feature, name in names.items()}
        return items_from(table.drop_columns(list(names.values())), self.space), vectors

    def take(self, rows: Sequence[int] | Int64Array, columns: list[str]) -> pa.Table:
        """Columns of the rows, in the order given."""
        if not len(rows):
            return self._nothing(columns)
        there = [name for name in columns if name in self._there] or ["iid"]
        with reading(self._path):
            found = self._dataset.take([int(row) for row in rows], columns=there)
        return self._with_all(found, columns)

    def table(self, columns: list[str]) -> pa.Table:
        """Columns of all rows, in row order."""
        if not self._fragments:
            return self._nothing(columns)
        return pa.concat_tables(self._read(f, columns) for f in self._fragments.values())

    def _read(self, fragment: lance.LanceFragment, columns: list[str]) -> pa.Table:
        there = [name for name in columns if name in self._there] or ["iid"]
        with reading(self._path):
            return self._with_all(fragment.to_table(columns=there), columns)

    def _with_all(self, table: pa.Table, columns: list[str]) -> pa.Table:
        """A table with those of the columns that this version lacks, without a value."""
        for name in columns:
            if name not in self._there:
                field = self._columns.field(name)
                table = table.append_column(field, pa.nulls(len(table), field.type))
        return table.select(columns)

    def _nothing(self, columns: list[str]) -> pa.Table:
        return pa.schema([self._columns.field(name) for name in columns]).empty_table()

    def row_of(self, item_id: str) -> int | None:
        """The row of a public id."""
        import pyarrow.compute as pc

        if self.n_items == 0:
            return None
        ids = self._cached("id", lambda column: column)
        row = pc.index(ids, item_id).as_py()
        return None if row < 0 else int(row)

    def rows_of(self, item_ids: Sequence[str]) -> list[int | None]:
        """The row of each of several public ids; None for one that no row has."""
        import pyarrow.compute as pc

        if self.n_items == 0:
            return [None] * len(item_ids)
        ids = self._cached("id", lambda column: column)
        return pc.index_in(pa.array(item_ids, pa.string()), value_set=ids).to_pylist()

    def ids_at(self, rows: Int64Array) -> list[str]:
        """The public ids of some rows, in the order given; all ids are held in memory for it."""
        ids: list[str] = self._cached("id", lambda column: column).take(pa.array(rows)).to_pylist()
        return ids

    def texts(self, name: str) -> list[str | None]:
        """A column of texts, (n,); not kept, since all paths of a collection take much memory."""
        with reading(self._path):  # what is no UTF-8 is no text
            texts: list[str | None] = self.table([name])[name].to_pylist()
        return texts

    def present(self, feature: FeatureName) -> BoolArray:
        """Which rows have a vector of the feature, (n,)."""
        mask = np.zeros(self.n_items, dtype=np.bool_)
        mask[self.vectors(feature)[1]] = True
        return mask

    def _numbers(self, name: str, dtype: type) -> Any:
        return self._cached(name, _integers if dtype is np.int64 else _floats)

    def _cached(self, name: str, convert: Callable[[pa.ChunkedArray], Any]) -> Any:
        with self._lock:
            if name not in self._whole:
                pieces = [self._piece(name, key, convert) for key in self._fragments]
                if pieces and isinstance(pieces[0], pa.ChunkedArray):
                    chunks = [chunk for piece in pieces for chunk in piece.chunks]
                    self._whole[name] = pa.chunked_array(chunks)
                else:
                    dtype = pieces[0].dtype if pieces else np.float64
                    self._whole[name] = _concatenate(pieces, (0,), dtype)
            return self._whole[name]

    def _piece(self, name: str, key: FragmentKey, convert: Callable[[pa.ChunkedArray], Any]) -> Any:
        if (name, key) not in self._pieces:
            piece = self._left_of(name, key)
            if piece is None:
                piece = convert(self._read(self._fragments[key], [name])[name])
            self._pieces[name, key] = piece
        return self._pieces[name, key]

    def _left_of(self, name: str, key: FragmentKey) -> Any:
        """A piece of the version before without what was deleted since; None when there is none."""
        before = self._before.get((name, key[:2]))
        if before is None or (name == "iid" and not self._deleted):
            return None
        kept = self._kept_of(key)
        return None if kept is None else _filtered(before, kept)

    def _kept_of(self, key: FragmentKey) -> BoolArray | None:
        """Which rows of a fragment's version before are left; None when unknown."""
        if key not in self._kept:
            self._kept[key] = None
            iids = self._before.get(("iid", key[:2]))
            if iids is not None:
                if self._deleted:
                    kept = ~np.isin(iids, self._deleted)
                else:
                    kept = np.isin(iids, self._piece("iid", key, _integers), assume_unique=True)
                # After a restore there may be more rows than before.
                if np.count_nonzero(kept) == self._fragments[key].count_rows():
                    self._kept[key] = kept
        return self._kept[key]

    def read_small(
        self, features: Iterable[FeatureName], *, up_to: int, but: AbstractSet[Any]
    ) -> None:
        """Read what a tree needs of new small fragments at once, but of those with some files."""
        vectors = [vector_column(feature) for feature in features]
        names = ["iid", *COORDINATES[self.space], *vectors]
        with self._lock:
            for key, fragment in self._fragments.items():
                is_known = ("iid", key) in self._pieces or ("iid", key[:2]) in self._before
                if is_known or key[1] in but or fragment.physical_rows > up_to:
                    continue
                table = self._read(fragment, names)
                for name in names:
                    convert = _integers if name == "iid" else _floats
                    piece = vectors_of(table[name]) if name in vectors else convert(table[name])
                    self._pieces[name, key] = piece

    def _share(self, name: str, pieces: list[Any], matrix: Float32Array | UInt8Array) -> None:
        """Let the pieces be views of the whole, so that vectors are held in memory once."""
        start = 0
        for key, (piece, present) in zip(self._fragments, pieces, strict=True):
            self._pieces[name, key] = (matrix[start : start + len(piece)], present)
            start += len(piece)

    def _key(self, fragment: lance.LanceFragment) -> FragmentKey:
        # The deletion file's path and not its repr, which names no more than a count: after a
        # restore the same number of other rows may be missing.
        return (fragment.fragment_id, self._names.of(fragment), fragment.deletion_file())

    def _dim(self, name: str) -> int:
        return int(self._columns.field(name).type.list_size)


def _coded(values: Iterable[Any]) -> tuple[list[Any], Int64Array]:
    """The different values, None first, and the place of each among them."""
    codes: dict[tuple[type, Any], int] = {_identity(None): 0}
    different: list[Any] = [None]
    places = []
    for value in values:
        code = codes.setdefault(_identity(value), len(different))
        if code == len(different):
            different.append(value)
        places.append(code)
    return different, np.array(places, dtype=np.int64)


def _identity(value: Any) -> tuple[type, Any]:
    """What two equal values share: 1, 1.0 and True are equal in Python and must stay apart."""
    if isinstance(value, list):
        return (list, tuple((type(member), member) for member in value))
    return (type(value), value)


def _filtered(piece: Any, kept: BoolArray) -> Any:
    """The rows of a piece that are kept, in whatever form it is."""
    if isinstance(piece, tuple):
        matrix, present = piece
        return matrix[kept[present]], present[kept]
    if isinstance(piece, pa.ChunkedArray):
        return piece.filter(pa.array(kept))
    if isinstance(piece, list):
        return [value for value, is_kept in zip(piece, kept.tolist(), strict=True) if is_kept]
    return piece[kept]


def _concatenate(pieces: list[Any], empty: tuple[int, ...], dtype: Any) -> Any:
    if not pieces:
        return np.empty(empty, dtype)
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _integers(column: pa.ChunkedArray) -> Int64Array:
    return column.to_numpy().astype(np.int64, copy=False)


def _floats(column: pa.ChunkedArray) -> Float64Array:
    return column.to_numpy().astype(np.float64, copy=False)


def _times(column: pa.ChunkedArray) -> Int64Array:
    # NumPy's "not a time" is the smallest int64 already; what no calendar has is none either.
    times = column.to_numpy().astype("datetime64[us]").view(np.int64)
    is_time = (times >= FIRST_TIME_US) & (times <= LAST_TIME_US)
    return times if is_time.all() else np.where(is_time, times, np.iinfo(np.int64).min)


def _objects(column: pa.ChunkedArray) -> list[dict[str, Any]]:
    return [attributes_from_json(value) for value in column.to_pylist()]


def _radii(column: pa.ChunkedArray) -> Float32Array:
    radii = np.asarray(numbers_of(column), dtype=np.float32)
    return np.where((radii >= 0) & (radii <= MAX_RADIUS_M), radii, np.float32(0.0))
