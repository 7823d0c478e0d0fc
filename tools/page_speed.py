"""Measure the page in headless Chromium on a collection of random items: ``tools/page_speed.py``.

Serves ``--items`` items with dates and places over the network stack of this machine, and prints
JSON: when the first card stands there, bytes over the wire until the map is drawn, the longest
task, from a move of the slider to the painted ranking, rankings a second while it is dragged, from
the last letter to the result, from the end of a stroke of paint to the result, and pages of a list.
Needs node, the page built, and Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import uvicorn

import placelens as pl
from placelens.server import Settings, create_app
from placelens.testing.class_maps import keep_maps, scenes
from placelens.testing.fakes import HashEncoder

SEED = 20261129
BATCH, AT_ONCE = 50_000, 20_000
CLASSES = ("sky", "building", "vegetation", "road", "pavement", "water", "car", "person")
BENCH = Path(__file__).resolve().parents[1] / "web" / "bench" / "page.mjs"


def made(folder: Path, n_items: int) -> pl.Collection:
    """A collection of random vectors over the world and ten years."""
    rng = np.random.default_rng(SEED)
    encoder = HashEncoder()
    collection = pl.Collection.create(folder / "many.pl", encoder=encoder)
    start = datetime(2015, 1, 1)
    for first in range(0, n_items, BATCH):
        n = min(BATCH, n_items - first)
        vectors = rng.normal(size=(n, encoder.dim)).astype(np.float32)
        seconds = rng.integers(0, 10 * 365 * 86_400, n).tolist()
        collection.add_vectors(
            [f"item {first + number}" for number in range(n)],
            vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
            modality="text",
            lat=np.clip(rng.normal(45, 15, n), -85, 85),
            lon=rng.uniform(-180, 180, n),
            time=[start + timedelta(seconds=second) for second in seconds],
        )
    for first in range(0, n_items, AT_ONCE):
        n = min(AT_ONCE, n_items - first)
        maps = scenes(n, (14, 14), len(CLASSES), rng)
        keep_maps(
            collection,
            dict(zip((f"item {first + number}" for number in range(n)), maps, strict=True)),
            CLASSES,
        )
    collection.compact()
    return collection


def main() -> None:
    """Make, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(collections={"many": made(Path(folder), options.items)}))
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        chromium = os.environ.get("PLACELENS_CHROMIUM") or shutil.which("chromium") or ""
        try:
            done = subprocess.run(
                ["node", str(BENCH), url, "many", "square"],
                env={**os.environ, "PLACELENS_CHROMIUM": chromium},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
        finally:
            server.should_exit = True
            thread.join()
    print(json.dumps({"items": options.items, **json.loads(done.stdout)}, indent=2))


if __name__ == "__main__":
    main()
