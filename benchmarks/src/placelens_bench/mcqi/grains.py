"""What the fine half of the paper's Eq. 5 is worth: captions that look for their images.

Images go into a collection that keeps regions, and every caption is searched for, as people do,
with several `delta`. The calibration and the default were chosen by ``training/choose_delta.py`` on
other images; these are test parts, and one data set that nothing was trained or chosen on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from placelens.collection import Collection
from placelens.encoders.base import Encoder
from placelens.encoders.parts import REGIONS
from placelens.evaluation import Pair, content_hash, read_pairs
from placelens.evaluation.splits import Splits
from placelens.readers.discover import read_photos
from placelens.types import BoolArray, Int64Array
from placelens_bench.explained import COCO

DELTAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0)
KS = (1, 5, 10)
# Data set, the file of its pairs, and the split whose test part is taken; None for all of it.
SETS: Mapping[str, tuple[str, str | None]] = {
    "flickr8k": ("flickr8k/pairs.jsonl", "flickr8k"),
    COCO: (f"{COCO}/annotations.jsonl", None),
    "rsicd": ("rsicd/pairs.jsonl", "rsicd"),
}
DRAWS = 2_000
TIMED = 200
# Captions that are encoded together.
TOGETHER = 64


def measure(
    data: Path,
    work: Path,
    encoder: Encoder,
    rng: np.random.Generator,
    *,
    splits: Splits,
    most: int | None,
) -> dict[str, Any]:
    """R@1, 5 and 10 of captions by data set and delta, and the times of searches.

    Parameters
    ----------
    data
        Folder of the data sets; those that are not there are left out.
    work
        Keeps the collections for the next time.
    encoder
        One whose regions a collection may keep.
    rng
        Draws the images of the intervals, and the captions that are timed.
    splits
        Where the test parts are.
    most
        At most this many images of each; None for all.
    """
    found: dict[str, Any] = {"default": encoder.delta, "sets": {}}
    for name in SETS:
        kept = kept_set(data, work, name, encoder, splits=splits, most=most)
        if kept is not None:
            found["sets"][name] = of_set(*kept, encoder, rng)
    return found


def kept_set(
    data: Path, work: Path, name: str, encoder: Encoder, *, splits: Splits, most: int | None
) -> tuple[list[Pair], Collection] | None:
    """The pairs of a data set of `SETS` and a collection of their images, with their regions.

    None where the data set, or its split, is not there.
    """
    table, split = SETS[name]
    if not (data / table).is_file() or (split is not None and split not in splits.parts):
        return None
    pairs = read_pairs(data / table)
    if split is not None:
        part = splits.of(split, "test")
        pairs = [pair for pair in pairs if content_hash(pair.image) in part]
    return pairs[:most], _collection(work, name, pairs[:most], encoder)


def ms_per_10_hits(photos: Collection, texts: Sequence[str], rng: np.random.Generator) -> float:
    """Median milliseconds of explaining the ten best hits, once a search has found them."""
    taken = []
    for at in rng.choice(len(texts), min(TIMED, len(texts)), replace=False).tolist():
        hits = photos.search(texts[at], parse=False, k=10)
        started = time.perf_counter()
        hits.explain_all()
        taken.append(1e3 * (time.perf_counter() - started))
    return float(np.median(taken))


def of_set(
    pairs: Sequence[Pair], photos: Collection, encoder: Encoder, rng: np.random.Generator
) -> dict[str, Any]:
    """Recalls and times of one data set, whose images a collection holds."""
    # Of images with the same bytes there is one item.
    ids = photos.ids_of([str(pair.image) for pair in pairs])
    asked = [
        (at, ids[str(pair.image)], text) for at, pair in enumerate(pairs) for text in pair.captions
    ]
    hits = {delta: _hits(photos, asked, delta) for delta in DELTAS}
    times = _times(photos, [text for _, _, text in asked], rng)
    owner = np.array([at for at, _, _ in asked])
    return {
        "images": len(pairs),
        "captions": len(asked),
        "recalls": {
            str(delta): {
                f"R@{k}": 100.0 * float(one.mean())
                for k, one in zip(KS, hits[delta].T, strict=True)
            }
            for delta in DELTAS
        },
        "gain": _gain(hits[0.0], hits[_nearest(encoder.delta)], owner, rng),
        "ms": times,
    }


def _collection(work: Path, name: str, pairs: Sequence[Pair], encoder: Encoder) -> Collection:
    """The images with their regions; made where there are none of them yet."""
    # Its files are known by where they are.
    files = "\n".join(str(Path(pair.image).absolute()) for pair in pairs)
    digest = xxhash.xxh3_64_hexdigest(files.encode("utf-8", "surrogateescape"))
    told = f"{name}-{digest}-{encoder.fingerprint.replace(':', '-')}"
    path = work / f"mcqi-delta-{told}.pl"
    if path.exists():
        return Collection.open(path, encoder=encoder)
    photos = Collection.create(path, encoder=encoder, features=[REGIONS])
    photos.add(read_photos([pair.image for pair in pairs]))
    return photos


def _hits(photos: Collection, asked: Sequence[tuple[int, str, str]], delta: float) -> BoolArray:
    """Whether each caption's image is among the first 1, 5 and 10, (m, 3)."""
    found = np.zeros((len(asked), len(KS)), dtype=np.bool_)
    for start in range(0, len(asked), TOGETHER):
        some = asked[start : start + TOGETHER]
        texts = [text for _, _, text in some]
        answers = photos.search_many(texts, delta=delta, parse=False, k=max(KS))
        for at, ((_, item, _), hits) in enumerate(zip(some, answers, strict=True), start):
            ids = [hit.id for hit in hits]
            rank = ids.index(item) + 1 if item in ids else max(KS) + 1
            found[at] = [rank <= k for k in KS]
    return found


def _nearest(delta: float) -> float:
    return min(DELTAS, key=lambda one: abs(one - delta))


def _gain(before: BoolArray, after: BoolArray, owner: Int64Array, rng: np.random.Generator) -> Any:
    """What the mean of the recalls gains, in percent, and the interval of 95% of draws of the
    images, with their captions (a paired bootstrap)."""
    gains = 100.0 * (after.mean(axis=1) - before.mean(axis=1))
    n = int(owner.max()) + 1
    sums, counts = np.bincount(owner, gains, n), np.bincount(owner, minlength=n)
    drawn = rng.integers(0, n, (DRAWS, n))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return {"mean": float(gains.mean()), "interval": np.quantile(means, (0.025, 0.975)).tolist()}


def _times(photos: Collection, texts: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    """Median milliseconds of a search by delta, which take turns."""
    chosen = rng.choice(len(texts), min(TIMED, len(texts)), replace=False)
    taken: dict[str, list[float]] = {"0.0": [], "0.3": [], "1.0": []}
    for at in chosen.tolist():
        for delta, own in taken.items():
            started = time.perf_counter()
            photos.search(texts[at], delta=float(delta), parse=False, k=10)
            own.append(1e3 * (time.perf_counter() - started))
    return {what: float(np.median(own)) for what, own in taken.items()}
