"""The demo's geo-texts: natural landscapes, what each looks like from above, and where it lies.

``landscapes.json`` was written by hand from general knowledge: a name, a sentence in the words one
would use for a satellite picture, a centre, and the radius within which a tile counts as part of
it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from placelens.demo.blue_marble import Tile
from placelens.geo.distance import distances_m
from placelens.readers.base import Source
from placelens.types import Place

__all__ = ["Landscape", "landscapes", "tiles_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Landscape:
    """A landscape: its name, a sentence on its look from above, its centre and radius."""

    name: str
    text: str
    lat: float
    lon: float
    radius_km: float

    @property
    def id(self) -> str:
        """Its id in the demo's collection."""
        return f"text: {self.name}"

    @property
    def place(self) -> Place:
        """Its centre."""
        return Place(lat=self.lat, lon=self.lon)

    def source(self) -> Source:
        """What a collection takes in."""
        return Source(
            key=self.id,
            id=self.id,
            stamp=f"{self.text}@{self.lat},{self.lon}",
            text=self.text,
            place=self.place,
            place_source="table",
            attributes={"title": self.name, "kind": "landscape"},
        )


@cache
def landscapes() -> tuple[Landscape, ...]:
    """All landscapes of ``landscapes.json``."""
    text = files("placelens.demo").joinpath("landscapes.json").read_text(encoding="utf-8")
    return tuple(Landscape(**fields) for fields in json.loads(text))


def tiles_of(landscape: Landscape, tiles: Sequence[Tile]) -> list[Tile]:
    """The tiles that show it: those it is centred in, and those centred within its radius."""
    lat, lon = np.array([tile.lat for tile in tiles]), np.array([tile.lon for tile in tiles])
    near = distances_m(lat, lon, to=landscape.place) <= 1000.0 * landscape.radius_km
    return [
        tile
        for tile, is_near in zip(tiles, near.tolist(), strict=True)
        if is_near or tile.contains(lat=landscape.lat, lon=landscape.lon)
    ]
