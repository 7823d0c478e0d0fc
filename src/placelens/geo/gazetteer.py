"""The offline gazetteer: from a name to the places it may mean, best first.

Places are towns above 5,000 people (GeoNames, CC BY 4.0), countries, their divisions, continents
and well-known areas. Among places of one name the areas come first, in this order, but for a
division that a fifth of its people's town gave its name; then towns by population, where an
alternate name counts a fifth of the population and comes behind towns above 100,000 people whose
main name it is, unless people know the town by it (``stop_names.EXONYMS``): "Geneva" is Genève,
with 202,000 people, before Geneva in Illinois, with 22,000; but "Puno" is not Pune.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from placelens.errors import QueryError
from placelens.geo import countries, divisions, named_areas
from placelens.geo.areas import Polygon
from placelens.geo.distance import distances_m
from placelens.geo.names import fold
from placelens.geo.stop_names import EXONYMS
from placelens.geo.towns import TownTable, town_table
from placelens.types import Float64Array, Int64Array, Place, check_latlon

__all__ = ["Gazetteer", "PlaceChoice", "town_radius_m"]

_ALTERNATE_SHARE = 0.2
_WELL_KNOWN_POPULATION = 100_000

_TOWN_BEFORE_DIVISION = frozenset({"washington"})
"""Names by which people mean a city more often than the division, though it is not in it."""
_SHARE_OF_NAMESAKE = 0.2
"""Of the people in a division's towns, how many a town of its name has that is meant before it."""

_NAMED_BY_DIVISION = frozenset({"AU", "CA", "GB", "US"})
"""Countries whose towns people tell apart by their division: Paris, Texas."""

_BESIDE_M = 20_000.0
"""How far a place may lie from the middle of the town behind its name: "Murano, Venice"."""

