"""How long a painted query takes, at the paper's size and at that of a large collection.

The paper's 82,783 maps of 64 x 64 cells and 60 classes are 20 GB; here they are made, and only
their codes are kept. What is in a picture is a few of the classes, each in a smooth region, with
soft edges: as in maps of photos, most bytes are 0.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from placelens.collection import Collection
from placelens.encoders.class_map import WHOLE
from placelens.encoders.map_quantizer import MapQuantizer
from placelens.sketch.distance import squared_distances
from placelens.sketch.painting import Sketch
from placelens.testing.class_maps import keep_maps
from placelens.types import BoolArray, Float64Array, UInt8Array

SEED = 20180613
K = 10
# Maps that are made at once; 126 MB at the paper's size.
_BLOCK = 512
# The smooth fields that regions are cut from have so many values a side.
_COARSE = 5
_SHARPNESS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many maps there are, and of what shape.

    Attributes
    ----------
    n : maps.
    side : cells a side.
    n_classes : the paper's C.
    n_shown : classes that a picture shows.
    n_taught : maps that the centroids are learnt from.
    """

    n: int
    side: int
    n_classes: int
    n_shown: int
    n_taught: int


# The paper's section 4.3: MSCOCO 2014's training images.
PAPER = Size(n=82_783, side=64, n_classes=60, n_shown=6, n_taught=3_000)
# A large collection with the class maps of `lite`.
COLLECTION = Size(n=100_000, side=14, n_classes=8, n_shown=4, n_taught=10_000)
# Classes of a painted query, unless a figure is drawn over their number.
N_PAINTED = 5
ROUNDS = 15
# Of a collection: components of its vectors, and items that get their maps in one commit.
_DIM, _AT_ONCE = 64, 20_000


def made_maps(size: Size, seed: int) -> Iterator[UInt8Array]:
    """Blocks of made class maps, (m, side, side, n_classes) uint8."""
    rng = np.random.default_rng(seed)
    places = np.linspace(0, _COARSE - 1, size.side)
    # Between two values of a coarse field, linearly.
    weights = np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(_COARSE)))
    weights = weights.astype(np.float32)
    for start in range(0, size.n, _BLOCK):
        m = min(_BLOCK, size.n - start)
        coarse = rng.normal(size=(m, size.n_shown, _COARSE, _COARSE)).astype(np.float32)
        fields = _SHARPNESS * (weights @ coarse @ weights.T)
        shares = np.exp(fields - fields.max(axis=1, keepdims=True))
        shares *= WHOLE / shares.sum(axis=1, keepdims=True)
        shown = rng.random((m, size.n_classes)).argsort(axis=1)[:, : size.n_shown]
        by_class = np.zeros((size.n_classes, m, size.side, size.side), dtype=np.uint8)
        by_class[shown, np.arange(m)[:, None]] = shares.astype(np.uint8)
        yield np.moveaxis(by_class, 0, 3)


def painted_query(size: Size, n_painted: int) -> tuple[UInt8Array, BoolArray]:
    """A picture painted in stripes of so many classes, over all of it: the query of Eq. 4."""
    stripe = np.arange(size.side) * n_painted // size.side
    label = np.broadcast_to(stripe[:, None], (size.side, size.side))
    is_class = label[..., None] == np.arange(size.n_classes)
    counts = np.broadcast_to(np.arange(size.n_classes) < n_painted, is_class.shape)
    return np.where(is_class, WHOLE, 0).astype(np.uint8), counts


def photo_query(size: Size) -> tuple[UInt8Array, BoolArray]:
    """The class map of a photo, all of which counts (Eq. 2)."""
    (query,) = next(made_maps(_of(size, 1), SEED + 1))
    return np.ascontiguousarray(query), np.ones(query.shape, dtype=np.bool_)


