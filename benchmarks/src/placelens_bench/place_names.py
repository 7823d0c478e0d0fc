"""How often place names are found in queries, and how often where there are none.

    python -m placelens_bench.place_names --data ../shared/data --json

False positives are counted on captions of photos and aerial images, which name no place. Recall is
measured on queries made from the cities of travel photos, the countries of World Heritage sites
and towns drawn from the gazetteer with a chance proportional to their population; a place is
right when it lies within 50 km of the true position, or its area holds it.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.geo.distance import distances_m
from placelens.geo.gazetteer import Gazetteer
from placelens.geo.place_names import parse_query
from placelens.geo.understood import Understood
from placelens.types import Place

__all__ = ["FalsePositives", "Recall", "measure", "measure_captions", "measure_recall"]

CAPTIONS = {
    "flickr8k": "flickr8k/pairs.jsonl",
    "rsicd": "rsicd/pairs.jsonl",
    "coco": "coco_mini/annotations.jsonl",
}
NEAR_ENOUGH_M = 50_000.0
N_TOWNS = 2_000
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsePositives:
    """Captions in which a place was found, each with what was understood."""

    n_captions: int
    n_found: int
    percent: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Queries that name a place: in how many one was found, and in how many the right one."""

    n_queries: int
    found_percent: float
    right_percent: float
    missed: tuple[str, ...]


def measure(data: Path, gazetteer: Gazetteer) -> dict[str, dict[str, Any]]:
    """All false-positive and recall figures, by the name of the set of texts."""
    results: dict[str, dict[str, Any]] = {}
    for name, file in CAPTIONS.items():
        results[name] = asdict(measure_captions(_captions(data / file), gazetteer))
    for name, queries in (
        ("travel_photos", _travel_queries(data / "travel_photos" / "photos.csv")),
        ("unesco_sites", _heritage_queries(data / "unesco_sites" / "sites.csv")),
        ("towns", _town_queries(gazetteer, "bridge near {name}")),
        ("towns_with_country", _town_queries(gazetteer, "old market in {name}, {country}")),
        ("towns_small_letters", _town_queries(gazetteer, "bridge near {small}", 100_000)),
    ):
        results[name] = asdict(measure_recall(queries, gazetteer))
    return results


def measure_captions(captions: Iterable[str], gazetteer: Gazetteer) -> FalsePositives:
    """Count the captions, none of which should name a place, in which one is found."""
    n_captions = 0
    found = []
    for caption in captions:
        n_captions += 1
        understood = parse_query(caption, gazetteer)
        if understood.mentions:
            found.append(f"{caption} [{understood.describe()}]")
    return FalsePositives(
        n_captions=n_captions,
        n_found=len(found),
        percent=_percent(len(found), n_captions),
        examples=tuple(found[:20]),
    )


def measure_recall(queries: Iterable[tuple[str, Place]], gazetteer: Gazetteer) -> Recall:
    """Count the queries in which a place, and the right one, is found."""
    n_queries = n_found = n_right = 0
    missed = []
    for query, truth in queries:
        n_queries += 1
        understood = parse_query(query, gazetteer)
        right = _is_right(understood, truth)
        n_found += bool(understood.mentions)
        n_right += right
        if not right:
            missed.append(f"{query} [{understood.describe()}]")
    return Recall(
        n_queries=n_queries,
        found_percent=_percent(n_found, n_queries),
        right_percent=_percent(n_right, n_queries),
        missed=tuple(missed[:20]),
    )


def _is_right(understood: Understood, truth: Place) -> bool:
    lon, lat = (np.array([coordinate]) for coordinate in truth.lonlat)
    if understood.near is not None:
        return bool(distances_m(lat, lon, to=understood.near)[0] <= NEAR_ENOUGH_M)
    return understood.area is not None and bool(understood.area.contains(lon, lat)[0])


def _captions(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        yield from json.loads(line)["captions"]


def _travel_queries(file: Path) -> Iterator[tuple[str, Place]]:
    for row in _rows(file):
        yield f"old church near {row['city']}", _place(row)


def _heritage_queries(file: Path) -> Iterator[tuple[str, Place]]:
    for row in _rows(file):
        if "," not in row["country"]:  # sites across borders name several countries
            yield f"{row['category'].lower()} heritage in {row['country']}", _place(row)


def _town_queries(
    gazetteer: Gazetteer, template: str, min_population: int = 0
) -> Iterator[tuple[str, Place]]:
    towns = gazetteer.towns
    eligible = np.flatnonzero(towns.population > max(min_population, 0))
    share = towns.population[eligible] / towns.population[eligible].sum()
    drawn = np.random.default_rng(SEED).choice(eligible, N_TOWNS, p=share, replace=False)
    for index in drawn.tolist():
        choice = gazetteer.town(index)
        words = {"name": choice.name, "small": choice.name.lower(), "country": choice.country}
        yield template.format(**words), choice.place


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _place(row: dict[str, str]) -> Place:
    return Place(lat=float(row["lat"]), lon=float(row["lon"]))


def _percent(part: int, whole: int) -> float:
    return round(100.0 * part / whole, 3) if whole else 0.0


def _table(results: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, result in results.items():
        if "percent" in result:
            count = f"{result['n_found']} of {result['n_captions']:,} captions"
            lines.append(f"{name:20} false positives {result['percent']:.3f} % ({count})")
        else:
            rates = f"found {result['found_percent']:.1f} %, right {result['right_percent']:.1f} %"
            lines.append(f"{name:20} {rates} of {result['n_queries']:,} queries")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m placelens_bench.place_names")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--json", action="store_true", help="print JSON, with examples")
    options = parser.parse_args(arguments)
    results = measure(options.data, Gazetteer())
    text = json.dumps(results, indent=2, ensure_ascii=False) if options.json else _table(results)
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
