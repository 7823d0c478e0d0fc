"""Real data: the titles of places in three Wikipedias, encoded by the built-in encoder.

The encoder reads English best; titles that it cannot read share a vector, so there are more ties
than in photos. The queries are titles held out, at their own places.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.registry import load_encoder
from placelens.errors import ReadError
from placelens.types import Float32Array, Float64Array
from placelens_bench.engine.data import META, SEED, TUNING, Data, write

LANGUAGES = ("es", "fr", "ja")
CHUNK = 2048


def make(
    work: Path, source: Path, *, items: int, queries: int, encoder: Encoder | None = None
) -> Data:
    """At most ``items`` titles as a data set in a folder of ``work``, unless it is there.

    Raises
    ------
    ReadError
        If the titles are not there, or too few.
    """
    titles, places = read_titles(source / "wikipedia_places")
    count = TUNING + queries
    items = min(items, len(titles) - count)
    if items < 1:
        raise ReadError(f"{source} holds {len(titles)} titles; {count} of them are the queries")
    folder = work / f"wikipedia-{items}-q{queries}"
    if not (folder / META).exists():
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng([SEED, 10])
        order = rng.permutation(len(titles))[: items + count]
        chosen = [titles[i] for i in order]
        lat, lon = places[order, 0], places[order, 1]
        vectors = encoded(work, chosen, encoder or load_encoder("lite"))
        np.save(folder / "vectors.npy", vectors[count:])
        write(
            folder,
            lat=lat[count:],
            lon=lon[count:],
            dim=vectors.shape[1],
            queries=vectors[:count],
            query_places=(lat[:count], lon[:count]),
            rng=rng,
        )
    return Data(folder)


def read_titles(folder: Path) -> tuple[list[str], Float64Array]:
    """Titles and their latitudes and longitudes, (n, 2).

    Raises
    ------
    ReadError
        If a file is missing or of another form.
    """
    found: list[tuple[str, float, float]] = []
    for language in LANGUAGES:
        path = folder / f"{language}.json"
        try:
            layers = json.loads(path.read_text(encoding="utf-8"))["layers"]
            found += [
                (str(title).replace("_", " "), float(lat), float(lon))
                for layer in layers
                for lat, lon, title in layer
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReadError(f"{path} cannot be read as titles with places: {error}") from error
    return [title for title, _, _ in found], np.array([place for _, *place in found])


def encoded(work: Path, titles: list[str], encoder: Encoder) -> Float32Array:
    """Vectors of the titles, kept in ``work`` by their content: encoding takes minutes."""
    import xxhash

    digest = xxhash.xxh3_64_hexdigest("\n".join(titles).encode())
    path = work / f"titles-{digest}-{encoder.fingerprint.replace(':', '-')}.npy"
    if not path.exists():
        parts = [
            encoder.encode_texts(titles[start : start + CHUNK])
            for start in range(0, len(titles), CHUNK)
        ]
        np.save(path, np.concatenate(parts))
    return np.load(path)
