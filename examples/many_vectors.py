"""Search many vectors of your own: the plan, the certificate, and changes while you search.

Usage: python many_vectors.py

From 20,000 items on a collection keeps a tree; the first time on a machine its kernels are
compiled, which takes half a minute.
"""

import tempfile
from pathlib import Path

import numpy as np

import placelens as pl

N, DIM = 30_000, 256


def main() -> None:
    rng = np.random.default_rng(7)
    kinds = rng.normal(size=(50, DIM))
    vectors = kinds[rng.integers(0, 50, N)] + rng.normal(size=(N, DIM))
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, N)))
    lon = rng.uniform(-180, 180, N)
    lyon = pl.Place(lat=45.764, lon=4.836)
    with tempfile.TemporaryDirectory() as folder:
        items = pl.Collection.create(Path(folder) / "many.pl", dim=DIM)
        items.add_vectors([f"item-{i}" for i in range(N)], vectors, lat=lat, lon=lon)
        items.compact()  # builds the tree now; otherwise a thread does

        hits = items.search(vector=kinds[3], near=lyon, decay="gauss:500km", k=3)
        print(hits)
        print(f"{hits.plan.engine}, because {hits.plan.reason}")
        print(hits.certificate)

        # What is deleted or added is so from the next search on.
        items.delete([hits[0].id])
        items.add_vectors(["here"], kinds[3:4], lat=[lyon.lat], lon=[lyon.lon])
        again = items.search(vector=kinds[3], near=lyon, decay="gauss:500km", k=3)
        print(again)
        print(again.plan.tree)

        # A few of the best may be missed, for speed.
        sooner = items.search(vector=kinds[3], k=10, recall_target=0.99)
        print(sooner.certificate.kind)


if __name__ == "__main__":
    main()