_SHORT_NAMES = {"nyc": "New York City", "la": "Los Angeles"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChoice:
    """One place that a name may mean; ``code`` is its country's (``FR``), or its own."""

    name: str
    kind: str
    country: str
    admin: str | None
    lat: float
    lon: float
    population: int
    code: str

    @classmethod
    def point(cls, lat: float, lon: float) -> PlaceChoice:
        """A position that was given by its coordinates.

        Raises
        ------
        CoordinateError
            If they are not finite or out of range.
        """
        check_latlon(lat, lon)
        return cls(
            name=f"{lat:g},{lon:g}", kind="point", country="", admin=None, lat=lat, lon=lon,
            population=0, code="",
        )  # fmt: skip

    @property
    def place(self) -> Place:
        """Its position."""
        return Place(lat=self.lat, lon=self.lon)

    @property
    def label(self) -> str:
        """Its name with what tells it apart: ``Paris, Texas, United States``."""
        division = self.admin if self.code in _NAMED_BY_DIVISION else None
        parts = (self.name, division, self.country)
        return ", ".join(dict.fromkeys(part for part in parts if part))

    def to_dict(self) -> dict[str, Any]:
        """The choice as plain JSON types."""
        return {
            "name": self.name,
            "kind": self.kind,
            "country": self.country,
            "admin": self.admin,
            "lat": self.lat,
            "lon": self.lon,
            "population": self.population,
            "label": self.label,
        }


def town_radius_m(population: Int64Array | int) -> Float64Array:
    """How far "in" a town reaches from its centre: 12 m times the root of its population.

    That is 8.7 km for Lyon (520,000), 17.5 km for Paris (2.1 million) and 37 km for Tokyo; never
    under 5 km, since photos of a small town are taken around it, nor over 40 km.
    """
    reach: Float64Array = np.clip(12.0 * np.sqrt(population), 5_000.0, 40_000.0)
    return reach


class Gazetteer:
    """Looks up towns, countries, divisions and regions by name, prefix or position.

    The data are read on first use, in a tenth of a second; the very first use on a machine
    takes a few seconds more, see ``placelens.geo.towns``.

    Examples
    --------
    >>> gazetteer = Gazetteer()
    >>> [choice.label for choice in gazetteer.find("paris")][:2]
    ['Paris, France', 'Paris, Texas, United States']
    >>> gazetteer.find("Paris, TX")[0].label
    'Paris, Texas, United States'
    >>> gazetteer.find("Brigadoon")
    []
    """

    def __init__(self, towns: TownTable | None = None) -> None:
        self._towns = towns

    @property
    def towns(self) -> TownTable:
        """The table of towns, read on first use."""
        if self._towns is None:
            self._towns = town_table()
        return self._towns

    def find(self, name: str, *, limit: int = 10) -> list[PlaceChoice]:
        """The places a name may mean, best first; "Paris, Texas" keeps to those in Texas.

        Accents, case, hyphens and apostrophes do not matter. A qualifier behind a comma is a
        country, a division or its letters, an area, or a town beside the place; where it fits none
        of the places nothing is found.
        """
        head, _, tail = name.partition(",")
        choices = self._areas(fold(head)) + self._towns_named(fold(head))
        choices = sorted(choices, key=lambda c: _is_behind_its_town(c, fold(head), choices))
        for qualifier in filter(None, tail.split(",")):
            choices = self.qualified(choices, qualifier)
        return choices[:limit]

    def qualified(
        self, choices: Iterable[PlaceChoice], qualifier: str, *, beside: bool = True
    ) -> list[PlaceChoice]:
        """Those of some places that lie in an area of that name, or ``beside`` a town."""
        folded = fold(qualifier)
        kept = [choice for choice in choices if folded in self._qualifiers(choice)]
        # CA is California before it is Canada: towns of a state are named by its letters.
        kept.sort(key=lambda choice: folded not in _letters(choice))
        return kept or self._within(list(choices), folded, beside)

    def _within(self, choices: list[PlaceChoice], folded: str, beside: bool) -> list[PlaceChoice]:
        """Those of some places that lie in an area of a name, or beside the best town of it."""
        lon, lat = (np.array([getattr(c, axis) for c in choices]) for axis in ("lon", "lat"))
        for area in self._areas(folded):
            inside = named_areas.shape_of(area.code).contains(lon, lat)
            if inside.any():
                return [choice for choice, is_in in zip(choices, inside, strict=True) if is_in]
        for town in self._towns_named(folded)[: int(beside)]:
            away_m = distances_m(lat, lon, to=town.place)
            reach_m = max(_BESIDE_M, 1.5 * float(town_radius_m(town.population)))
            near = (c for c, d in zip(choices, away_m, strict=True) if d <= reach_m and c != town)
            return [choice for choice in near if choice.kind == "town"]
        return []

    def resolve(self, name: str) -> PlaceChoice:
        """The best place of a name, or the position written as ``lat,lon``.

        Raises
        ------
        QueryError
            If there is none of that name.
        CoordinateError
            If a position is out of range.
        """
        point = None
        with contextlib.suppress(ValueError):
            lat, lon = (float(part) for part in name.split(","))
            point = (lat, lon)
        if point is not None:
            return PlaceChoice.point(*point)
        choices = self.find(name, limit=1)
        if choices:
            return choices[0]
        similar = [choice.label for choice in self.complete(name[: max(3, len(name) - 2)], limit=3)]
        hint = f"; similar: {' / '.join(similar)}" if similar else ""
        raise QueryError(
            f"place {name!r} is not a known town (above 5,000 people), country, division or "
            f"well-known region{hint}; "
            "a position can be given as lat,lon"
        )

    def complete(self, prefix: str, *, limit: int = 8) -> list[PlaceChoice]:
        """Places whose name starts with a prefix, best first, to be offered while typing."""
        folded = fold(prefix)
        if not folded:
            return []
        names = named_areas.areas_by_name()
        codes = [code for name in names if name.startswith(folded) for code in names[name]]
        wide = [_area_choice(code) for code in dict.fromkeys(codes)]
        wide.sort(key=lambda choice: (choice.kind != "country", -choice.population))
        exact = self.find(prefix, limit=limit)
        towns = self._choices(self.towns.with_prefix(folded), limit)
        # A whole name typed out comes first; then countries are few and well known.
        return list(dict.fromkeys([*exact, *wide[: limit // 2], *towns]))[:limit]

    def nearest(self, *, lat: float, lon: float) -> PlaceChoice:
        """The town that a position belongs to or lies nearest to.

        Towns reach ``town_radius_m(population) / 2`` from their centre; where several reach the
        position, the largest counts: the middle of Lyon is in Lyon, not in one of its districts.

        Raises
        ------
        CoordinateError
            If the position is not finite or out of range.
        """
        check_latlon(lat, lon)
        towns = self.towns
        here = Place(lat=lat, lon=lon)
        window_deg = 2.0
        while True:
            # A degree of latitude is 111 km everywhere: what lies outside the window is farther
            # away than a gap of window_deg * 111 km, less the 20 km that a town reaches.
            inside = np.flatnonzero(np.abs(towns.lat - lat) <= window_deg)
            distances = distances_m(towns.lat[inside], towns.lon[inside], to=here)
            reach = town_radius_m(towns.population[inside]) / 2.0
            gaps = np.maximum(distances - reach, 0.0)
            if window_deg >= 180.0 or (
                gaps.size and float(gaps.min()) < window_deg * 111_000.0 - 20_000.0
            ):
                best = np.lexsort((-towns.population[inside], gaps))[0]
                return self.town(int(inside[best]))
            window_deg *= 2.0

    def area_of_letters(self, letters: str) -> PlaceChoice | None:
        """The state, division or country of short letters: NY, QC, NSW, UK."""
        folded = letters.casefold()
        states = [f"US-{letters}", *divisions.codes_of_letters(folded)]
        known = [code for code in states if code in countries.state_table() or "US-" not in code]
        codes = [*known, *(code for code in countries.country_table() if code == letters)]
        if codes:
            return _area_choice(codes[0])
        return self.country(letters)

    def country(self, name: str) -> PlaceChoice | None:
        """The country of a name, everyday names included: USA, Holland, Czech Republic."""
        countries_named = [c for c in self._areas(fold(name)) if c.kind == "country"]
        return countries_named[0] if countries_named else None

    def shape(self, choice: PlaceChoice) -> Polygon:
        """The area "in" a country, state or region: see ``named_areas.shape_of``.

        Raises
        ------
        QueryError
            If the choice is a town or a point, which have no outline.
        """
        if choice.kind in ("town", "point"):
            raise QueryError(f"{choice.label} is a {choice.kind} and has no outline")
        return named_areas.shape_of(choice.code)

    def _areas(self, folded: str) -> list[PlaceChoice]:
        return [_area_choice(code) for code in named_areas.areas_by_name().get(folded, ())]

    def _towns_named(self, folded: str) -> list[PlaceChoice]:
        if folded in _SHORT_NAMES:
            folded = fold(_SHORT_NAMES[folded])
        return self._choices(self.towns.with_name(folded), None) if folded else []

    def _choices(self, rows: slice, limit: int | None) -> list[PlaceChoice]:
        """The towns of some rows of names, each once, best first."""
        towns = self.towns
        indices = towns.name_towns[rows]
        population, is_main = towns.population[indices], towns.name_is_main[rows]
        country = EXONYMS.get(towns.names[rows.start].decode()) if len(indices) else None
        if country is not None:
            is_there = np.array([towns.countries[index] == country for index in indices])
            is_main = is_main | (is_there & (population >= _WELL_KNOWN_POPULATION))
        weight = population * np.where(is_main, 1.0, _ALTERNATE_SHARE)
        known = is_main & (population >= _WELL_KNOWN_POPULATION)
        order = np.lexsort((-weight, ~known))
        ranked: Iterable[int] = dict.fromkeys(indices[order].tolist())
        return [self.town(index) for index in list(ranked)[:limit]]

    def town(self, index: int) -> PlaceChoice:
        """The town of a row of ``towns``."""
        towns = self.towns
        code = towns.countries[index]
        return PlaceChoice(
            name=towns.labels[index],
            kind="town",
            country=countries.country_name(code),
            admin=_division(code, towns.admin1[index]),
            lat=float(towns.lat[index]),
            lon=float(towns.lon[index]),
            population=int(towns.population[index]),
            code=code,
        )

    def _qualifiers(self, choice: PlaceChoice) -> set[str]:
        """Folded words that may stand behind a place's name to tell which one is meant."""
        words = {fold(choice.country), *countries.names_of(choice.code.partition("-")[0])}
        if choice.admin is not None:
            words.add(fold(choice.admin))
        return words | _letters(choice)


def _letters(choice: PlaceChoice) -> frozenset[str]:
    """The short forms of a place's division: ``ca`` for California, ``qc`` for Quebec."""
    if choice.admin is None:
        return frozenset()
    return countries.letters_of_state(choice.admin) | divisions.short_names(choice.admin)


def _is_behind_its_town(area: PlaceChoice, folded: str, choices: list[PlaceChoice]) -> bool:
    """Whether a division's name is rather that of a town: "in New York", but not "in Quebec"."""
    if area.kind != "state":
        return False
    if folded in _TOWN_BEFORE_DIVISION:
        return True
    country = area.code.partition("-")[0]
    enough = _SHARE_OF_NAMESAKE * divisions.population(area.code)
    return any(c.kind == "town" and c.code == country and c.population > enough for c in choices)


def _area_choice(code: str) -> PlaceChoice:
    found = named_areas.area(code)
    return PlaceChoice(
        name=found.name,
        kind=found.kind,
        country=found.country,
        admin=None,
        lat=found.lat,
        lon=found.lon,
        population=found.population,
        code=code,
    )


def _division(country: str, admin1: str) -> str | None:
    if country == "US":
        return countries.state_name(admin1)
    names = divisions.division_names().get(f"{country}-{admin1}")
    return names[0] if names else None
