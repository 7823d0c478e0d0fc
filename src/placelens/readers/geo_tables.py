"""Tables with geometries: GeoJSON (RFC 7946) and GeoParquet (1.1), in WGS84 or brought to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from placelens.errors import CoordinateError, ReadError
from placelens.readers.geometries import (
    WGS84,
    LonLat,
    point_of_geojson,
    point_of_struct,
    point_of_wkb,
    reprojection,
)
from placelens.readers.parquet_files import read_parquet
from placelens.readers.rows import Row, Table, flatten
from placelens.readers.values import converter_of
from placelens.types import Attribute, Place

_NO_FEATURE = "it is not a GeoJSON feature"
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def load_geojson(value: Mapping[str, Any]) -> Table:
    """Read a parsed FeatureCollection or Feature; properties become columns, an id its column.

    Raises
    ------
    ReadError
        If it has no list of features, or a coordinate system that cannot be brought to WGS84.
    """
    features = [value] if value.get("type") == "Feature" else value.get("features")
    if not isinstance(features, list):
        raise ReadError("its FeatureCollection has no list of features")
    return load_features(features, crs=_old_crs(value.get("crs")))


def load_features(features: Iterable[Any], *, crs: Any = WGS84) -> Table:
    """Rows of features; a ReadError among them, or what is no feature, becomes a named problem.

    Raises
    ------
    ReadError
        If the coordinate system cannot be brought to WGS84.
    """
    to_lonlat = reprojection(crs)
    names: dict[str, None] = {}
    rows = []
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict):
            known = isinstance(feature, ReadError)
            rows.append(Row(number, {}, problem=str(feature) if known else _NO_FEATURE))
            continue
        properties = feature.get("properties")
        values = flatten(properties) if isinstance(properties, dict) else {}
        if isinstance(feature.get("id"), str | int):
            values.setdefault("id", feature["id"])
        names.update(dict.fromkeys(values))
        rows.append(_located(number, values, feature.get("geometry"), point_of_geojson, to_lonlat))
    return Table(list(names), rows, has_geometry=True)


def load_parquet(path: str) -> Table:
    """Read a Parquet file; with GeoParquet's metadata, its primary geometry gives the places.

    A file in folders named ``key=value``, as partitioned data sets have them, gets these as
    columns, unless it has columns of these names itself.

    Raises
    ------
    ReadError
        If it is not Parquet, or its coordinate system is unknown or cannot be brought to WGS84.
    """
    table = read_parquet(path)
    geo = _geo_metadata(table.schema.metadata or {})
    geometry = geo["primary_column"] if geo else None
    if geometry is not None and geometry not in table.column_names:
        raise ReadError(f"its metadata names the geometry column {geometry!r}, which is not there")
    names = [name for name in table.column_names if name not in (geo or {}).get("columns", ())]
    keys = {key: value for key, value in _partition(path).items() if key not in names}
    records = [{**record, **keys} for record in _records(table.select(names))]
    names += keys
    if geo is None or geometry is None:
        return Table(names, [Row(n, record) for n, record in enumerate(records, start=1)])
    column = geo["columns"][geometry]
    if column.get("encoding") not in ("WKB", "point"):
        raise ReadError(
            f"its geometries are encoded as {column.get('encoding')!r}; write them as WKB"
        )
    convert = point_of_wkb if column["encoding"] == "WKB" else point_of_struct
    to_lonlat = reprojection(column.get("crs", WGS84))
    rows = [
        _located(number, record, value, convert, to_lonlat)
        for number, (record, value) in enumerate(
            zip(records, table.column(geometry).to_pylist(), strict=True), start=1
        )
    ]
    return Table(names, rows, has_geometry=True)


def _partition(path: str) -> dict[str, Attribute]:
    """The keys and values of the folders above a file of a partitioned data set."""
    keys: dict[str, Attribute] = {}
    for folder in Path(path).parent.parts:
        key, equals, value = folder.partition("=")
        if not (key and equals):
            keys.clear()  # only the folders right above the file are of its data set
            continue
        text = unquote(value)
        keys[unquote(key)] = None if text == _NO_PARTITION else converter_of([text])(text)
    return keys


def _records(table: Any) -> list[dict[str, Any]]:
    """Rows as dictionaries; nanoseconds, which datetime has not, are cut to microseconds."""
    import pyarrow as pa

    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            micro = table.column(position).cast(pa.timestamp("us", field.type.tz), safe=False)
            table = table.set_column(position, field.name, micro)
    try:
        records: list[dict[str, Any]] = table.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise ReadError(f"a value of it cannot be read: {str(error)[:200]}") from error
    return records


def _located(
    number: int,
    values: Mapping[str, Any],
    geometry: Any,
    convert: Callable[[Any], LonLat | None],
    to_lonlat: Callable[[LonLat], LonLat],
) -> Row:
    """A row with the place of its geometry, or with the reason why that cannot be used."""
    try:
        point = None if geometry is None else convert(geometry)
        if point is None:
            return Row(number, values)
        lon, lat = to_lonlat(point)
        return Row(number, values, place=Place(lat=lat, lon=lon))
    except CoordinateError as error:
        return Row(number, values, problem=str(error))


def _geo_metadata(metadata: Mapping[bytes, bytes]) -> dict[str, Any] | None:
    """GeoParquet's file metadata; None for a plain Parquet file."""
    if b"geo" not in metadata:
        return None
    try:
        geo: dict[str, Any] = json.loads(metadata[b"geo"])
        if isinstance(geo["columns"][geo["primary_column"]], dict):
            return geo
    except (ValueError, KeyError, TypeError):
        pass
    raise ReadError("its GeoParquet metadata is damaged")


def _old_crs(crs: Any) -> Any:
    """The name that GeoJSON of 2008 could give its coordinate system; since 2016 it is WGS84."""
    if crs is None:
        return WGS84
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise ReadError("its crs member names no coordinate system; remove it if it is WGS84")
    # urn:ogc:def:crs:AUTHORITY:VERSION:CODE, the version often empty
    parts = name.split(":")
    return f"{parts[4]}:{parts[6]}" if len(parts) == 7 else name
