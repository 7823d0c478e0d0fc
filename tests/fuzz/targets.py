"""What is broken at random, and how often of a million."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable

Target = Callable[[random.Random], bool]
"""Tries one input that follows from the generator; whether it was read. Raises what may not be."""

# Each by the function that tries one; shares are even in time rather than in number.
TARGETS: dict[str, tuple[str, float]] = {
    "pictures": ("pictures:try_one", 0.015),
    "xmp": ("metadata:try_xmp", 0.08),
    "takeout": ("metadata:try_takeout", 0.1),
    "exif": ("metadata:try_exif", 0.06),
    "iptc": ("metadata:try_iptc", 0.1),
    "file names": ("metadata:try_names", 0.1),
    "csv": ("tables:try_csv", 0.02),
    "json": ("tables:try_json", 0.02),
    "geojson": ("tables:try_geojson", 0.01),
    "parquet": ("tables:try_parquet", 0.01),
    "geotiff": ("rasters:try_geotiff", 0.01),
    "places in words": ("queries:try_places", 0.015),
    "times": ("queries:try_times", 0.06),
    "distances": ("queries:try_distances", 0.08),
    "decays": ("queries:try_decays", 0.08),
    "conditions": ("queries:try_conditions", 0.07),
    "cursors": ("queries:try_cursors", 0.06),
    "coordinates": ("queries:try_coordinates", 0.06),
    "areas": ("queries:try_areas", 0.035),
    "searches": ("queries:try_searches", 0.005),
    "rest": ("rest:try_one", 0.009),
    "rest writes": ("rest:try_writes", 0.001),
}


def target_of(name: str) -> Target:
    """The function that tries one input, by the target's name or as ``module:function``."""
    module, _, function = TARGETS.get(name, (name,))[0].partition(":")
    path = module if "." in module else f"tests.fuzz.{module}"
    return getattr(importlib.import_module(path), function)


def generator(name: str, seed: int, number: int) -> random.Random:
    """What an input follows from, so that a failure can be shown again."""
    return random.Random(f"{name}/{seed}/{number}")
