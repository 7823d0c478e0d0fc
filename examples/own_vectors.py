"""Search vectors of your own by similarity and place: no encoder, no photos.

Usage: python own_vectors.py

Anything that gives vectors will do; here random ones stand in for them, at real towns.
"""

import tempfile
from pathlib import Path

import numpy as np

import placelens as pl

TOWNS = {
    "Paris": (48.857, 2.352),
    "Lyon": (45.764, 4.836),
    "Prague": (50.087, 14.421),
    "Suva": (-18.141, 178.442),
}


def main() -> None:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(len(TOWNS), 512))
    with tempfile.TemporaryDirectory() as folder:
        towns = pl.Collection.create(Path(folder) / "towns.pl", dim=512)
        towns.add_vectors(
            list(TOWNS),
            vectors,
            lat=[lat for lat, _ in TOWNS.values()],
            lon=[lon for _, lon in TOWNS.values()],
            attributes=[{"name": name} for name in TOWNS],
        )

        # What is most like Prague's vector, near Paris?
        hits = towns.search(
            vector=vectors[2], near=pl.Place(lat=48.857, lon=2.352), decay="exp:500km", mu=0.5
        )
        print(hits)

        # Only what lies in a box over the antimeridian: west is larger than east.
        print(towns.search(vector=vectors[2], bbox=(170, -30, -170, 0)))


if __name__ == "__main__":
    main()
