"""The main job on real photos: each travel photo searched by its title, from 20 km away.

The photos are indexed as images only, without a word of text. Every title is searched near a
point 20 km from the photo in a seeded direction, with a Gaussian decay of 20 km. Asked at the
photo's own spot, place alone would find nearly all of them, and that would show nothing.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from placelens.collection import Collection
from placelens.encoders.base import Encoder
from placelens.errors import ReadError
from placelens.geo.destination import destination
from placelens.readers.columns import TableOptions
from placelens.readers.discover import read_photos
from placelens.types import Item

SEED = 20261122
OFFSET_M = 20_000.0
DECAY = "gauss:20km"
MUS = (0.0, 0.5, 1.0)


def run(data: Path, *, encoder: str | Encoder = "lite") -> dict[str, Any]:
    """Images a second, top-1 and top-5 rates in percent by mu, and search times.

    Raises
    ------
    ReadError
        If ``data`` has no folder travel_photos.
    """
    folder = data / "travel_photos"
    if not folder.is_dir():
        raise ReadError(f"{folder} does not exist; give the folder that holds travel_photos")
    with tempfile.TemporaryDirectory() as temporary:
        collection = Collection.create(Path(temporary) / "travel.pl", encoder=encoder)
        sources = read_photos(folder, options=TableOptions(text_columns="none"))
        # The encoder is loaded before, as in any collection larger than this one.
        _ = collection.encoder
        report = collection.add(sources)
        items = [item for item in collection.items() if item.place is not None]
        rates, times = _search(collection, items)
        return {
            "n_photos": len(items),
            "skipped": [skipped.reason for skipped in report.skipped],
            "index": {"seconds": report.seconds, "images_per_s": report.images_per_s},
            "near": {"offset_m": OFFSET_M, "decay": DECAY, "seed": SEED},
            "rates": rates,
            "search_ms": {
                "p50": float(np.percentile(times, 50)),
                "p99": float(np.percentile(times, 99)),
            },
        }


def _search(
    collection: Collection, items: list[Item]
) -> tuple[dict[str, dict[str, float]], list[float]]:
    rng = np.random.default_rng(SEED)
    bearings = rng.uniform(0.0, 360.0, len(items))
    rates: dict[str, dict[str, float]] = {}
    times = []
    for mu in MUS:
        ranks = []
        for item, bearing in zip(items, bearings, strict=True):
            if item.place is None:
                continue
            near = destination(item.place, bearing_deg=bearing, distance_m=OFFSET_M)
            started = time.perf_counter()
            hits = collection.search(
                str(item.attributes["title"]),
                near=near,
                decay=DECAY,
                mu=mu,
                k=len(items),
                parse=False,
            )
            times.append((time.perf_counter() - started) * 1e3)
            ranks.append(next(hit.rank for hit in hits if hit.id == item.id))
        rates[f"mu={mu:g}"] = {
            "top1": 100.0 * float(np.mean(np.array(ranks) <= 1)),
            "top5": 100.0 * float(np.mean(np.array(ranks) <= 5)),
        }
    return rates, times
