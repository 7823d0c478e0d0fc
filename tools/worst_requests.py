"""The worst that a small request can ask for, field by field: seconds, memory, size of the answer.

    .venv/bin/python tools/worst_requests.py [--items 100000] [--rounds 3] [--seed 0] [--json]

Makes a collection of made items with the built-in encoder, asks its REST app for what a seeded
generator makes of each field (up to 64 KiB), and prints the worst of each. Ends with 1 when a
request took over a second of processor time, memory grew by over a gigabyte, an answer was larger
than a megabyte though it held no hits, or its status was neither 2xx, 4xx nor 503. The time is that
of the server's own process: what decoding takes, in others, is in the wall clock's.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import math
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

import placelens as pl
from placelens.limits import MAX_CONDITIONS, MAX_TERMS, MAX_TEXT, MAX_VALUES
from placelens.server import Settings, create_app

LARGEST = 64 * 1024
MOST_SECONDS, MOST_BYTES, MOST_ANSWER = 1.0, 1e9, 1_000_000
DIM = 384

Body = dict[str, Any] | bytes
Random = random.Random


def made_collection(folder: Path, n: int) -> pl.Collection:
    """Items with texts, places and attributes, few and many different values of them."""
    rng = np.random.default_rng(1)
    collection = pl.Collection.create(folder / "many.pl", encoder="lite")
    for start in range(0, n, 20_000):
        rows = np.arange(start, min(start + 20_000, n))
        collection.add_vectors(
            [f"item-{row}" for row in rows],
            rng.normal(size=(len(rows), DIM)),
            lat=rng.uniform(-60, 70, len(rows)),
            lon=rng.uniform(-180, 180, len(rows)),
            text=[f"Picture number {row}" for row in rows],
            attributes=[
                {"city": f"City {row % 1000}", "rating": int(row % 6), "name": f"Picture {row}"}
                for row in rows
            ],
            modality=("text", "image")[start // 20_000 % 2],
        )
    collection.compact()
    return collection


def long_texts(r: Random) -> Body:
    """Places again and again, as long as texts may be, in one text or many."""
    word = r.choice(["near Lyon in Peru ", "in Peru and Lyon, ", "in the in the ", "near A A A A "])
    n = r.choice([1, MAX_TERMS])
    return {"text": [(word * MAX_TEXT)[: MAX_TEXT // n]] * n}


def too_long_texts(r: Random) -> Body:
    """A text longer than any may be, or nearly."""
    return {"text": r.choice(["near Lyon in Peru ", "x", "9", "\u202e"]) * 3_000}


def digits(r: Random) -> Body:
    """Rows of digits and signs where short texts are read."""
    field = r.choice(["radius", "decay", "near", "time", "cursor", "engine", "k", "mu"])
    text = r.choice(["9", "1e", ".", " ", "-", "km", "9 ", "1:"]) * r.choice([40, 190, 20_000])
    return {"text": "red", "near": "1,2", field: text}


def huge_numbers(r: Random) -> Body:
    """Numbers that no float or int64 holds."""
    digits = r.choice(["9" * 4_000, "9" * 60_000, "1e308", "1e999", "-1e308", "NaN", "Infinity"])
    place = r.choice(
        ['"k": %s', '"mu": %s', '"radius": %s', '"bbox": [%s, 1, 2, 3]', '"vector": [%s]',
         '"near": {"lat": %s, "lon": 1}', '"where": {"rating": {"gte": %s}}',
         '"text": [{"text": "red", "weight": %s}, "blue"]', '"recall_target": %s']
    )  # fmt: skip
    return ("{" + place % digits + ', "decay": "linear"}').encode()


def conditions(r: Random) -> Body:
    """Conditions on attributes that no item has."""
    n = r.choice([MAX_CONDITIONS, 100, 2_000])
    unknown = {f"unknown {r.random()}": r.choice([1, {"ne": 1}]) for _ in range(n)}
    return {"text": "red", "where": unknown}


def many_values(r: Random) -> Body:
    """Lists of values of attributes that have few values, or as many as items."""
    name = r.choice(["name", "city", "rating"])
    n = r.choice([300, MAX_VALUES, 5_000])
    values = [r.choice([f"Picture {r.randrange(10**5)}", i, f"{i}"]) for i in range(n)]
    others = {r.choice(["name", "city"]): {r.choice(["gt", "ne", "lte"]): "P" * 3_000}}
    return {"text": "red", "where": {name: values} | r.choice([{}, others])}


def modalities(r: Random) -> Body:
    """The same modality again and again."""
    return {"text": "red", "modality": [r.choice(["image", "text"])] * r.choice([2, 3, 9_000])}


def vectors(r: Random) -> Body:
    """Vectors of all lengths, and what is none."""
    vector = [r.choice([0, 1, -1, 0.5])] * r.choice([DIM - 1, DIM, 20_000]) or [1]
    many = [{"vector": [1] * DIM, "weight": r.choice([1e308, 1e-308, -1])}] * r.choice([16, 80])
    return {"vector": r.choice([vector, many, ["a"] * 16_000, [[1] * 9] * 2_000])}


def images(r: Random) -> Body:
    """Pictures that are small as files only, and bytes that are none."""
    size = r.choice([(2_000, 2_000), (300, 200), (1, 3_000), (6_000, 4_000)])
    stream = io.BytesIO()
    Image.new(r.choice(["1", "L", "P"]), size).save(stream, r.choice(["PNG", "GIF", "WEBP"]))
    data = base64.b64encode(stream.getvalue()).decode()
    n = min(MAX_TERMS, max(1, (LARGEST - 200) // (len(data) + 20)))
    noise = {"data": base64.b64encode(r.randbytes(30_000)).decode()}
    return {"images": r.choice([[{"data": data}] * n, [noise], [{"id": "x" * 4_000}] * 12])}


def likes(r: Random) -> Body:
    """Items as examples."""
    ids = [{"id": f"item-{r.randrange(10**4)}", "weight": r.choice([1, -0.5])} for _ in range(200)]
    return {"images": ids[: r.choice([MAX_TERMS, 200])], "k": 1_000}


def comb(r: Random) -> Body:
    """A polygon with teeth along one axis or across both."""
    n, slope = r.choice([1_000, 3_000]), r.choice([0, 0.4])
    x = [round(-89 + 178 * i / n, 2) for i in range(n)]
    teeth = [[a, round(slope * a + r.uniform(20, 50) * (1, -1)[i % 2], 1)] for i, a in enumerate(x)]
    return area([[-89, -89], *teeth, [89, -89]])


def knot(r: Random) -> Body:
    """Random corners, corners on one line, or all edges through one corner."""
    n = r.choice([100, 140, 600, 3_000])
    kind = r.choice(["random", "line", "star"])
    if kind == "random":
        return area(
            [[round(r.uniform(-90, 90), 1), round(r.uniform(-80, 80), 1)] for _ in range(n)]
        )
    if kind == "line":
        return area([[0, 50], *([round(r.uniform(-90, 90), 1), 0] for _ in range(n))])
    turns = [2 * math.pi * i / n for i in range(n)]
    ring = [[round(80 * math.cos(t), 1), round(80 * math.sin(t), 1)] for t in turns]
    return area([corner for pair in ring for corner in ([0, 0], pair)])


def many_polygons(r: Random) -> Body:
    """Polygons that overlap, bars that cross, holes that overlap."""

    def triangle() -> list[list[float]]:
        x, y = r.randrange(-90, 90), r.randrange(-80, 80)
        size = r.choice([1, 5, 90])
        return [[x, y], [x + size, y], [x, min(90, y + size)]]

    polygons = [[triangle()] for _ in range(r.choice([100, 1_500]))]
    bars = [[[[i, -80], [i + 0.5, -80], [i + 0.5, 80], [i, 80]]] for i in range(-80, 80)]
    bars += [[[[-85, i], [85, i], [85, i + 0.5], [-85, i + 0.5]]] for i in range(-80, 80)]
    chosen = r.choice([polygons, bars, [[triangle() for _ in range(1_000)]]])
    return {"text": "red", "polygon": {"type": "MultiPolygon", "coordinates": chosen}}


def nested(r: Random) -> Body:
    """Lists and objects within each other."""
    n = r.choice([10, 100, 900, 20_000])
    inner = r.choice(
        ['"polygon": %s', '"where": {"a": %s}', '"where": %s', '"text": %s', '"x": %s']
    )
    opening, closing = r.choice([("[", "]"), ('{"a":', "}"), ('{"geometry":', "}")])
    body = "{" + inner % (opening * n + "1" + closing * n) + ', "near": "1,2"}'
    return body.encode()[:LARGEST]


def garbage(r: Random) -> Body:
    """A request with some bytes changed."""
    body = bytearray(json.dumps(long_texts(r)).encode())
    for _ in range(r.randrange(1, 9)):
        body[r.randrange(len(body))] = r.randrange(256)
    return bytes(body)


def wrong_fields(r: Random) -> Body:
    """Fields that are unknown or of the wrong kind, by the thousand."""
    return r.choice(
        [
            {f"field {i}": i for i in range(3_000)},
            {"x" * 60_000: 1},
            {"images": [{}] * 9_000},
            {"time": ["2" * 30_000, "3" * 30_000]},
            {"text": "red", "similarity": "x" * 60_000},
        ]
    )


def area(ring: list[list[float]]) -> Body:
    """A search within a polygon."""
    return {"text": "red", "polygon": {"type": "Polygon", "coordinates": [ring]}, "k": 1_000}


KINDS: dict[str, Callable[[Random], Body]] = {
    "text: places, 16 texts": long_texts,
    "text: far too long": too_long_texts,
    "radius, decay, near, time: long": digits,
    "numbers: huge, NaN": huge_numbers,
    "where: unknown names": conditions,
    "where: lists of values": many_values,
    "modality: repeated": modalities,
    "vector": vectors,
    "images: large when decoded": images,
    "images: ids of items": likes,
    "polygon: teeth": comb,
    "polygon: knots": knot,
    "polygon: many": many_polygons,
    "nested values": nested,
    "bytes changed": garbage,
    "wrong fields": wrong_fields,
}


class Measured:
    """The worst of one kind."""

    def __init__(self) -> None:
        self.n = self.largest = self.grown = 0
        self.cpu_s = self.wall_s = self.answer = 0.0
        self.statuses: dict[int, int] = {}
        self.worst = b""

    def add(self, body: bytes, cpu_s: float, wall_s: float, answer: httpx.Response) -> None:
        """One request and its answer."""
        self.n += 1
        self.largest = max(self.largest, len(body))
        if cpu_s >= self.cpu_s:
            self.cpu_s, self.worst = cpu_s, body
        self.wall_s = max(self.wall_s, wall_s)
        if answer.status_code != 200:
            self.answer = max(self.answer, len(answer.content))
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1

    @property
    def is_well(self) -> bool:
        """Whether all of them were answered as promised."""
        known = all(200 <= s < 500 or s == 503 for s in self.statuses)
        small = self.grown <= MOST_BYTES and self.answer <= MOST_ANSWER
        return known and small and self.cpu_s <= MOST_SECONDS


async def measure(collection: pl.Collection, rounds: int, seed: int) -> dict[str, Measured]:
    """Ask for each kind so many times, one request after the other."""
    app = create_app(Settings(collections={"many": collection}))
    url = "/v1/collections/many/search"
    found = {name: Measured() for name in KINDS}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        # What is loaded once, by whoever asks first: encoder, gazetteer, attributes, kernels.
        warm = {"text": "red near Lyon", "where": {"name": "x"}, **area([[0, 0], [9, 0], [9, 9]])}
        await client.post(url, json=warm)
        await client.post(url, json={"text": "red", "where": {"city": "x", "rating": 1}})
        # A server reads it when it starts (`Catalogue.warm_up`): which items have which vectors.
        for modality in collection.modalities:
            await client.post(url, json={"text": "red", "modality": modality})
        for name, make in KINDS.items():
            r, before = random.Random(f"{seed} {name}"), peak()
            for _ in range(rounds):
                made = make(r)
                body = made if isinstance(made, bytes) else json.dumps(made).encode()
                if len(body) > LARGEST:
                    continue
                wall, cpu = time.perf_counter(), time.process_time()
                headers = {"content-type": "application/json"}
                answer = await client.post(url, content=body, headers=headers)
                took = time.process_time() - cpu, time.perf_counter() - wall
                found[name].add(body, *took, answer)
            found[name].grown = peak() - before
    return found


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--collection", type=Path, help="one that was made before")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        collection = (
            pl.Collection.open(asked.collection)
            if asked.collection
            else made_collection(Path(folder), asked.items)
        )
        found = asyncio.run(measure(collection, asked.rounds, asked.seed))
    print("| request | n | bytes | cpu s | wall s | MB more | bytes of an error | statuses |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, m in found.items():
        statuses = ", ".join(f"{status}: {n}" for status, n in sorted(m.statuses.items()))
        print(
            f"| {name} | {m.n} | {m.largest:,} | {m.cpu_s:.2f} | {m.wall_s:.2f} "
            f"| {m.grown / 1e6:,.0f} | {m.answer:,.0f} | {statuses} |"
        )
    grown = sum(m.grown for m in found.values())
    print(f"\n{len(collection):,} items; memory grew by {grown / 1e6:,.0f} MB over all requests")
    bad = [name for name, m in found.items() if not m.is_well]
    for name in bad:
        print(f"broken: {name}: {found[name].worst[:200]!r}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
