"""Tables with geometries: GeoJSON (RFC 7946) and GeoParquet (1.1), in WGS84 or brought to it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from placelens.errors import CoordinateError, ReadError
from placelens.readers.parquet_files import read_parquet
from placelens.readers.rows import Row, Table, flatten
from placelens.types import Place

LonLat = tuple[float, float]
_WGS84 = frozenset({"OGC:CRS84", "EPSG:4326", "EPSG:4979", "OGC:CRS84H"})


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
    to_lonlat = _reprojection(_old_crs(value.get("crs")))
    names: dict[str, None] = {}
    rows = []
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict):
            rows.append(Row(number, {}, problem="it is not a GeoJSON feature"))
            continue
        properties = feature.get("properties")
        values = flatten(properties) if isinstance(properties, dict) else {}
        if isinstance(feature.get("id"), str | int):
            values.setdefault("id", feature["id"])
        names.update(dict.fromkeys(values))
        rows.append(_located(number, values, feature.get("geometry"), _from_geojson, to_lonlat))
    return Table(list(names), rows, has_geometry=True)


def load_parquet(path: str) -> Table:
    """Read a Parquet file; with GeoParquet's metadata, its primary geometry gives the places.

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
    records = _records(table.select(names))
    if geo is None or geometry is None:
        return Table(names, [Row(n, record) for n, record in enumerate(records, start=1)])
    column = geo["columns"][geometry]
    if column.get("encoding") not in ("WKB", "point"):
        raise ReadError(
            f"its geometries are encoded as {column.get('encoding')!r}; write them as WKB"
        )
    convert = _from_wkb if column["encoding"] == "WKB" else _from_struct
    to_lonlat = _reprojection(column.get("crs", "OGC:CRS84"))
    rows = [
        _located(number, record, value, convert, to_lonlat)
        for number, (record, value) in enumerate(
            zip(records, table.column(geometry).to_pylist(), strict=True), start=1
        )
    ]
    return Table(names, rows, has_geometry=True)


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
    convert: Callable[[Any], LonLat],
    to_lonlat: Callable[[LonLat], LonLat],
) -> Row:
    """A row with the place of its geometry, or with the reason why that cannot be used."""
    if geometry is None:
        return Row(number, values)
    try:
        lon, lat = to_lonlat(convert(geometry))
        return Row(number, values, place=Place(lat=lat, lon=lon))
    except CoordinateError as error:
        return Row(number, values, problem=str(error))


def _from_geojson(geometry: Any) -> LonLat:
    """A point's own coordinates, else a point that lies on the geometry."""
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        position = geometry.get("coordinates")
        if isinstance(position, list) and len(position) >= 2:
            lon, lat = position[:2]
            if all(isinstance(v, int | float) and not isinstance(v, bool) for v in (lon, lat)):
                return _floats(lon, lat)
        raise CoordinateError(f"its point has the coordinates {str(position)[:60]}")
    import shapely
    from shapely.geometry import shape

    try:
        return _representative(shape(geometry))
    except CoordinateError:
        raise
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError,
            IndexError, OverflowError) as error:  # fmt: skip
        raise CoordinateError(f"its geometry cannot be read: {str(error)[:200]}") from error


def _from_wkb(geometry: Any) -> LonLat:
    import shapely

    try:
        return _representative(shapely.from_wkb(geometry))
    except CoordinateError:
        raise
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise CoordinateError(f"its geometry cannot be read: {str(error)[:200]}") from error


def _from_struct(geometry: Any) -> LonLat:
    """GeoParquet's native points: a struct of x and y."""
    x, y = geometry.get("x"), geometry.get("y")
    if x is None or y is None:
        raise CoordinateError("its point is empty")
    return _floats(x, y)


def _representative(geometry: Any) -> LonLat:
    if geometry is None or geometry.is_empty:
        raise CoordinateError("its geometry is empty")
    point = geometry if geometry.geom_type == "Point" else geometry.representative_point()
    return point.x, point.y


def _floats(x: float, y: float) -> LonLat:
    try:
        return float(x), float(y)
    except OverflowError as error:
        raise CoordinateError("a coordinate is too large for a number of degrees") from error


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
        return "OGC:CRS84"
    name = crs.get("properties", {}).get("name") if isinstance(crs, dict) else None
    if not isinstance(name, str):
        raise ReadError("its crs member names no coordinate system; remove it if it is WGS84")
    # urn:ogc:def:crs:AUTHORITY:VERSION:CODE, the version often empty
    parts = name.split(":")
    return f"{parts[4]}:{parts[6]}" if len(parts) == 7 else name


def _reprojection(crs: Any) -> Callable[[LonLat], LonLat]:
    """The way from a coordinate system (a name or PROJJSON) to longitude and latitude."""
    if crs is None:
        raise ReadError(
            "its geometries have no coordinate system; write it again with one, "
            "in geopandas with set_crs"
        )
    name = crs if isinstance(crs, str) else _authority(crs)
    if name in _WGS84:
        return lambda lonlat: lonlat
    try:
        import pyproj
    except ImportError as error:
        raise ReadError(
            f"its coordinate system is {name or 'not WGS84'}; to convert it run: "
            "pip install 'placelens[geo]'"
        ) from error
    try:
        source = pyproj.CRS.from_user_input(crs)
        transformer = pyproj.Transformer.from_crs(source, "OGC:CRS84", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise ReadError(
            f"its coordinate system {name or ''} cannot be brought to WGS84: {str(error)[:200]}"
        ) from error

    def transform(point: Sequence[float]) -> LonLat:
        lon, lat = transformer.transform(point[0], point[1])
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise CoordinateError(f"x {point[0]}, y {point[1]} lies outside {name or 'its CRS'}")
        return lon, lat

    return transform


def _authority(crs: Any) -> str | None:
    """``EPSG:4326`` and the like from PROJJSON."""
    identity = crs.get("id") if isinstance(crs, dict) else None
    if not isinstance(identity, dict):
        return None
    return f"{identity.get('authority')}:{identity.get('code')}"