def at_the_papers_size(size: Size = PAPER, *, rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds a query at one size, with a quantizer of the paper's kind.

    "painted" and "photo" are from a query to all maps in order, as the paper has it; "_first_10"
    without the order of all others.

    Returns
    -------
    dict
        ``ms`` by the clock and ``cpu_ms``, the same ``by_n_painted`` (Fig. 5), ``faiss``, and
        what was made.
    """
    taught = np.concatenate(list(made_maps(_of(size, size.n_taught), SEED)))
    started = time.perf_counter()
    quantizer = MapQuantizer.train(taught)
    trained = time.perf_counter()
    del taught
    codes, encode_s = _codes(quantizer, size)
    painted, photo = painted_query(size, min(N_PAINTED, size.n_classes)), photo_query(size)
    steps = sorted({1, N_PAINTED, *range(10, size.n_classes, 10), size.n_classes})
    queries = {n: painted_query(size, n) for n in steps if n <= size.n_classes}
    by_number = {
        n: _medians_ms(partial(_order, quantizer, codes, query), rounds)
        for n, query in queries.items()
    }
    medians = {
        "painted": _medians_ms(partial(_order, quantizer, codes, painted), rounds),
        "painted_first_10": _medians_ms(partial(_first, quantizer, codes, painted), rounds),
        "photo": _medians_ms(partial(_order, quantizer, codes, photo), rounds),
        "photo_first_10": _medians_ms(partial(_first, quantizer, codes, photo), rounds),
    }
    return {
        **{name: getattr(size, name) for name in ("n", "side", "n_classes")},
        "n_centroids": quantizer.n_centroids,
        "train_s": trained - started,
        "encode_s": encode_s,
        "bytes_per_image": quantizer.bytes_per_image,
        "bytes_of_a_map": size.side * size.side * size.n_classes,
        **_by_clock(medians),
        "by_n_painted": _by_clock(by_number),
        "faiss": by_faiss(quantizer, codes, photo[0], rounds=rounds),
    }


def of_a_collection(size: Size = COLLECTION, *, rounds: int = ROUNDS) -> dict[str, Any]:
    """Milliseconds a painted query over maps that are kept whole, and over codes of both kinds."""
    maps = np.concatenate(list(made_maps(size, SEED)))
    query = painted_query(size, min(N_PAINTED, size.n_classes))
    found: dict[str, Any] = {name: getattr(size, name) for name in ("n", "side", "n_classes")}
    medians = {"exact_in_numpy": _medians_ms(lambda: _best(exact(*query, maps)), min(rounds, 3))}
    for name, parts in (("pq", (1, 1)), ("pq_parts", (2, 2))):
        quantizer = MapQuantizer.train(maps[: size.n_taught], parts=parts)
        codes = quantizer.encode(maps)
        medians[name] = _medians_ms(partial(_first, quantizer, codes, query), rounds)
    medians |= in_a_collection(maps, size, rounds=rounds)
    return {**found, "n_painted": min(N_PAINTED, size.n_classes), **_by_clock(medians)}


def in_a_collection(
    maps: UInt8Array, size: Size, *, rounds: int = ROUNDS
) -> dict[str, tuple[float, float]]:
    """Milliseconds of whole searches, hits read from the disk included, in a collection of maps.

    "exact" is painted; the others are asked with a photo, or with a place and a vector as well.
    """
    rng = np.random.default_rng(SEED)
    names = [f"class {number}" for number in range(size.n_classes)]
    ids = [f"item {number}" for number in range(size.n)]
    with tempfile.TemporaryDirectory() as folder:
        made = Collection.create(Path(folder) / "maps.pl", dim=_DIM)
        places: dict[str, Any] = {
            "lat": rng.uniform(-60, 70, size.n),
            "lon": rng.uniform(-180, 180, size.n),
        }
        made.add_vectors(ids, rng.normal(size=(size.n, _DIM)), **places)
        for start in range(0, size.n, _AT_ONCE):
            own = slice(start, start + _AT_ONCE)
            keep_maps(made, dict(zip(ids[own], maps[own], strict=True)), names)
        made.compact()
        stripes = np.arange(size.side) * min(N_PAINTED, size.n_classes) // size.side
        cells = np.broadcast_to(stripes[:, None], (size.side, size.side))
        painting = Sketch(cells=cells.astype(np.int16), classes=tuple(names))
        near: dict[str, Any] = {
            "near": "48,10",
            "decay": "gauss:500km",
            "mu": 0.5,
            "bbox": (-30, 20, 60, 65),
        }
        asked = {
            "exact": partial(made.sketch, painting, k=K),
            "exact_photo": partial(made.sketch, over=ids[7], k=K),
            "exact_with_place": partial(made.sketch, painting, k=K, **near),
            "exact_with_place_and_vector": partial(
                made.sketch, painting, k=K, vector=rng.normal(size=_DIM), **near
            ),
        }
        return {name: _medians_ms(ask, rounds) for name, ask in asked.items()}


def exact(query: UInt8Array, counts: BoolArray, maps: UInt8Array) -> Float64Array:
    """Eq. 5 over maps as they are kept, in blocks that fit the caches; NumPy, and no index."""
    blocks = range(0, len(maps), _BLOCK)
    return np.concatenate([squared_distances(query, counts, maps[b : b + _BLOCK]) for b in blocks])


def by_faiss(
    quantizer: MapQuantizer, codes: UInt8Array, query: UInt8Array, *, rounds: int
) -> dict[str, Any]:
    """faiss's IndexPQ on the same centroids and codes: milliseconds a photo's first 10.

    It has no query that leaves classes out, so a painted one cannot be compared.
    """
    if importlib.util.find_spec("faiss") is None:
        return {"skipped": "faiss is not installed; it comes with placelens-bench[rivals]"}
    import faiss

    n_cells = query.shape[0] * query.shape[1]
    dim, n_codes = n_cells * quantizer.n_classes, quantizer.n_classes
    index = faiss.IndexPQ(dim, n_codes, 8)
    # A sub-vector after the other: classes, then centroids, then cells.
    centroids = np.zeros((n_codes, 256, n_cells), dtype=np.float32)
    flat = quantizer.centroids.reshape(n_cells, n_codes, -1)
    centroids[:, : quantizer.n_centroids] = flat.transpose(1, 2, 0)
    faiss.copy_array_to_vector(centroids.ravel(), index.pq.centroids)
    faiss.copy_array_to_vector(codes.ravel(), index.codes)
    index.ntotal, index.is_trained = len(codes), True
    asked = np.ascontiguousarray(query.reshape(n_cells, -1).T, dtype=np.float32).reshape(1, dim)
    distances, rows = index.search(asked, K)
    every = np.ones(query.shape, dtype=np.bool_)
    own = quantizer.distances(query, every, codes[rows[0]]) * float(WHOLE * WHOLE)
    if not np.allclose(own, distances[0], rtol=1e-3):
        raise RuntimeError(f"faiss and the quantizer disagree: {distances[0]} {own}")
    return {
        "photo_first_10_ms": _medians_ms(lambda: index.search(asked, K), rounds)[0],
        "threads": faiss.omp_get_max_threads(),
        "version": faiss.__version__,
    }


def _by_clock(medians: Mapping[Any, tuple[float, float]]) -> dict[str, dict[Any, float]]:
    return {
        clock: {name: pair[at] for name, pair in medians.items()}
        for at, clock in enumerate(("ms", "cpu_ms"))
    }


def _of(size: Size, n: int) -> Size:
    return Size(
        n=n, side=size.side, n_classes=size.n_classes, n_shown=size.n_shown, n_taught=size.n_taught
    )


def _codes(quantizer: MapQuantizer, size: Size) -> tuple[UInt8Array, float]:
    """The codes of all maps, and the seconds that encoding took of it."""
    codes, seconds = [], 0.0
    for block in made_maps(size, SEED + 2):
        started = time.perf_counter()
        codes.append(quantizer.encode(block))
        seconds += time.perf_counter() - started
    return np.concatenate(codes), seconds


def _order(
    quantizer: MapQuantizer, codes: UInt8Array, query: tuple[UInt8Array, BoolArray]
) -> np.ndarray:
    return np.argsort(quantizer.distances(*query, codes))


def _first(
    quantizer: MapQuantizer, codes: UInt8Array, query: tuple[UInt8Array, BoolArray]
) -> np.ndarray:
    return _best(quantizer.distances(*query, codes))


def _best(distances: Float64Array) -> np.ndarray:
    best = np.argpartition(distances, K)[:K]
    return best[np.argsort(distances[best])]


def _medians_ms(call: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Medians of the milliseconds that a call takes, by the clock and of this thread's processor.

    One call before is not counted. Beside other work the first says what somebody waited for, the
    second what it would be on a processor of one's own.
    """
    call()
    times = np.empty((rounds, 2))
    for row in times:
        started = time.perf_counter(), time.thread_time()
        call()
        row[:] = time.perf_counter() - started[0], time.thread_time() - started[1]
    clock, processor = np.median(times, axis=0).tolist()
    return clock * 1e3, processor * 1e3


def table(maps: UInt8Array, *, n_queries: int, centroids: Mapping[int, MapQuantizer]) -> Any:
    """Table 1: seconds a photo's query over a small set, with and without quantization.

    Parameters
    ----------
    maps
        (n, rows, columns, c), of which some are the queries.
    n_queries
        How many.
    centroids
        Quantizers by the number of their centroids.
    """
    every = np.ones(maps.shape[1:], dtype=np.bool_)

    def mean_s(distances: Callable[[UInt8Array], Float64Array]) -> float:
        distances(maps[0])
        started = time.perf_counter()
        for query in maps[:n_queries]:
            np.argsort(distances(query))
        return (time.perf_counter() - started) / n_queries

    found = {}
    for n, quantizer in centroids.items():
        codes = quantizer.encode(maps)
        found[f"K={n}"] = mean_s(lambda q, z=quantizer, c=codes: z.distances(q, every, c))  # type: ignore[misc]
    return {**found, "without": mean_s(lambda q: exact(q, every, maps))}
