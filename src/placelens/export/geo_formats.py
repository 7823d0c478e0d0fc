"""GeoDataFrames, and the formats that geopandas writes: GeoPackage and GeoParquet (extra geo)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from placelens.errors import MissingExtraError
from placelens.export.frames import series
from placelens.export.records import Record, flatten, position_of

if TYPE_CHECKING:
    import geopandas


def to_geodataframe(records: Iterable[Record], blank: Record) -> geopandas.GeoDataFrame:
    """A GeoDataFrame in longitude and latitude (EPSG:4326); without a CRS on a plane.

    Columns are those of the CSV format without the coordinates. ``time`` stays ISO 8601 text,
    because wall-clock times with and without a zone do not mix in one datetime column. Without
    records the columns are those of ``blank``.

    Raises
    ------
    MissingExtraError
        If geopandas is not installed.
    """
    try:
        import geopandas
        import pandas
        import shapely
    except ImportError as error:
        raise MissingExtraError("a GeoDataFrame", "geo") from error
    rows = list(records)
    columns, flat = flatten(rows, blank=blank)
    points = [position_of(record) for record in rows]
    data = {
        name: series([row[name] for row in flat], pandas)
        for name in columns
        if name not in ("lat", "lon", "x", "y")
    }
    crs = None if any("x" in record for record in rows) else "EPSG:4326"
    geometry = [None if point is None else shapely.Point(point) for point in points]
    return geopandas.GeoDataFrame(data, geometry=geometry, crs=crs)


def write_gpkg(records: Iterable[Record], stream: BinaryIO, blank: Record) -> None:
    """An OGC GeoPackage with one layer, ``items``."""
    frame = to_geodataframe(records, blank)
    try:
        import pyogrio
    except ImportError as error:
        raise MissingExtraError("GeoPackage", "geo") from error
    # GDAL needs a file that it may seek in; the caller's stream may be a pipe.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.gpkg"
        pyogrio.write_dataframe(frame, path, layer="items", driver="GPKG", geometry_type="Point")
        with path.open("rb") as made:
            shutil.copyfileobj(made, stream)


def write_geoparquet(records: Iterable[Record], stream: BinaryIO, blank: Record) -> None:
    """GeoParquet 1.0, zstd."""
    to_geodataframe(records, blank).to_parquet(stream, index=False, compression="zstd")
