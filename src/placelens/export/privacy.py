"""Positions blurred to a grid or dropped before anything is written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from placelens.errors import InputError
from placelens.export.records import Record, position_of
from placelens.geo.distance import EARTH_RADIUS_M
from placelens.geo.units import parse_distance_m

# A score, a term or a distance, with the query that made it, gives the position away again.
# How far off a place may be is of the place that was measured, and of no other.
_TELLTALES: Record = {"score": None, "distance_m": None, "terms": [], "place_radius_m": None}
# The bounds of a raster, whose middle is its position.
_FOOTPRINT = "footprint_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """How positions leave the collection.

    ``blur`` ("1km", or metres) replaces each position by the centre of its cell in a fixed grid
    of that size: the same position always gives the same centre, so repeated exports tell no
    more than one. ``drop_places`` leaves positions out. Both also leave out scores, terms,
    distances and the footprints of rasters, from which a position could be worked out. Texts,
    other attributes and the image files (whose EXIF may hold a position) are not touched.
    """

    blur: str | float | None = None
    drop_places: bool = False

    def __post_init__(self) -> None:
        if self.blur is not None and self.drop_places:
            raise InputError("blur and drop_places exclude each other; give one of them")
        if self.blur is not None and parse_distance_m(self.blur, name="blur") <= 0:
            raise InputError(f"blur {self.blur!r} must be larger than 0; write it like 1km")

    def apply(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records as they may leave."""
        if self.drop_places:
            return (_without_place(record) for record in records)
        if self.blur is not None:
            cell_m = parse_distance_m(self.blur, name="blur")
            return (_blurred(record, cell_m) for record in records)
        return iter(records)


def _without_place(record: Record) -> Record:
    hidden = {key: None for key in ("lat", "lon", "x", "y", "place_source") if key in record}
    return record | _telltales(record) | hidden


def _blurred(record: Record, cell_m: float) -> Record:
    position = position_of(record)
    record = record | _telltales(record)
    if position is None:
        return record | {"place_blur_m": None}
    if "x" in record:
        x, y = ((math.floor(value / cell_m) + 0.5) * cell_m for value in position)
        return record | {"x": x, "y": y, "place_blur_m": cell_m}
    lon, lat = blur_lonlat(*position, cell_m=cell_m)
    return record | {"lat": lat, "lon": lon, "place_blur_m": cell_m}


def _telltales(record: Record) -> Record:
    """What stands in the record instead of all that gives its position away."""
    kept = {k: v for k, v in record["attributes"].items() if not k.startswith(_FOOTPRINT)}
    return {key: value for key, value in _TELLTALES.items() if key in record} | {"attributes": kept}


def blur_lonlat(lon: float, lat: float, *, cell_m: float) -> tuple[float, float]:
    """Centre (lon, lat) in degrees of the grid cell around a position.

    Rows of the grid are ``cell_m`` high from the equator on; each row is divided into as many
    equal cells as fit, at least ``cell_m`` wide in its middle. A position moves by about
    0.71 ``cell_m`` at most, except within one cell of a pole.

    Examples
    --------
    >>> blur_lonlat(14.421, 50.087, cell_m=1000)
    (14.423549, 50.087648)
    >>> blur_lonlat(14.4233, 50.0873, cell_m=1000)
    (14.423549, 50.087648)
    >>> blur_lonlat(180.0, 0.0, cell_m=1000) == blur_lonlat(-180.0, 0.0, cell_m=1000)
    True
    """
    step = math.degrees(cell_m / EARTH_RADIUS_M)
    middle = min(90.0, max(-90.0, (math.floor(lat / step) + 0.5) * step))
    n_cells = max(1, math.floor(360.0 * math.cos(math.radians(middle)) / step))
    width = 360.0 / n_cells
    cell = math.floor((lon + 180.0) / width) % n_cells
    return round((cell + 0.5) * width - 180.0, 6), round(middle, 6)
