"""Where a raster lies: GeoTIFF's tags, world files and ``.aux.xml`` to a footprint on the globe.

Tags and keys: OGC 19-008r4, GeoTIFF 1.1. Coordinate systems given by an EPSG code need nothing
installed where they are WGS84, pyproj where they are not; those that a file spells out in keys of
its own need rasterio. Both come with the extra ``geo``.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np

from placelens.errors import CoordinateError, ReadError
from placelens.installed import install_command
from placelens.readers.geometries import LonLat, reprojection
from placelens.readers.metadata import Metadata, Origin
from placelens.types import Attribute, Float64Array, Place

PIXEL_SCALE, TIE_POINTS, TRANSFORMATION = 33550, 33922, 34264
GEO_KEYS, RPC = 34735, 50844
GEO_TAGS = (PIXEL_SCALE, TIE_POINTS, TRANSFORMATION, GEO_KEYS, RPC)
_WIDTH, _HEIGHT = 256, 257
_RASTER_TYPE, _GEOGRAPHIC, _ELLIPSOID, _PROJECTED, _PROJECTION = 1025, 2048, 2056, 3072, 3074
_PIXEL_IS_POINT = 2
_EPSG_CODES = range(1024, 32767)
# The projections alone of UTM's zones north and south; EPSG's systems on WGS84 lie 16,600 above.
_UTM = (range(16001, 16061), range(16101, 16161))
_UTM_TO_WGS84 = 16600
_WGS84_ELLIPSOID = 7030
_WKT_CRS = re.compile(r"[A-Z]+CS\[|[A-Z]+CRS\[", re.IGNORECASE)
_EDGE_POINTS = 21
_LARGEST_SIDECAR_BYTES = 2**20
# A ten-millionth of a degree is a centimetre.
_DECIMALS = 7

Affine = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f: x = a column + b row + c and y = d column + e row + f, of pixels' corners."""


@dataclass(frozen=True, slots=True)
class _Georeference:
    """Pixels to a plane, and the plane's coordinate system; ``note`` says what is uncertain."""

    affine: Affine
    crs: str | None
    note: str | None = None


def read_georeference(path: str, tags: Mapping[int, Any], size: tuple[int, int]) -> Metadata:
    """Where a raster lies: the centre of its footprint, the footprint's bounds as attributes.

    Parameters
    ----------
    path : the file; its world file and ``.aux.xml`` are looked for beside it.
    tags : its first TIFF directory, or its EXIF, by number.
    size : its width and height in pixels.

    Returns
    -------
    Metadata
        Nothing for an image without georeference. What is there of one and cannot be used is
        named in ``warnings``.
    """
    size = _as_stored(tags, size)
    try:
        found = _from_tags(path, tags, size) or _from_sidecars(path)
        if found is None:
            return Metadata(origin=Origin.RASTER)
        return _located(found, size)
    except (ReadError, CoordinateError) as error:
        return Metadata(origin=Origin.RASTER, warnings=(f"its georeference is not used: {error}",))


def _located(found: _Georeference, size: tuple[int, int]) -> Metadata:
    if found.crs is None:
        raise ReadError(
            "it names no coordinate system; put one beside the file, as .prj or .aux.xml"
        )
    to_lonlat = reprojection(found.crs)
    place, bounds = footprint(found.affine, size, to_lonlat)
    edges = zip(("west", "south", "east", "north"), bounds, strict=True)
    attributes: dict[str, Attribute] = {
        f"footprint_{edge}": round(value, _DECIMALS) for edge, value in edges
    }
    if len(found.crs) <= 40:
        attributes["crs"] = found.crs
    return Metadata(
        origin=Origin.RASTER,
        place=place,
        place_source="raster",
        attributes=attributes,
        warnings=(found.note,) if found.note else (),
    )


def footprint(
    affine: Affine, size: tuple[int, int], to_lonlat: Callable[[LonLat], LonLat]
) -> tuple[Place, tuple[float, float, float, float]]:
    """The place of a raster's centre, and its bounds: west, south, east, north in degrees.

    West is greater than east where it lies over the antimeridian.

    Parameters
    ----------
    affine : pixels to the plane.
    size : width and height in pixels.
    to_lonlat : the plane to longitude and latitude.

    Raises
    ------
    CoordinateError
        If its centre lies nowhere on the globe.

    Examples
    --------
    >>> footprint((0.5, 0, 178, 0, -0.5, -16), (8, 4), lambda lonlat: lonlat)
    (Place(lat=-17.0, lon=180.0), (178.0, -18.0, -178.0, -16.0))
    """
    a, b, c, d, e, f = affine
    if a * e == b * d or not all(map(math.isfinite, affine)):
        raise CoordinateError("its pixels have no extent")

    def on_globe(column: float, row: float) -> LonLat:
        return to_lonlat((a * column + b * row + c, d * column + e * row + f))

    width, height = size
    lon, lat = on_globe(width / 2, height / 2)
    centre = Place(lat=lat, lon=_wrapped(lon))
    ring = []
    for column, row in _edge(width, height):
        try:
            ring.append(on_globe(column, row))
        except CoordinateError:  # a corner beyond the edge of a map of the whole globe
            continue
    lons, lats = np.array(ring or [(lon, lat)]).T
    return centre, _bounds(np.unwrap(lons, period=360.0), lats.clip(-90.0, 90.0))


