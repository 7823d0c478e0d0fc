"""From a travel photo to the World Heritage text that tells of it: ten examples, drawn by a seed.

What is right cannot be told by a label here: most photos show no heritage site at all. So the
examples are printed to be judged by eye, without a place and with the photo's own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from placelens.collection import Collection
from placelens.encoders.base import Encoder
from placelens.readers.discover import read_photos, read_table
from placelens.types import Item, Place

SEED = 20261122
EXAMPLES = 10
DECAY = "gauss:50km"


def run(data: Path, *, encoder: str | Encoder = "lite") -> dict[str, Any]:
    """For each photo, the three best texts by meaning alone and by meaning and place."""
    with tempfile.TemporaryDirectory() as temporary:
        sites = Collection.create(Path(temporary) / "sites.pl", encoder=encoder)
        report = sites.add(read_table(data / "unesco_sites" / "sites.csv"))
        photos = Collection.create(Path(temporary) / "photos.pl", encoder=encoder)
        photos.add(read_photos(data / "travel_photos"))
        located = sorted((i for i in photos.items() if i.place), key=lambda item: item.id)
        rng = np.random.default_rng(SEED)
        chosen = [located[i] for i in rng.choice(len(located), EXAMPLES, replace=False)]
        return {
            "n_sites": report.n_added,
            "seed": SEED,
            "decay": DECAY,
            "examples": [_example(sites, photo) for photo in chosen],
        }


def _example(sites: Collection, photo: Item) -> dict[str, Any]:
    def ask(mu: float, near: Place | None) -> list[dict[str, Any]]:
        hits = sites.search(image=photo.image, near=near, decay=DECAY, mu=mu, k=3, modality="text")
        return [
            {"site": hit.item.title, "score": hit.score, "distance_m": hit.distance_m}
            for hit in hits
        ]

    return {
        "photo": photo.title,
        "file": Path(photo.image or "").name,
        "city": photo.attributes.get("city"),
        "country": photo.attributes.get("country"),
        "by_meaning": ask(0.0, None),
        "by_meaning_and_place": ask(0.5, photo.place),
    }


def to_markdown(result: dict[str, Any]) -> str:
    """The examples as a Markdown table, to be judged."""
    lines = [
        "| photo | where | by meaning alone | by meaning and place |",
        "| --- | --- | --- | --- |",
    ]
    for example in result["examples"]:
        columns = [
            example["photo"],
            f"{example['city']}, {example['country']}",
            "<br>".join(f"{hit['site']} ({hit['score']:.2f})" for hit in example["by_meaning"]),
            "<br>".join(
                f"{hit['site']} ({hit['score']:.2f}, {hit['distance_m'] / 1000:,.0f} km)"
                for hit in example["by_meaning_and_place"]
            ),
        ]
        lines.append("| " + " | ".join(str(column).replace("|", "/") for column in columns) + " |")
    return "\n".join(lines)
