"""How often the demo's queries find what they should, for place alone, meaning alone, and both.

Each query is asked near a point 1,000 km away from the truth in a seeded direction, so that the
nearest item is seldom the right one. A query is one of the collection's own texts or tiles, by its
id, which is the same as typing the text or giving the file, without encoding it again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from placelens.collection import Collection
from placelens.demo.blue_marble import Tile
from placelens.demo.landscapes import Landscape, tiles_of
from placelens.types import FeatureName, Place

__all__ = ["DECAY", "MUS", "TOPS", "Direction", "HitRate", "hit_rates"]

MUS = (0.0, 0.5, 1.0)
TOPS = (1, 5, 10)
OFFSET_DEG = 9.0
"""Degrees of a great circle, 1,001 km."""
DECAY = "gauss:2000km"
SEED = 2

Direction = Literal["text to image", "image to text", "image to image"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRate:
    """The share of a direction's queries with a right item among the first 1, 5 and 10.

    ``mu`` is the weight of place; ``chance`` says what a random order of all candidates would
    reach.
    """

    direction: Direction
    mu: float
    n_queries: int
    top: dict[int, float]
    chance: dict[int, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "direction": self.direction,
            "mu": self.mu,
            "n_queries": self.n_queries,
            "top": {str(k): rate for k, rate in self.top.items()},
            "chance": {str(k): rate for k, rate in self.chance.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    like: str
    near: Place
    right: frozenset[str]


def hit_rates(
    collection: Collection, landscapes: Sequence[Landscape], tiles: Sequence[Tile]
) -> list[HitRate]:
    """Ask every query at every ``mu`` and count."""
    shown = {landscape: tiles_of(landscape, tiles) for landscape in landscapes}
    shown = {landscape: found for landscape, found in shown.items() if found}
    rates = []
    directions: tuple[tuple[Direction, FeatureName, list[_Query], int], ...] = (
        ("text to image", "image", _text_to_image(shown), len(tiles)),
        ("image to text", "text", _image_to_text(shown), len(landscapes)),
        ("image to image", "image", _image_to_image(shown), len(tiles) - 1),
    )
    for direction, modality, queries, n_candidates in directions:
        chance = {k: _mean([_chance(len(q.right), n_candidates, k) for q in queries]) for k in TOPS}
        for mu in MUS:
            ranks = [_rank(collection, query, modality, mu) for query in queries]
            top = {k: _mean([rank <= k for rank in ranks]) for k in TOPS}
            rates.append(
                HitRate(
                    direction=direction,
                    mu=mu,
                    n_queries=len(queries),
                    top=top,
                    chance=chance,
                )
            )
    return rates


def _rank(collection: Collection, query: _Query, modality: FeatureName, mu: float) -> float:
    """The rank of the first right item among the first ten; infinite when there is none."""
    hits = collection.search(
        like=query.like, near=query.near, decay=DECAY, mu=mu, k=max(TOPS), modality=modality
    )
    return min((hit.rank for hit in hits if hit.id in query.right), default=math.inf)


def _text_to_image(shown: dict[Landscape, list[Tile]]) -> list[_Query]:
    rng = np.random.default_rng(SEED)
    return [
        _Query(
            like=landscape.id,
            near=_away(landscape.place, rng),
            right=frozenset(tile.name for tile in tiles),
        )
        for landscape, tiles in shown.items()
    ]


def _image_to_text(shown: dict[Landscape, list[Tile]]) -> list[_Query]:
    """A query of the tile nearest to each landscape's centre; any landscape it shows is right."""
    rng = np.random.default_rng(SEED + 1)
    of_tile: dict[str, set[str]] = {}
    for landscape, tiles in shown.items():
        for tile in tiles:
            of_tile.setdefault(tile.name, set()).add(landscape.id)
    # In order, each once: two landscapes may share their middle tile.
    asked = dict.fromkeys(_middle(landscape, tiles) for landscape, tiles in shown.items())
    return [
        _Query(like=tile.name, near=_away(_centre(tile), rng), right=frozenset(of_tile[tile.name]))
        for tile in asked
    ]


def _image_to_image(shown: dict[Landscape, list[Tile]]) -> list[_Query]:
    """A query of one tile of each landscape that has several; the others are right."""
    rng = np.random.default_rng(SEED + 2)
    queries = []
    for landscape, tiles in shown.items():
        if len(tiles) > 1:
            asked = _middle(landscape, tiles)
            right = frozenset(tile.name for tile in tiles) - {asked.name}
            queries.append(_Query(like=asked.name, near=_away(_centre(asked), rng), right=right))
    return queries


def _middle(landscape: Landscape, tiles: Sequence[Tile]) -> Tile:
    return min(
        tiles, key=lambda tile: math.hypot(tile.lat - landscape.lat, tile.lon - landscape.lon)
    )


def _centre(tile: Tile) -> Place:
    return Place(lat=tile.lat, lon=tile.lon)


def _away(place: Place, rng: np.random.Generator) -> Place:
    """A point ``OFFSET_DEG`` along a great circle, in a random direction."""
    lon, lat = map(math.radians, place.lonlat)
    bearing, angle = rng.uniform(0.0, 2.0 * math.pi), math.radians(OFFSET_DEG)
    sin_lat = math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)
    d_lon = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(lat),
        math.cos(angle) - math.sin(lat) * sin_lat,
    )
    there = (math.degrees(lon + d_lon) + 180.0) % 360.0 - 180.0
    return Place(lat=math.degrees(math.asin(sin_lat)), lon=there)


def _chance(n_right: int, n: int, k: int) -> float:
    """The chance that k of n, drawn at random, hold one of n_right: hypergeometric."""
    if n - n_right < k:
        return 1.0
    return 1.0 - math.comb(n - n_right, k) / math.comb(n, k)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