def _edge(width: float, height: float) -> Iterator[tuple[float, float]]:
    """Points around a raster, closed: edges straight in the plane may bend on the globe."""
    steps = np.linspace(0.0, 1.0, _EDGE_POINTS)
    yield from ((step * width, 0.0) for step in steps)
    yield from ((width, step * height) for step in steps)
    yield from (((1.0 - step) * width, height) for step in steps)
    yield from ((0.0, (1.0 - step) * height) for step in steps)


def _bounds(lons: Float64Array, lats: Float64Array) -> tuple[float, float, float, float]:
    """Bounds of a closed ring whose longitudes run on; a ring that winds holds a pole."""
    west, east = float(lons.min()), float(lons.max())
    south, north = float(lats.min()), float(lats.max())
    if abs(lons[-1] - lons[0]) > 180.0:
        south, north = (south, 90.0) if south + north > 0 else (-90.0, north)
        return -180.0, south, 180.0, north
    if east - west >= 360.0:
        return -180.0, south, 180.0, north
    return _wrapped(west), south, _wrapped(east), north


def _wrapped(lon: float) -> float:
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0


def _as_stored(tags: Mapping[int, Any], size: tuple[int, int]) -> tuple[int, int]:
    """The size as the file has it, whatever its orientation."""
    stored = (*_numbers(tags, _WIDTH), *_numbers(tags, _HEIGHT))
    known = len(stored) == 2 and all(0 < side < math.inf for side in stored)
    return (int(stored[0]), int(stored[1])) if known else size


def _from_tags(path: str, tags: Mapping[int, Any], size: tuple[int, int]) -> _Georeference | None:
    """What GeoTIFF's tags say; None when there are none."""
    if not any(tag in tags for tag in GEO_TAGS):
        return None
    keys = _geo_keys(tags)
    affine, note = _affine(tags, keys)
    if affine is None:
        if RPC in tags:
            return _from_rpc(_numbers(tags, RPC), size)
        beside = _from_sidecars(path)
        if beside is None:
            raise ReadError("it names a coordinate system, but not where its pixels lie in it")
        return _Georeference(beside.affine, _crs(path, keys) or beside.crs)
    return _Georeference(affine, _crs(path, keys) or _crs_beside(path), note)


def _geo_keys(tags: Mapping[int, Any]) -> dict[int, int]:
    """The keys whose value is a code (GeoTIFF 1.1, 7.1.2: four numbers each, after the first)."""
    written = _numbers(tags, GEO_KEYS)
    numbers = [int(number) for number in written] if all(map(math.isfinite, written)) else []
    quadruples = zip(*(numbers[start::4] for start in range(4, 8)), strict=False)
    return {key: value for key, location, _, value in quadruples if location == 0}


