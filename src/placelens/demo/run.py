"""The demo: the whole job on real imagery of the Earth, without a network.

Blue Marble is cut into tiles that carry their place as EXIF, as a camera would; tiles and
landscape texts become a collection; then it is searched from words to pictures, from pictures to
words and from pictures to pictures, each near a place, and the answers are counted and shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from placelens.collection import Collection
from placelens.demo.blue_marble import Tile, cut_tiles
from placelens.demo.hit_rates import HitRate, hit_rates
from placelens.demo.landscapes import landscapes
from placelens.demo.page import Answer, demo_page
from placelens.encoders.base import Encoder
from placelens.geo.distance import distances_m
from placelens.geo.gazetteer import Gazetteer
from placelens.ingest.report import IngestReport
from placelens.readers.base import Skipped, Source
from placelens.readers.discover import read_photos
from placelens.results import Hits
from placelens.types import Place

__all__ = ["DemoProgress", "DemoResult", "run_demo"]

DemoProgress = Callable[[str, int, int], None]
"""Called with a stage ("cutting tiles", "indexing", "asking"), what is done, and of how much."""

N_HITS = 8

# Words with a place in them, as a user would type them.
_TEXT_QUERIES = (
    "snowy mountain range near Kathmandu",
    "orange sand dunes in Algeria",
    "green river delta near Cairo",
    "dark green rainforest with a winding river near Manaus",
    "white glaciers and fjords in Chile",
    "turquoise shallow sea near Nassau",
)
# Where the tile to ask with lies, and where to look for more.
_IMAGE_TO_TEXT = ((30.9, 31.1, "the Nile Delta"), (28.2, 85.5, "the Himalaya"))
_IMAGE_TO_IMAGE = ((46.3, 9.5, "the Alps", "Tbilisi"), (23.0, 10.0, "the Sahara", "Riyadh"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the demo made and found."""

    collection: Path
    page: Path
    n_tiles: int
    n_texts: int
    report: IngestReport
    answers: tuple[Answer, ...]
    rates: tuple[HitRate, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: what ``placelens demo --json`` prints."""
        return {
            "collection": str(self.collection),
            "page": str(self.page),
            "n_tiles": self.n_tiles,
            "n_texts": self.n_texts,
            "report": self.report.to_dict(),
            "hit_rates": [rate.to_dict() for rate in self.rates],
            "answers": [
                {"direction": a.direction, "question": a.question, **a.hits.to_dict()}
                for a in self.answers
            ],
            "seconds": round(self.seconds, 1),
        }


def run_demo(
    folder: str | Path,
    *,
    encoder: str | Encoder = "lite",
    picture: Path | None = None,
    progress: DemoProgress | None = None,
) -> DemoResult:
    """Make the demo's collection in a folder, search it, and write a page about it.

    A second run in the same folder goes on with what is there.

    Parameters
    ----------
    folder : where ``tiles/``, ``earth.pl`` and ``index.html`` go; it is created.
    encoder : what turns tiles and texts into vectors.
    picture : an image of the Earth in longitude and latitude, or None for Blue Marble.
    progress : called as the work goes on.

    Raises
    ------
    MissingExtraError
        If the imagery's package is not installed.
    """
    started = time.perf_counter()
    folder = Path(folder).expanduser()
    tell = progress or (lambda stage, done, total: None)
    tiles = cut_tiles(
        folder / "tiles",
        picture=picture,
        progress=lambda done, total: tell("cutting tiles", done, total),
    )
    path = folder / "earth.pl"
    make = Collection.open if path.exists() else Collection.create
    collection = make(path, encoder=encoder)
    report = collection.add(
        _sources(folder / "tiles", tiles),
        progress=lambda state: tell("indexing", state.n_done, state.n_total),
    )
    tell("asking", 0, 2)
    answers = tuple(_answers(collection, tiles))
    tell("asking", 1, 2)
    rates = tuple(hit_rates(collection, landscapes(), tiles))
    tell("asking", 2, 2)
    result = DemoResult(
        collection=path,
        page=folder / "index.html",
        n_tiles=len(tiles),
        n_texts=len(landscapes()),
        report=report,
        answers=answers,
        rates=rates,
        seconds=time.perf_counter() - started,
    )
    facts = f"{result.n_tiles:,} tiles and {result.n_texts} texts in {result.seconds:.0f} s"
    page = demo_page(answers, rates, facts=facts, command=f"placelens serve {path}")
    result.page.write_text(page, encoding="utf-8")
    return result


def _sources(folder: Path, tiles: list[Tile]) -> Iterator[Source | Skipped]:
    """The tiles as the photo reader finds them, named by the nearest town; then the texts."""
    gazetteer = Gazetteer()
    by_name = {tile.name: tile for tile in tiles}
    for source in read_photos(folder, tables=False):
        name = Path(source.key).stem
        if isinstance(source, Source) and name in by_name:
            tile = by_name[name]
            attributes = {"title": _title(tile, gazetteer), "kind": "tile"}
            yield replace(source, id=name, attributes=attributes)
    for landscape in landscapes():
        yield landscape.source()


def _title(tile: Tile, gazetteer: Gazetteer) -> str:
    """Where a tile lies, by the town nearest to its centre."""
    import numpy as np

    town = gazetteer.nearest(lat=tile.lat, lon=tile.lon)
    here = Place(lat=tile.lat, lon=tile.lon)
    distance = float(distances_m(np.array([town.lat]), np.array([town.lon]), to=here)[0])
    if distance < 50_000:
        return f"Around {town.name}, {town.country}"
    return f"{distance / 1000:,.0f} km from {town.name}, {town.country}"


def _answers(collection: Collection, tiles: list[Tile]) -> Iterator[Answer]:
    """The questions that the page shows, with their hits."""
    for question in _TEXT_QUERIES:
        hits = collection.search(question, decay="gauss:500km", k=N_HITS, modality="image")
        yield _answer("text to image", f"“{question}”", hits, collection)
    for lat, lon, name in _IMAGE_TO_TEXT:
        tile = _tile_at(tiles, lat, lon)
        place = Place(lat=lat, lon=lon)
        hits = collection.search(
            like=tile.name, near=place, decay="gauss:2000km", k=4, modality="text"
        )
        question = f"texts like the tile of {name}, near it"
        yield _answer("image to text", question, hits, collection, example=tile.name)
    for lat, lon, name, near in _IMAGE_TO_IMAGE:
        tile = _tile_at(tiles, lat, lon)
        hits = collection.search(
            like=tile.name, near=near, decay="gauss:1000km", k=6, modality="image"
        )
        question = f"tiles like the one of {name}, near {near}"
        yield _answer("image to image", question, hits, collection, example=tile.name)


def _answer(
    direction: str,
    question: str,
    hits: Hits,
    collection: Collection,
    example: str | None = None,
) -> Answer:
    return Answer(
        direction=direction,
        question=question,
        hits=hits,
        thumbnails={hit.id: hits.thumbnail(hit) for hit in hits},
        example=collection.thumbnail(example) if example else None,
    )


def _tile_at(tiles: list[Tile], lat: float, lon: float) -> Tile:
    """The tile whose centre is nearest to a position, by degrees."""
    return min(tiles, key=lambda tile: abs(tile.lat - lat) + abs(tile.lon - lon))
