"""Two thousand seeded queries and the answers they had in the first release: what moves inside the
engine must not move a bit of them.

    python -m tests.golden.queries

writes the answers anew. Only a change that is meant to change scores may do so, and says why.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import placelens as pl
from placelens.testing.fakes import HashEncoder

ANSWERS = Path(__file__).parent / "answers.npz"
N_QUERIES = 2_000
DIM = 24
WORDS = ["red", "green", "blue", "yellow", "boat", "bridge", "hill", "river", "tower", "market"]
WORDS += ["night", "snow"]
PLACES = {"paris": (48.85, 2.35), "suva": (-18.14, 178.44), "pole": (89.99, 10.0)}
TIMES = [None, None, None, "2019", "2019-06", ("2018-03-01", None), (None, "2020-01-01")]
DECAYS = [None, "linear", "linear:800km", "gauss:25km", "gauss:3000km", "exp:2000km"]
DECAYS += ["gauss:500km:100km"]
SORTS = [None, None, None, None, "time", "oldest", "name", "score"]
WHERES: list[dict[str, Any] | None] = [
    None,
    None,
    None,
    {"city": "Suva"},
    {"rating": {"gte": 3}},
    {"rating": {"lt": 4}, "city": ["Paris", "Suva"]},
    {"tags": "a"},
]
ENGINES = [None, "scan", "gmrtree", "gmrtree", "filter", "rtree"]


class Answer(NamedTuple):
    """Ids, scores and distances of the hits of a query, best first; NaN where there is none."""

    ids: list[str]
    scores: list[float]
    distances: list[float]


def collections(folder: Path) -> dict[str, pl.Collection]:
    """The collections that are searched: by an encoder, by vectors on a plane, by bare vectors."""
    return {
        "encoded": _encoded(folder),
        "plane": _of_vectors(folder / "plane.pl", "plane"),
        "bare": _of_vectors(folder / "bare.pl", "sphere"),
    }


def _encoded(folder: Path) -> pl.Collection:
    rng = np.random.default_rng(11)
    encoder = HashEncoder(dim=DIM)
    collection = pl.Collection.create(folder / "encoded.pl", encoder=encoder)
    # Items with an image and a text, which count with the better of the two.
    lines = ["image,text,lat,lon"]
    for i in range(40):
        pixels = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((32, 32), Image.Resampling.NEAREST).save(folder / f"{i}.png")
        lat, lon = _place(rng)
        lines.append(f"{i}.png,{' '.join(rng.choice(WORDS, 2))},{lat},{lon}")
    (folder / "both.csv").write_text("\n".join(lines), encoding="utf-8")
    collection.add(pl.read_table(folder / "both.csv"), workers=0)
    for modality, n in (("image", 250), ("text", 210)):
        texts = [" ".join(rng.choice(WORDS, rng.integers(1, 5))) for _ in range(n)]
        vectors = encoder.encode_texts(texts) + 0.02 * rng.normal(size=(n, DIM))
        _add(collection, modality, vectors, rng, text=texts)
    collection.delete([f"text-{i}" for i in range(0, 210, 9)])
    return collection


def _of_vectors(path: Path, space: pl.Space) -> pl.Collection:
    rng = np.random.default_rng(12)
    collection = pl.Collection.create(path, dim=DIM, space=space)
    vectors = rng.normal(size=(300, DIM))
    vectors[100:120] = vectors[:20]  # ties
    _add(collection, "vector", vectors, rng)
    return collection


def _add(
    collection: pl.Collection,
    modality: Any,
    vectors: np.ndarray,
    rng: np.random.Generator,
    text: list[str] | None = None,
) -> None:
    n = len(vectors)
    places = np.array([_place(rng) for _ in range(n)])
    places[rng.random(n) < 0.15] = np.nan
    places[-10:] = places[:10]
    if collection.space == "sphere":
        where = {"lat": places[:, 0], "lon": places[:, 1]}
    else:
        where = {"x": 1e4 * places[:, 1], "y": 1e4 * places[:, 0]}
    collection.add_vectors(
        [f"{modality}-{i}" for i in range(n)],
        vectors,
        **where,
        text=text,
        time=[
            datetime(int(rng.integers(2016, 2022)), int(rng.integers(1, 13)), 5)
            if rng.random() < 0.8
            else None
            for _ in range(n)
        ],
        attributes=[
            {
                "city": str(rng.choice(["Paris", "Suva", "Oslo"])),
                "rating": int(rng.integers(1, 6)),
                "tags": ["a", "b"] if rng.random() < 0.5 else ["b"],
            }
            for _ in range(n)
        ],
        modality=modality,
    )


def _place(rng: np.random.Generator) -> tuple[float, float]:
    """Near one of the places, or anywhere."""
    if rng.random() < 0.6:
        lat, lon = PLACES[str(rng.choice(list(PLACES)))]
        lat, lon = lat + rng.normal(0, 0.5), lon + rng.normal(0, 0.5)
    else:
        lat, lon = math.degrees(math.asin(rng.uniform(-1, 1))), rng.uniform(-180, 180)
    return round(min(lat, 90.0), 5), round((lon + 180) % 360 - 180, 5)


def queries() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of a collection and the arguments of a search, 2,000 times."""
    rng = np.random.default_rng(2026)
    for _ in range(N_QUERIES):
        name = str(rng.choice(["encoded", "encoded", "plane", "bare"]))
        yield name, _query(rng, name)


