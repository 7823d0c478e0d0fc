"""The table of towns: GeoNames' towns above 5,000 people, by every name they have."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, fields
from functools import cache

from placelens.geo import geonames
from placelens.geo.geonames import MIN_POPULATION
from placelens.types import BoolArray, Float64Array, Int64Array

__all__ = ["MIN_POPULATION", "TownTable", "town_table"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TownTable:
    """Towns, (n,), and their folded names, (m,), sorted as UTF-8 bytes.

    ``name_towns[i]`` is the town of the i-th folded name; ``name_is_main[i]`` says whether it is
    the name that GeoNames gives the town, not one of its alternate names.
    """

    names: tuple[bytes, ...]
    name_towns: Int64Array
    name_is_main: BoolArray
    labels: tuple[str, ...]
    countries: tuple[str, ...]
    admin1: tuple[str, ...]
    lat: Float64Array
    lon: Float64Array
    population: Int64Array

    def with_name(self, folded: str) -> slice:
        """The range of rows of ``names`` that equal a folded name."""
        key = _sortable(folded)
        return slice(bisect_left(self.names, key), bisect_left(self.names, key + b"\x00"))

    def with_prefix(self, folded: str) -> slice:
        """The range of rows of ``names`` that start with a folded prefix."""
        key = _sortable(folded)
        # 0xff occurs in no UTF-8 text, so every continuation of the prefix sorts before it.
        return slice(bisect_left(self.names, key), bisect_left(self.names, key + b"\xff"))


def _sortable(folded: str) -> bytes:
    """A name as names are sorted; half a character, which a command line may hold, is in none."""
    return folded.encode("utf-8", "surrogatepass")


@cache
def town_table() -> TownTable:
    """The table of all towns."""
    return TownTable(**geonames.read(*(field.name for field in fields(TownTable))))
