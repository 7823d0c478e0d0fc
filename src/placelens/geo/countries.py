"""Countries and US states: codes, names, populations.

They come from GeoNames by way of `placelens.geo.geonames` (CC BY 4.0); everyday names are in
``country_names``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from placelens.geo import geonames
from placelens.geo.country_names import EVERYDAY_NAMES, FORMAL_NAMES
from placelens.geo.names import fold

__all__ = [
    "country_name",
    "country_table",
    "letters_of_state",
    "names_of",
    "state_name",
    "state_table",
]


def country_name(code: str) -> str:
    """The name of a country of any ISO code, with or without an outline."""
    country = country_table().get(code)
    # GeoNames files the Netherlands under its article.
    return str(country["name"]).removeprefix("The ") if country else code


def state_name(letters: str) -> str | None:
    """The name of a US state by its two letters."""
    state = state_table().get(f"US-{letters}")
    return str(state["name"]) if state else None


@cache
def names_of(code: str) -> frozenset[str]:
    """All folded names of a country, its two letters among them; they may stand behind a town."""
    names = [country_name(code), code, FORMAL_NAMES.get(code), *EVERYDAY_NAMES.get(code, ())]
    return frozenset(fold(name) for name in names if name)


@cache
def letters_of_state(name: str) -> frozenset[str]:
    """The two letters of a US state, folded; empty for any other name."""
    return frozenset(
        code.removeprefix("US-").casefold()
        for code, state in state_table().items()
        if state["name"] == name
    )


@cache
def country_table() -> dict[str, dict[str, Any]]:
    """GeoNames' countries by ISO 3166 code."""
    return geonames.countries()


@cache
def state_table() -> dict[str, dict[str, Any]]:
    """The US states by code, ``US-TX``."""
    return {f"US-{code}": state for code, state in geonames.us_states().items()}