def _query(rng: np.random.Generator, name: str) -> dict[str, Any]:
    query: dict[str, Any] = {"k": int(rng.choice([1, 3, 10, 25])), "parse": False}
    query["mu"] = float(rng.choice([0.0, 0.2, 0.5, 0.9, 1.0]))
    vector = [float(v) for v in rng.normal(size=DIM)]
    weight = float(rng.choice([1.0, 2.0, -0.5]))
    asks = str(rng.choice(["words", "words", "vector", "like", "both", "none"]))
    if asks in ("words", "both"):
        words = " ".join(rng.choice(WORDS, 2))
        query["query"] = words if name == "encoded" else None
        if rng.random() < 0.3 and name == "encoded":
            query["query"] = [words, (str(rng.choice(WORDS)), weight)]
    if asks in ("vector", "both") or (asks == "words" and name != "encoded"):
        query["vector"] = [(vector, 1.0), (vector[::-1], weight)] if weight < 1 else vector
    if asks == "like":
        query["like"] = ("image-7" if name == "encoded" else "vector-7", abs(weight))
    if rng.random() < 0.65 or asks == "none":
        lat, lon = PLACES[str(rng.choice(list(PLACES)))]
        place = pl.Place(lat=lat, lon=lon) if name != "plane" else pl.Place(x=1e4 * lon, y=lat)
        query["near"] = place
        query["decay"] = DECAYS[rng.integers(len(DECAYS))]
        if rng.random() < 0.2:
            query["radius"] = f"{rng.integers(1, 4000)}km"
    query |= _filters(rng, name)
    query["engine"] = ENGINES[rng.integers(len(ENGINES))]
    if "engine" in query and rng.random() < 0.1 and asks != "none":
        query["similarity"] = "raw"
    return {key: value for key, value in query.items() if value is not None}


def _filters(rng: np.random.Generator, name: str) -> dict[str, Any]:
    filters: dict[str, Any] = {
        "time": TIMES[rng.integers(len(TIMES))],
        "where": WHERES[rng.integers(len(WHERES))],
        "sort": SORTS[rng.integers(len(SORTS))],
        "located_only": bool(rng.random() < 0.15),
    }
    if rng.random() < 0.2:
        box = [-100.0, -60.0, 100.0, 60.0] if rng.random() < 0.5 else [150.0, -80.0, -170.0, 80.0]
        if name != "plane":
            filters["bbox"] = box
        elif box[0] < box[2]:
            filters["bbox"] = [1e4 * side for side in box]
    if rng.random() < 0.1 and name == "encoded":
        filters["modality"] = str(rng.choice(["image", "text"]))
    return filters


def answers() -> Iterator[Answer]:
    """What each query finds: a page, and for every fifth the page after it too."""
    with tempfile.TemporaryDirectory() as folder:
        found = collections(Path(folder))
        for i, (name, query) in enumerate(queries()):
            hits = found[name].search(**query)
            every = list(hits)
            if i % 5 == 0 and hits.cursor is not None:
                every += found[name].search(**query, cursor=hits.cursor)
            yield Answer(
                [hit.id for hit in every],
                [math.nan if hit.score is None else hit.score for hit in every],
                [math.nan if hit.distance_m is None else hit.distance_m for hit in every],
            )


def probe() -> np.ndarray:
    """What the mathematics library of this machine makes of some numbers: where it makes other
    bits of them, scores may differ in their last ones."""
    x = np.linspace(-6.0, 6.0, 997)
    values = [[math.exp(v), math.sin(v), math.asin(v / 6.0)] for v in x.tolist()]
    return np.array(values).view(np.int64).sum(axis=0)


def main() -> None:
    """Write the answers that the code at hand gives."""
    every = list(answers())
    np.savez_compressed(
        ANSWERS,
        probe=probe(),
        sizes=np.array([len(answer.ids) for answer in every]),
        ids=np.array([item for answer in every for item in answer.ids]),
        scores=np.array([score for answer in every for score in answer.scores]),
        distances=np.array([metres for answer in every for metres in answer.distances]),
    )


if __name__ == "__main__":
    main()