def _affine(tags: Mapping[int, Any], keys: Mapping[int, int]) -> tuple[Affine | None, str | None]:
    matrix = _numbers(tags, TRANSFORMATION)
    scale, ties = _numbers(tags, PIXEL_SCALE), _numbers(tags, TIE_POINTS)
    note = None
    if len(matrix) >= 8:
        affine: Affine = (matrix[0], matrix[1], matrix[3], matrix[4], matrix[5], matrix[7])
    elif len(scale) >= 2 and len(ties) >= 6:
        column, row, _, x, y, _ = ties[:6]
        affine = (scale[0], 0.0, x - column * scale[0], 0.0, -scale[1], y + row * scale[1])
    elif len(ties) >= 18:
        points = np.array(ties[: len(ties) // 6 * 6]).reshape(-1, 6)
        affine = _fitted(points[:, :2], points[:, 3:5])
        note = f"its footprint was fitted to {len(points)} ground control points"
    else:
        return None, None
    if keys.get(_RASTER_TYPE) == _PIXEL_IS_POINT:  # then its origin is a pixel's centre
        a, b, c, d, e, f = affine
        affine = (a, b, c - (a + b) / 2, d, e, f - (d + e) / 2)
    return affine, note


def _fitted(pixels: Float64Array, plane: Float64Array) -> Affine:
    """The affine map nearest to points of both, by least squares."""
    if not (np.isfinite(pixels).all() and np.isfinite(plane).all()):
        # LAPACK does not come to an end with an infinite number, and gives up on one that is none.
        raise ReadError("its ground control points are not all finite numbers")
    columns = np.column_stack([pixels, np.ones(len(pixels))])
    solution, _, rank, _ = np.linalg.lstsq(columns, plane, rcond=None)
    if rank < 3:
        raise ReadError("its ground control points lie on a line")
    (a, d), (b, e), (c, f) = solution.tolist()
    return a, b, c, d, e, f


def _from_rpc(coefficients: Sequence[float], size: tuple[int, int]) -> _Georeference:
    """The box that rational polynomials are normalised to (NGA STDI-0002, RPC00B)."""
    if len(coefficients) < 12:
        raise ReadError("its rational polynomials are cut off")
    lat, lon = coefficients[4:6]
    lat_scale, lon_scale = coefficients[9:11]
    width, height = size
    affine = (2 * lon_scale / width, 0.0, lon - lon_scale, 0.0, -2 * lat_scale / height,
              lat + lat_scale)  # fmt: skip
    note = "its footprint is that of its rational polynomials (RPC), without the terrain"
    return _Georeference(affine, "EPSG:4326", note)


def _crs(path: str, keys: Mapping[int, int]) -> str | None:
    """The coordinate system: an EPSG code or, where the keys spell it out, WKT by rasterio."""
    code = keys.get(_PROJECTED) or keys.get(_GEOGRAPHIC)
    if code in _EPSG_CODES:
        return f"EPSG:{code}"
    if not code:
        return None
    zone = keys.get(_PROJECTION, 0)
    if any(zone in zones for zones in _UTM) and keys.get(_ELLIPSOID) == _WGS84_ELLIPSOID:
        return f"EPSG:{zone + _UTM_TO_WGS84}"
    try:
        import rasterio
    except ImportError as error:
        raise ReadError(
            "it spells out its coordinate system itself; to read that run: "
            + install_command("geo")
        ) from error
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED=False):
        try:
            with rasterio.open(path, driver="GTiff") as raster:
                crs = raster.crs
        except rasterio.errors.RasterioError as error:
            raise ReadError(f"its coordinate system cannot be read: {str(error)[:200]}") from error
    return str(crs.to_wkt()) if crs else None


def _from_sidecars(path: str) -> _Georeference | None:
    """A world file or ``.aux.xml`` beside the image."""
    described = _text_beside(path, ".aux.xml")
    match = re.search(r"<GeoTransform>([^<]*)</GeoTransform>", described or "")
    if match:
        # GDAL's order: x of the corner, x a column, x a row, then the same of y.
        c, a, b, f, d, e = _six(match[1].split(","))
        return _Georeference((a, b, c, d, e, f), _crs_beside(path))
    world = _text_beside(path, *_world_suffixes(Path(path).suffix))
    if world is None:
        return None
    # A world file has a, d, b, e, and the centre of the first pixel.
    a, d, b, e, x, y = _six(world.split())
    affine = (a, b, x - (a + b) / 2, d, e, y - (d + e) / 2)
    return _Georeference(affine, _crs_beside(path))


def _crs_beside(path: str) -> str | None:
    """WKT in ``.aux.xml`` or ``.prj``."""
    described = _text_beside(path, ".aux.xml")
    match = re.search(r"<SRS[^>]*>([^<]*)</SRS>", described or "")
    text = unescape(match[1]).strip() if match else ""
    text = text or (_text_beside(path, ".prj") or "").strip()
    if text and not _WKT_CRS.match(text):
        raise ReadError("the coordinate system beside it is not well-known text (WKT)")
    return text or None


def names_beside(name: str) -> list[str]:
    """Names of the files that may say where an image of this name lies.

    Examples
    --------
    >>> names_beside("a.tif")[:4]
    ['a.tif.aux.xml', 'a.tif.AUX.XML', 'a.tfw', 'a.TFW']
    """
    image = Path(name)
    endings = [*_world_suffixes(image.suffix), ".prj"]
    return [
        *(name + written for written in (".aux.xml", ".AUX.XML")),
        *(image.stem + written for ending in endings for written in (ending, ending.upper())),
    ]


def _world_suffixes(suffix: str) -> list[str]:
    """``.tfw``, ``.tifw`` and ``.wld`` for ``.tif``: first and last letter, or all, and w."""
    suffix = suffix.lower()
    return [f"{suffix[:2]}{suffix[-1]}w", f"{suffix}w", ".wld"] if len(suffix) > 2 else [".wld"]


def _text_beside(path: str, *endings: str) -> str | None:
    """The text of the first file beside an image whose name has one of these endings."""
    folder, name = os.path.split(path)
    for beside in names_beside(name):
        file = Path(folder, beside)
        try:
            if (
                beside.lower().endswith(endings)
                and file.is_file()
                and file.stat().st_size <= _LARGEST_SIDECAR_BYTES
            ):
                return file.read_text("utf-8", "replace")
        except (OSError, ValueError):
            continue
    return None


def _six(words: Sequence[str]) -> tuple[float, float, float, float, float, float]:
    try:
        a, b, c, d, e, f = (float(word.replace(",", ".")) for word in words[:6])
    except ValueError as error:
        raise ReadError("the file beside it that says where it lies is not six numbers") from error
    return a, b, c, d, e, f


def _numbers(tags: Mapping[int, Any], tag: int) -> list[float]:
    """A tag's numbers; none where it is missing, broken, or holds something else."""
    try:
        value = tags.get(tag)
    except Exception:  # Pillow decodes a tag on first use, and broken bytes lead it anywhere
        return []
    values = value if isinstance(value, tuple | list) else (value,)
    if not all(isinstance(v, int | float) for v in values):
        return []
    try:
        return [float(v) for v in values]
    except OverflowError:
        return []
