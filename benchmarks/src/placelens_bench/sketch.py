"""Whether painted class maps find what was painted, how small they can be kept, and how fast it is.

After Furuta, Inoue and Yamasaki, "Efficient and Interactive Spatial-Semantic Image Retrieval"
(2018): its Fig. 5, 7 and 8 and Table 1, on street photos with labels of pixels.

*Queries* are what somebody might paint who remembers a photo: its labels, without small regions and
some of the others, with soft edges. The photo itself, and for a drive all of the drive, is left out
of what is searched. *Relevance* is how far the labels of the two photos agree: the intersection by
union of the pixels of each painted class, and the mean of these. As a grade it is 4 times that;
``ndcg10_by_steps`` has a grade for each of .5, .6, .7 and .8 that it reaches, and then leaves out
queries without any. Both are as circular as the labels are maps: ``caption_check`` is not. There a
box is painted where an object is, and photos are relevant that have such an object in a box that
agrees with it, by people who drew boxes and knew of no maps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.encoders.map_quantizer import MapQuantizer
from placelens.errors import EncoderError, InputError
from placelens.evaluation import ndcg_at_k, prepared_blocks
from placelens.evaluation.bootstrap import LEVEL, N_DRAWS
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.words import naming
from placelens.sketch.distance import squared_distances
from placelens.sketch.painting import ANYTHING, Sketch, query_of
from placelens.types import Float32Array, Float64Array, Int64Array, UInt8Array
from placelens_bench import sketch_calibration, sketch_speed
from placelens_bench.sketch_data import (
    DRIVES,
    FACADES,
    PIXELS,
    Photos,
    agreements,
    drives,
    facades,
    mean_iou,
    painting,
)

COCO = "coco_mini"
K = 10
SEED = 20180613
# The paper's Fig. 7; the last is its setting.
CENTROIDS = (4, 16, 64, 256)
# Each class's map in 2 x 2 parts: what reaches 99% of the exact maps.
PARTS = (2, 2)
STEPS = (0.5, 0.6, 0.7, 0.8)
# Classes that coco_mini has boxes of, and how large a box is to be painted, in shares of the photo.
OBJECTS = ("person", "car")
_LEAST_AREA, _LEAST_SIDE, _MATCH = 0.02, 0.1, 0.3
# The paper's form, and painted cells only.
FORMS = ("painted", "painted_mask")
TABLE_QUERIES = 50

_SMALL_PAPER = sketch_speed.Size(n=1_000, side=16, n_classes=20, n_shown=6, n_taught=300)
_SMALL_COLLECTION = sketch_speed.Size(n=2_000, side=14, n_classes=8, n_shown=4, n_taught=500)


def run(data: Path, *, encoder: str | Encoder = "lite", quick: bool = False) -> dict[str, Any]:
    """All figures; nDCG is in [0, 1].

    Parameters
    ----------
    data
        Folder that holds labelmefacade, camvid and coco_mini.
    encoder
        One that gives class maps; camvid is looked at with `lite` only.
    quick
        A fifth of the queries, and small sizes for times.

    Raises
    ------
    EncoderError
        If the encoder gives no class maps.
    InputError
        If a data set is not there.
    """
    loaded = as_encoder(encoder)
    if not loaded.class_names:
        raise EncoderError(f"encoder {loaded.name!r} gives no class maps; use one that does: lite")
    photos = {FACADES: facades(data / FACADES, loaded)}
    if loaded.name == "lite":
        photos[DRIVES] = drives(data / DRIVES, data / FACADES, loaded)
    every = 5 if quick else 1
    streets = {name: street_search(own, loaded, every=every) for name, own in photos.items()}
    papers = sketch_speed.at_the_papers_size(_SMALL_PAPER if quick else sketch_speed.PAPER)
    large = sketch_speed.of_a_collection(_SMALL_COLLECTION if quick else sketch_speed.COLLECTION)
    return {
        "encoder": loaded.fingerprint,
        "n_queries": {name: found["n_queries"] for name, found in streets.items()},
        "ndcg10": streets[FACADES]["ndcg10"],
        "ndcg10_by_steps": streets[FACADES]["ndcg10_by_steps"],
        **{f"ndcg10_{name}": found["ndcg10"] for name, found in streets.items() if name != FACADES},
        "caption_check": caption_check(data / COCO, loaded),
        **({"calibration": _calibration(data, photos, loaded)} if DRIVES in photos else {}),
        "miou": {name: mean_iou(own, loaded.class_names) for name, own in photos.items()},
        "latency_ms": _latency(papers, large, "ms"),
        "latency_cpu_ms": _latency(papers, large, "cpu_ms"),
        "bytes_per_image": _sizes(photos[FACADES].maps, papers),
        "fig5_by_n_painted": papers["by_n_painted"],
        "table1_s": {name: found["table1_s"] for name, found in streets.items()},
        "papers_size": {key: papers[key] for key in ("n", "side", "n_classes", "train_s")},
        "encode_s": papers["encode_s"],
        "faiss": papers["faiss"],
    }


def _calibration(data: Path, photos: Mapping[str, Photos], encoder: Encoder) -> dict[str, Any]:
    """Of how probable fits are; see `placelens_bench.sketch_calibration`."""
    if not (data / sketch_calibration.ANYTHING_AT_ALL).is_dir():
        return {"skipped": f"{data / sketch_calibration.ANYTHING_AT_ALL} is not there"}
    return sketch_calibration.calibration(data, photos[DRIVES], photos[FACADES], encoder)


def street_search(photos: Photos, encoder: Encoder, *, every: int = 1) -> dict[str, Any]:
    """nDCG@10 of painted queries by the ways of Fig. 7 and 8, and Table 1's times.

    Parameters
    ----------
    photos
        What is searched, and painted.
    encoder
        Of the photos' vectors and of the words.
    every
        Each of so many photos is a query.
    """
    names = encoder.class_names
    rng = np.random.default_rng(SEED)
    asked, sketches = [], []
    for row in range(0, len(photos.labels), every):
        sketch = painting(photos.labels[row], names, rng)
        if sketch is not None:
            asked.append(row)
            sketches.append(sketch)
    rows = np.array(asked)
    painted = [np.unique(each.cells[each.is_painted]).astype(np.int64) for each in sketches]
    agree = agreements(photos.labels, len(names))
    relevance = np.stack(
        [agree[own, row].mean(axis=0) for own, row in zip(painted, asked, strict=True)]
    )
    others = photos.groups[rows][:, None] != photos.groups
    quantizers = _quantizers(photos.maps)
    scores = {
        **_rivals(photos, encoder, sketches, painted, rows),
        **{name: _by_codes(q, photos.maps, sketches, names) for name, q in quantizers.items()},
        "random": rng.random(relevance.shape),
    }
    steps = np.sum([relevance >= step for step in STEPS], axis=0).astype(np.float64)
    of_paper = {n: quantizers[f"pq{n}"] for n in CENTROIDS if f"pq{n}" in quantizers}
    return {
        "n_queries": len(rows),
        "ndcg10": {name: ndcg(own, 4 * relevance, others) for name, own in scores.items()},
        "ndcg10_by_steps": {name: ndcg(own, steps, others) for name, own in scores.items()},
        "table1_s": sketch_speed.table(photos.maps, n_queries=TABLE_QUERIES, centroids=of_paper),
    }


def ndcg(scores: Float64Array, grades: Float64Array, looked_at: np.ndarray) -> float | None:
    """nDCG@10 of queries, each over what is looked at; without those that have nothing relevant.

    All are (queries, photos). None if no query is left.
    """
    found = _ndcg_of_each(scores, grades, looked_at)
    return float(np.nanmean(found)) if np.isfinite(found).any() else None


def caption_check(folder: Path, encoder: Encoder) -> dict[str, Any]:
    """Painted boxes against words, areas and captions on coco_mini, with 95% intervals.

    Boxes of one photo are no luck apart from each other: photos are drawn, with all their boxes.
    """
    table = folder / "annotations.jsonl"
    if not table.is_file():
        raise InputError(f"{table} is not there; --data is the folder that holds {COCO}")
    lines = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    paths = [folder / line["image"] for line in lines]
    parts = [
        encoder.encode_parts(block, ["image", "class_map"])
        for block in prepared_blocks(paths, image_spec_of(encoder))
    ]
    maps = np.concatenate([part["class_map"] for part in parts])
    vectors = np.concatenate([part["image"] for part in parts])
    boxes = [
        {name: _boxes(line, name) for name in OBJECTS if name in encoder.class_names}
        for line in lines
    ]
    asked = [
        (row, name, box)
        for row, own in enumerate(boxes)
        for name, those in own.items()
        for box in those
        if _is_large(box)
    ]
    rows = np.array([row for row, _, _ in asked])
    grades = np.array(
        [[_agrees(box, own[name]) for own in boxes] for _, name, box in asked], dtype=np.float64
    )
    scores = _box_scores(asked, lines, maps, vectors, encoder)
    others = rows[:, None] != np.arange(len(lines))
    found = {name: _ndcg_of_each(own, grades, others) for name, own in scores.items()}
    known = np.isfinite(found["painted"])
    weights = _draws(rows[known], len(lines))
    report: dict[str, Any] = {
        "n_queries": int(known.sum()),
        "n_photos": len(np.unique(rows[known])),
        **{name: _with_interval(each[known], weights) for name, each in found.items()},
    }
    for form in FORMS:
        for name in sorted(found.keys() - set(FORMS)):
            apart = (found[form] - found[name])[known]
            report[f"{form}_minus_{name}"] = _with_interval(apart, weights)
    return report


def _box_scores(
    asked: Sequence[tuple[int, str, Float64Array]],
    lines: Sequence[Mapping[str, Any]],
    maps: UInt8Array,
    vectors: Float32Array,
    encoder: Encoder,
) -> dict[str, Float64Array]:
    """Scores of the photos for each painted box, by each way to look for it."""
    names, grid = encoder.class_names, (maps.shape[1], maps.shape[2])
    sketches = [_painted_box(name, box, grid) for _, name, box in asked]
    words = encoder.encode_texts([name for _, name, _ in asked])
    number = np.array([names.index(name) for _, name, _ in asked])
    share = np.array([(box[2] - box[0]) * (box[3] - box[1]) for _, _, box in asked])
    areas = maps.mean(axis=(1, 2)).T / 255.0
    captions = {
        name: np.array(
            [float(bool(naming([name]).search(" ".join(line["captions"])))) for line in lines]
        )
        for name in OBJECTS
    }
    named = np.array([captions[name] for _, name, _ in asked])
    painted = _exact(maps, sketches, names)
    # The map decides among photos whose captions have as many of the words (section 4.2).
    nearness = 1.0 / (1.0 - painted)
    return {
        "painted": painted,
        "painted_mask": _exact(maps, _masks(sketches), names),
        "words": np.asarray(words @ vectors.T, dtype=np.float64),
        "areas_only": -np.abs(areas[number] - share[:, None]),
        "captions": named,
        "captions_then_painted": named + nearness,
        "random": np.random.default_rng(SEED).random(painted.shape),
    }


def _rivals(
    photos: Photos,
    encoder: Encoder,
    sketches: Sequence[Sketch],
    painted: Sequence[Int64Array],
    rows: Int64Array,
) -> dict[str, Float64Array]:
    """What is compared with codes: scores (queries, photos)."""
    names = encoder.class_names
    queries = [query_of(sketch, names, photos.maps.shape[1:3]) for sketch in sketches]
    shares = photos.maps.mean(axis=(1, 2))
    asked = np.stack([np.where(counts, query, 0).mean(axis=(0, 1)) for query, counts in queries])
    areas = [
        -((shares[:, own] - each[own]) ** 2).sum(axis=1)
        for own, each in zip(painted, asked, strict=True)
    ]
    words = encoder.encode_texts([", ".join(names[c] for c in own) for own in painted])
    return {
        "painted": _exact(photos.maps, sketches, names),
        "painted_mask": _exact(photos.maps, _masks(sketches), names),
        "true_maps": _exact(photos.true_maps, sketches, names),
        "areas_only": np.stack(areas),
        # It sees the whole photo that the painter only remembers.
        "global": np.asarray(photos.vectors[rows] @ photos.vectors.T, dtype=np.float64),
        "words": np.asarray(words @ photos.vectors.T, dtype=np.float64),
    }


def _quantizers(maps: UInt8Array) -> dict[str, MapQuantizer]:
    """The paper's with several K, one in parts, and both taught by half of the maps only."""
    # As many as there are centroids, at least.
    n_half = max(len(maps) // 2, min(len(maps), CENTROIDS[-1]))
    half = maps[np.random.default_rng(SEED).permutation(len(maps))[:n_half]]
    found = {f"pq{n}": MapQuantizer.train(maps, n_centroids=n) for n in CENTROIDS if n <= len(maps)}
    most = min(CENTROIDS[-1], len(half))
    found[f"pq{most}_parts"] = MapQuantizer.train(maps, n_centroids=most, parts=PARTS)
    found[f"pq{most}_half"] = MapQuantizer.train(half, n_centroids=most)
    found[f"pq{most}_parts_half"] = MapQuantizer.train(half, n_centroids=most, parts=PARTS)
    return found


def _masks(sketches: Sequence[Sketch]) -> list[Sketch]:
    """The same, of which painted cells count only."""
    return [replace(sketch, form="mask") for sketch in sketches]


def _exact(maps: UInt8Array, sketches: Sequence[Sketch], names: Sequence[str]) -> Float64Array:
    def score(sketch: Sketch) -> Float64Array:
        return -squared_distances(*query_of(sketch, names, maps.shape[1:3]), maps)

    return np.stack([score(sketch) for sketch in sketches])


def _by_codes(
    quantizer: MapQuantizer, maps: UInt8Array, sketches: Sequence[Sketch], names: Sequence[str]
) -> Float64Array:
    codes = quantizer.encode(maps)
    grid = quantizer.grid
    return np.stack(
        [-quantizer.distances(*query_of(sketch, names, grid), codes) for sketch in sketches]
    )


def _ndcg_of_each(
    scores: Float64Array, grades: Float64Array, looked_at: np.ndarray
) -> Float64Array:
    """nDCG@10 of each query, in [0, 1]; NaN where nothing that is looked at is relevant."""
    found = np.full(len(scores), np.nan)
    for row, (score, grade, here) in enumerate(zip(scores, grades, looked_at, strict=True)):
        if (grade[here] > 0).any():
            found[row] = ndcg_at_k(score[here][None], grade[here][None], K) / 100.0
    return found


def _boxes(line: Mapping[str, Any], name: str) -> list[Float64Array]:
    """Boxes of objects of a category: left, top, right, bottom, in shares of the photo."""
    size = np.array([line["width"], line["height"]] * 2, dtype=np.float64)
    found = []
    for thing in line["objects"]:
        if thing["category"] == name:
            left, top, width, height = thing["bbox_xywh"]
            found.append(np.array([left, top, left + width, top + height]) / size)
    return found


def _is_large(box: Float64Array) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    return bool(width * height >= _LEAST_AREA and min(width, height) >= _LEAST_SIDE)


def _agrees(box: Float64Array, others: Sequence[Float64Array]) -> bool:
    """Whether one of the boxes shares enough with a box, intersection by union."""
    for other in others:
        sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
        both = float(np.maximum(sides, 0.0).prod())
        either = float((box[2:] - box[:2]).prod() + (other[2:] - other[:2]).prod()) - both
        if both >= _MATCH * either:
            return True
    return False


def _painted_box(name: str, box: Float64Array, grid: tuple[int, int]) -> Sketch:
    """A class painted where a box is."""
    y, x = ((np.arange(PIXELS * side) + 0.5) / (PIXELS * side) for side in grid)
    inside = ((y >= box[1]) & (y <= box[3]))[:, None] & ((x >= box[0]) & (x <= box[2]))
    return Sketch(cells=np.where(inside, 0, ANYTHING).astype(np.int16), classes=(name,))


def _draws(photos: Int64Array, n_photos: int) -> Float64Array:
    """How often each query counts in draws of the photos, (draws, queries)."""
    rng = np.random.default_rng(SEED)
    own = np.unique(photos)
    times = np.zeros((N_DRAWS, n_photos))
    for draw in times:
        draw[own] = np.bincount(rng.integers(len(own), size=len(own)), minlength=len(own))
    return times[:, photos]


def _with_interval(values: Float64Array, weights: Float64Array) -> dict[str, float]:
    """The mean of queries, and what holds it in 95% of draws."""
    means = weights @ values / weights.sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"mean": float(values.mean()), "low": float(low), "high": float(high)}


def _latency(papers: Mapping[str, Any], large: Mapping[str, Any], clock: str) -> dict[str, float]:
    """Milliseconds by the sizes that they were measured at: 82783_60c_painted."""
    whole = f"{papers['n']}_{papers['n_classes']}c"
    n = large["n"]
    some = f"{n // 1000}k" if n % 1000 == 0 else str(n)
    return {
        **{f"{some}_{name}": ms for name, ms in large[clock].items()},
        **{f"{whole}_{name}": ms for name, ms in papers[clock].items()},
    }


def _sizes(maps: UInt8Array, papers: Mapping[str, Any]) -> dict[str, int]:
    """What an image takes, as a map and as codes."""
    n_classes = maps.shape[3]
    whole = f"{papers['n_classes']}c"
    return {
        "map": int(np.prod(maps.shape[1:])),
        "pq": n_classes,
        "pq_parts": n_classes * PARTS[0] * PARTS[1],
        f"map_{whole}": papers["bytes_of_a_map"],
        f"pq_{whole}": papers["bytes_per_image"],
    }
